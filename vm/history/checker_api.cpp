// lockstep.checker_core: the checkers of engine/history on what a scenario recorded.
#include <optional>

#include "engine/history/check/check.h"
#include "engine/history/check/explain.h"
#include "engine/history/check/picture.h"
#include "vm/guest/watchdog.h"
#include "vm/history/lua_model.h"
#include "vm/recording/recorder.h"
#include "vm/recording/sites.h"

namespace lockstep::vm {
namespace {

using history::Budget;
using history::Consistency;
using history::Explanation;
using history::ModelId;
using history::Result;

// Bounds are counted, never timed: an execution is the same on any machine.
constexpr lua_Integer kNodes = 1'000'000;
constexpr size_t kBytes = size_t{256} << 20;

struct Request {
  const char* what;
  const HistoryLog* log = nullptr;  // or the table of events at index 1
  std::optional<ModelId> model;     // or the table at index 2
  Consistency consistency = Consistency::linearizable;
  Budget budget;
  bool unknown_passes = false;
  bool explain = false;
  bool draw = false;
};

struct Answer {
  history::Verdict verdict = history::Verdict::unknown;
  std::string model_name;
  std::string why, text, picture;
  std::vector<int32_t> order;  // positions of invocations among the events, from 1
  std::string problem;         // the history is none, or the model failed
  int argument = 1;            // that is to blame
  bool ended = false;          // Watchdog::end_if_asked
};

std::string names(int count, std::string_view (*name)(int)) {
  std::string text;
  for (int i = 0; i < count; i++) text += (i ? ", " : "") + std::string(name(i));
  return text;
}

void model_argument(lua_State* L, Request& r) {
  if (lua_type(L, 2) == LUA_TSTRING) {
    r.model = history::find_model(lua_tostring(L, 2));
    if (r.model) return;
    {
      const std::string all = names(
          history::kModelCount, [](int i) { return history::model_name(static_cast<ModelId>(i)); });
      lua_pushlstring(L, all.data(), all.size());
    }
    luaL_error(L, "bad argument #2 to '%s' (unknown model '%s'; there are %s)", r.what,
               lua_tostring(L, 2), lua_tostring(L, -1));
  }
  if (!lua_istable(L, 2))
    luaL_error(L, "bad argument #2 to '%s' (a model's name or a model expected, got %s)", r.what,
               luaL_typename(L, 2));
  lua_pushliteral(L, "step");
  lua_rawget(L, 2);
  lua_pushliteral(L, "init");
  lua_rawget(L, 2);
  if (!lua_isfunction(L, -2) || lua_isnil(L, -1))
    luaL_error(L,
               "bad argument #2 to '%s' (a model has a function step and an init; "
               "lockstep.model.define checks one)",
               r.what);
  lua_pop(L, 2);
}

void consistency_argument(lua_State* L, Request& r) {
  if (lua_isnoneornil(L, 3)) return;
  const char* name = lua_type(L, 3) == LUA_TSTRING ? lua_tostring(L, 3) : nullptr;
  const auto known = history::find_consistency(name ? name : "");
  if (!known) {
    {
      const std::string all = names(history::kConsistencyCount, [](int i) {
        return history::consistency_name(static_cast<Consistency>(i));
      });
      lua_pushlstring(L, all.data(), all.size());
    }
    luaL_error(L, "bad argument #3 to '%s' (unknown property '%s'; there are %s)", r.what,
               name ? name : luaL_typename(L, 3), lua_tostring(L, -1));
  }
  r.consistency = *known;
  const bool own = !r.model;
  const bool defined =
      own ? *known == Consistency::linearizable || *known == Consistency::sequential
          : history::applies(*r.model, *known);
  if (!defined)
    luaL_error(L, "bad argument #3 to '%s' (%s is not defined for %s %s)", r.what, name,
               own ? "a model of one's own:" : "model",
               own ? "linearizable and sequential are"
                   : std::string(history::model_name(*r.model)).c_str());
}

void options_argument(lua_State* L, Request& r) {
  r.budget.nodes_max = kNodes;
  r.budget.bytes_max = kBytes;
  if (lua_isnoneornil(L, 4)) return;
  if (!lua_istable(L, 4))
    luaL_error(L, "bad argument #4 to '%s' (a table of options expected, got %s)", r.what,
               luaL_typename(L, 4));
  for (lua_pushnil(L); lua_next(L, 4); lua_pop(L, 1)) {
    const std::string_view key = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : "?";
    if (key == "nodes" && lua_isinteger(L, -1) && lua_tointeger(L, -1) > 0) {
      r.budget.nodes_max = static_cast<uint64_t>(lua_tointeger(L, -1));
    } else if (key == "unknown" && lua_type(L, -1) == LUA_TSTRING &&
               (lua_tostring(L, -1) == std::string_view("pass") ||
                lua_tostring(L, -1) == std::string_view("fail"))) {
      r.unknown_passes = lua_tostring(L, -1) == std::string_view("pass");
    } else {
      luaL_error(L,
                 "bad argument #4 to '%s' (option '%s': there are nodes, a number above 0, and "
                 "unknown, \"fail\" or \"pass\")",
                 r.what, key.data());
    }
  }
}

Request request(lua_State* L, Machine& m, const char* what, bool with_property) {
  Request r;
  r.what = what;
  lua_settop(L, 4);
  if (!with_property) {  // (history, model, options)
    lua_pushvalue(L, 3);
    lua_replace(L, 4);
    lua_pushnil(L);
    lua_replace(L, 3);
  }
  if (!lua_istable(L, 1)) r.log = &history_argument(L, m, 1, what);
  model_argument(L, r);
  consistency_argument(L, r);
  options_argument(L, r);
  return r;
}

// Everything that owns memory lives and dies in here; Lua's errors stay below.
class Check {
 public:
  Check(lua_State* L, const Request& r) : L_(L), r_(r) {}

