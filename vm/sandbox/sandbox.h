// What a guest sees of Lua: an allow-list, with deterministic versions of what is not so by itself.
#pragma once
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "vm/memory/lua_api.h"

namespace lockstep::vm {

// Opens the libraries and leaves exactly the allowed names among the globals.
void open_sandbox(lua_State* L);
// For those who only read a scenario: the globals that it has, a library's with its fields; and why
// a name is absent ("os", "string.dump"), null if it is one that nobody has heard of.
std::map<std::string, std::set<std::string>> sandbox_names();
const char* absent_reason(std::string_view name);
// Of Lua's libraries: what iterators of string.gmatch are, and the functions of which one call can
// take long, and can be left where it is.
lua_CFunction gmatch_iterator(lua_State* L);
std::vector<lua_CFunction> long_calls(lua_State* L);
// lockstep.*: pushes the table with the C functions of the core.
void open_core(lua_State* L);
// tostring without addresses: "table#3", numbered for each process from its first printing on.
// Pushes the string.
void push_text(lua_State* L, int index);

// Declared by open_core; used when a scenario is loaded.
int declare_scenario(lua_State* L);
// Of lockstep itself, what reads files while a scenario is loaded (modules.cpp).
int read_source_text(lua_State* L);
int find_module_text(lua_State* L);
// coroutine.resume, wrap and close, which note what runs.
void open_coroutines(lua_State* L);
// string.format, and what it calls for long texts, which can be left where it is.
int safe_format(lua_State* L);
lua_CFunction format_of_long_texts();
// What hosts of foreign code need of it (key_order.cpp).
void open_host(lua_State* L);
void open_kept_requests(lua_State* L);  // the same; into the table on top
// table.sort as a stable merge sort.
int stable_sort(lua_State* L);

}  // namespace lockstep::vm
