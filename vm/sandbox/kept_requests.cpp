// What simulated servers, which are Lua, tell of the requests that they answer.
#include <string>
#include <utility>

#include "vm/guest/guest.h"
#include "vm/machine/clocks.h"
#include "vm/machine/kept_request.h"
#include "vm/machine/machine.h"
#include "vm/recording/recorder.h"
#include "vm/recording/sites.h"
#include "vm/sandbox/sandbox.h"

namespace lockstep::vm {
namespace {

constexpr int kDeepest = 100;  // of lists in lists

std::string text_at(lua_State* L, int index) {
  size_t n;
  const char* s = lua_tolstring(L, index, &n);
  return s ? std::string(s, n) : std::string();
}

// Of the value on top of the stack.
KeptReply reply_of(lua_State* L, int depth) {
  KeptReply reply;
  switch (lua_type(L, -1)) {
    case LUA_TSTRING:
      reply.text = "$" + text_at(L, -1);
      return reply;
    case LUA_TNUMBER:
      lua_pushvalue(L, -1);  // lua_tolstring changes what it is given
      reply.text = ":" + text_at(L, -1);
      lua_pop(L, 1);
      return reply;
    case LUA_TTABLE:
      break;
    default:
      reply.text = "_";
      return reply;
  }
  luaL_checkstack(L, 4, nullptr);
  for (const auto& [field, kind] : {std::pair{"ok", "+"}, std::pair{"err", "-"}}) {
    const bool there = lua_getfield(L, -1, field) == LUA_TSTRING;
    if (there) reply.text = kind + text_at(L, -1);
    lua_pop(L, 1);
    if (there) return reply;
  }
  reply.list = true;
  const auto n = static_cast<lua_Integer>(lua_rawlen(L, -1));
  for (lua_Integer i = 1; i <= n && depth < kDeepest; i++) {
    lua_rawgeti(L, -1, i);
    reply.items.push_back(reply_of(L, depth + 1));
    lua_pop(L, 1);
  }
  return reply;
}

// keeps_requests()
int keeps_requests(lua_State* L) {
  const Machine& m = machine_of(L);
  lua_pushboolean(L, m.options().keep_requests && m.recording());
  return 1;
}

// keep_request(server, connection, words, answered, reply): `words` is an array with its first in
// `name`, or nil for the reply to what was asked before.
int keep_request(lua_State* L) {
  Machine& m = machine_of(L);
  Process& p = m.process(L, "keep_request");
  lua_settop(L, 5);
  KeptRequest r;
  r.connection = static_cast<uint64_t>(reinterpret_cast<uintptr_t>(lua_topointer(L, 2)));
  r.at = m.clocks().time_of(p);
  r.process = m.recorder().label(p);
  r.site = guest_site(L);
  if (lua_istable(L, 3)) {
    lua_getfield(L, 3, "name");
    r.words.push_back(text_at(L, -1));
    const auto n = static_cast<lua_Integer>(lua_rawlen(L, 3));
    for (lua_Integer i = 1; i <= n; i++) {
      lua_rawgeti(L, 3, i);
      r.words.push_back(text_at(L, -1));
      lua_pop(L, 1);
    }
  }
  luaL_tolstring(L, 1, nullptr);
  r.server = text_at(L, -1);
  r.answered = lua_toboolean(L, 4) != 0;
  lua_settop(L, 5);
  if (r.answered) r.reply = reply_of(L, 0);
  m.recorder().keep_request(std::move(r));
  return 0;
}

}  // namespace

void open_kept_requests(lua_State* L) {
  lua_pushcfunction(L, keeps_requests);
  lua_setfield(L, -2, "keeps_requests");
  lua_pushcfunction(L, keep_request);
  lua_setfield(L, -2, "keep_request");
}

const std::vector<KeptRequest>& kept_requests(const System& system) {
  return dynamic_cast<const Machine&>(system).recorder().kept_requests();
}

}  // namespace lockstep::vm