  template <typename Decide>
  Answer run(const Decide& decide) {
    Answer a;
    a.model_name = r_.model ? std::string(history::model_name(*r_.model)) : own_name();
    std::string bytes;
    std::unique_ptr<GuestHistory> guest;
    if (r_.log) {
      guest = std::make_unique<GuestHistory>(*r_.log);
    } else {
      Bytes& scratch = machine_of(L_).scratch();
      scratch.clear();
      if (const char* error = encode(L_, 1, scratch)) {
        a.problem = std::string("a list of events expected, but it holds ") + error;
        return a;
      }
      bytes.assign(scratch.data(), scratch.size());
      guest = std::make_unique<GuestHistory>(View{bytes.data()});
    }
    a.problem = guest->problem();
    if (!a.problem.empty()) return a;
    try {
      if (r_.model) {
        decide(*guest, *r_.model, a);
      } else {
        LuaModel model(L_, 2, *guest);
        decide(*guest, model, a);
      }
    } catch (const history::ModelError& e) {
      a.problem =
          guest->history().unit() + " " + std::to_string(e.line) + ": " + e.field + ": " + e.what();
    } catch (const ModelStopped& e) {
      a.ended = e.problem.empty();
      a.problem = e.problem;
      a.argument = 2;
    }
    return a;
  }

