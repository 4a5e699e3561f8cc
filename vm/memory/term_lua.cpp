// Terms from Lua's values and back.
#include <algorithm>
#include <cmath>
#include <string>

#include "vm/memory/host.h"
#include "vm/memory/layout.h"
#include "vm/memory/lua_api.h"
#include "vm/memory/term.h"

namespace lockstep::vm {
namespace {

constexpr int kMaxDepth = 100;
// A table that is reached by two ways is copied twice, so a small value can have a huge copy.
constexpr const char* kTooLarge =
    "a value whose copy takes more than --max-memory (a table is copied wherever it is referred "
    "to)";
constexpr const char* kTooLate = "a value";  // who is told has no time left
// C functions are written relative to this one, so that terms (and digests) do not depend on where
// the binary was loaded.
int anchor(lua_State*) { return 0; }
int64_t relative(lua_CFunction f) {
  return reinterpret_cast<const char*>(f) - reinterpret_cast<const char*>(&anchor);
}

struct Encoder {
  lua_State* L;
  Bytes& out;
  const Host& host;
  std::vector<const void*>& variables;  // upvalues met, in order
  const size_t most;                    // bytes in `out`
  size_t look_at = 0;                   // size of `out` from which on to look whether to go on
  bool in_order = false;                // visit pairs in the order in which they are written
  bool moved = false;                   // some were not

  void image(const void* p) {
    out.push_back(static_cast<char>(Tag::image));
    put_bytes<int64_t>(out, static_cast<const char*>(p) - host.arena->base());
  }
  bool in_image(const void* p) const { return p < host.image_end && p >= host.arena->base(); }

  const char* look() {
    constexpr size_t kEvery = 1 << 20;
    if (out.size() > most) return kTooLarge;
    look_at = std::min(most, out.size() + kEvery);
    return host.cut->load(std::memory_order_relaxed) ? kTooLate : nullptr;
  }

  const char* value(int index, int depth) {
    if (out.size() > look_at)
      if (const char* error = look()) return error;
    switch (lua_type(L, index)) {
      case LUA_TNIL:
        out.push_back(static_cast<char>(Tag::nil));
        return nullptr;
      case LUA_TBOOLEAN:
        out.push_back(static_cast<char>(lua_toboolean(L, index) ? Tag::yes : Tag::no));
        return nullptr;
      case LUA_TNUMBER:
        if (lua_isinteger(L, index)) {
          out.push_back(static_cast<char>(Tag::integer));
          put_bytes<int64_t>(out, lua_tointeger(L, index));
        } else {
          out.push_back(static_cast<char>(Tag::real));
          put_bytes<double>(out, lua_tonumber(L, index));
        }
        return nullptr;
      case LUA_TLIGHTUSERDATA:
        out.push_back(static_cast<char>(Tag::light));
        put_bytes<uint64_t>(out, reinterpret_cast<uint64_t>(lua_touserdata(L, index)));
        return nullptr;
      case LUA_TSTRING: {
        size_t n;
        const char* s = lua_tolstring(L, index, &n);
        if (n > 0x40000000) return "a string of more than 1 GiB";
        out.push_back(static_cast<char>(Tag::string));
        put_bytes<uint32_t>(out, static_cast<uint32_t>(n));
        out.insert(out.end(), s, s + n);
        return nullptr;
      }
      case LUA_TTABLE:
        return table(lua_absindex(L, index), depth);
      case LUA_TFUNCTION:
        return function(lua_absindex(L, index), depth);
      case LUA_TTHREAD:
        return "a coroutine";
      default:
        return "a userdata";
    }
  }

