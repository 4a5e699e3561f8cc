// coroutine.* as a guest has it: the watchdog knows which coroutine runs, and those that were made
// at file level are run by nobody.
#include <utility>

#include "vm/guest/frozen.h"
#include "vm/guest/guest.h"
#include "vm/machine/machine.h"
#include "vm/memory/layout.h"
#include "vm/recording/recorder.h"
#include "vm/recording/sites.h"
#include "vm/sandbox/sandbox.h"

namespace lockstep::vm {
namespace {

// A coroutine that was made at file level has variables of its own, which nobody protects.
void refuse_file_level(lua_State* L, const lua_State* co) {
  if (!is_of_image(L, co)) return;
  Machine& m = machine_of(L);
  Outcome o{Verdict::misuse,
            "the scenario ran " + m.frozen().keeper_name(co) +
                "a coroutine that was made at file level: processes would share its variables "
                "unseen",
            guest_site(L),
            "file-level coroutine",
            "make it in the process that runs it",
            m.world().current ? m.recorder().label(m.guest().self()) : ""};
  m.scheduler().finish(std::move(o));
}

// As Lua's, but noting which coroutine runs.
int resume(lua_State* L, lua_State* co, int narg) {
  if (!lua_checkstack(co, narg)) {
    lua_pushliteral(L, "too many arguments to resume");
    return -1;
  }
  refuse_file_level(L, co);
  Machine& m = machine_of(L);
  if (m.guest().in_matcher() && !m.guest().computing())
    m.guest().keeps(guest_site(L) + ": a matcher resumes a coroutine");
  lua_xmove(L, co, narg);
  lua_State* const before = std::exchange(m.guest().coroutine(), co);
  int nres;
  const int status = lua_resume(co, L, narg, &nres);
  m.guest().coroutine() = before;
  if (status == LUA_OK || status == LUA_YIELD) {
    if (!lua_checkstack(L, nres + 1)) {
      lua_pop(co, nres);
      lua_pushliteral(L, "too many results to resume");
      return -1;
    }
    lua_xmove(co, L, nres);
    return nres;
  }
  lua_xmove(co, L, 1);
  return -1;
}
int co_resume(lua_State* L) {
  lua_State* co = lua_tothread(L, 1);
  luaL_argexpected(L, co, 1, "coroutine");
  if (lua_status(co) == LUA_OK && lua_gettop(co) == 0) {
    lua_pushboolean(L, 0);
    lua_pushliteral(L, "cannot resume dead coroutine");
    return 2;
  }
  const int r = resume(L, co, lua_gettop(L) - 1);
  lua_pushboolean(L, r >= 0);
  lua_insert(L, r < 0 ? -2 : -(r + 1));
  return r < 0 ? 2 : r + 1;
}
// Runs what is to be closed; then the error is on top of the coroutine's stack, if there is one.
int close_coroutine(lua_State* L, lua_State* co) {
  refuse_file_level(L, co);
  Machine& m = machine_of(L);
  lua_State* const before = std::exchange(m.guest().coroutine(), co);
  const int status = layout::close_thread(co, L);
  m.guest().coroutine() = before;
  return status;
}
int co_close(lua_State* L) {
  lua_State* co = lua_tothread(L, 1);
  luaL_argexpected(L, co, 1, "coroutine");
  lua_Debug ar;
  if (co == L) return luaL_error(L, "cannot close a running coroutine");
  if (lua_status(co) == LUA_OK && lua_getstack(co, 0, &ar))
    return luaL_error(L, "cannot close a normal coroutine");
  const bool closed = close_coroutine(L, co) == LUA_OK;
  lua_pushboolean(L, closed);
  if (closed) return 1;
  lua_xmove(co, L, 1);
  return 2;
}
int co_wrapped(lua_State* L) {
  lua_State* co = lua_tothread(L, lua_upvalueindex(1));
  if (lua_status(co) == LUA_OK && lua_gettop(co) == 0)
    return luaL_error(L, "cannot resume dead coroutine");
  const int r = resume(L, co, lua_gettop(L));
  if (r >= 0) return r;
  if (lua_status(co) != LUA_OK && lua_status(co) != LUA_YIELD) {  // not one that is running
    close_coroutine(L, co);
    lua_xmove(co, L, 1);
  }
  if (lua_type(L, -1) == LUA_TSTRING) {
    luaL_where(L, 1);
    lua_insert(L, -2);
    lua_concat(L, 2);
  }
  return lua_error(L);
}
int co_wrap(lua_State* L) {
  luaL_checktype(L, 1, LUA_TFUNCTION);
  lua_State* co = lua_newthread(L);
  lua_pushvalue(L, 1);
  lua_xmove(L, co, 1);
  lua_pushcclosure(L, co_wrapped, 1);
  return 1;
}

}  // namespace

void open_coroutines(lua_State* L) {
  lua_getglobal(L, "coroutine");
  const luaL_Reg functions[] = {
      {"resume", co_resume}, {"wrap", co_wrap}, {"close", co_close}, {nullptr, nullptr}};
  luaL_setfuncs(L, functions, 0);
  lua_pop(L, 1);
}

}  // namespace lockstep::vm
