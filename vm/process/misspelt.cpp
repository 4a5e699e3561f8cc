// Whatever was called is a field of something that the function can see: its locals, what it
// captures, and of the library's core the modules. So names are looked for there and nowhere else,
// and a table that has the field is not the one.
#include "vm/process/misspelt.h"

#include <utility>
#include <vector>

#include "engine/base/nearest.h"
#include "vm/memory/host.h"
#include "vm/recording/sites.h"
#include "vm/sandbox/inner_module.h"

namespace lockstep::vm {
namespace {

constexpr std::string_view kCallOfNil = "attempt to call a nil value (";
constexpr int kLooked = 2000;  // fields of one table, at most

class Candidates {
 public:
  Candidates(lua_State* L, std::string_view word) : L_(L), word_(word) {}

  // The table on top, which is called `name`; nothing of it if it has the field. Pops it.
  void table(const std::string& name) {
    if (!lua_istable(L_, -1) || !lua_checkstack(L_, 4)) return lua_pop(L_, 1);
    const size_t before = names_.size();
    const int top = lua_gettop(L_);
    lua_pushnil(L_);
    for (int n = 0; n < kLooked && lua_next(L_, top); n++, lua_pop(L_, 1)) {
      if (lua_type(L_, -2) != LUA_TSTRING || lua_type(L_, -1) != LUA_TFUNCTION) continue;
      const char* field = lua_tostring(L_, -2);
      if (word_ != field) {
        add(name, field);
        continue;
      }
      names_.resize(before);
      whole_.resize(before);
      break;
    }
    lua_settop(L_, top);
    // What it inherits, as objects do.
    if (luaL_getmetafield(L_, -1, "__index") != LUA_TNIL) {
      if (lua_rawequal(L_, -1, -2) || !lua_istable(L_, -1) || inherited_)
        lua_pop(L_, 1);
      else
        inherited_ = true, table(name), inherited_ = false;
    }
    lua_pop(L_, 1);
  }

  // What a variable holds; pops it.
  void value(const char* variable) {
    if (!lua_istable(L_, -1)) return lua_pop(L_, 1);
    const int top = lua_gettop(L_);
    const std::string module = module_of(top);
    if (module == "lockstep") core_seen_ = true;
    if (module.empty() && *variable == '(') return lua_pop(L_, 1);  // not a name
    table(module.empty() ? variable : module);
  }

  // The library's modules, where lockstep itself can be seen; then Lua's own.
  void libraries(bool of_lua) {
    if (core_seen_) {
      lua_getfield(L_, LUA_REGISTRYINDEX, kLoaded);
      const int loaded = lua_gettop(L_);
      for (lua_pushnil(L_); lua_next(L_, loaded);) {
        const std::string_view name = lua_tostring(L_, -2);
        if (name.starts_with("lockstep.") && !is_inner_module(name.substr(sizeof "lockstep")))
          table(std::string(name));
        else
          lua_pop(L_, 1);
      }
      lua_settop(L_, loaded - 1);
    }
    if (!of_lua) return;
    for (const char* name : {"string", "table", "math", "utf8", "coroutine"}) {
      lua_getglobal(L_, name);
      table(name);
    }
  }

  void globals() {
    lua_pushglobaltable(L_);
    table("");
  }

  std::string nearest_one() const {
    const std::string near = nearest(word_, names_);
    for (size_t i = 0; i < names_.size(); i++)
      if (!near.empty() && names_[i] == near) return whole_[i];
    return {};
  }

 private:
  void add(const std::string& name, const char* field) {
    names_.emplace_back(field);
    whole_.push_back(name.empty() ? field : name + "." + field);
  }

  std::string module_of(int index) {
    std::string found;
    const int top = lua_gettop(L_);
    lua_getfield(L_, LUA_REGISTRYINDEX, kLoaded);
    for (lua_pushnil(L_); found.empty() && lua_next(L_, top + 1); lua_pop(L_, 1))
      if (lua_rawequal(L_, -1, index)) found = lua_tostring(L_, -2);
    lua_settop(L_, top);
    return found.starts_with("lockstep") ? found : std::string();
  }

  lua_State* L_;
  std::string_view word_;
  std::vector<std::string> names_, whole_;
  bool core_seen_ = false, inherited_ = false;
};

}  // namespace

std::string did_you_mean(lua_State* L, std::string_view error) {
  const size_t at = error.find(kCallOfNil);
  if (at == std::string_view::npos) return {};
  std::string_view rest = error.substr(at + kCallOfNil.size());
  const std::string_view kind = rest.substr(0, rest.find(' '));
  const size_t open = rest.find('\'');
  if (open == std::string_view::npos) return {};
  rest = rest.substr(open + 1);
  const std::string_view word = rest.substr(0, rest.find('\''));
  if (word.empty() || !lua_checkstack(L, 20)) return {};
  lua_Debug ar;
  int level = 0;
  do {
    if (!lua_getstack(L, level++, &ar)) return {};
    lua_getinfo(L, "l", &ar);
  } while (ar.currentline <= 0);
  const int top = lua_gettop(L);
  Candidates candidates(L, word);
  if (kind == "global") {
    candidates.globals();
  } else if (kind == "field" || kind == "method") {
    for (int i = 1; const char* name = lua_getlocal(L, &ar, i); i++) candidates.value(name);
    lua_getinfo(L, "f", &ar);
    for (int i = 1; const char* name = lua_getupvalue(L, top + 1, i); i++)
      if (std::string_view(name) == "_ENV")
        lua_pop(L, 1);
      else
        candidates.value(name);
    candidates.libraries(true);
  }
  lua_settop(L, top);
  const std::string near = candidates.nearest_one();
  return near.empty() ? near : "did you mean " + near + "?";
}

std::string told_trace(lua_State* L, std::string_view error) {
  const std::string meant = did_you_mean(L, error);
  return (meant.empty() ? meant : "  " + meant + "\n") + guest_traceback(L);
}

}  // namespace lockstep::vm
