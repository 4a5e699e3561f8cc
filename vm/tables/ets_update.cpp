// Counters and single elements. Every call is all or nothing.
#include "vm/guest/calls.h"
#include "vm/memory/layout.h"
#include "vm/tables/ets.h"

namespace lockstep::vm {
namespace {

constexpr uint32_t kInside = 8;  // operations of one call that need no memory

struct CounterOp {
  int64_t position = 0;  // 0: the element after the key
  int64_t increment = 0;
  int64_t threshold = 0, set_value = 0;
  bool bounded = false;
  int64_t result = 0;
};

struct ElementOp {
  int64_t position = 0;
  Term value;
};

template <class T>
struct Ops {
  T inside[kInside];
  T* data = nullptr;
  uint32_t count = 0;
  bool list = false;
};

template <class T>
void make_room(Machine& m, Ops<T>& ops, size_t count) {
  ops.count = static_cast<uint32_t>(count);
  ops.data = count <= kInside ? ops.inside : static_cast<T*>(m.allocate(count * sizeof(T)));
}
template <class T>
void drop_ops(Machine& m, Ops<T>& ops) {
  if (ops.data && ops.data != ops.inside) m.arena().put(ops.data, ops.count * sizeof(T));
}

// Integer number i of the array at `index`; anything else is OTP's badarg.
int64_t integer_at(lua_State* L, int index, int i) {
  lua_rawgeti(L, index, i);
  if (!lua_isinteger(L, -1)) badarg(L, 3, "integers expected");
  const int64_t v = lua_tointeger(L, -1);
  lua_pop(L, 1);
  return v;
}

constexpr const char* kBadarg = "badarg";
constexpr const char* kCounterOp =
    "an increment, {position, increment} or {position, increment, threshold, value} expected";

CounterOp counter_op(lua_State* L, int index) {
  CounterOp op;
  if (lua_type(L, index) != LUA_TTABLE) badarg(L, 3, kCounterOp);
  const auto n = lua_rawlen(L, index);
  if (n != 2 && n != 4) badarg(L, 3, kCounterOp);
  op.position = integer_at(L, index, 1);
  op.increment = integer_at(L, index, 2);
  if (op.position < 1) badarg(L, 3, "a position is 1 or more");
  if (n == 4) {
    op.bounded = true;
    op.threshold = integer_at(L, index, 3);
    op.set_value = integer_at(L, index, 4);
  }
  return op;
}

// True for a list of operations, which starts with an array, or is empty.
bool is_op_list(lua_State* L, int index) {
  if (lua_type(L, index) != LUA_TTABLE) return false;
  const int type = lua_rawgeti(L, index, 1);
  lua_pop(L, 1);
  return type == LUA_TTABLE || type == LUA_TNIL;
}

void take_counter_ops(lua_State* L, Machine& m, Ops<CounterOp>& ops) {
  need_argument(L, 3,
                "an increment, {position, increment}, {position, increment, threshold, value} or a "
                "list of those");
  if (lua_isinteger(L, 3)) {
    make_room(m, ops, 1);
    ops.data[0] = {};
    ops.data[0].increment = lua_tointeger(L, 3);
  } else if (is_op_list(L, 3)) {
    ops.list = true;
    make_room(m, ops, lua_rawlen(L, 3));
    for (uint32_t i = 0; i < ops.count; i++) {
      lua_rawgeti(L, 3, static_cast<lua_Integer>(i) + 1);
      ops.data[i] = counter_op(L, lua_gettop(L));
      lua_pop(L, 1);
    }
  } else {
    make_room(m, ops, 1);
    ops.data[0] = counter_op(L, 3);
  }
}

bool take_default(lua_State* L, Machine& m, int index, const char* function, Row& row) {
  if (lua_isnoneornil(L, index)) return false;
  if (!take_row(L, m, index, function, row)) badarg(L, index, "an object (an array) expected");
  return true;
}

// The default object, with the key asked for in the place of its own.
bool row_for_key(Machine& m, const EtsTable& t, const Row& model, View key, Row& row) {
  const View v = model.view();
  if (v.array_size() < t.keypos) return false;
  const View old = v.element(t.keypos - 1);
  Bytes& out = m.scratch();
  out.assign(model.bytes, old.p);
  out.insert(out.end(), key.p, key.end());
  out.insert(out.end(), old.end(), model.bytes + model.size);
  const auto length = static_cast<uint32_t>(out.size() - 5);
  std::memcpy(&out[1], &length, 4);
  row = keep_row(m, out.data(), out.size());
  return row_key(row, t.keypos);
}

char* element_of(const Row& row, int64_t position) {
  const View v = row.view();
  if (position < 1 || position > static_cast<int64_t>(v.array_size())) return nullptr;
  return const_cast<char*>(v.element(static_cast<uint32_t>(position) - 1).p);
}

// Works out all results before anything is changed. Null, or the reason. On the BEAM an integer
// goes on growing. Ours has 64 bits, and says so to who asks for the result; nobody asks for a
// `dropped` one, which comes round as an atomic's: so increments commute, and one that leaves the
// range and comes back is right.
const char* count(const EtsTable& t, const Row& row, Ops<CounterOp>& ops, bool dropped) {
  for (uint32_t i = 0; i < ops.count; i++) {
    CounterOp& op = ops.data[i];
    if (op.position == 0) op.position = t.keypos + 1;
    const char* element = element_of(row, op.position);
    if (op.position == static_cast<int64_t>(t.keypos) || !element ||
        View{element}.tag() != Tag::integer)
      return kBadarg;
    int64_t value = View{element}.i64(1);
    for (uint32_t k = 0; k < i; k++)
      if (ops.data[k].position == op.position) value = ops.data[k].result;
    const __int128 sum = static_cast<__int128>(value) + op.increment;
    if (op.bounded && (op.increment >= 0 ? sum > op.threshold : sum < op.threshold)) {
      op.result = op.set_value;
    } else if (sum != static_cast<int64_t>(sum) && !dropped) {
      return "system_limit";
    } else {
      op.result = static_cast<int64_t>(sum);
    }
  }
  return nullptr;
}

void push_results(lua_State* L, const Ops<CounterOp>& ops) {
  if (!ops.list) return lua_pushinteger(L, ops.data[0].result);
  lua_createtable(L, static_cast<int>(ops.count), 0);
  for (uint32_t i = 0; i < ops.count; i++) {
    lua_pushinteger(L, ops.data[i].result);
    lua_rawseti(L, -2, static_cast<lua_Integer>(i) + 1);
  }
}

int ets_update_counter(lua_State* L) {
  Machine& m = machine_of(L);
  Process& p = m.process(L, "ets.update_counter");
  const Target target = table_argument(L, m, p);
  Key key;
  take_key(L, m, 2, "ets.update_counter", key);
  Ops<CounterOp> ops;
  take_counter_ops(L, m, ops);
  Row model;
  const bool has_default = take_default(L, m, 4, "ets.update_counter", model);
  bool dropped = !has_default && layout::wanted_results(L) == 0;
  for (uint32_t i = 0; i < ops.count; i++) dropped = dropped && !ops.data[i].bounded;
  const bool adds = dropped && m.options().unused_increments;
  begin(L, m, p, "ets.update_counter", adds ? Access::add : Access::write, target, key.element);
  EtsTable& t = granted(L, m, p, target, Need::write);
  if (!t.single()) badarg(L, 1, "a table whose keys have one row each expected");
  const Span s = find_rows(t, key.view);
  Row row;
  if (!s.empty())
    row = t.rows[s.first];
  else if (!has_default || !row_for_key(m, t, model, key.view, row))
    badarg(L, 2, "no row has this key");
  if (const char* reason = count(t, row, ops, dropped)) {
    if (std::strcmp(reason, kBadarg) != 0) raise(L, "error", reason);
    badarg(L, 3, "the row has no integer there, or it is the key's place");
  }
  const bool recording = m.recording();
  if (recording) {
    const std::string before = rows_text(t, key.view);
    if (s.empty()) put_row(m, t, row);
    for (uint32_t i = 0; i < ops.count; i++)
      std::memcpy(element_of(row, ops.data[i].position) + 1, &ops.data[i].result, 8);
    note_rows(m, t, key.view, before);
  } else {
    if (s.empty()) put_row(m, t, row);
    for (uint32_t i = 0; i < ops.count; i++)
      std::memcpy(element_of(row, ops.data[i].position) + 1, &ops.data[i].result, 8);
  }
  if (!dropped) push_results(L, ops);  // else it would lie on the stack, and tell orders apart
  if (has_default) drop_row(m, model);
  drop_ops(m, ops);
  drop_key(m, key);
  return m.done(L, p, dropped ? 0 : 1);
}

// What is no operation gets a position that no object has, since only an object finds it wrong.
ElementOp element_op(lua_State* L, Machine& m, int index) {
  ElementOp op;
  if (lua_type(L, index) != LUA_TTABLE || lua_rawlen(L, index) != 2) return op;
  const bool integer = lua_rawgeti(L, index, 1) == LUA_TNUMBER && lua_isinteger(L, -1);
  if (integer) op.position = lua_tointeger(L, -1);
  lua_pop(L, 1);
  lua_rawgeti(L, index, 2);
  op.value = m.calls().encode_argument(L, lua_gettop(L), "ets.update_element");
  lua_pop(L, 1);
  return op;
}

void take_element_ops(lua_State* L, Machine& m, Ops<ElementOp>& ops) {
  need_argument(L, 3, "{position, value} or a list of those");
  if (is_op_list(L, 3)) {
    make_room(m, ops, lua_rawlen(L, 3));
    for (uint32_t i = 0; i < ops.count; i++) {
      lua_rawgeti(L, 3, static_cast<lua_Integer>(i) + 1);
      ops.data[i] = element_op(L, m, lua_gettop(L));
      lua_pop(L, 1);
    }
  } else {
    make_room(m, ops, 1);
    ops.data[0] = element_op(L, m, 3);
  }
}

Row with_elements(Machine& m, const EtsTable& t, const Row& row, const Ops<ElementOp>& ops) {
  Bytes& out = m.scratch();
  const View v = row.view();
  out.assign(row.bytes, v.first().p);
  View x = v.first();
  for (uint32_t i = 1; i <= v.array_size(); i++, x = x.next()) {
    const Term* value = nullptr;
    for (uint32_t k = 0; k < ops.count; k++)
      if (ops.data[k].position == i) value = &ops.data[k].value;
    if (value)
      append(out, *value);
    else
      out.insert(out.end(), x.p, x.end());
  }
  const auto length = static_cast<uint32_t>(out.size() - 5);
  std::memcpy(&out[1], &length, 4);
  Row fresh = keep_row(m, out.data(), out.size());
  row_key(fresh, t.keypos);
  return fresh;
}

int ets_update_element(lua_State* L) {
  Machine& m = machine_of(L);
  Process& p = m.process(L, "ets.update_element");
  const Target target = table_argument(L, m, p);
  Key key;
  take_key(L, m, 2, "ets.update_element", key);
  Ops<ElementOp> ops;
  take_element_ops(L, m, ops);
  Row model;
  const bool has_default = take_default(L, m, 4, "ets.update_element", model);
  uint64_t value = 0;
  for (uint32_t i = 0; i < ops.count; i++)
    value =
        mix64(value, mix64(static_cast<uint64_t>(ops.data[i].position), digest(ops.data[i].value)));
  begin(L, m, p, "ets.update_element", Access::write, target, key.element, has_default ? 0 : value);
  EtsTable& t = granted(L, m, p, target, Need::write);
  if (!t.single()) badarg(L, 1, "a table whose keys have one row each expected");
  const Span s = find_rows(t, key.view);
  Row row;
  const bool found = !s.empty();
  if (found)
    row = t.rows[s.first];
  else if (has_default && !row_for_key(m, t, model, key.view, row))
    badarg(L, 4, "it has no place for the key");
  for (uint32_t i = 0; i < ops.count; i++) {
    const int64_t at = ops.data[i].position;
    if (row.bytes && (at < 1 || at == static_cast<int64_t>(t.keypos) ||
                      at > static_cast<int64_t>(row.view().array_size())))
      badarg(L, 3, "the row has no such position, or it is the key's");
    char buffer[16];
    if (shares_variables(view_of(ops.data[i].value, buffer)))
      luaL_error(L,
                 "ets.update_element: the value holds functions that share a variable; insert the "
                 "whole object");
  }
  if (row.bytes && ops.count) {
    if (shares_variables(row.view()))
      luaL_error(L,
                 "ets.update_element: the object holds functions that share a variable; insert the "
                 "whole object");
    const Row fresh = with_elements(m, t, row, ops);
    if (!found) drop_row(m, row);
    if (m.recording()) {
      const std::string before = rows_text(t, key.view);
      put_row(m, t, fresh);
      note_rows(m, t, key.view, before);
    } else {
      put_row(m, t, fresh);
    }
  } else if (row.bytes && !found) {
    put_row(m, t, row);
  }
  for (uint32_t i = 0; i < ops.count; i++) free_term(ops.data[i].value, m.arena());
  drop_ops(m, ops);
  if (has_default) drop_row(m, model);
  drop_key(m, key);
  lua_pushboolean(L, found || has_default);
  return m.done(L, p, 1);
}

}  // namespace

const EtsFunction kEtsUpdate[] = {
    {"update_counter", ets_update_counter},
    {"update_element", ets_update_element},
    {nullptr, nullptr},
};

}  // namespace lockstep::vm
