// From Lua's stack to rows and keys and back, and how an operation on a table is announced.
#include <cmath>

#include "vm/guest/calls.h"
#include "vm/memory/layout.h"
#include "vm/tables/ets.h"

namespace lockstep::vm {
namespace {

constexpr size_t kMaxKeys = 32;  // in one footprint

uint64_t value_hash(View v) {
  switch (v.tag()) {
    case Tag::integer:
      return mix64(1, static_cast<uint64_t>(v.i64(1)));
    case Tag::real: {
      const double d = v.real();
      if (d >= -0x1p63 && d < 0x1p63 && std::trunc(d) == d)
        return mix64(1, static_cast<uint64_t>(static_cast<int64_t>(d)));
      return mix64(2, static_cast<uint64_t>(v.i64(1)));
    }
    case Tag::light:
      return mix64(3, static_cast<uint64_t>(v.i64(1)));
    case Tag::nil:
      return digest_text("nil", 4);
    case Tag::no:
      return digest_text("false", 4);
    case Tag::yes:
      return digest_text("true", 4);
    case Tag::string:
      return digest_text(v.string(), 4);
    case Tag::table:
    case Tag::object: {
      uint64_t h = mix64(5, v.array_size());
      View x = v.first();
      for (uint32_t i = 0; i < v.array_size() + 2 * v.pairs(); i++, x = x.next())
        h = mix64(h, value_hash(x));
      return h;
    }
    default:
      return digest(v);
  }
}

constexpr size_t kPlainRow = 512;

// An element of a table's array part, where it lies: integers, the usual content, are read and
// written there, past the stack.
char* slot_of(const void* table, uint32_t i) {
  return layout::load<char*>(table, layout::kTableArray) + (i - 1) * layout::kValueBytes;
}
constexpr uint8_t kIntegerTag = LUA_TNUMBER;  // LUA_VNUMINT, checked by layout::self_test
bool holds_integer(const char* slot) { return static_cast<uint8_t>(slot[8]) == kIntegerTag; }

// A tuple of numbers, strings and the like: the usual row, written without further ado. Its size,
// or 0 if something else is in it or it is long.
size_t plain_row(lua_State* L, int index, char* out) {
  const void* table = lua_topointer(L, index);
  const uint32_t n = layout::load<uint32_t>(table, layout::kTableAlimit);
  if (n == 0 || layout::load<const void*>(table, layout::kTableLastfree) != nullptr ||
      layout::load<const void*>(table, layout::kTableMetatable) != nullptr)
    return 0;
  for (uint32_t i = n, size = layout::array_size(table); i < size; i++)  // past a hole
    if (!layout::is_empty_slot(table, i)) return 0;
  size_t at = 13;
  for (uint32_t i = 1; i <= n; i++) {
    if (at + 9 > kPlainRow) return 0;
    const char* slot = slot_of(table, i);
    if (holds_integer(slot)) {
      out[at] = static_cast<char>(Tag::integer);
      std::memcpy(out + at + 1, slot, 8);
      at += 9;
      continue;
    }
    if (static_cast<uint8_t>(slot[8]) == layout::kShortStringTag) {
      const char* text = layout::load<const char*>(slot, 0);
      const uint32_t length = static_cast<uint8_t>(text[layout::kShortLength]);
      if (at + 5 + length > kPlainRow) return 0;
      out[at] = static_cast<char>(Tag::string);
      std::memcpy(out + at + 1, &length, 4);
      std::memcpy(out + at + 5, text + layout::kStringBytes, length);
      at += 5 + length;
      continue;
    }
    switch (lua_rawgeti(L, index, i)) {
      case LUA_TNUMBER: {
        out[at] = static_cast<char>(Tag::real);
        const double v = lua_tonumber(L, -1);
        std::memcpy(out + at + 1, &v, 8);
        at += 9;
        break;
      }
      case LUA_TSTRING: {
        size_t length;
        const char* s = lua_tolstring(L, -1, &length);
        if (length > kPlainRow || at + 5 + length > kPlainRow) {
          lua_pop(L, 1);
          return 0;
        }
        out[at] = static_cast<char>(Tag::string);
        const auto size = static_cast<uint32_t>(length);
        std::memcpy(out + at + 1, &size, 4);
        std::memcpy(out + at + 5, s, length);
        at += 5 + length;
        break;
      }
      case LUA_TBOOLEAN:
        out[at++] = static_cast<char>(lua_toboolean(L, -1) ? Tag::yes : Tag::no);
        break;
      case LUA_TLIGHTUSERDATA: {
        out[at] = static_cast<char>(Tag::light);
        const auto v = reinterpret_cast<uint64_t>(lua_touserdata(L, -1));
        std::memcpy(out + at + 1, &v, 8);
        at += 9;
        break;
      }
      default:
        lua_pop(L, 1);
        return 0;
    }
    lua_pop(L, 1);
  }
  const uint32_t head[3] = {static_cast<uint32_t>(at - 5), n, 0};
  out[0] = static_cast<char>(Tag::table);
  std::memcpy(out + 1, head, sizeof head);
  return at;
}

void push_simple(lua_State* L, View v) {
  switch (v.tag()) {
    case Tag::integer:
      lua_pushinteger(L, v.i64(1));
      return;
    case Tag::string: {
      const auto s = v.string();
      lua_pushlstring(L, s.data(), s.size());
      return;
    }
    case Tag::real:
      lua_pushnumber(L, v.real());
      return;
    case Tag::light:
      push_light(L, v.i64(1));
      return;
    default:
      lua_pushboolean(L, v.tag() == Tag::yes);
      return;
  }
}
bool is_simple(View v) { return v.tag() > Tag::nil && v.tag() <= Tag::string; }

}  // namespace

uint32_t key_element(View key) {
  const uint64_t h = value_hash(key);
  const auto e = static_cast<uint32_t>(h ^ h >> 32);
  return e <= kTableFacts ? e + 2 : e;
}

void need_argument(lua_State* L, int index, const char* expected) {
  if (lua_isnoneornil(L, index)) misuse_argument(L, index, expected);
}

void take_key(lua_State* L, Machine& m, int index, const char* function, Key& key) {
  key.owned = 0;
  key.view = {key.buffer};
  const layout::Arguments args(L);
  const auto at = static_cast<size_t>(index - 1);
  if (args.is_integer(at)) {
    const int64_t v = args.integer(at);
    key.buffer[0] = static_cast<char>(Tag::integer);
    std::memcpy(key.buffer + 1, &v, 8);
  } else if (args.is_short_string(at)) {
    const std::string_view s = args.short_string(at);  // of at most 40 characters
    const auto n = static_cast<uint32_t>(s.size());
    key.buffer[0] = static_cast<char>(Tag::string);
    std::memcpy(key.buffer + 1, &n, 4);
    std::memcpy(key.buffer + 5, s.data(), n);
  } else {
    need_argument(L, index, "a key");
    const Term t = m.calls().encode_argument(L, index, function);
    if (t.immediate()) {
      view_of(t, key.buffer);
    } else {
      key.view = {t.bytes};
      key.owned = t.size;
    }
    if (holds_nan(key.view)) badarg(L, index, "no key: it holds a NaN");
  }
  key.element = key_element(key.view);
}

Target table_argument(lua_State* L, Machine& m, Process& p, int index) {
  Target target;
  const World& w = m.world();
  const uint32_t node = p.node;
  const layout::Arguments args(L);
  p.table = p.keypos = 0;
  if (args.is_light(static_cast<size_t>(index - 1))) {
    const uint64_t id = args.light(static_cast<size_t>(index - 1));
    const uint32_t number = light_index(id);
    if (light_class(id) != Light::ets_table || number >= w.tables.size ||
        w.tables[number]->id != id)
      badarg(L, index, "no such table");
    target.id = id;
    target.table = w.tables[number];
    target.container = target.table->container;
    p.table = id;
    return target;
  }
  if (lua_type(L, index) == LUA_TSTRING) {
    target.name = lua_tolstring(L, index, &target.length);
    const std::string_view name{target.name, target.length};
    target.table = find_named(w, node, name);
    target.container = name_container(node, name);
    return target;
  }
  if (lua_type(L, index) != LUA_TLIGHTUSERDATA)
    need_argument(L, index, "a table (its identifier or its name)");
  badarg(L, index, "a table's identifier or name expected");
}

void begin(lua_State* L, Machine& m, Process& p, const char* what, Access access,
           const Target& target, uint32_t element, uint64_t value) {
  m.sync(L, p, what, OpKind::ets, access, make_object(ObjectClass::ets, target.container, element),
         value);
}

void begin_keys(lua_State* L, Machine& m, Process& p, const char* what, Access access,
                const Target& target, const uint32_t* elements, size_t count, uint64_t value) {
  if (count == 1) return begin(L, m, p, what, access, target, elements[0], value);
  if (count == 0 || count > kMaxKeys)
    return begin(L, m, p, what, access, target, kWholeTable, value);
  Footprint extra[kMaxKeys];
  size_t n = 0;
  for (size_t i = 1; i < count; i++)
    extra[n++] = {make_object(ObjectClass::ets, target.container, elements[i]), access};
  m.calls().announce(L, p, what, OpKind::ets, access,
                     make_object(ObjectClass::ets, target.container, elements[0]), value, extra, n);
}

EtsTable* resolve(Machine& m, const Process& p, const Target& target) {
  EtsTable* t = target.table;
  if (target.id != 0) return t->alive && t->node == p.node ? t : nullptr;
  if (t && t->alive && t->named && t->name.size == target.length + 5 &&
      std::memcmp(t->name.bytes + 5, target.name, target.length) == 0)
    return t;
  return find_named(m.world(), p.node, {target.name, target.length});
}

EtsTable& granted(lua_State* L, Machine& m, const Process& p, const Target& target, Need need) {
  EtsTable* t = resolve(m, p, target);
  if (!t) badarg(L, 1, "no such table (any more)");
  if (t->owner != p.index) {
    if (need == Need::owner || (need == Need::read && t->protection == EtsProtection::closed) ||
        (need == Need::write && t->protection != EtsProtection::open))
      badarg(L, 1,
             need == Need::owner  ? "only its owner may do that"
             : need == Need::read ? "it is private"
                                  : "it is not public");
  }
  return *t;
}

bool take_row(lua_State* L, Machine& m, int index, const char* function, Row& row) {
  if (lua_type(L, index) != LUA_TTABLE) return false;
  char buffer[kPlainRow];
  if (const size_t size = plain_row(L, index, buffer)) {
    row = keep_row(m, buffer, size);
    return true;
  }
  const Term t = m.calls().encode_argument(L, index, function);
  if (t.tag != Tag::table) return false;
  const View v{t.bytes};
  if (v.array_size() == 0 || v.pairs() != 0) return false;
  row = {t.bytes, t.size, 0};
  return true;
}

// Tuples and lists are both arrays: one that holds nothing but arrays is a list of objects. (An
// object all of whose elements are arrays must be put in a list.)
bool is_row_list(lua_State* L, int index) {
  if (lua_type(L, index) != LUA_TTABLE) return false;
  const void* table = lua_topointer(L, index);
  if (layout::load<uint32_t>(table, layout::kTableAlimit) != 0 &&
      static_cast<uint8_t>(slot_of(table, 1)[8]) != layout::kTableTag &&
      slot_of(table, 1)[8] != LUA_TNIL)
    return false;
  const auto n = static_cast<lua_Integer>(lua_rawlen(L, index));
  if (n == 0) {
    lua_pushnil(L);
    if (!lua_next(L, index)) return true;
    lua_pop(L, 2);
    return false;
  }
  for (lua_Integer i = 1; i <= n; i++) {
    bool array = lua_rawgeti(L, index, i) == LUA_TTABLE;
    if (array && lua_rawlen(L, -1) == 0) {
      lua_pushnil(L);
      if (lua_next(L, -2)) {
        lua_pop(L, 2);
        array = false;
      }
    }
    lua_pop(L, 1);
    if (!array) return false;
  }
  return true;
}

void push_row(lua_State* L, const Row& row) {
  const View v = row.view();
  const uint32_t n = v.array_size();
  lua_createtable(L, static_cast<int>(n), 0);
  const void* table = lua_topointer(L, -1);
  View x = v.first();
  for (uint32_t i = 1; i <= n; i++) {
    switch (x.tag()) {
      case Tag::integer: {
        char* slot = slot_of(table, i);
        std::memcpy(slot, x.p + 1, 8);
        slot[8] = static_cast<char>(kIntegerTag);
        x.p += 9;
        continue;
      }
      case Tag::string: {
        const auto s = x.string();
        lua_pushlstring(L, s.data(), s.size());
        x.p += 5 + s.size();
        break;
      }
      default:
        if (!is_simple(x)) {
          lua_pop(L, 1);
          return push(L, v);
        }
        push_simple(L, x);
        x = x.next();
    }
    lua_rawseti(L, -2, i);
  }
}

void push_rows(lua_State* L, const EtsTable& t, Span s) {
  luaL_checkstack(L, 4, "objects");
  lua_createtable(L, static_cast<int>(s.last - s.first), 0);
  for (uint32_t i = s.first; i < s.last; i++) {
    push_row(L, t.rows[i]);
    lua_rawseti(L, -2, static_cast<lua_Integer>(i - s.first) + 1);
  }
}

void push_element(lua_State* L, const Row& row, uint32_t position) {
  const View x = row.view().element(position - 1);
  if (is_simple(x)) return push_simple(L, x);
  if (!shares_variables(row.view())) return push(L, x);
  push(L, row.view());
  lua_rawgeti(L, -1, position);
  lua_remove(L, -2);
}

bool shares_variables(View v) {
  switch (v.tag()) {
    case Tag::upref:
      return (v.u32(1) & 0x80000000u) == 0;
    case Tag::table:
    case Tag::object: {
      View x = v.first();
      for (uint32_t i = 0; i < v.array_size() + 2 * v.pairs(); i++, x = x.next())
        if (shares_variables(x)) return true;
      return false;
    }
    case Tag::closure: {
      View x{v.p + 17};
      for (uint32_t i = 0; i < v.u32(13); i++, x = x.next())
        if (shares_variables(x)) return true;
      return false;
    }
    default:
      return false;
  }
}

}  // namespace lockstep::vm