  const char* table(int index, int depth) {
    const void* p = lua_topointer(L, index);
    if (in_image(p)) {
      // File-level tables never change, but a receiver must not be able to change them either: data
      // is copied, and what has a metatable or came from a module stays what it is.
      if (host.is_library(p)) {
        image(p);
        return nullptr;
      }
    }
    if (depth > kMaxDepth) return "a table that contains itself (or nests deeper than 100)";
    if (!lua_checkstack(L, 6)) return "a table that nests too deep";
    const size_t start = out.size();
    const void* meta = nullptr;
    if (lua_getmetatable(L, index)) {
      meta = lua_topointer(L, -1);
      lua_pop(L, 1);
      if (!in_image(meta))
        return "a table whose metatable was made while the scenario ran (make metatables at file "
               "level)";
    }
    out.push_back(static_cast<char>(meta ? Tag::object : Tag::table));
    put_bytes<uint32_t>(out, 0);
    put_bytes<uint32_t>(out, 0);
    put_bytes<uint32_t>(out, 0);
    if (meta) put_bytes<int64_t>(out, static_cast<const char*>(meta) - host.arena->base());
    // The array part ends before the first nil, whatever Lua's border is: equal tables must have
    // equal bytes.
    uint32_t n = 0;
    for (;; n++) {
      if (lua_rawgeti(L, index, static_cast<lua_Integer>(n) + 1) == LUA_TNIL) {
        lua_pop(L, 1);
        break;
      }
      const char* e = value(-1, depth + 1);
      lua_pop(L, 1);
      if (e) return e;
    }
    // With all of 1..n in the array proper, the rest follows after n; else every key must be looked
    // at.
    const bool all_in_array = layout::array_size(p) >= n;
    uint32_t pairs = 0;
    if (in_order) {
      if (const char* e = pairs_in_order(index, n, depth, pairs)) return e;
    } else if (!all_in_array || !layout_plain_array(p, n)) {
      const size_t from = out.size();
      size_t at[64];
      std::vector<size_t> many;
      if (all_in_array && n)
        lua_pushinteger(L, n);
      else
        lua_pushnil(L);
      while (lua_next(L, index)) {
        if (!all_in_array && lua_isinteger(L, -2)) {
          const lua_Integer k = lua_tointeger(L, -2);
          if (k >= 1 && k <= static_cast<lua_Integer>(n)) {
            lua_pop(L, 1);
            continue;
          }
        }
        if (pairs < 64)
          at[pairs] = out.size();
        else {
          if (pairs == 64) many.assign(at, at + 64);
          many.push_back(out.size());
        }
        const int top = lua_gettop(L);
        const char* e = value(top - 1, depth + 1);
        if (!e) e = value(top, depth + 1);
        if (e) {
          lua_settop(L, top - 2);
          return e;
        }
        lua_settop(L, top - 1);
        pairs++;
      }
      if (pairs > 1)
        moved |= sort_pairs(from, pairs <= 64 ? std::vector<size_t>(at, at + pairs) : many);
    }
    patch_bytes<uint32_t>(out, start + 1, static_cast<uint32_t>(out.size() - start - 5));
    patch_bytes<uint32_t>(out, start + 5, n);
    patch_bytes<uint32_t>(out, start + 9, pairs);
    return nullptr;
  }

  // True if the table has no hash part and no array slot after the first n.
  static bool layout_plain_array(const void* t, uint32_t n) {
    return layout::load<const void*>(t, layout::kTableLastfree) == nullptr &&
           layout::array_size(t) == n;
  }

