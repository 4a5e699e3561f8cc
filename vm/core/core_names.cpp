// lockstep.*: registered names of a node.
#include "vm/core/core_parts.h"
#include "vm/footprints/footprints.h"
#include "vm/guest/calls.h"
#include "vm/machine/lookup.h"
#include "vm/process/processes.h"
#include "vm/recording/recorder.h"

namespace lockstep::vm {
namespace {

int l_register(lua_State* L) {
  Machine& m = machine_of(L);
  Process& p = m.process(L, "register");
  Process* q = find_process(m.world(), light_at(L, 2));
  if (lua_type(L, 1) != LUA_TSTRING) badarg(L, 1, "a name (a string) expected");
  if (!q) badarg(L, 2, "a pid expected");
  Term name = m.calls().encode_argument(L, 1, "register");
  const Footprint other{part_object(*q, Part::name), Access::write};
  m.calls().announce(L, p, "register", OpKind::register_name, Access::write,
                     name_object(p.node, name), 0, &other, 1);
  if (is_string(name, "undefined") || whereis(m.world(), name, p.node))
    badarg(L, 1, "this name is taken");
  if (q->name->tag != Tag::nil) badarg(L, 2, "it has a name already");
  if (!alive(*q) || q->node != p.node) badarg(L, 2, "it has ended, or is of another node");
  m.change(q->name) = name;
  if (q->label.tag == Tag::nil) q->label = copy_term(name, m.arena());
  m.processes().add_name(Name{name, q->index, p.node});
  if (m.recording()) m.recorder().note_target(m.recorder().label(*q));
  lua_pushboolean(L, 1);
  return m.done(L, p, 1);
}
int l_unregister(lua_State* L) {
  Machine& m = machine_of(L);
  Process& p = m.process(L, "unregister");
  if (lua_type(L, 1) != LUA_TSTRING) badarg(L, 1, "a name (a string) expected");
  Term name = m.calls().encode_argument(L, 1, "unregister");
  m.footprints().announce_deferred(L, p, "unregister", OpKind::unregister_name, 0,
                                   DeferredTarget::unregister, nullptr, &name, p.node);
  Process* q = whereis(m.world(), name, p.node);
  if (!q) badarg(L, 1, "nobody has this name");
  m.processes().release_name(*q);
  lua_pushboolean(L, 1);
  return m.done(L, p, 1);
}
int l_whereis(lua_State* L) {
  Machine& m = machine_of(L);
  Process& p = m.process(L, "whereis");
  if (lua_type(L, 1) != LUA_TSTRING) badarg(L, 1, "a name (a string) expected");
  Term name = m.calls().encode_argument(L, 1, "whereis");
  m.sync(L, p, "whereis", OpKind::whereis, Access::read, name_object(p.node, name));
  Process* q = whereis(m.world(), name, p.node);
  free_term(name, m.arena());
  if (q)
    push_light(L, q->pid);
  else
    lua_pushnil(L);
  return m.done(L, p, 1);
}
int l_registered(lua_State* L) {
  Machine& m = machine_of(L);
  Process& p = m.process(L, "registered");
  m.sync(L, p, "registered", OpKind::whereis, Access::read, make_object(ObjectClass::name, p.node));
  lua_newtable(L);
  lua_Integer n = 0;
  for (uint32_t i = 0; i < m.world().names.size(); i++)
    if (m.world().names[i].node == p.node) {
      push(L, m.world().names[i].name);
      lua_rawseti(L, -2, ++n);
    }
  return m.done(L, p, 1);
}

}  // namespace

void add_core_names(lua_State* L) {
  static const luaL_Reg functions[] = {{"register", l_register},
                                       {"unregister", l_unregister},
                                       {"whereis", l_whereis},
                                       {"registered", l_registered},
                                       {nullptr, nullptr}};
  luaL_setfuncs(L, functions, 0);
}

}  // namespace lockstep::vm
