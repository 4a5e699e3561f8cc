#include "vm/history/lua_model.h"

#include "vm/guest/guest.h"
#include "vm/guest/watchdog.h"
#include "vm/sandbox/sandbox.h"

namespace lockstep::vm {

using history::Operation;
using history::Value;

struct LuaModel::Request {
  const LuaModel* model;
  Call call;
  const Operation* operation = nullptr;
  const Operation* other = nullptr;
  const std::string* state = nullptr;
  const std::string* other_state = nullptr;
  bool yes = false;    // the result, of calls that answer yes or no; of step: it is possible
  bool why = false;    // step: the reason of a refusal is wanted
  std::string* bytes;  // the result, else
};

namespace {
const char* const kFields[] = {"init", "step", "equal", "readonly", "commutes", "partition"};

const char* to_bytes(lua_State* L, int index, std::string* out) {
  Bytes& scratch = machine_of(L).scratch();
  scratch.clear();
  if (const char* error = encode(L, index, scratch)) return error;
  out->assign(scratch.data(), scratch.size());
  return nullptr;
}
}  // namespace

LuaModel::LuaModel(lua_State* L, int index, GuestHistory& guest)
    : L_(L), index_(index), guest_(guest), machine_(machine_of(L)) {
  // Fields of a plain table, compared as they are: nothing here can raise.
  const auto has = [&](const char* name) {
    lua_pushstring(L, name);
    lua_rawget(L, index);
    const bool yes = !lua_isnil(L, -1);
    lua_pop(L, 1);
    return yes;
  };
  has_equal_ = has("equal");
  has_readonly_ = has("readonly");
  has_commutes_ = has("commutes");
  has_partition_ = has("partition");
  lua_pushstring(L, "sees_process");
  lua_rawget(L, index);
  sees_process_ = lua_toboolean(L, -1) != 0;
  lua_pop(L, 1);
}

void LuaModel::push_operation(const Operation& op) const {
  const GuestEvent& invoked = guest_.events()[static_cast<size_t>(op.call)];
  lua_createtable(L_, 0, 6);
  push(L_, invoked.f);
  lua_setfield(L_, -2, "f");
  push(L_, invoked.key);
  lua_setfield(L_, -2, "key");
  push(L_, invoked.value);
  lua_setfield(L_, -2, "value");
  lua_pushboolean(L_, op.ok());
  lua_setfield(L_, -2, "ok");
  if (op.ok()) {
    push(L_, guest_.events()[static_cast<size_t>(op.ret)].value);
    lua_setfield(L_, -2, "result");
  }
  if (!sees_process_) return;
  lua_pushinteger(L_, guest_.history().process_name(op.process));
  lua_setfield(L_, -2, "process");
}

// Arguments: the request, the model. What raises here is caught by call().
int LuaModel::protected_call(lua_State* L) {
  Request& r = *static_cast<Request*>(lua_touserdata(L, 1));
  const char* name = kFields[static_cast<size_t>(r.call)];
  lua_getfield(L, 2, name);
  if (r.call == Call::init) {
    if (lua_isfunction(L, 3)) lua_call(L, 0, 1);
    if (lua_isnil(L, 3)) luaL_error(L, "init gives nil, which is no state");
    if (const char* error = to_bytes(L, 3, r.bytes))
      luaL_error(L, "init gives %s, which cannot be kept", error);
    return 0;
  }
  int arguments = 0;
  for (const std::string* state : {r.state, r.other_state})
    if (state) push(L, View{state->data()}), arguments++;
  for (const Operation* op : {r.operation, r.other})
    if (op) r.model->push_operation(*op), arguments++;
  lua_call(L, arguments, 2);
  switch (r.call) {
    case Call::step:
      r.yes = !lua_isnil(L, 3);
      if (!r.yes && r.why && !lua_isnil(L, 4)) {
        size_t n = 0;
        push_text(L, 4);
        const char* text = lua_tolstring(L, -1, &n);
        r.bytes->assign(text, n);
      }
      if (r.yes)
        if (const char* error = to_bytes(L, 3, r.bytes))
          luaL_error(L, "step gives %s, which cannot be a state", error);
      return 0;
    case Call::partition:
      if (const char* error = to_bytes(L, 3, r.bytes))
        luaL_error(L, "partition gives %s, which cannot be a key", error);
      return 0;
    default:
      r.yes = lua_toboolean(L, 3) != 0;
      return 0;
  }
}

void LuaModel::call(Request& request) const {
  lua_State* L = L_;
  // The execution keeps its own coroutine, stack and step: only time passes.
  if (!lua_checkstack(L, 8)) throw ModelStopped{"no room on the Lua stack"};
  const int top = lua_gettop(L);
  lua_pushcfunction(L, protected_call);
  lua_pushlightuserdata(L, &request);
  lua_pushvalue(L, index_);
  machine_.guest().compute(true);
  const int status = lua_pcall(L, 2, 0, 0);
  machine_.guest().compute(false);
  if (machine_.watchdog().is_asked_to_end()) throw ModelStopped{};
  if (status == LUA_OK) return;
  ModelStopped stopped;
  if (const char* text = lua_tostring(L, -1))
    stopped.problem = text;
  else
    stopped.problem = "an error that is no text";
  stopped.problem =
      std::string(kFields[static_cast<size_t>(request.call)]) + ": " + stopped.problem;
  lua_settop(L, top);
  throw stopped;
}

LuaModel::State LuaModel::intern(const std::string& bytes) {
  if (const auto at = ids_.find(bytes); at != ids_.end()) return at->second;
  if (has_equal_) {
    for (size_t i = 0; i < states_.size(); i++) {
      Request r{this, Call::equal};
      r.state = &states_[i];
      r.other_state = &bytes;
      call(r);
      if (r.yes) return ids_[bytes] = static_cast<State>(i);
    }
  }
  states_.push_back(bytes);
  return ids_[bytes] = static_cast<State>(states_.size()) - 1;
}

LuaModel::State LuaModel::initial() {
  std::string bytes;
  Request r{this, Call::init};
  r.bytes = &bytes;
  call(r);
  return intern(bytes);
}

bool LuaModel::try_step(State state, const Operation& operation, bool why, std::string* bytes) {
  const std::string before = states_[static_cast<size_t>(state)];
  Request r{this, Call::step};
  r.operation = &operation;
  r.state = &before;
  r.bytes = bytes;
  r.why = why;
  call(r);
  return r.yes;
}

std::optional<LuaModel::State> LuaModel::step(State state, const Operation& operation) {
  std::string bytes;
  if (!try_step(state, operation, false, &bytes)) return std::nullopt;
  return intern(bytes);
}

std::string LuaModel::why(State state, const Operation& operation) {
  std::string bytes;
  return try_step(state, operation, true, &bytes) ? std::string() : bytes;
}

bool LuaModel::readonly(const Operation& operation) const {
  if (!has_readonly_) return false;
  Request r{this, Call::readonly};
  r.operation = &operation;
  call(r);
  return r.yes;
}

bool LuaModel::commutes(const Operation& a, const Operation& b) const {
  if (!has_commutes_) return false;
  Request r{this, Call::commutes};
  r.operation = &a;
  r.other = &b;
  call(r);
  return r.yes;
}

Value LuaModel::partition(const Operation& operation) const {
  if (!has_partition_) return history::kAbsent;
  std::string bytes;
  Request r{this, Call::partition};
  r.operation = &operation;
  r.bytes = &bytes;
  call(r);
  const View view{bytes.data()};
  return view.tag() == Tag::nil ? history::kAbsent : value_of(guest_.history().values(), view);
}

std::string LuaModel::describe(State state) const {
  return print(View{states_[static_cast<size_t>(state)].data()});
}

}  // namespace lockstep::vm
