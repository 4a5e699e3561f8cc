#include "vm/term.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "vm/host.h"
#include "vm/layout.h"
#include "vm/lua_api.h"

namespace lockstep::vm {
namespace {

constexpr int kMaxDepth = 100;
// C functions are written relative to this one, so that terms (and digests) do not depend on where
// the binary was loaded.
int anchor(lua_State*) { return 0; }
int64_t relative(lua_CFunction f) {
  return reinterpret_cast<const char*>(f) - reinterpret_cast<const char*>(&anchor);
}

template <class T>
void put(Bytes& out, T v) {
  const size_t at = out.size();
  out.resize(at + sizeof v);
  std::memcpy(&out[at], &v, sizeof v);
}
template <class T>
void patch(Bytes& out, size_t at, T v) {
  std::memcpy(&out[at], &v, sizeof v);
}

struct Encoder {
  lua_State* L;
  Bytes& out;
  const Host& host;
  std::vector<const void*>& variables;  // upvalues met, in order

  void image(const void* p) {
    out.push_back(static_cast<char>(Tag::image));
    put<int64_t>(out, static_cast<const char*>(p) - host.arena->base());
  }
  bool in_image(const void* p) const { return p < host.image_end && p >= host.arena->base(); }

  const char* value(int index, int depth) {
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
          put<int64_t>(out, lua_tointeger(L, index));
        } else {
          out.push_back(static_cast<char>(Tag::real));
          put<double>(out, lua_tonumber(L, index));
        }
        return nullptr;
      case LUA_TLIGHTUSERDATA:
        out.push_back(static_cast<char>(Tag::light));
        put<uint64_t>(out, reinterpret_cast<uint64_t>(lua_touserdata(L, index)));
        return nullptr;
      case LUA_TSTRING: {
        size_t n;
        const char* s = lua_tolstring(L, index, &n);
        if (n > 0x40000000) return "a string of more than 1 GiB";
        out.push_back(static_cast<char>(Tag::string));
        put<uint32_t>(out, static_cast<uint32_t>(n));
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
    put<uint32_t>(out, 0);
    put<uint32_t>(out, 0);
    put<uint32_t>(out, 0);
    if (meta) put<int64_t>(out, static_cast<const char*>(meta) - host.arena->base());
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
    const bool all_in_array = layout::load<uint32_t>(p, layout::kTableAlimit) >= n;
    uint32_t pairs = 0;
    if (!all_in_array || !layout_plain_array(p, n)) {
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
      if (pairs > 1) sort_pairs(from, pairs <= 64 ? std::vector<size_t>(at, at + pairs) : many);
    }
    patch<uint32_t>(out, start + 1, static_cast<uint32_t>(out.size() - start - 5));
    patch<uint32_t>(out, start + 5, n);
    patch<uint32_t>(out, start + 9, pairs);
    return nullptr;
  }

  // True if the table has no hash part and no array slot after the first n.
  static bool layout_plain_array(const void* t, uint32_t n) {
    return layout::load<const void*>(t, layout::kTableLastfree) == nullptr &&
           layout::load<uint32_t>(t, layout::kTableAlimit) == n;
  }

