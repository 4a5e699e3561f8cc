#include "vm/history/history_api.h"

#include <cstring>
#include <string>
#include <utility>

#include "vm/guest/calls.h"
#include "vm/machine/history_log.h"
#include "vm/machine/objects.h"
#include "vm/recording/recorder.h"

namespace lockstep::vm {
namespace {

void record_point(lua_State* L, Machine& m, Process& p, const char* what) {
  const Footprint time{clock_object(), Access::read};  // a record has one
  m.calls().announce(L, p, what, OpKind::history, Access::write, kHistoryObject, 0, &time,
                     m.options().racy_timers() ? 1 : 0);
}

int start(lua_State* L) {
  Machine& m = machine_of(L);
  Process& p = m.process(L, "history.start");
  bool points = false;
  if (!lua_isnoneornil(L, 1)) {
    if (!lua_istable(L, 1))
      luaL_error(L, "bad argument #1 to 'history.start' (a table of options expected, got %s)",
                 luaL_typename(L, 1));
    for (lua_pushnil(L); lua_next(L, 1); lua_pop(L, 1)) {
      const char* key = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : "?";
      if (std::strcmp(key, "points") != 0 || !lua_isboolean(L, -1))
        luaL_error(L,
                   "bad argument #1 to 'history.start' (unknown option '%s'; there is points, true "
                   "or false)",
                   key);
      points = lua_toboolean(L, -1) != 0;
    }
  }
  World& w = m.world();
  auto* log = new (m.allocate(sizeof(HistoryLog))) HistoryLog();
  const uint32_t low = static_cast<uint32_t>(mix64(p.key, 0x68697374 + ++p.tables_made));
  log->id = make_light(Light::history, w.histories.size, low);
  log->maker = {p.index, p.tables_made};
  log->points = points;
  m.push(w.histories, log);
  lua_pushlightuserdata(L, reinterpret_cast<void*>(log->id));
  return 1;
}

// invoke(history, f, argument?, key?)
int invoke(lua_State* L) {
  constexpr const char* what = "history.invoke";
  Machine& m = machine_of(L);
  Process& p = m.process(L, what);
  HistoryLog& log = history_argument(L, m, 1, what);
  if (lua_type(L, 2) != LUA_TSTRING)
    luaL_error(L, "bad argument #2 to '%s' (the operation's name, a string, expected, got %s)",
               what, luaL_typename(L, 2));
  lua_settop(L, 4);
  if (const OpenOperation* open = open_of(log, p)) {
    lua_pushfstring(L, "%s invokes %s while its %s is open", m.recorder().label(p, false).c_str(),
                    lua_tostring(L, 2), std::string(View{open->f.bytes}.string()).c_str());
    luaL_error(L, "bad argument #2 to '%s' (%s: a process has one operation open at a time)", what,
               lua_tostring(L, -1));
  }
  OpenOperation open;
  open.process = p.index;
  open.f = m.calls().encode_argument(L, 2, what);
  open.value = m.calls().encode_argument(L, 3, what);
  open.key = m.calls().encode_argument(L, 4, what);
  if (log.points) record_point(L, m, p, what);
  m.push(log.open, open);
  p.histories.open++;
  p.histories.unstamped++;
  m.calls().use_histories();
  if (!log.points) return 0;
  stamp(m, log, log.open.back());
  return m.done(L, p, 0);
}

// ok(history, f, result?) and the like
int complete(lua_State* L, uint8_t type, const char* what) {
  Machine& m = machine_of(L);
  Process& p = m.process(L, what);
  HistoryLog& log = history_argument(L, m, 1, what);
  lua_settop(L, 3);
  OpenOperation* open = open_of(log, p);
  if (!open) {
    lua_pushstring(L, m.recorder().label(p, false).c_str());
    luaL_error(L, "bad argument #2 to '%s' (%s has no operation open: history.invoke comes first)",
               what, lua_tostring(L, -1));
  }
  const std::string_view f = View{open->f.bytes}.string();
  size_t length = 0;
  const char* given = lua_type(L, 2) == LUA_TSTRING ? lua_tolstring(L, 2, &length) : nullptr;
  if (!given || f != std::string_view(given, length)) {
    lua_pushlstring(L, f.data(), f.size());
    lua_pushstring(L, m.recorder().label(p, false).c_str());
    luaL_error(L, "bad argument #2 to '%s' (%s completes %s but invoked %s)", what,
               lua_tostring(L, -1), given ? given : luaL_typename(L, 2), lua_tostring(L, -2));
  }
  Term value = m.calls().encode_argument(L, 3, what);
  // Without a step in it, it would happen whenever the one before it does, which may be another's.
  const bool step = log.points || open->record == kNone;
  if (step) record_point(L, m, p, what);
  open = open_of(log, p);  // others have recorded meanwhile
  if (open->record == kNone) stamp(m, log, *open);
  add_record(m, log,
             {type, log.records[open->record].number, p.index, open->record, m.world().steps,
              m.world().now, log.records[open->record].f, log.records[open->record].key, value});
  m.erase(log.open, static_cast<size_t>(open - log.open.data));
  p.histories.open--;
  return step ? m.done(L, p, 0) : 0;
}
int ok(lua_State* L) { return complete(L, 1, "history.ok"); }
int fail(lua_State* L) { return complete(L, 2, "history.fail"); }
int info(lua_State* L) { return complete(L, 3, "history.info"); }

// events(history): an array of {index, process, type, f, key, value, time}
int events(lua_State* L) {
  constexpr const char* what = "history.events";
  Machine& m = machine_of(L);
  Process& p = m.process(L, what);
  HistoryLog& log = history_argument(L, m, 1, what);
  m.sync(L, p, what, OpKind::history, Access::read, kHistoryObject);
  lua_createtable(L, static_cast<int>(log.records.size), 0);
  for (uint32_t i = 0; i < log.records.size; i++) {
    const HistoryRecord r = log.records[i];
    lua_createtable(L, 0, 8);
    lua_pushinteger(L, i + 1);
    lua_setfield(L, -2, "index");
    lua_pushinteger(L, r.number);
    lua_setfield(L, -2, "process");
    lua_pushstring(L, event_type_name(r.type));
    lua_setfield(L, -2, "type");
    push(L, r.f);
    lua_setfield(L, -2, "f");
    push(L, r.key);
    lua_setfield(L, -2, "key");
    push(L, r.value);
    lua_setfield(L, -2, "value");
    lua_pushinteger(L, static_cast<lua_Integer>(r.now));
    lua_setfield(L, -2, "time");
    lua_rawseti(L, -2, i + 1);
  }
  return m.done(L, p, 1);
}

// wanted(): a generator has made an operation for the running process. False if it is to be left
// out (shrinking).
int wanted(lua_State* L) {
  Machine& m = machine_of(L);
  if (!m.world().current) {
    lua_pushboolean(L, 1);
    return 1;
  }
  lua_pushboolean(L, m.calls().next_input(*m.world().current));
  return 1;
}

int is_history(lua_State* L) {
  const bool light = lua_islightuserdata(L, 1);
  lua_pushboolean(
      L, light && light_class(reinterpret_cast<uint64_t>(lua_touserdata(L, 1))) == Light::history);
  return 1;
}

}  // namespace

void open_history(lua_State* L) {
  static const luaL_Reg functions[] = {
      {"start", start},  {"invoke", invoke}, {"ok", ok},         {"fail", fail},
      {"info", info},    {"events", events}, {"wanted", wanted}, {"is_history", is_history},
      {nullptr, nullptr}};
  luaL_newlib(L, functions);
  for (const auto& [name, value] : {std::pair{"null", kNullValue}, std::pair{"failed", kFailed},
                                    std::pair{"unknown", kUnknown}}) {
    lua_pushlightuserdata(L, reinterpret_cast<void*>(value));
    lua_setfield(L, -2, name);
  }
}

}  // namespace lockstep::vm
