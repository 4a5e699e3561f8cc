// Steps into rows: what folded.h says, without the beginning folded and without states.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "cli/fold/folded.h"

namespace lockstep::cli {

class RowMaker {
 public:
  explicit RowMaker(const Trace& trace) : trace_(trace) {}
  void add(const ShownStep& shown);
  std::vector<FoldedRow> rows() && { return std::move(rows_); }

 private:
  static constexpr size_t kNone = static_cast<size_t>(-1);
  // What a process is at: a call of the library, or what a behaviour does with one message.
  struct Unit {
    std::string call, site, first;  // of the library's function; `first`: its first operation
    std::string tag;                // of the answer that the unit waits for, or owes
    std::string peer;
    size_t row = kNone;
    bool sent = false, received = false, serves = false, opens = false;
  };

  FoldedRow& start(const ShownStep& shown, FoldedRow::Kind kind, std::string verb);
  void join(size_t row, const ShownStep& shown);
  bool nothing_since(size_t row) const { return row != kNone && row + 1 == rows_.size(); }
  bool only_led_to(const Unit& unit) const;
  bool only_own_since(size_t row, uint32_t process) const;

  void arrival(const ShownStep& shown);
  void timer(const ShownStep& shown);
  void end(const ShownStep& shown);
  void operation(const ShownStep& shown);
  void library(const ShownStep& shown, Unit& unit);
  void behaviour(const ShownStep& shown, Unit& unit);
  void handles(const ShownStep& shown, Unit& unit);
  bool takes_arrival(const ShownStep& shown);
  const Event* at_step(uint32_t step) const;
  std::string call_of(const Event& e) const;

  const Trace& trace_;
  std::vector<FoldedRow> rows_;
  std::map<uint32_t, Unit> units_;       // by process
  std::map<uint32_t, size_t> arrivals_;  // by receiver: the row of one that may be taken at once
  std::map<uint32_t, size_t> timeouts_;  // by process: the row of a time-out not yet seen
};

}  // namespace lockstep::cli
