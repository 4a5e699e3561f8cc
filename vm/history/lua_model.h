// A model that a scenario defines: a table {init, step, equal?, readonly?, commutes?, partition?,
// sees_process?} as lockstep.model.define makes it.
#pragma once
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/history/model/model.h"
#include "vm/history/history_build.h"

namespace lockstep::vm {

// A function of the model raised an error, or the execution is to end: nothing can be checked.
struct ModelStopped {
  std::string problem;  // empty: the execution is to end (Watchdog::end_if_asked)
};

// Lua is entered by protected calls only, so that no error passes the search's frames. States are
// kept as encoded terms: equal bytes, equal states, unless the model says more with `equal`.
class LuaModel final : public history::Model {
 public:
  // The model's table is at `index` of L's stack and stays there. Throws ModelStopped.
  LuaModel(lua_State* L, int index, GuestHistory& guest);

  State initial() override;
  std::optional<State> step(State state, const history::Operation& operation) override;
  bool readonly(const history::Operation& operation) const override;
  bool commutes(const history::Operation& a, const history::Operation& b) const override;
  bool declares_commuting() const override { return has_commutes_; }
  history::Value partition(const history::Operation& operation) const override;
  bool sees_process() const override { return sees_process_; }
  std::string describe(State state) const override;
  std::string why(State state, const history::Operation& operation) override;

 private:
  // The next state, or (`why`) what the model says against it.
  bool try_step(State state, const history::Operation& operation, bool why, std::string* bytes);
  enum class Call : uint8_t { init, step, equal, readonly, commutes, partition };
  struct Request;
  static int protected_call(lua_State* L);
  void call(Request& request) const;
  void push_operation(const history::Operation& operation) const;
  State intern(const std::string& bytes);

  lua_State* L_;
  int index_;
  GuestHistory& guest_;
  Machine& machine_;
  bool has_equal_ = false, sees_process_ = false;
  bool has_readonly_ = false, has_commutes_ = false, has_partition_ = false;
  std::vector<std::string> states_;
  std::unordered_map<std::string, State> ids_;
};

}  // namespace lockstep::vm
