// What the parts of lockstep.* share, and the parts: each adds its functions to the table on top.
#pragma once
#include "vm/loading/sandbox.h"
#include "vm/machine/machine.h"

namespace lockstep::vm {

void add_core_processes(lua_State* L);
void add_core_messages(lua_State* L);
void add_core_links(lua_State* L);
void add_core_names(lua_State* L);
void add_core_local(lua_State* L);
void add_core_properties(lua_State* L);
void add_core_info(lua_State* L);

// Options as Lua writes them, {name = value}, or as OTP's lists, {"name", {"name", value}}. Calls
// take(name) for each, its value on top of the stack (true for a name alone); badarg for what it
// does not take. No table at all: no options.
template <class F>
void each_option(lua_State* L, int i, const F& take) {
  if (lua_isnoneornil(L, i)) return;
  if (!lua_istable(L, i)) badarg(L, i, "options expected (a table)");
  const auto one = [&](int name) {  // its value is on top
    const char* text = lua_type(L, name) == LUA_TSTRING ? lua_tostring(L, name) : "";
    if (!take(text)) badarg(L, i, "no such option, or not this value");
  };
  const int top = lua_gettop(L);
  const auto n = static_cast<lua_Integer>(lua_rawlen(L, i));
  for (lua_Integer k = 1; k <= n; k++, lua_settop(L, top)) {
    if (lua_rawgeti(L, i, k) == LUA_TTABLE) {
      if (lua_rawlen(L, top + 1) != 2) badarg(L, i, "no such option", k);
      lua_rawgeti(L, top + 1, 1);
      lua_rawgeti(L, top + 1, 2);
      one(top + 2);
    } else {
      lua_pushboolean(L, 1);
      one(top + 1);
    }
  }
  for (lua_pushnil(L); lua_next(L, i); lua_settop(L, top + 1)) {
    if (lua_isinteger(L, top + 1) && lua_tointeger(L, top + 1) >= 1 &&
        lua_tointeger(L, top + 1) <= n)
      continue;  // seen above
    one(top + 1);
  }
}

// Of monitor() and of spawn_opt's monitor.
struct MonitorOptions {
  bool alias = false;
  AliasMode mode = AliasMode::explicit_unalias;
  Term tag;  // of the DOWN message
};
MonitorOptions monitor_options(lua_State* L, Machine& m, int i, const char* what);
// Pushes a process's dictionary, a table that is its own; with `make` it is made if need be.
bool push_dictionary(lua_State* L, const Process& p, bool make);

inline ObjectId process_object(const Process& p) {
  return make_object(ObjectClass::process, p.index);
}
// What of a process others touch without touching all of it.
enum class Part : uint32_t {
  life = 2,      // whether there still is one
  flags = 4,     // trap_exit
  watchers = 6,  // who monitors it
  name = 8,
  links = 10,  // their order
};
inline ObjectId part_object(const Process& p, Part part) {
  return make_object(ObjectClass::process, p.index, static_cast<uint32_t>(part));
}
// Of the link of two processes the half that is kept at `p`.
inline ObjectId link_end(const Process& p, const Process& other) {
  return make_object(ObjectClass::process, p.index, static_cast<uint32_t>(other.key) | 1);
}
// A monitor and the alias that goes with it.
inline ObjectId monitor_object(uint64_t ref) {
  return make_object(ObjectClass::monitor, light_index(ref), light_low(ref) | 1);
}
inline ObjectId mailbox_object(const Process& p) {
  return make_object(ObjectClass::mailbox, p.index);
}
// A timer, and the time limit of a receive, by its number in its process.
inline ObjectId timer_object(uint64_t ref) {
  return make_object(ObjectClass::timer, light_index(ref), light_low(ref) | 1);
}
inline ObjectId limit_object(const Process& p, uint32_t nth) {
  return make_object(ObjectClass::timer, p.index, 2 * nth);
}
// How late it is: when the latest timer that has fired was due. Only where one may fire at any
// moment (--timers racy); else time passes when nothing else can happen, and no two orders differ
// in it.
inline ObjectId clock_object() { return make_object(ObjectClass::clock, 1); }
inline ObjectId name_object(uint32_t node, const Term& name) {
  return make_object(ObjectClass::name, node, static_cast<uint32_t>(digest(name)) | 1);
}
// To a monitor or an alias that is no more, nor will be again.
inline bool in_vain(const Process& to, const Signal& s) {
  const auto active = [&](const auto& list) {
    for (const auto& x : list)
      if (x.ref == s.ref) return true;
    return false;
  };
  if (s.kind == SignalKind::down) return !active(to.watches);
  return s.kind == SignalKind::message && s.ref != 0 && !active(to.aliases);
}
// Footprints of one signal's effects, and of an arrival with all that follows it, at most.
inline constexpr size_t kEffects = 6, kArrival = 48;
// Of nodes: the network, of which each connection is an element, and how long a lost one stays
// unnoticed.
inline constexpr uint32_t kNetworkContainer = 1;
inline ObjectId network_object() { return make_object(ObjectClass::node, kNetworkContainer); }
inline ObjectId ticktime_object() { return make_object(ObjectClass::node, 2); }
// Of faults: which are in force, and how many of a kind are left.
inline ObjectId faults_object() { return make_object(ObjectClass::fault, 1); }
inline ObjectId budget_object(FaultKind kind) {
  return make_object(ObjectClass::fault, 2, static_cast<uint32_t>(kind) + 1);
}
inline uint64_t ref_argument(lua_State* L, int i) {
  const uint64_t v = light_at(L, i);
  if (light_class(v) != Light::ref) badarg(L, i, "a reference expected");
  return v;
}

}  // namespace lockstep::vm
