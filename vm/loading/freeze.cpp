// The end of loading: what guests can reach is found and named, and from then on cannot be written.
#include <algorithm>
#include <cstring>
#include <deque>
#include <unordered_map>
#include <unordered_set>

#include "vm/guest/frozen.h"
#include "vm/guest/interpreter.h"
#include "vm/loading/loading.h"
#include "vm/memory/layout.h"
#include "vm/sandbox/sandbox.h"

namespace lockstep::vm {
namespace {

// Kinds of Lua's own (lobject.h) after those of the API.
constexpr int kUpvalue = LUA_NUMTYPES;
constexpr size_t kPage = 4096;

// What the runtime itself writes while a scenario runs; guests do not reach it.
std::unordered_set<const void*> runtime_tables(lua_State* L,
                                               std::initializer_list<int> references) {
  std::unordered_set<const void*> tables;
  lua_pushvalue(L, LUA_REGISTRYINDEX);
  tables.insert(lua_topointer(L, -1));
  lua_pop(L, 1);
  for (const int reference : references) {
    lua_rawgeti(L, LUA_REGISTRYINDEX, reference);
    tables.insert(lua_topointer(L, -1));
    lua_pop(L, 1);
  }
  luaL_getsubtable(L, LUA_REGISTRYINDEX, kCompiled);
  tables.insert(lua_topointer(L, -1));
  lua_pop(L, 1);
  return tables;
}

// Breadth first, so that names are the shortest ways there are, and nothing is too deep.
class Names {
 public:
  Names(lua_State* L, std::vector<FrozenState::Owner>& owners) : L_(L), owners_(owners) {
    lua_pushglobaltable(L);
    globals_ = lua_topointer(L, -1);
    lua_pop(L, 1);
  }

  // Takes the value off the top of the stack.
  void add_top(uint32_t parent, const std::string& step) {
    const int type = lua_type(L_, -1);
    if (keeps_its_place(type)) keepers.try_emplace(lua_topointer(L_, -1), add_owner(parent, step));
    if ((type == LUA_TTABLE || type == LUA_TFUNCTION) && has_parts(type)) {
      const void* p = lua_topointer(L_, -1);
      if (seen_.insert(p).second) todo_.push_back({p, type, add_owner(parent, step)});
    }
    lua_pop(L_, 1);
  }
  void follow() {
    for (; !todo_.empty(); todo_.pop_front()) {
      const Item item = todo_.front();
      lua_pushnil(L_);
      layout::put_object(L_, item.object);
      if (item.type == LUA_TTABLE)
        table(item);
      else
        function(item);
      lua_pop(L_, 1);
    }
  }

  std::unordered_map<const void*, uint32_t> tables, variables;  // and their owners
  std::unordered_map<const void*, uint32_t> keepers;            // coroutines and C functions
  std::vector<const void*> libraries;

 private:
  struct Item {
    const void* object;
    int type;
    uint32_t owner;
  };
  uint32_t add_owner(uint32_t parent, const std::string& step) {
    if (step.empty()) return parent;
    owners_.push_back({parent, step});
    return static_cast<uint32_t>(owners_.size()) - 1;
  }
  bool keeps_its_place(int type) const {
    return type == LUA_TTHREAD || (type == LUA_TFUNCTION && lua_iscfunction(L_, -1));
  }
  // A C function as such is no object.
  bool has_parts(int type) {
    if (type == LUA_TTABLE || !lua_iscfunction(L_, -1)) return true;
    if (!lua_getupvalue(L_, -1, 1)) return false;
    lua_pop(L_, 1);
    return true;
  }
  void function(const Item& item) {
    const bool c = lua_iscfunction(L_, -1) != 0;
    for (int i = 1;; i++) {
      const char* variable = lua_getupvalue(L_, -1, i);
      if (!variable) break;
      if (c) {  // what coroutine.wrap gave has the coroutine
        add_top(keepers.contains(item.object) ? keepers[item.object] : item.owner, "");
        continue;
      }
      const void* cell = lua_upvalueid(L_, -2, i);
      if (!variables.contains(cell)) {
        lua_Debug ar;
        lua_pushvalue(L_, -2);
        lua_getinfo(L_, ">S", &ar);
        variables[cell] = add_owner(0, std::string(variable) + "' (" +
                                           (ar.source[0] == '@' ? ar.source + 1 : ar.short_src));
      }
      if (keeps_its_place(lua_type(L_, -1)))
        keepers.try_emplace(lua_topointer(L_, -1), variables[cell]);
      const bool globals = lua_topointer(L_, -1) == globals_;
      add_top(0, globals ? "_G" : variable);
    }
  }
  void table(const Item& item) {
    tables[item.object] = item.owner;
    const int index = lua_gettop(L_);
    bool library = false;
    if (lua_getmetatable(L_, index)) {
      library = true;
      add_top(item.owner, "'s metatable");
    }
    for (lua_pushnil(L_); lua_next(L_, index);) {
      library = library || lua_isfunction(L_, -1);
      lua_pushvalue(L_, -2);
      add_top(item.owner, "[...]");
      std::string step = "[...]";
      const bool global = owners_[item.owner].step == "_G";
      if (lua_type(L_, -2) == LUA_TSTRING)
        step = std::string(item.owner == 0 || global ? "" : ".") + lua_tostring(L_, -2);
      else if (lua_isinteger(L_, -2))
        step = "[" + std::to_string(lua_tointeger(L_, -2)) + "]";
      add_top(global ? 0 : item.owner, step);
    }
    if (library) libraries.push_back(item.object);
  }

