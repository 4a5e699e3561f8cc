// lockstep.*: the table that guests require, made of its parts.
#include "vm/core/cluster_api.h"
#include "vm/core/core_parts.h"

namespace lockstep::vm {
namespace {

int exception_text(lua_State* L) {
  lua_getfield(L, 1, "reason");
  const char* error = nullptr;
  Machine& m = machine_of(L);
  m.scratch().clear();
  error = encode(L, -1, m.scratch());
  std::string text;
  lua_getfield(L, 1, "where");
  if (const char* where = lua_tostring(L, -1)) text = std::string(where) + ": ";
  if (error)
    text += error;
  else if (View{m.scratch().data()}.tag() == Tag::string)
    text += std::string(View{m.scratch().data()}.string());
  else
    m.world().texts = true, text += print_for_guest(View{m.scratch().data()});
  lua_pushlstring(L, text.data(), text.size());
  return 1;
}

}  // namespace

void open_core(lua_State* L) {
  static const luaL_Reg others[] = {{"node", l_node},
                                    {"nodes", l_nodes},
                                    {"monitor_node", l_monitor_node},
                                    {"scenario", declare_scenario},
                                    {"source", read_source_text},
                                    {"module_source", find_module_text},
                                    {nullptr, nullptr}};
  luaL_newlib(L, others);
  add_core_processes(L);
  add_core_messages(L);
  add_core_links(L);
  add_core_names(L);
  add_core_local(L);
  add_core_info(L);
  add_core_properties(L);
  push_light(L, kAny);
  lua_setfield(L, -2, "any");
  push_light(L, kOneOf);
  lua_setfield(L, -2, "one_of");
  lua_getglobal(L, "math");
  lua_getfield(L, -1, "random");
  lua_setfield(L, -3, "random");
  lua_pop(L, 1);
  luaL_newmetatable(L, kException);
  lua_pushcfunction(L, exception_text);
  lua_setfield(L, -2, "__tostring");
  lua_pushliteral(L, "exception");
  lua_setfield(L, -2, "__metatable");
  lua_pop(L, 1);
}

}  // namespace lockstep::vm
