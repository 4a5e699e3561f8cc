#include "tests/bench/bare_loop.h"

#include <cstring>
#include <ctime>
#include <map>
#include <string>
#include <vector>

#include "engine/base/error.h"
#include "engine/base/prng.h"
#include "vm/memory/arena.h"
#include "vm/memory/lua_api.h"
#include "vm/memory/stack.h"

namespace lockstep::bench {
namespace {

using vm::Arena;
using vm::Context;

constexpr int kMost = 64;

struct Bare;
Bare* g;

struct Worker {
  lua_State* L = nullptr;
  Context context;
  bool waits = false;
  uint32_t priority = 0;
  std::vector<char> box;  // encoded messages: integers, or flat tables of them
  size_t taken = 0;
};

struct Bare {
  Arena arena;
  lua_State* L = nullptr;
  std::vector<char> image;
  Worker workers[kMost];
  int ready[kMost], position[kMost], count = 0, current = 0;
  Context main;
  Prng random;
  bool pct = false;
  uint32_t change[2] = {};
  uint32_t low = 0;
  std::vector<uint64_t> record = std::vector<uint64_t>(1 << 20);
  uint32_t steps = 0, last_steps = 100;
  int64_t cell = 0;
  std::map<int64_t, int64_t> table;
};

int pick() {
  int next;
  if (!g->pct) {
    next = g->ready[g->count == 1 ? 0 : g->random.below(static_cast<uint32_t>(g->count))];
  } else {
    if (g->count > 1 && (g->steps == g->change[0] || g->steps == g->change[1]))
      g->workers[g->current].priority = g->low--;
    next = g->ready[0];
    for (int i = 1; i < g->count; i++)
      if (g->workers[g->ready[i]].priority > g->workers[next].priority) next = g->ready[i];
  }
  g->record[g->steps++] = static_cast<uint64_t>(next) << 32 | static_cast<uint32_t>(g->count);
  g->current = next;
  return next;
}
void make_ready(int i) {
  g->position[i] = g->count;
  g->ready[g->count++] = i;
}
void block(int i) {
  const int last = g->ready[--g->count];
  g->ready[g->position[i]] = last;
  g->position[last] = g->position[i];
}
void sync() {
  Worker& me = g->workers[g->current];
  if (g->count == 0) {
    switch_stack(me.context, g->main);
    return;
  }
  const int before = g->current;
  const int next = pick();
  if (next != before) switch_stack(me.context, g->workers[next].context);
}

int l_get(lua_State* L) {
  sync();
  lua_pushinteger(L, g->cell);
  return 1;
}
int l_put(lua_State* L) {
  const lua_Integer v = luaL_checkinteger(L, 1);
  sync();
  g->cell = v;
  return 0;
}
int l_add(lua_State* L) {
  const lua_Integer v = luaL_checkinteger(L, 1);
  sync();
  g->cell += v;
  return 0;
}
void put_bytes(std::vector<char>& b, const void* p, size_t n) {
  b.insert(b.end(), static_cast<const char*>(p), static_cast<const char*>(p) + n);
}
void encode(lua_State* L, int i, std::vector<char>& b) {
  if (lua_istable(L, i)) {
    b.push_back('t');
    const auto n = static_cast<uint32_t>(lua_rawlen(L, i));
    put_bytes(b, &n, 4);
    for (uint32_t k = 1; k <= n; k++) {
      lua_rawgeti(L, i, k);
      encode(L, lua_gettop(L), b);
      lua_pop(L, 1);
    }
  } else if (lua_type(L, i) == LUA_TSTRING) {
    size_t n;
    const char* s = lua_tolstring(L, i, &n);
    const auto m = static_cast<uint32_t>(n);
    b.push_back('s');
    put_bytes(b, &m, 4);
    put_bytes(b, s, n);
  } else {
    b.push_back('i');
    const lua_Integer v = lua_tointeger(L, i);
    put_bytes(b, &v, 8);
  }
}
const char* decode(lua_State* L, const char* p) {
  uint32_t n;
  switch (*p++) {
    case 't':
      std::memcpy(&n, p, 4);
      p += 4;
      lua_createtable(L, static_cast<int>(n), 0);
      for (uint32_t k = 1; k <= n; k++) {
        p = decode(L, p);
        lua_rawseti(L, -2, k);
      }
      return p;
    case 's':
      std::memcpy(&n, p, 4);
      lua_pushlstring(L, p + 4, n);
      return p + 4 + n;
    default: {
      lua_Integer v;
      std::memcpy(&v, p, 8);
      lua_pushinteger(L, v);
      return p + 8;
    }
  }
}
int l_send(lua_State* L) {
  const auto to = static_cast<int>(luaL_checkinteger(L, 1));
  sync();
  encode(L, 2, g->workers[to].box);
  if (g->workers[to].waits) {
    g->workers[to].waits = false;
    make_ready(to);
  }
  return 0;
}
int l_recv(lua_State* L) {
  Worker& me = g->workers[g->current];
  if (me.taken == me.box.size()) {
    me.waits = true;
    block(g->current);
  }
  sync();
  const char* from = me.box.data() + me.taken;
  me.taken += static_cast<size_t>(decode(L, from) - from);
  if (me.taken == me.box.size()) {
    me.box.clear();
    me.taken = 0;
  }
  return 1;
}
int l_lookup(lua_State* L) {
  const lua_Integer k = luaL_checkinteger(L, 1);
  sync();
  const auto it = g->table.find(k);
  if (it == g->table.end())
    lua_pushnil(L);
  else
    lua_pushinteger(L, it->second);
  return 1;
}
int l_insert(lua_State* L) {
  const lua_Integer k = luaL_checkinteger(L, 1), v = luaL_checkinteger(L, 2);
  sync();
  g->table[k] = v;
  return 0;
}

void* allocate(void* ud, void* p, size_t old_size, size_t new_size) {
  auto& a = *static_cast<Arena*>(ud);
  if (new_size == 0) {
    if (p) a.put(p, old_size);
    return nullptr;
  }
  if (p && Arena::size_class(old_size) == Arena::size_class(new_size)) return p;
  void* q = a.get(new_size);
  if (p && q) {
    std::memcpy(q, p, old_size < new_size ? old_size : new_size);
    a.put(p, old_size);
  }
  return q;
}

void entry() {
  vm::entered();
  Worker& me = g->workers[g->current];
  if (lua_pcall(me.L, 1, 0, 0) != LUA_OK)
    internal_error(__FILE__, __LINE__, lua_tostring(me.L, -1));
  block(g->current);
  Context nowhere;
  if (g->count == 0) switch_stack(nowhere, g->main);
  switch_stack(nowhere, g->workers[pick()].context);
}

}  // namespace

double cpu_now() {
  timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

BareResult run_bare(const char* body, int processes, bool pct, double seconds) {
  Bare bare;
  g = &bare;
  bare.pct = pct;
  lua_State* L = bare.L = lua_newstate(allocate, &bare.arena);
  luaL_openlibs(L);
  lua_register(L, "get", l_get);
  lua_register(L, "put", l_put);
  lua_register(L, "add", l_add);
  lua_register(L, "send", l_send);
  lua_register(L, "recv", l_recv);
  lua_register(L, "lookup", l_lookup);
  lua_register(L, "insert", l_insert);
  if (luaL_dostring(L, body) != LUA_OK) internal_error(__FILE__, __LINE__, lua_tostring(L, -1));
  lua_getglobal(L, "body");
  const int ref = luaL_ref(L, LUA_REGISTRYINDEX);
  lua_settop(L, 0);
  lua_gc(L, LUA_GCCOLLECT);
  lua_gc(L, LUA_GCINC, 1000, 400, 0);
  lua_gc(L, LUA_GCCOLLECT);
  bare.image.assign(bare.arena.base(), bare.arena.base() + bare.arena.used());
  bare.main = vm::thread_context();
  BareResult r;
  const double start = cpu_now();
  do {
    for (int repeat = 0; repeat < 8; repeat++) {
      std::memcpy(bare.arena.base(), bare.image.data(), bare.image.size());
      bare.random.reseed(++r.executions);
      bare.steps = 0;
      bare.count = 0;
      bare.cell = 0;
      bare.low = 1000;
      bare.table.clear();
      for (auto& c : bare.change) c = bare.random.below(bare.last_steps);
      for (int i = 0; i < processes; i++) {
        Worker& w = bare.workers[i];
        w.L = lua_newthread(L);
        lua_rawgeti(w.L, LUA_REGISTRYINDEX, ref);
        lua_pushinteger(w.L, i);
        w.waits = false;
        w.taken = 0;
        w.box.clear();
        w.priority = 2000 + static_cast<uint32_t>(bare.random.next() >> 40);
        w.context = vm::make_context(bare.arena.stack_top(static_cast<uint32_t>(i)),
                                     vm::kStackBytes, entry);
        make_ready(i);
      }
      switch_stack(bare.main, bare.workers[pick()].context);
      bare.last_steps = bare.steps;
      r.steps += bare.steps;
    }
    r.cpu_seconds = cpu_now() - start;
  } while (r.cpu_seconds < seconds);
  return r;
}

}  // namespace lockstep::bench