  // The same pairs, keys first: functions number the variables they share in the order in which
  // they are read again.
  const char* pairs_in_order(int index, uint32_t n, int depth, uint32_t& pairs) {
    const size_t from = out.size();
    const int base = lua_gettop(L);
    std::vector<std::pair<std::string, int>> keys;  // bytes, place on the stack
    const char* e = nullptr;
    lua_pushnil(L);
    while (!e && lua_next(L, index)) {
      lua_pop(L, 1);
      const lua_Integer k = lua_isinteger(L, -1) ? lua_tointeger(L, -1) : 0;
      if (k >= 1 && k <= static_cast<lua_Integer>(n)) continue;
      const size_t met = variables.size();
      if (!lua_checkstack(L, 6)) e = "a table with too many keys";
      if (!e) e = value(lua_gettop(L), depth + 1);
      variables.resize(met);  // a key's are numbered when it is written
      keys.emplace_back(std::string(out.begin() + static_cast<std::ptrdiff_t>(from), out.end()),
                        lua_gettop(L));
      out.resize(from);
      lua_pushvalue(L, -1);  // for the next step; the other one stays
    }
    std::sort(keys.begin(), keys.end());
    if (!e) e = sort_equal_keys(index, depth, keys);
    for (size_t i = 0; !e && i < keys.size(); i++) {
      e = value(keys[i].second, depth + 1);
      if (e) break;
      lua_pushvalue(L, keys[i].second);
      lua_rawget(L, index);
      e = value(lua_gettop(L), depth + 1);
      lua_pop(L, 1);
    }
    lua_settop(L, base);
    pairs = static_cast<uint32_t>(keys.size());
    return e;
  }

  // Keys that are tables of the same content: in the order of their values, not of where they lie.
  const char* sort_equal_keys(int index, int depth,
                              std::vector<std::pair<std::string, int>>& keys) {
    const auto same = [](const auto& a, const auto& b) { return a.first == b.first; };
    for (auto from = std::adjacent_find(keys.begin(), keys.end(), same); from != keys.end();) {
      const auto to =
          std::find_if(from, keys.end(), [&](const auto& k) { return !same(k, *from); });
      std::vector<std::pair<std::string, int>> values;
      for (auto k = from; k != to; k++) {
        const size_t met = variables.size(), start = out.size();
        lua_pushvalue(L, k->second);
        lua_rawget(L, index);
        if (const char* e = value(lua_gettop(L), depth + 1)) return e;
        lua_pop(L, 1);
        values.emplace_back(
            std::string(out.begin() + static_cast<std::ptrdiff_t>(start), out.end()), k->second);
        out.resize(start);
        variables.resize(met);
      }
      std::sort(values.begin(), values.end());
      for (size_t i = 0; i < values.size(); i++)
        from[static_cast<std::ptrdiff_t>(i)].second = values[i].second;
      from = std::adjacent_find(to, keys.end(), same);
    }
    return nullptr;
  }

  // True if they were in another order.
  bool sort_pairs(size_t from, std::vector<size_t> at) {
    const size_t total = out.size();
    std::vector<std::pair<size_t, size_t>> spans;  // offset, length
    for (size_t i = 0; i < at.size(); i++)
      spans.emplace_back(at[i], (i + 1 < at.size() ? at[i + 1] : total) - at[i]);
    const char* data = out.data();
    // By keys, and of equal ones, which are tables, by values: not by where they lie.
    auto before = [data](const auto& a, const auto& b) {
      return std::string_view(data + a.first, a.second) <
             std::string_view(data + b.first, b.second);
    };
    if (std::is_sorted(spans.begin(), spans.end(), before)) return false;
    std::sort(spans.begin(), spans.end(), before);
    std::vector<char> sorted;
    sorted.reserve(total - from);
    for (auto [offset, length] : spans)
      sorted.insert(sorted.end(), data + offset, data + offset + length);
    std::copy(sorted.begin(), sorted.end(), out.begin() + static_cast<std::ptrdiff_t>(from));
    return true;
  }