 private:
  std::string own_name() const {
    lua_pushliteral(L_, "name");
    lua_rawget(L_, 2);
    std::string name = lua_type(L_, -1) == LUA_TSTRING ? lua_tostring(L_, -1) : "of the scenario";
    lua_pop(L_, 1);
    return name;
  }
  lua_State* L_;
  const Request& r_;
};

Answer check(lua_State* L, const Request& r) {
  return Check(L, r).run([&](GuestHistory& guest, auto& model, Answer& a) {
    const history::History& h = guest.history();
    const Watchdog& watchdog = machine_of(L).watchdog();
    Budget budget = r.budget;
    budget.interrupted = watchdog.wanted(true);
    Result result = history::check(h, model, r.consistency, budget);
    a.verdict = result.verdict;
    a.why = result.why;
    for (const int32_t id : result.order)
      if (a.verdict == history::Verdict::valid)
        a.order.push_back(h.operations()[static_cast<size_t>(id)].call + 1);
    if (a.verdict != history::Verdict::invalid || !r.explain) return;
    budget.interrupted = watchdog.wanted(false);  // what is told hangs on no clock
    Explanation e = history::explain(h, model, r.consistency, result, budget);
    a.why = e.summary;
    a.text = e.text;
    if (r.draw)
      a.picture = history::picture_json(h, {"history", a.model_name, r.consistency, result, e,
                                            history::partial_orders(h, model, e)});
  });
}

// Raises what the answer has to complain about. The strings are put away first.
void complain(lua_State* L, const Request& r, Answer& a) {
  if (a.ended) {
    a = {};
    machine_of(L).watchdog().end_if_asked(L);
  }
  if (a.verdict == history::Verdict::unknown && a.problem.empty()) {
    a = {};
    machine_of(L).watchdog().end_if_wanted(L);
  }
  if (a.problem.empty()) return;
  const int argument = a.argument;
  lua_pushlstring(L, a.problem.data(), a.problem.size());
  a = {};
  luaL_error(L, "bad argument #%d to '%s' (%s)", argument, r.what, lua_tostring(L, -1));
}

const char* verdict_name(history::Verdict v) {
  return v == history::Verdict::valid     ? "valid"
         : v == history::Verdict::invalid ? "invalid"
                                          : "unknown";
}

int push_order(lua_State* L, Machine& m, Answer& a) {
  Bytes& scratch = m.scratch();
  const size_t n = a.order.size();
  scratch.resize(n * sizeof(int32_t) + 1);
  if (n) std::memcpy(scratch.data(), a.order.data(), n * sizeof(int32_t));
  const history::Verdict verdict = a.verdict;
  a = {};
  lua_pushstring(L, verdict_name(verdict));
  lua_createtable(L, static_cast<int>(n), 0);
  for (size_t i = 0; i < n; i++) {
    int32_t position;
    std::memcpy(&position, scratch.data() + i * sizeof position, sizeof position);
    lua_pushinteger(L, position);
    lua_rawseti(L, -2, static_cast<lua_Integer>(i) + 1);
  }
  return 2;
}

// check(history, model, property?, options?): "valid", order; a violation ends the execution.
int l_check(lua_State* L) {
  Machine& m = machine_of(L);
  Request r;
  r.what = "checker.check";
  Process& p = m.process(L, r.what);
  r = request(L, m, r.what, true);
  r.explain = r.draw = m.recording();
  m.sync(L, p, r.what, OpKind::history, Access::read, kHistoryObject);
  m.world().assertions++;
  Answer a = check(L, r);
  complain(L, r, a);
  if (a.verdict == history::Verdict::unknown && !r.unknown_passes) {
    a = {};
    luaL_error(L,
               "no verdict on the history within %I nodes: give the check more (options.nodes), or "
               "let it pass (options.unknown = \"pass\")",
               static_cast<lua_Integer>(r.budget.nodes_max));
  }
  if (a.verdict == history::Verdict::invalid) {
    const std::string property(history::consistency_name(r.consistency));
    std::string reason = "the history is not " + property + " (model " + a.model_name + ")";
    if (!a.why.empty()) reason += ": " + a.why;
    if (m.recording())
      m.recorder().keep_failed_check({a.model_name, property, std::move(a.picture)});
    m.scheduler().fail(Verdict::not_linearizable, p, std::move(reason), guest_site(L),
                       property + ", " + a.model_name, std::move(a.text));
  }
  return m.done(L, p, push_order(L, m, a));
}

// verdict(history, model, property?, options?): "valid", order; "invalid", why; "unknown", {}
int l_verdict(lua_State* L) {
  Machine& m = machine_of(L);
  Request r;
  r.what = "checker.verdict";
  Process& p = m.process(L, r.what);
  r = request(L, m, r.what, true);
  r.explain = true;
  m.sync(L, p, r.what, OpKind::history, Access::read, kHistoryObject);
  Answer a = check(L, r);
  complain(L, r, a);
  if (a.verdict == history::Verdict::invalid) {
    lua_pushliteral(L, "invalid");
    lua_pushlstring(L, a.text.data(), a.text.size());
    a = {};
    return m.done(L, p, 2);
  }
  return m.done(L, p, push_order(L, m, a));
}

// strongest(history, model, options?): names of the strongest properties that hold
int l_strongest(lua_State* L) {
  Machine& m = machine_of(L);
  Request r;
  r.what = "checker.strongest";
  Process& p = m.process(L, r.what);
  r = request(L, m, r.what, false);
  if (!r.model)
    luaL_error(L, "bad argument #2 to '%s' (the name of a built-in model expected, got a model)",
               r.what);
  m.sync(L, p, r.what, OpKind::history, Access::read, kHistoryObject);
  std::vector<Consistency> holds;
  Answer a = Check(L, r).run([&](GuestHistory& guest, auto& model, Answer&) {
    if constexpr (std::is_same_v<std::remove_cvref_t<decltype(model)>, ModelId>) {
      Budget budget = r.budget;
      budget.interrupted = machine_of(L).watchdog().wanted(true);
      holds = history::strongest(guest.history(), model, budget).holds;
    }
  });
  Bytes& scratch = m.scratch();
  scratch.clear();
  for (const Consistency c : holds) scratch.push_back(static_cast<char>(c));
  holds = {};
  complain(L, r, a);
  lua_createtable(L, static_cast<int>(scratch.size()), 0);
  for (size_t i = 0; i < scratch.size(); i++) {
    const std::string_view name = history::consistency_name(static_cast<Consistency>(scratch[i]));
    lua_pushlstring(L, name.data(), name.size());
    lua_rawseti(L, -2, static_cast<lua_Integer>(i) + 1);
  }
  return m.done(L, p, 1);
}

// test_model(history, model): what the model declares is tested on parts of the history; raises
// what is wrong.
int l_test_model(lua_State* L) {
  Machine& m = machine_of(L);
  Request r;
  r.what = "checker.test_model";
  Process& p = m.process(L, r.what);
  r = request(L, m, r.what, false);
  if (r.model)
    luaL_error(L, "bad argument #2 to '%s' (a model of one's own expected, got a built-in one)",
               r.what);
  m.sync(L, p, r.what, OpKind::history, Access::read, kHistoryObject);
  Answer a = Check(L, r).run([&](GuestHistory& guest, auto& model, Answer& answer) {
    if constexpr (std::is_same_v<std::remove_cvref_t<decltype(model)>, LuaModel>) {
      answer.problem = history::test_declarations(guest.history(), model);
      if (answer.problem.empty()) answer.problem = history::test_partition(guest.history(), model);
    }
    answer.argument = 2;
  });
  complain(L, r, a);
  lua_pushboolean(L, 1);
  return m.done(L, p, 1);
}

// names(): the built-in models; the properties
int l_names(lua_State* L) {
  lua_createtable(L, history::kModelCount, 0);
  for (int i = 0; i < history::kModelCount; i++) {
    const auto name = history::model_name(static_cast<ModelId>(i));
    lua_pushlstring(L, name.data(), name.size());
    lua_rawseti(L, -2, i + 1);
  }
  lua_createtable(L, history::kConsistencyCount, 0);
  for (int i = 0; i < history::kConsistencyCount; i++) {
    const auto name = history::consistency_name(static_cast<Consistency>(i));
    lua_pushlstring(L, name.data(), name.size());
    lua_rawseti(L, -2, i + 1);
  }
  return 2;
}

}  // namespace

void open_checker(lua_State* L) {
  static const luaL_Reg functions[] = {{"check", l_check},         {"verdict", l_verdict},
                                       {"strongest", l_strongest}, {"test_model", l_test_model},
                                       {"names", l_names},         {nullptr, nullptr}};
  luaL_newlib(L, functions);
}

}  // namespace lockstep::vm
