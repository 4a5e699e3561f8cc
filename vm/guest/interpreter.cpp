#include "vm/guest/interpreter.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "engine/base/check.h"
#include "vm/guest/frozen.h"
#include "vm/guest/guest.h"
#include "vm/guest/watchdog.h"
#include "vm/memory/layout.h"
#include "vm/recording/recorder.h"
#include "vm/recording/sites.h"

namespace lockstep::vm {
namespace {
constexpr uint32_t kSeed = 0x10c557e9;  // of the string hashes

// The list of blocks lies outside the arena: who is at work on it must not be left where it is.
class Noting {
 public:
  explicit Noting(Watchdog& watchdog) : watchdog_(watchdog) { watchdog_.noting(true); }
  ~Noting() { watchdog_.noting(false); }
  Noting(const Noting&) = delete;
  Noting& operator=(const Noting&) = delete;

 private:
  Watchdog& watchdog_;
};
}  // namespace

void Interpreter::open() {
  m_.L_ = lua_newstate(&Interpreter::allocate, this);
  m_.image().string_table = layout::string_table(state_block_, state_size_, &Interpreter::allocate);
  if (!L_ || !seed_pinned_ || !m_.image().string_table)
    throw Error(
        ExitCode::internal,
        "the hash seed of the Lua library could not be pinned, so runs would not repeat",
        "use Debian's liblua5.4 (5.4.4), or rebuild lockstep with the library that is installed");
  if (!layout::hide_collection(L_, state_block_, state_size_))
    throw Error(ExitCode::internal, "the Lua library's finalizers could not be turned off",
                "use Debian's liblua5.4 (5.4.4)");
  *static_cast<Host**>(lua_getextraspace(L_)) = &host_;
  luaL_checkstack(L_, 40, nullptr);
}

void Interpreter::make_tables() {
  lua_createtable(L_, 16, 0);
  threads_ref_ = luaL_ref(L_, LUA_REGISTRYINDEX);
  lua_createtable(L_, 16, 0);
  templates_ref_ = luaL_ref(L_, LUA_REGISTRYINDEX);
  ok_string_ = lua_pushliteral(L_, "ok") - layout::kStringHeader;
  luaL_ref(L_, LUA_REGISTRYINDEX);
}

// ---- memory for Lua ----

void* Interpreter::allocate(void* ud, void* p, size_t old_size, size_t new_size) {
  auto* self = static_cast<Interpreter*>(ud);
  Machine& m = self->m_;
  Arena& a = self->arena_;
  if (new_size == 0) {
    if (p) {
      if (__builtin_expect(m.noted() != nullptr, 0)) {
        const Noting noting(m.watchdog());
        m.noted()->erase(static_cast<char*>(p));
      }
      if (!a.put(p, old_size) && m.is_shared(p)) m.frozen().shared_write(p);
    }
    return nullptr;
  }
  if (!p) {
    if (__builtin_expect(self->newstate_calls_ < 2, 0)) {
      if (++self->newstate_calls_ == 2)
        self->seed_pinned_ = layout::pin_seed(self->state_block_, self->state_size_,
                                              &Interpreter::allocate, ud, kSeed);
    }
    void* q = a.get(new_size);
    if (self->newstate_calls_ == 1 && !self->state_block_) {
      self->state_block_ = q;
      self->state_size_ = new_size;
    }
    if (__builtin_expect(q == nullptr, 0)) return self->refuse(new_size);
    if (__builtin_expect(m.noted() != nullptr, 0)) {
      const Noting noting(m.watchdog());
      (*m.noted())[static_cast<char*>(q)] = {new_size, static_cast<int>(old_size)};
    }
    return q;
  }
  if (__builtin_expect(m.noted() != nullptr, 0)) {
    const Noting noting(m.watchdog());
    (*m.noted())[static_cast<char*>(p)].size = new_size;
  }
  if (__builtin_expect(m.is_shared(p), 0)) m.frozen().shared_write(p);
  if (Arena::size_class(old_size) == Arena::size_class(new_size)) return p;
  void* q = a.get(new_size);
  if (!q) {
    if (new_size < old_size) return p;  // Lua counts on shrinking never failing
    return self->refuse(new_size);
  }
  std::memcpy(q, p, std::min(old_size, new_size));
  if (__builtin_expect(m.noted() != nullptr, 0)) {
    const Noting noting(m.watchdog());
    (*m.noted())[static_cast<char*>(q)] = {new_size, (*m.noted())[static_cast<char*>(p)].kind};
    m.noted()->erase(static_cast<char*>(p));
  }
  a.put(p, old_size);
  return q;
}

// Lua answers the first refusal with a full collection and asks again; the second ends the
// execution, inside pcall too. String buffers ask only once: what no collection could make room for
// ends it at once.
void* Interpreter::refuse(size_t size) {
  if (!m_.scheduler().running()) return nullptr;
  if (m_.guest().computing()) {
    m_.watchdog().ask_for_memory(refused_ == size || size > options_.limits.max_memory);
    refused_ = size;
    return nullptr;
  }
  if (refused_ == size || size > options_.limits.max_memory) out_of_memory();
  refused_ = size;
  if (lua_State* L = m_.guest().state()) refused_at_ = guest_site(L);
  return nullptr;
}

// Ends the execution, wherever the memory was asked for.
void out_of_memory() {
  Machine* running = current_machine();
  LOCKSTEP_ASSERT(running != nullptr && running->scheduler().running());
  Machine& m = *running;
  m.watchdog().leave_alone();
  const Process* p = m.guest().process();
  Outcome o;
  o.verdict = Verdict::memory_bound;
  const size_t most = std::min<size_t>(m.options().limits.max_memory, m.arena().heap_bytes());
  o.reason = "more than " + std::to_string(most >> 20) + " MiB of guest memory";
  if (p) {
    o.process = m.recorder().label(*p);
    if (lua_State* L = m.guest().state()) o.site = guest_site(L);
    if (o.site.empty()) o.site = m.interpreter().refused_at();  // Lua has left that place
    o.reason += " (" + o.process + ")";
  }
  // Reports are built outside the arena, so this needs none of the memory that has run out.
  m.scheduler().finish(std::move(o));
}

// ---- coroutines ----

lua_State* Interpreter::new_thread(uint32_t slot) {
  lua_State* thread = lua_newthread(L_);
  lua_rawgeti(L_, LUA_REGISTRYINDEX, threads_ref_);
  lua_pushvalue(L_, -2);
  lua_rawseti(L_, -2, slot);
  lua_pop(L_, 2);
  return thread;
}

void Interpreter::forget_thread(uint32_t slot) {
  lua_rawgeti(L_, LUA_REGISTRYINDEX, threads_ref_);
  lua_pushnil(L_);
  lua_rawseti(L_, -2, slot);
  lua_pop(L_, 1);
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
  machine->interpreter().push_closure(L, proto, upvalues);
}

void Interpreter::push_closure(lua_State* L, size_t proto, int upvalues) {
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

}  // namespace lockstep::vm
