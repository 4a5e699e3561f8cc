// The image: where Lua's memory comes from, what of it can change, and values that refer to it.
#include <algorithm>
#include <cstring>
#include <set>

#include "vm/loading/frozen.h"
#include "vm/machine/machine.h"
#include "vm/machine/watchdog.h"
#include "vm/memory/layout.h"

namespace lockstep::vm {
namespace {
constexpr uint32_t kSeed = 0x10c557e9;  // of the string hashes
}  // namespace

// ---- memory for Lua ----

void* Machine::allocate_for_lua(void* ud, void* p, size_t old_size, size_t new_size) {
  auto* m = static_cast<Machine*>(ud);
  Arena& a = m->arena_;
  if (new_size == 0) {
    if (p) {
      if (__builtin_expect(m->noted_ != nullptr, 0)) m->noted_->erase(static_cast<char*>(p));
      if (!a.put(p, old_size) && m->frozen().contains(p)) m->frozen().shared_write(p);
    }
    return nullptr;
  }
  if (!p) {
    if (__builtin_expect(m->newstate_calls_ < 2, 0)) {
      if (++m->newstate_calls_ == 2)
        m->seed_pinned_ = layout::pin_seed(m->state_block_, m->state_size_,
                                           &Machine::allocate_for_lua, ud, kSeed);
    }
    void* q = a.get(new_size);
    if (m->newstate_calls_ == 1 && !m->state_block_) {
      m->state_block_ = q;
      m->state_size_ = new_size;
    }
    if (__builtin_expect(q == nullptr, 0)) return m->refuse(new_size);
    if (__builtin_expect(m->noted_ != nullptr, 0))
      (*m->noted_)[static_cast<char*>(q)] = {new_size, static_cast<int>(old_size)};
    return q;
  }
  if (__builtin_expect(m->noted_ != nullptr, 0))
    (*m->noted_)[static_cast<char*>(p)].size = new_size;
  if (__builtin_expect(m->frozen().contains(p), 0)) m->frozen().shared_write(p);
  if (Arena::size_class(old_size) == Arena::size_class(new_size)) return p;
  void* q = a.get(new_size);
  if (!q) {
    if (new_size < old_size) return p;  // Lua counts on shrinking never failing
    return m->refuse(new_size);
  }
  std::memcpy(q, p, std::min(old_size, new_size));
  if (__builtin_expect(m->noted_ != nullptr, 0)) {
    (*m->noted_)[static_cast<char*>(q)] = {new_size, (*m->noted_)[static_cast<char*>(p)].kind};
    m->noted_->erase(static_cast<char*>(p));
  }
  a.put(p, old_size);
  return q;
}

// Lua answers the first refusal with a full collection and asks again; the second ends the
// execution, inside pcall too. String buffers ask only once: what no collection could make room for
// ends it at once.
void* Machine::refuse(size_t size) {
  if (!running_) return nullptr;
  if (checking_) {
    watchdog().ask_for_memory(refused_ == size || size > options_.limits.max_memory);
    refused_ = size;
    return nullptr;
  }
  if (refused_ == size || size > options_.limits.max_memory) out_of_memory();
  refused_ = size;
  return nullptr;
}

// ---- objects of the image ----

bool Host::is_library(const void* table) const {
  return std::binary_search(libraries, libraries + library_count, table);
}

void Host::push_image(lua_State* L, size_t offset) const {
  luaL_checkstack(L, 1, "term");
  lua_pushnil(L);
  char* object = arena->base() + offset;
  char* slot = layout::load<char*>(L, layout::kStateTop) - layout::kValueBytes;
  layout::store(slot, 0, object);
  layout::store(slot, 8, layout::collectable_tag(object));
}

void Host::push_closure(lua_State* L, size_t proto, int upvalues) const {
  machine->push_closure(L, proto, upvalues);
}

void Machine::push_closure(lua_State* L, size_t proto, int upvalues) {
  // A closure over as many fresh variables, made by a factory of ours, whose prototype is then the
  // wanted one.
  lua_rawgeti(L, LUA_REGISTRYINDEX, templates_ref_);
  if (lua_rawgeti(L, -1, static_cast<lua_Integer>(upvalues) + 1) == LUA_TNIL) {
    lua_pop(L, 1);
    std::string names;
    for (int i = 1; i <= upvalues; i++) names += (i > 1 ? ",u" : "u") + std::to_string(i);
    const std::string text = upvalues ? "return function() local " + names +
                                            " return function() return " + names + " end end"
                                      : "return function() return function() end end";
    luaL_loadbufferx(L, text.data(), text.size(), "=lockstep/closure", "t");
    lua_call(L, 0, 1);
    lua_pushvalue(L, -1);
    lua_rawseti(L, -3, static_cast<lua_Integer>(upvalues) + 1);
  }
  lua_remove(L, -2);
  lua_call(L, 0, 1);
  void* closure = const_cast<void*>(lua_topointer(L, -1));
  layout::store(closure, layout::kClosureProto, static_cast<const void*>(arena_.base() + proto));
}

void Host::join_image_variable(lua_State* L, int closure, int n, size_t offset) const {
  void* c = const_cast<void*>(lua_topointer(L, closure));
  layout::store(c, layout::kClosureUpvalues + 8 * static_cast<size_t>(n - 1),
                arena->base() + offset);
}

// ---- what can change ----

void Machine::find_mutable() {
  // Kinds of Lua's own (lobject.h) after those of the API.
  constexpr int kUpvalue = LUA_NUMTYPES, kPrototype = LUA_NUMTYPES + 1;
  const char* base = arena_.base();
  std::set<const char*> fixed;  // blocks that do not change
  for (const auto& [p, block] : blocks_) {
    if (block.kind == LUA_TSTRING || block.kind == LUA_TFUNCTION || block.kind == kUpvalue)
      fixed.insert(p);
    if (block.kind != kPrototype) continue;
    fixed.insert(p);
    may_go_round_ = may_go_round_ || layout::may_go_round(p);
    // Whatever array it points to is its code, its constants or its line numbers.
    for (size_t i = 0; i + 8 <= block.size; i += 8) {
      const auto it = blocks_.find(layout::load<char*>(p, i));
      if (it != blocks_.end() && it->second.kind == 0) fixed.insert(it->first);
    }
  }
  const auto strings = blocks_.find(layout::load<char*>(image_.string_table, 0));
  if (strings != blocks_.end()) {
    fixed.insert(strings->first);
    image_.chains = {static_cast<uint32_t>(strings->first - base),
                     static_cast<uint32_t>(strings->second.size)};
  }
  std::vector<Image::Piece> pieces;
  auto piece = [&](const char* p, size_t size) {
    const auto from = static_cast<uint32_t>(p - base) & ~31u;
    const auto to = std::min((static_cast<uint32_t>(p - base + size) + 31) & ~31u,
                             static_cast<uint32_t>(image_.size()));
    pieces.push_back({from, to - from});
  };
  piece(base, reinterpret_cast<const char*>(world_) + sizeof(World) - base);
  for (const auto& [p, block] : blocks_)
    if (!fixed.contains(p)) piece(p, block.size);
  std::sort(pieces.begin(), pieces.end(),
            [](const Image::Piece& a, const Image::Piece& b) { return a.offset < b.offset; });
  std::vector<Image::Piece>& joined = image_.changing;
  for (const Image::Piece& p : pieces) {
    if (!joined.empty() && p.offset <= joined.back().offset + joined.back().size + 32)
      joined.back().size = std::max(joined.back().size, p.offset + p.size - joined.back().offset);
    else
      joined.push_back(p);
  }
}

}  // namespace lockstep::vm