  const char* function(int index, int depth) {
    if (lua_iscfunction(L, index)) {
      if (in_image(lua_topointer(L, index))) {
        image(lua_topointer(L, index));
        return nullptr;
      }
      if (lua_getupvalue(L, index, 1)) {
        lua_pop(L, 1);
        return "an iterator or another function of the library with state of its own";
      }
      out.push_back(static_cast<char>(Tag::cfunction));
      put_bytes<int64_t>(out, relative(lua_tocfunction(L, index)));
      return nullptr;
    }
    const void* closure = lua_topointer(L, index);
    if (in_image(closure)) {
      image(closure);
      return nullptr;
    }
    if (depth > kMaxDepth) return "functions that nest deeper than 100";
    if (!lua_checkstack(L, 4)) return "functions that nest too deep";
    const size_t start = out.size();
    out.push_back(static_cast<char>(Tag::closure));
    put_bytes<uint32_t>(out, 0);
    put_bytes<int64_t>(out,
                       static_cast<const char*>(layout::proto_of(closure)) - host.arena->base());
    put_bytes<uint32_t>(out, 0);
    uint32_t n = 0;
    while (lua_getupvalue(L, index, static_cast<int>(n) + 1)) {
      const void* variable = lua_upvalueid(L, index, static_cast<int>(n) + 1);
      const auto seen = std::find(variables.begin(), variables.end(), variable);
      const char* e = nullptr;
      if (in_image(variable)) {
        out.push_back(static_cast<char>(
            Tag::upref));  // a file-level variable: the very one, so that a write to it is noticed
        put_bytes<uint32_t>(
            out, 0x80000000u | static_cast<uint32_t>(
                                   (static_cast<const char*>(variable) - host.arena->base()) >> 3));
      } else if (seen != variables.end()) {
        out.push_back(static_cast<char>(Tag::upref));
        put_bytes<uint32_t>(out, static_cast<uint32_t>(seen - variables.begin()));
      } else {
        variables.push_back(variable);
        e = value(-1, depth + 1);
      }
      lua_pop(L, 1);
      if (e) return e;
      n++;
    }
    if (n > static_cast<uint32_t>(kMaxUpvalues))
      return "a function that captures more than 190 variables";
    patch_bytes<uint32_t>(out, start + 1, static_cast<uint32_t>(out.size() - start - 5));
    patch_bytes<uint32_t>(out, start + 13, n);
    return nullptr;
  }
};

struct Decoder {
  lua_State* L;
  Host& host;
  // Variables met, in order: which upvalue of which closure. All of them are reachable from the
  // value under construction, and Lua never moves an object.
  std::vector<std::pair<const void*, int>>& cells;

  const char* value(const char* p, int depth) {
    const View v{p};
    luaL_checkstack(L, 6, "term");
    switch (v.tag()) {
      case Tag::nil:
        lua_pushnil(L);
        return p + 1;
      case Tag::no:
        lua_pushboolean(L, 0);
        return p + 1;
      case Tag::yes:
        lua_pushboolean(L, 1);
        return p + 1;
      case Tag::integer:
        lua_pushinteger(L, v.i64(1));
        return p + 9;
      case Tag::real:
        lua_pushnumber(L, v.real());
        return p + 9;
      case Tag::light:
        push_light(L, v.i64(1));
        return p + 9;
      case Tag::cfunction:
        lua_pushcfunction(
            L, reinterpret_cast<lua_CFunction>(reinterpret_cast<intptr_t>(&anchor) + v.i64(1)));
        return p + 9;
      case Tag::string: {
        const auto s = v.string();
        lua_pushlstring(L, s.data(), s.size());
        return p + 5 + s.size();
      }
      case Tag::image:
        host.push_image(L, static_cast<size_t>(v.i64(1)));
        return p + 9;
      case Tag::table:
      case Tag::object: {
        const uint32_t n = v.array_size(), pairs = v.pairs();
        lua_createtable(L, static_cast<int>(n), static_cast<int>(pairs));
        const char* q = v.first().p;
        for (uint32_t i = 1; i <= n; i++) {
          q = value(q, depth + 1);
          lua_rawseti(L, -2, static_cast<lua_Integer>(i));
        }
        for (uint32_t i = 0; i < pairs; i++) {
          q = value(q, depth + 1);
          q = value(q, depth + 1);
          lua_rawset(L, -3);
        }
        if (v.tag() == Tag::object) {
          host.push_image(L, static_cast<size_t>(v.i64(13)));
          lua_setmetatable(L, -2);
        }
        return q;
      }
      case Tag::closure:
        return closure(v, depth);
      case Tag::upref:
        break;
    }
    LOCKSTEP_ASSERT(!"a term with an unknown tag");
    return nullptr;
  }