  void sort_pairs(size_t from, std::vector<size_t> at) {
    const size_t total = out.size();
    std::vector<std::pair<size_t, size_t>> spans;  // offset, length
    for (size_t i = 0; i < at.size(); i++)
      spans.emplace_back(at[i], (i + 1 < at.size() ? at[i + 1] : total) - at[i]);
    const char* data = out.data();
    auto before = [data](const auto& a, const auto& b) {
      const View x{data + a.first}, y{data + b.first};
      const size_t nx = static_cast<size_t>(x.end() - x.p), ny = static_cast<size_t>(y.end() - y.p);
      const int c = std::memcmp(x.p, y.p, std::min(nx, ny));
      return c != 0 ? c < 0 : nx < ny;
    };
    if (std::is_sorted(spans.begin(), spans.end(), before)) return;
    std::sort(spans.begin(), spans.end(), before);
    std::vector<char> sorted;
    sorted.reserve(total - from);
    for (auto [offset, length] : spans)
      sorted.insert(sorted.end(), data + offset, data + offset + length);
    std::copy(sorted.begin(), sorted.end(), out.begin() + static_cast<std::ptrdiff_t>(from));
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
      put<int64_t>(out, relative(lua_tocfunction(L, index)));
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
    put<uint32_t>(out, 0);
    put<int64_t>(out, static_cast<const char*>(layout::proto_of(closure)) - host.arena->base());
    put<uint32_t>(out, 0);
    uint32_t n = 0;
    while (lua_getupvalue(L, index, static_cast<int>(n) + 1)) {
      const void* variable = lua_upvalueid(L, index, static_cast<int>(n) + 1);
      const auto seen = std::find(variables.begin(), variables.end(), variable);
      const char* e = nullptr;
      if (in_image(variable)) {
        out.push_back(static_cast<char>(
            Tag::upref));  // a file-level variable: the very one, so that a write to it is noticed
        put<uint32_t>(
            out, 0x80000000u | static_cast<uint32_t>(
                                   (static_cast<const char*>(variable) - host.arena->base()) >> 3));
      } else if (seen != variables.end()) {
        out.push_back(static_cast<char>(Tag::upref));
        put<uint32_t>(out, static_cast<uint32_t>(seen - variables.begin()));
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
    patch<uint32_t>(out, start + 1, static_cast<uint32_t>(out.size() - start - 5));
    patch<uint32_t>(out, start + 13, n);
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

Term take_bytes(const char* p, size_t n, Arena& arena) {
  Term t;
  t.tag = static_cast<Tag>(*p);
  switch (t.tag) {
    case Tag::nil:
    case Tag::no:
    case Tag::yes:
      return t;
    case Tag::integer:
    case Tag::real:
    case Tag::light:
    case Tag::image:
    case Tag::cfunction:
      std::memcpy(&t.integer, p + 1, 8);
      return t;
    default:
      break;
  }
  char* room = static_cast<char*>(arena.get(n));
  if (!room) out_of_memory();
  std::memcpy(room, p, n);
  t.size = static_cast<uint32_t>(n);
  t.bytes = room;
  return t;
}

int rank(View v) {
  switch (v.tag()) {
    case Tag::integer:
    case Tag::real:
      return 0;
    case Tag::nil:
    case Tag::no:
    case Tag::yes:
    case Tag::string:
      return 1;
    case Tag::closure:
    case Tag::image:
    case Tag::cfunction:
    case Tag::upref:
      return 2;
    case Tag::light:
      return 3;
    case Tag::table:
    case Tag::object:
      return v.pairs() == 0 ? 4 : 5;
  }
  return 6;
}
std::string_view text_of(View v) {
  switch (v.tag()) {
    case Tag::nil:
      return "nil";
    case Tag::no:
      return "false";
    case Tag::yes:
      return "true";
    default:
      return v.string();
  }
}
template <class T>
int sign(T a, T b) {
  return a < b ? -1 : b < a ? 1 : 0;
}

}  // namespace

const char* View::end() const {
  switch (tag()) {
    case Tag::nil:
    case Tag::no:
    case Tag::yes:
      return p + 1;
    case Tag::integer:
    case Tag::real:
    case Tag::light:
    case Tag::image:
    case Tag::cfunction:
      return p + 9;
    case Tag::upref:
      return p + 5;
    case Tag::string:
    case Tag::table:
    case Tag::object:
    case Tag::closure:
      return p + 5 + u32(1);
  }
  LOCKSTEP_ASSERT(!"a term with an unknown tag");
  return p;
}

const char* encode(lua_State* L, int index, Bytes& out) {
  thread_local std::vector<const void*> variables;
  variables.clear();
  Encoder e{L, out, host_of(L), variables};
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
  return take_bytes(scratch.data(), scratch.size(), arena);
}

Term make_term(View view, Arena& arena) {
  return take_bytes(view.p, static_cast<size_t>(view.end() - view.p), arena);
}

Term make_string(std::string_view text, Arena& arena) {
  Term t;
  t.tag = Tag::string;
  t.size = static_cast<uint32_t>(text.size() + 5);
  char* room = static_cast<char*>(arena.get(t.size));
  if (!room) out_of_memory();
  room[0] = static_cast<char>(Tag::string);
  const auto n = static_cast<uint32_t>(text.size());
  std::memcpy(room + 1, &n, 4);
  std::memcpy(room + 5, text.data(), text.size());
  t.bytes = room;
  return t;
}

Term make_tuple(Arena& arena, Bytes& scratch, std::initializer_list<Term> elements) {
  scratch.clear();
  scratch.push_back(static_cast<char>(Tag::table));
  put<uint32_t>(scratch, 0);
  put<uint32_t>(scratch, static_cast<uint32_t>(elements.size()));
  put<uint32_t>(scratch, 0);
  for (const Term& t : elements) append(scratch, t);
  patch<uint32_t>(scratch, 1, static_cast<uint32_t>(scratch.size() - 5));
  return take_bytes(scratch.data(), scratch.size(), arena);
}

Term copy_term(const Term& term, Arena& arena) {
  if (term.immediate()) return term;
  return take_bytes(term.bytes, term.size, arena);
}

void free_term(Term& term, Arena& arena) {
  if (term.size) arena.put(const_cast<char*>(term.bytes), term.size);
  term = {};
}

View view_of(const Term& t, char* room) {
  if (t.size) return {t.bytes};
  room[0] = static_cast<char>(t.tag);
  std::memcpy(room + 1, &t.integer, 8);
  return {room};
}

void append(Bytes& out, const Term& t) {
  char room[16];
  const View v = view_of(t, room);
  out.insert(out.end(), v.p, v.end());
}

std::string term_bytes(const Term& t) {
  char room[16];
  const View v = view_of(t, room);
  return {v.p, v.end()};
}

bool equal(View a, View b) {
  const auto n = a.end() - a.p;
  return n == b.end() - b.p && std::memcmp(a.p, b.p, static_cast<size_t>(n)) == 0;
}

int compare(View a, View b) {
  const int ra = rank(a), rb = rank(b);
  if (ra != rb) return sign(ra, rb);
  switch (ra) {
    case 0:
      if (a.tag() == Tag::integer && b.tag() == Tag::integer) return sign(a.i64(1), b.i64(1));
      // 64 bits of mantissa: exact for both kinds
      return sign(a.tag() == Tag::integer ? static_cast<long double>(a.i64(1))
                                          : static_cast<long double>(a.real()),
                  b.tag() == Tag::integer ? static_cast<long double>(b.i64(1))
                                          : static_cast<long double>(b.real()));
    case 1: {
      const int c = text_of(a).compare(text_of(b));
      return c < 0 ? -1 : c > 0 ? 1 : 0;
    }
    case 4:
    case 5: {
      if (ra == 5 && a.pairs() != b.pairs()) return sign(a.pairs(), b.pairs());
      if (a.array_size() != b.array_size()) return sign(a.array_size(), b.array_size());
      View x = a.first(), y = b.first();
      for (uint32_t i = 0; i < a.array_size() + 2 * a.pairs(); i++, x = x.next(), y = y.next())
        if (const int c = compare(x, y)) return c;
      return 0;
    }
    default: {
      const auto na = static_cast<size_t>(a.end() - a.p), nb = static_cast<size_t>(b.end() - b.p);
      if (ra == 3)
        return light_low(static_cast<uint64_t>(a.i64(1))) !=
                       light_low(static_cast<uint64_t>(b.i64(1)))
                   ? sign(light_low(static_cast<uint64_t>(a.i64(1))),
                          light_low(static_cast<uint64_t>(b.i64(1))))
                   : sign(a.i64(1), b.i64(1));
      const int c = std::memcmp(a.p, b.p, std::min(na, nb));
      return c ? sign(c, 0) : sign(na, nb);
    }
  }
}
int compare(const Term& a, const Term& b) {
  char ra[16], rb[16];
  return compare(view_of(a, ra), view_of(b, rb));
}

uint64_t digest(const Term& t) {
  if (t.size) return digest_bytes(t.bytes, t.size);
  return mix64(static_cast<uint64_t>(t.tag) + 1, static_cast<uint64_t>(t.integer));
}
uint64_t digest(View v) {
  switch (v.tag()) {
    case Tag::nil:
    case Tag::no:
    case Tag::yes:
      return mix64(static_cast<uint64_t>(v.tag()) + 1, 0);
    case Tag::integer:
    case Tag::real:
    case Tag::light:
    case Tag::image:
    case Tag::cfunction:
      return mix64(static_cast<uint64_t>(v.tag()) + 1, static_cast<uint64_t>(v.i64(1)));
    default:
      return digest_bytes(v.p, static_cast<size_t>(v.end() - v.p));
  }
}

bool matches(View pattern, View value) {
  if (pattern.tag() == Tag::light && static_cast<uint64_t>(pattern.i64(1)) == kAny) return true;
  if (pattern.tag() != Tag::table && pattern.tag() != Tag::object) return equal(pattern, value);
  if (pattern.array_size() != 0) {
    View choice = pattern.first();
    if (choice.tag() == Tag::light && static_cast<uint64_t>(choice.i64(1)) == kOneOf) {
      for (uint32_t i = 1; i < pattern.array_size(); i++) {
        choice = choice.next();
        if (matches(choice, value)) return true;
      }
      return false;
    }
  }
  if (value.tag() != Tag::table && value.tag() != Tag::object) return false;
  if (pattern.array_size() != value.array_size()) return false;
  View p = pattern.first(), v = value.first();
  for (uint32_t i = 0; i < pattern.array_size(); i++, p = p.next(), v = v.next())
    if (!matches(p, v)) return false;
  for (uint32_t i = 0; i < pattern.pairs(); i++) {
    const View pv = p.next();
    bool found = false;
    View key = v;
    for (uint32_t j = 0; j < value.pairs() && !found; j++) {
      const View kv = key.next();
      if (equal(key, p)) {
        if (!matches(pv, kv)) return false;
        found = true;
      }
      key = kv.next();
    }
    if (!found) return false;
    p = pv.next();
  }
  return true;
}
bool matches(const Term& pattern, const Term& value) {
  char rp[16], rv[16];
  return matches(view_of(pattern, rp), view_of(value, rv));
}

}  // namespace lockstep::vm