  lua_State* L_;
  std::vector<FrozenState::Owner>& owners_;
  const void* globals_ = nullptr;
  std::unordered_set<const void*> seen_;
  std::deque<Item> todo_;
};

// Lua keeps a guess of a table's length in its header, and reading moves it: of an array with holes
// #t would be what somebody else has looked at. It guesses where the size is a power of two and the
// last slot is empty, so that one is given up.
uint32_t settle_length(void* table) {
  using namespace layout;
  const uint32_t size = array_size(table);
  const bool guesses = size >= 4 && (size & (size - 1)) == 0 && is_empty_slot(table, size - 1);
  store(table, kTableAlimit, size - (guesses ? 1 : 0));
  store(table, kTableFlags, static_cast<uint8_t>(load<uint8_t>(table, kTableFlags) & ~kTableGuess));
  return size;
}

// Bytes of a table's hash part (0: there is none).
size_t hash_bytes(const void* table) {
  if (!layout::load<const void*>(table, layout::kTableLastfree)) return 0;
  return (size_t{1} << layout::load<uint8_t>(table, layout::kTableLsizenode)) * layout::kNodeBytes;
}

}  // namespace

// Everything that guests can reach is now as it must stay.
void Loading::freeze() {
  lua_State* L = L_;
  lua_gc(L, LUA_GCCOLLECT);
  const auto runtime =
      runtime_tables(L, {m_.interpreter().threads_ref(), m_.interpreter().templates_ref()});
  std::vector<void*> tables, variables, kept;
  lua_createtable(L, 0, 0);  // keeps all of them alive
  const void* keeper = lua_topointer(L, -1);
  const int kept_ref = luaL_ref(L, LUA_REGISTRYINDEX);
  for (const auto& [p, block] : blocks_) {
    if (block.kind == LUA_TTABLE && !runtime.contains(p) && p != keeper) tables.push_back(p);
    if (block.kind == kUpvalue) variables.push_back(p);
    if (block.kind == LUA_TTHREAD) kept.push_back(p + LUA_EXTRASPACE);
    if (block.kind == LUA_TFUNCTION) m_.frozen().refuse_iterator(p);
  }
  kept.insert(kept.end(), tables.begin(), tables.end());
  kept.insert(kept.end(), variables.begin(), variables.end());
  lua_rawgeti(L, LUA_REGISTRYINDEX, kept_ref);
  for (size_t i = 0; i < kept.size(); i++) {
    lua_pushnil(L);
    layout::put_object(L, kept[i]);
    lua_rawseti(L, -2, static_cast<lua_Integer>(i) + 1);
  }
  lua_pop(L, 1);
  tables.push_back(const_cast<void*>(keeper));
  // The first collection of an execution starts when ten times the loaded heap is in use: most
  // never get there.
  lua_gc(L, LUA_GCINC, 1000, 400, 0);
  lua_gc(L, LUA_GCCOLLECT);
  auto grow_to = [&](auto& v, uint32_t capacity) {
    while (v.capacity < capacity) m_.grow(v);
  };
  World& w = *world_;
  grow_to(w.alternatives, 16);
  grow_to(w.position, 64);
  grow_to(w.actors, 64);
  grow_to(w.woken, 32);
  grow_to(w.processes, 16);
  m_.frozen().protect(tables, variables, [this](void* p, size_t size) {
    blocks_.erase(static_cast<char*>(p));
    arena_.put(p, size);
  });
  // Whole lines, so that copying has no tail.
  arena_.head().top = arena_.base() + ((arena_.used() + 127) & ~size_t{127});
  arena_.seal();
  m_.image().bytes.assign(arena_.base(), arena_.base() + arena_.used());
  host_.image_end = arena_.base() + arena_.used();
}

// Moves what guests can reach into pages of its own, at the end of the image.
void FrozenState::protect(const std::vector<void*>& tables, const std::vector<void*>& variables,
                          const std::function<void(void*, size_t)>& drop) {
  lua_State* L = L_;
  Names names(L, owners_);
  lua_getfield(L, LUA_REGISTRYINDEX, kScenarios);
  const auto scenarios = static_cast<lua_Integer>(lua_rawlen(L, -1));
  for (lua_Integer i = 1; i <= scenarios; i++) {
    lua_rawgeti(L, 1, i);
    names.add_top(0, "");
  }
  lua_settop(L, 0);
  lua_getfield(L, LUA_REGISTRYINDEX, kLoaded);
  for (lua_pushnil(L); lua_next(L, 1);) {
    const std::string name = lua_tostring(L, -2);
    names.add_top(0, name);
  }
  lua_settop(L, 0);
  lua_pushglobaltable(L);
  names.add_top(0, "_G");
  names.follow();
  const auto owner_of = [](const auto& owners, const void* p) {
    const auto at = owners.find(p);
    return at == owners.end() ? kUnnamed : at->second;
  };
  std::sort(names.libraries.begin(), names.libraries.end());
  libraries_ = std::move(names.libraries);
  host_.libraries = libraries_.data();
  host_.library_count = libraries_.size();

  char* const base = arena_.base();
  char* top = base + ((arena_.used() + kPage - 1) & ~(kPage - 1));
  m_.image().shared.offset = static_cast<uint32_t>(top - base);
  const auto take = [&](size_t bytes, uint32_t owner, bool variable) {
    if (bytes > arena_.heap_bytes() - static_cast<size_t>(top - base))
      throw Error(ExitCode::scenario, "file-level code leaves too much");
    char* at = top;
    top += (bytes + 15) & ~size_t{15};
    blocks_.push_back(
        {static_cast<uint32_t>(at - base), static_cast<uint32_t>(bytes), owner, variable});
    return at;
  };
  for (const auto& [p, owner] : names.keepers)
    if (arena_.contains(p)) keepers_[static_cast<const char*>(p) - base] = owner;
  for (void* t : tables) {
    const uint32_t owner = owner_of(names.tables, t);
    if (const size_t slots = settle_length(t)) {
      const size_t bytes = layout::array_size(t) * layout::kValueBytes;
      auto* old = layout::load<char*>(t, layout::kTableArray);
      char* at = take(bytes, owner, false);
      std::memcpy(at, old, bytes);
      layout::store(t, layout::kTableArray, at);
      drop(old, slots * layout::kValueBytes);
    }
    auto* old = layout::load<char*>(t, layout::kTableNode);
    if (const size_t bytes = hash_bytes(t)) {
      char* at = take(bytes, owner, false);
      std::memcpy(at, old, bytes);
      layout::store(t, layout::kTableNode, at);
      layout::store(t, layout::kTableLastfree,
                    at + (layout::load<char*>(t, layout::kTableLastfree) - old));
      drop(old, bytes);
    } else {  // room for one, so that the first is written there
      char* at = take(layout::kNodeBytes, owner, false);
      std::memset(at, 0, layout::kNodeBytes);
      layout::store(at, 8, layout::kEmptyTag);
      layout::store(t, layout::kTableLsizenode, uint8_t{0});
      layout::store(t, layout::kTableNode, at);
      layout::store(t, layout::kTableLastfree, at);
    }
    for (const size_t word : {layout::kTableArray, layout::kTableNode, layout::kTableMetatable})
      headers_.push_back({static_cast<uint32_t>(static_cast<char*>(t) + word - base), owner});
  }
  for (void* v : variables) {
    char* at = take(layout::kValueBytes, owner_of(names.variables, v), true);
    std::memcpy(at, layout::load<char*>(v, layout::kUpvalPointer), layout::kValueBytes);
    layout::store(v, layout::kUpvalPointer, at);
  }
  top = base + ((static_cast<size_t>(top - base) + kPage - 1) & ~(kPage - 1));
  m_.image().shared.size = static_cast<uint32_t>(top - base) - m_.image().shared.offset;
  arena_.head().top = top;
}

}  // namespace lockstep::vm