  const char* closure(View v, int depth) {
    const uint32_t n = v.u32(13);
    host.push_closure(L, static_cast<size_t>(v.i64(5)), static_cast<int>(n));
    const int self = lua_gettop(L);
    const char* q = v.p + 17;
    for (uint32_t i = 1; i <= n; i++) {
      if (static_cast<Tag>(*q) == Tag::upref) {
        const uint32_t k = View{q}.u32(1);
        q += 5;
        if (k & 0x80000000u) {
          host.join_image_variable(L, self, static_cast<int>(i),
                                   static_cast<size_t>(k & 0x7fffffffu) << 3);
        } else {
          const auto [other, variable] = cells[k];
          host.push_image(
              L, static_cast<size_t>(static_cast<const char*>(other) - host.arena->base()));
          lua_upvaluejoin(L, self, static_cast<int>(i), -1, variable);
          lua_pop(L, 1);
        }
        continue;
      }
      cells.emplace_back(lua_topointer(L, self), static_cast<int>(i));
      q = value(q, depth + 1);
      lua_setupvalue(L, self, static_cast<int>(i));
    }
    return q;
  }
};

void push_bytes(lua_State* L, const char* p) {
  thread_local std::vector<std::pair<const void*, int>> cells;
  cells.clear();
  Decoder d{L, host_of(L), cells};
  d.value(p, 0);
}

}  // namespace

const char* encode(lua_State* L, int index, Bytes& out) {
  thread_local std::vector<const void*> variables;
  variables.clear();
  const size_t from = out.size();
  const Host& host = host_of(L);
  const size_t most = from + *host.max_memory;
  Encoder e{L, out, host, variables, most};
  const char* error = e.value(index, 0);
  if (error == kTooLarge || error == kTooLate)
    Bytes(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(from)).swap(out);
  if (error || !e.moved || variables.empty()) return error;
  out.resize(from);
  variables.clear();
  e.in_order = true;
  return e.value(index, 0);
}

void push(lua_State* L, View view) { push_bytes(L, view.p); }
void push(lua_State* L, const Term& t) {
  switch (t.tag) {
    case Tag::nil:
      lua_pushnil(L);
      return;
    case Tag::no:
      lua_pushboolean(L, 0);
      return;
    case Tag::yes:
      lua_pushboolean(L, 1);
      return;
    case Tag::integer:
      lua_pushinteger(L, t.integer);
      return;
    case Tag::real:
      lua_pushnumber(L, t.real);
      return;
    case Tag::light:
      push_light(L, t.light);
      return;
    case Tag::string:
      lua_pushlstring(L, t.bytes + 5, t.size - 5);
      return;
    default:
      break;
  }
  if (t.immediate()) {
    char room[16];
    push_bytes(L, view_of(t, room).p);
  } else {
    push_bytes(L, t.bytes);
  }
}

Term make_term(lua_State* L, int index, Arena& arena, Bytes& scratch, const char** error) {
  *error = nullptr;
  switch (lua_type(L, index)) {
    case LUA_TNIL:
      return {};
    case LUA_TBOOLEAN:
      return Term::of(lua_toboolean(L, index) != 0);
    case LUA_TNUMBER:
      if (lua_isinteger(L, index)) return Term::of(static_cast<int64_t>(lua_tointeger(L, index)));
      break;
    case LUA_TLIGHTUSERDATA:
      return Term::of_light(reinterpret_cast<uint64_t>(lua_touserdata(L, index)));
    case LUA_TSTRING: {
      size_t n;
      const char* s = lua_tolstring(L, index, &n);
      return make_string({s, n}, arena);
    }
    default:
      break;
  }
  scratch.clear();
  *error = encode(L, index, scratch);
  if (*error) return {};
  return make_term(View{scratch.data()}, arena);
}

}  // namespace lockstep::vm
