// From what a guest recorded, or wrote down as a table of events, to a history that can be checked.
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/history/model/history.h"
#include "vm/machine/history_log.h"

namespace lockstep::vm {

// One event, its parts as encoded terms. Immediates of a log are spelled out in `buffer`.
struct GuestEvent {
  int64_t process = 0;
  uint8_t type = 0;
  int32_t line = 0;  // step of the execution, or ordinal in the table
  View f{}, key{}, value{};
  char buffer[3][16];
};

class GuestHistory {
 public:
  explicit GuestHistory(const HistoryLog& log);
  // An array of tables {process, type, f, key, value}, as history.events returns it.
  explicit GuestHistory(View events);
  GuestHistory(const GuestHistory&) = delete;

  // Why there is no history: an event that is none, or one that cannot follow those before it. Then
  // nothing else may be asked.
  const std::string& problem() const { return problem_; }
  history::History& history() { return history_; }
  const std::vector<GuestEvent>& events() const { return events_; }
  std::string jsonl() const;  // as `lockstep check-history` reads it

 private:
  void add(const GuestEvent& event);
  void finish();
  std::vector<GuestEvent> events_;
  history::History history_;
  std::string problem_;
};

// JSON's value of a term: arrays and objects by what the table holds; what JSON does not know
// (pids, references, functions) is a string that names it.
history::Value value_of(history::ValueTable& values, View view);

}  // namespace lockstep::vm
