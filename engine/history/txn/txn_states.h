// Transactions over registers as one object whose state is what all keys hold: for histories in
// which a key gets a value more than once, so that a read does not say whom it read from.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "engine/history/model/model.h"

namespace lockstep::history {

class TxnStates : public Model {
 public:
  explicit TxnStates(const History& history);
  State initial() override { return 0; }
  std::optional<State> step(State state, const Operation& op) override;
  bool readonly(const Operation& op) const override;
  bool commutes(const Operation& a, const Operation& b) const override;
  bool declares_commuting() const override { return true; }
  bool sees_process() const override { return false; }
  std::string describe(State state) const override;
  std::string why(State state, const Operation& op) override;

 private:
  struct Micro {
    bool read, anything;  // anything: what was read is unknown
    int32_t key;
    Value value;
  };
  std::vector<Micro> micros(const Operation& op) const;
  State intern(const std::vector<Value>& cells);

  const History& history_;
  bool unsaid_;  // null read: unknown
  std::map<Value, int32_t> numbers_;
  std::vector<Value> keys_;
  std::vector<const std::vector<Value>*> states_;  // by state: what each key holds
  std::map<std::vector<Value>, State> known_;
};

}  // namespace lockstep::history
