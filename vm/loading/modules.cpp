// Modules and sources: from the files that are known (those of a trace), from the scenario's
// folder, or from along the search path.
#include "vm/loading/modules.h"

#include <algorithm>
#include <cctype>
#include <cstring>
#include <vector>

#include "vm/guest/file_level.h"
#include "vm/loading/load_context.h"
#include "vm/machine/machine.h"
#include "vm/sandbox/sandbox.h"

namespace lockstep::vm {
namespace {

using Candidate = SearchPath::Candidate;

// The first of these that is known or can be read, which is kept; null if there is none, or none
// that can be read: the *problem.
const SourceFile* first_of(LoadContext& context, const std::vector<Candidate>& beside,
                           const std::vector<Candidate>& along, std::string* problem) {
  for (const auto* list : {&beside, &along})
    for (const auto& c : *list)
      for (const SourceFile& f : *context.files)
        if (f.name == c.name) return &f;
  if (!context.disk) return nullptr;
  for (const auto* list : {&beside, &along})
    for (const auto& c : *list) {
      std::string text, why;
      if (read_source(c.path, &text, &why)) {
        context.files->push_back({c.name, std::move(text), list == &along ? c.path : ""});
        return &context.files->back();
      }
      if (problem->empty() && list == &beside) *problem = why;
    }
  return nullptr;
}

const SourceFile* module_file(LoadContext& context, const std::string& module,
                              std::string* problem) {
  std::vector<Candidate> beside;
  for (const char* end : {".lua", "/init.lua"})
    beside.push_back({context.folder + "/" + module + end, module + end});
  return first_of(context, beside, context.search.module(module), problem);
}

// Of names that lead out of the folders that are searched.
bool leads_outside(const std::string& name) {
  return name.empty() || name[0] == '/' || name.find("..") != std::string::npos ||
         name.find('\0') != std::string::npos;
}

// "resty/lock" for "resty.lock"; empty if it is no name of a module.
std::string module_path(std::string module) {
  for (const char c : module)
    if (!std::isalnum(static_cast<unsigned char>(c)) && !std::strchr("_.-/", c)) return {};
  if (module.find("..") != std::string::npos) return {};
  std::replace(module.begin(), module.end(), '.', '/');
  return leads_outside(module) ? std::string() : module;
}

std::string not_found(const LoadContext& context, const std::string& what, const std::string& file,
                      const std::string& known_as, const std::string& problem) {
  std::string s = what + " not found: no file '" + file + "' beside the scenario";
  if (!context.search.empty()) s += ", nor in " + context.search.text();
  if (const char* why = absent_reason(known_as)) return s + " (" + known_as + ": " + why + ")";
  if (const std::string hint = install_hint(known_as); !hint.empty()) return s + "; " + hint;
  return problem.empty() ? s : s + ": " + problem;
}

bool is_standard(std::string_view name) {
  for (const char* library : {"coroutine", "math", "string", "table", "utf8"})
    if (name == library) return true;
  return false;
}

LoadContext& loading_context(lua_State* L, const char* function) {
  Machine& m = machine_of(L);
  if (!m.file_level().under_way())
    luaL_error(L, "'%s' can only be called at file level: files are read before a scenario runs",
               function);
  return m.file_level().context();
}

void push(lua_State* L, const std::string& text) { lua_pushlstring(L, text.data(), text.size()); }

}  // namespace

const EmbeddedFile* find_embedded(const std::string& name) {
  for (size_t i = 0; i < kEmbeddedCount; i++)
    if (name == kEmbedded[i].name) return &kEmbedded[i];
  return nullptr;
}

void run_chunk(lua_State* L, std::string_view text, const std::string& chunk, Watchdog* watchdog) {
  if (watchdog) watchdog->compiling(true);
  const int status = luaL_loadbufferx(L, text.data(), text.size(), chunk.c_str(), "t");
  if (watchdog) watchdog->compiling(false);
  if (status != LUA_OK) lua_error(L);
  lua_call(L, 0, 1);
}

int require(lua_State* L) {
  const char* name = luaL_checkstring(L, 1);
  lua_settop(L, 1);
  lua_getfield(L, LUA_REGISTRYINDEX, kLoaded);
  if (lua_getfield(L, 2, name) != LUA_TNIL) return 1;
  if (is_standard(name)) {
    lua_getglobal(L, name);
    return 1;
  }
  Machine& m = machine_of(L);
  if (!m.file_level().under_way())
    return luaL_error(L, "require '%s': modules are loaded at file level, before a scenario runs",
                      name);
  const std::string module = name;
  if (module.compare(0, 8, "lockstep") == 0 && (module.size() == 8 || module[8] == '.')) {
    std::string file = module;
    std::replace(file.begin(), file.end(), '.', '/');
    file += ".lua";
    const EmbeddedFile* e = find_embedded(file);
    if (!e) return luaL_error(L, "module '%s' not found: lockstep has no such part", name);
    run_chunk(L, e->text, "=" + file, &m.watchdog());
  } else {
    const std::string path = module_path(module);
    if (path.empty())
      return luaL_error(L,
                        "module '%s': only modules beside the scenario's file, in folders below "
                        "it, and along --path are found",
                        name);
    std::string problem;
    LoadContext& context = m.file_level().context();
    const SourceFile* file = module_file(context, path, &problem);
    if (!file) {
      push(L, not_found(context, "module '" + module + "'", path + ".lua", path, problem));
      luaL_where(L, 1);
      lua_insert(L, -2);
      lua_concat(L, 2);
      return lua_error(L);
    }
    if (!context.begun.insert(file->name).second)
      return luaL_error(L, "module '%s' requires itself, or failed before", name);
    run_chunk(L, lua_text(file->text), "@" + file->name, &m.watchdog());
  }
  if (lua_isnil(L, -1)) {
    lua_pop(L, 1);
    lua_pushboolean(L, 1);
  }
  lua_pushvalue(L, -1);
  lua_setfield(L, 2, name);
  return 1;
}

// source(name): the text of a file that is data.
int read_source_text(lua_State* L) {
  size_t size;
  const char* s = luaL_checklstring(L, 1, &size);
  LoadContext& context = loading_context(L, "source");
  {
    const std::string name(s, size);
    std::string problem;
    const SourceFile* file = nullptr;
    if (leads_outside(name)) {
      push(L, "source '" + name +
                  "': a name without .. and without / at its beginning expected, which is looked "
                  "for beside the scenario and along --path");
    } else if (!(file = first_of(context, {{context.folder + "/" + name, name}},
                                 context.search.source(name), &problem))) {
      push(L, not_found(context, "source '" + name + "'", name, name, problem));
    }
    if (file) push(L, file->text);
    if (file) return 1;
  }
  luaL_where(L, 1);
  lua_insert(L, -2);
  lua_concat(L, 2);
  return lua_error(L);
}

// module_source(name): the text of a module and the name of its file; nil and why.
int find_module_text(lua_State* L) {
  const char* name = luaL_checkstring(L, 1);
  LoadContext& context = loading_context(L, "module_source");
  const std::string path = module_path(name);
  std::string problem;
  const SourceFile* file = path.empty() ? nullptr : module_file(context, path, &problem);
  if (!file) {
    lua_pushnil(L);
    push(L, path.empty() ? std::string("'") + name + "' is no name of a module"
                         : not_found(context, std::string("module '") + name + "'", path + ".lua",
                                     path, problem));
    return 2;
  }
  const std::string_view text = lua_text(file->text);
  lua_pushlstring(L, text.data(), text.size());
  push(L, file->name);
  return 2;
}

}  // namespace lockstep::vm
