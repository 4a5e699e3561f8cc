// The expressions of match specifications: guards and bodies.
#include <algorithm>
#include <cmath>

#include "vm/ets_match.h"

namespace lockstep::vm {
namespace {

enum class Op : uint8_t {
  abs_,
  add,
  and_,
  andalso,
  band,
  bnot,
  bor,
  bsl,
  bsr,
  bxor,
  byte_size,
  constant,
  divide,
  element,
  eq,
  exactly,
  float_,
  ge,
  gt,
  hd,
  idiv,
  is_atom,
  is_boolean,
  is_float,
  is_function,
  is_integer,
  is_list,
  is_map,
  is_map_key,
  is_number,
  is_pid,
  is_port,
  is_record,
  is_reference,
  le,
  length,
  lt,
  map_get,
  map_size,
  mul,
  ne,
  node,
  not_,
  not_exactly,
  or_,
  orelse,
  rem,
  round_,
  self,
  size,
  sub,
  tl,
  trunc_,
  tuple_size,
  xor_,
};
struct OpInfo {
  std::string_view name;
  Op op;
  uint32_t least, most;  // arguments
};
// By name, for binary search.
constexpr OpInfo kOps[] = {
    {"*", Op::mul, 2, 2},
    {"+", Op::add, 1, 2},
    {"-", Op::sub, 1, 2},
    {"/", Op::divide, 2, 2},
    {"/=", Op::ne, 2, 2},
    {"<", Op::lt, 2, 2},
    {"=/=", Op::not_exactly, 2, 2},
    {"=:=", Op::exactly, 2, 2},
    {"=<", Op::le, 2, 2},
    {"==", Op::eq, 2, 2},
    {">", Op::gt, 2, 2},
    {">=", Op::ge, 2, 2},
    {"abs", Op::abs_, 1, 1},
    {"and", Op::and_, 1, 100},
    {"andalso", Op::andalso, 1, 100},
    {"band", Op::band, 2, 2},
    {"binary_size", Op::byte_size, 1, 1},
    {"bnot", Op::bnot, 1, 1},
    {"bor", Op::bor, 2, 2},
    {"bsl", Op::bsl, 2, 2},
    {"bsr", Op::bsr, 2, 2},
    {"bxor", Op::bxor, 2, 2},
    {"byte_size", Op::byte_size, 1, 1},
    {"const", Op::constant, 1, 1},
    {"div", Op::idiv, 2, 2},
    {"element", Op::element, 2, 2},
    {"float", Op::float_, 1, 1},
    {"hd", Op::hd, 1, 1},
    {"is_atom", Op::is_atom, 1, 1},
    {"is_binary", Op::is_atom, 1, 1},
    {"is_boolean", Op::is_boolean, 1, 1},
    {"is_float", Op::is_float, 1, 1},
    {"is_function", Op::is_function, 1, 1},
    {"is_integer", Op::is_integer, 1, 1},
    {"is_list", Op::is_list, 1, 1},
    {"is_map", Op::is_map, 1, 1},
    {"is_map_key", Op::is_map_key, 2, 2},
    {"is_number", Op::is_number, 1, 1},
    {"is_pid", Op::is_pid, 1, 1},
    {"is_port", Op::is_port, 1, 1},
    {"is_record", Op::is_record, 2, 3},
    {"is_reference", Op::is_reference, 1, 1},
    {"is_tuple", Op::is_list, 1, 1},
    {"length", Op::length, 1, 1},
    {"map_get", Op::map_get, 2, 2},
    {"map_size", Op::map_size, 1, 1},
    {"node", Op::node, 0, 1},
    {"not", Op::not_, 1, 1},
    {"or", Op::or_, 1, 100},
    {"orelse", Op::orelse, 1, 100},
    {"rem", Op::rem, 2, 2},
    {"round", Op::round_, 1, 1},
    {"self", Op::self, 0, 0},
    {"size", Op::size, 1, 1},
    {"tl", Op::tl, 1, 1},
    {"trunc", Op::trunc_, 1, 1},
    {"tuple_size", Op::tuple_size, 1, 1},
    {"xor", Op::xor_, 1, 100},
};

static_assert(std::is_sorted(std::begin(kOps), std::end(kOps),
                             [](const OpInfo& a, const OpInfo& b) { return a.name < b.name; }));

const OpInfo* call_of(View v) {
  if (!is_array(v) || v.array_size() == 0 || v.first().tag() != Tag::string) return nullptr;
  const std::string_view name = v.first().string();
  const auto* it = std::lower_bound(std::begin(kOps), std::end(kOps), name,
                                    [](const OpInfo& a, std::string_view b) { return a.name < b; });
  return it != std::end(kOps) && it->name == name ? it : nullptr;
}

void put(Bytes& out, Tag tag) { out.push_back(static_cast<char>(tag)); }
template <class T>
void put(Bytes& out, Tag tag, T value) {
  static_assert(sizeof value == 8);
  char room[9] = {static_cast<char>(tag)};
  std::memcpy(room + 1, &value, 8);
  out.insert(out.end(), room, room + 9);
}
bool put_bool(Bytes& out, bool v) {
  put(out, v ? Tag::yes : Tag::no);
  return true;
}
bool put_int(Bytes& out, int64_t v) {
  put(out, Tag::integer, v);
  return true;
}
bool put_real(Bytes& out, double v) {
  if (!std::isfinite(v)) return false;  // badarith there
  put(out, Tag::real, v);
  return true;
}
bool put_view(Bytes& out, View v, MatchContext& c) {
  if (v.tag() >= Tag::table && shares_variables(v)) {
    c.error =
        "a result holds functions that share a variable; take the whole object with ets.lookup";
    return false;
  }
  // v may lie in `out` itself
  const char* begin = out.data();
  const bool inside = v.p >= begin && v.p < begin + out.size();
  const auto n = static_cast<size_t>(v.end() - v.p);
  const auto offset = static_cast<size_t>(v.p - begin);
  const size_t at = out.size();
  out.resize(at + n);
  std::memcpy(&out[at], inside ? out.data() + offset : v.p, n);
  return true;
}
size_t open_array(Bytes& out) {
  const size_t start = out.size();
  out.resize(start + 13);
  return start;
}
void close_array(Bytes& out, size_t start, uint32_t n, uint32_t pairs = 0) {
  out[start] = static_cast<char>(Tag::table);
  const uint32_t head[3] = {static_cast<uint32_t>(out.size() - start - 5), n, pairs};
  std::memcpy(&out[start + 1], head, sizeof head);
}

bool is_number(View v) { return v.tag() == Tag::integer || v.tag() == Tag::real; }
double real_of(View v) {
  return v.tag() == Tag::integer ? static_cast<double>(v.i64(1)) : v.real();
}
bool is_map(View v) { return (v.tag() == Tag::table || v.tag() == Tag::object) && v.pairs() != 0; }
bool is_bool(View v) { return v.tag() == Tag::yes || v.tag() == Tag::no; }

bool arithmetic(Op op, View a, View b, Bytes& out) {
  if (!is_number(a) || !is_number(b)) return false;
  if (op == Op::divide) return real_of(b) != 0 && put_real(out, real_of(a) / real_of(b));
  if (a.tag() == Tag::integer && b.tag() == Tag::integer) {
    const int64_t x = a.i64(1), y = b.i64(1);
    int64_t r = 0;
    switch (op) {
      case Op::add:
        return !__builtin_add_overflow(x, y, &r) && put_int(out, r);
      case Op::sub:
        return !__builtin_sub_overflow(x, y, &r) && put_int(out, r);
      case Op::mul:
        return !__builtin_mul_overflow(x, y, &r) && put_int(out, r);
      case Op::idiv:
        return y != 0 && !(y == -1 && x == INT64_MIN) && put_int(out, x / y);
      case Op::rem:
        return y != 0 && put_int(out, y == -1 ? 0 : x % y);
      case Op::band:
        return put_int(out, x & y);
      case Op::bor:
        return put_int(out, x | y);
      case Op::bxor:
        return put_int(out, x ^ y);
      case Op::bsl:
      case Op::bsr: {
        const int64_t left = op == Op::bsl ? y : y == INT64_MIN ? INT64_MAX : -y;
        if (left <= 0) return put_int(out, x >> std::min<int64_t>(-left, 63));
        if (x == 0) return put_int(out, 0);
        return left < 63 && ((x << left) >> left) == x && put_int(out, x << left);
      }
      default:
        return false;
    }
  }
  switch (op) {
    case Op::add:
      return put_real(out, real_of(a) + real_of(b));
    case Op::sub:
      return put_real(out, real_of(a) - real_of(b));
    case Op::mul:
      return put_real(out, real_of(a) * real_of(b));
    default:
      return false;
  }
}

bool to_integer(double d, Bytes& out) {
  return d >= -0x1p63 && d < 0x1p63 && put_int(out, static_cast<int64_t>(d));
}

bool is_kind(Op op, View v) {
  const Tag t = v.tag();
  const Light light = t == Tag::light ? light_class(static_cast<uint64_t>(v.i64(1))) : Light::none;
  switch (op) {
    case Op::is_atom:
      return t == Tag::string || is_bool(v);
    case Op::is_boolean:
      return is_bool(v);
    case Op::is_float:
      return t == Tag::real;
    case Op::is_integer:
      return t == Tag::integer;
    case Op::is_number:
      return is_number(v);
    case Op::is_list:
      return is_array(v);
    case Op::is_map:
      return is_map(v) || (is_array(v) && v.array_size() == 0);
    case Op::is_pid:
      return light == Light::pid;
    case Op::is_reference:
      return light == Light::ref || light == Light::ets_table || light == Light::atomics;
    case Op::is_function:
      return t == Tag::closure || t == Tag::cfunction || t == Tag::image;
    default:
      return false;
  }
}

bool compared(Op op, View a, View b) {
  switch (op) {
    case Op::exactly:
      return equal(a, b);
    case Op::not_exactly:
      return !equal(a, b);
    case Op::eq:
      return compare(a, b) == 0;
    case Op::ne:
      return compare(a, b) != 0;
    case Op::lt:
      return compare(a, b) < 0;
    case Op::le:
      return compare(a, b) <= 0;
    case Op::gt:
      return compare(a, b) > 0;
    default:
      return compare(a, b) >= 0;
  }
}

// Functions of values already there: n of them from `a` on. What is appended may move them, so
// views are read first.
bool apply(Op op, const size_t* at, uint32_t n, MatchContext& c, Bytes& out) {
  const View a{n > 0 ? &out[at[0]] : nullptr}, b{n > 1 ? &out[at[1]] : nullptr};
  switch (op) {
    case Op::lt:
    case Op::le:
    case Op::gt:
    case Op::ge:
    case Op::eq:
    case Op::ne:
    case Op::exactly:
    case Op::not_exactly:
      return put_bool(out, compared(op, a, b));
    case Op::add:
    case Op::sub:
      if (n == 1) {
        if (!is_number(a)) return false;
        if (op == Op::add) return put_view(out, a, c);
        if (a.tag() == Tag::real) return put_real(out, -a.real());
        return a.i64(1) != INT64_MIN && put_int(out, -a.i64(1));
      }
      [[fallthrough]];
    case Op::mul:
    case Op::divide:
    case Op::idiv:
    case Op::rem:
    case Op::band:
    case Op::bor:
    case Op::bxor:
    case Op::bsl:
    case Op::bsr:
      return arithmetic(op, a, b, out);
    case Op::bnot:
      return a.tag() == Tag::integer && put_int(out, ~a.i64(1));
    case Op::not_:
      return is_bool(a) && put_bool(out, a.tag() == Tag::no);
    case Op::and_:
    case Op::or_:
    case Op::xor_: {
      bool all = true, any = false, odd = false;
      for (uint32_t i = 0; i < n; i++) {
        const View x{&out[at[i]]};
        if (!is_bool(x)) return false;
        const bool v = x.tag() == Tag::yes;
        all = all && v;
        any = any || v;
        odd = odd != v;
      }
      return put_bool(out, op == Op::and_ ? all : op == Op::or_ ? any : odd);
    }
    case Op::abs_:
      if (a.tag() == Tag::real) return put_real(out, std::fabs(a.real()));
      return a.tag() == Tag::integer && a.i64(1) != INT64_MIN &&
             put_int(out, a.i64(1) < 0 ? -a.i64(1) : a.i64(1));
    case Op::round_:
      if (a.tag() == Tag::integer) return put_view(out, a, c);
      return a.tag() == Tag::real && to_integer(std::round(a.real()), out);
    case Op::trunc_:
      if (a.tag() == Tag::integer) return put_view(out, a, c);
      return a.tag() == Tag::real && to_integer(std::trunc(a.real()), out);
    case Op::float_:
      return is_number(a) && put_real(out, real_of(a));
    case Op::is_atom:
    case Op::is_boolean:
    case Op::is_float:
    case Op::is_function:
    case Op::is_integer:
    case Op::is_list:
    case Op::is_map:
    case Op::is_number:
    case Op::is_pid:
    case Op::is_port:
    case Op::is_reference:
      return put_bool(out, is_kind(op, a));
    case Op::is_record:
      return put_bool(out, is_array(a) && a.array_size() > 0 && equal(a.first(), b) &&
                               (n < 3 || (View{&out[at[2]]}.tag() == Tag::integer &&
                                          View{&out[at[2]]}.i64(1) == a.array_size())));
    case Op::element:
      return a.tag() == Tag::integer && is_array(b) && a.i64(1) >= 1 &&
             a.i64(1) <= b.array_size() &&
             put_view(out, b.element(static_cast<uint32_t>(a.i64(1)) - 1), c);
    case Op::hd:
      return is_array(a) && a.array_size() > 0 && put_view(out, a.first(), c);
    case Op::tl: {
      if (!is_array(a) || a.array_size() == 0) return false;
      const uint32_t rest = a.array_size() - 1;
      const auto from = static_cast<size_t>(a.first().end() - out.data()),
                 to = static_cast<size_t>(a.end() - out.data());
      const size_t start = open_array(out);
      const size_t body = out.size();
      out.resize(body + (to - from));
      std::memcpy(out.data() + body, out.data() + from, to - from);
      close_array(out, start, rest);
      return true;
    }
    case Op::length:
    case Op::tuple_size:
      return is_array(a) && put_int(out, a.array_size());
    case Op::byte_size:
      return a.tag() == Tag::string && put_int(out, static_cast<int64_t>(a.string().size()));
    case Op::size:
      if (a.tag() == Tag::string) return put_int(out, static_cast<int64_t>(a.string().size()));
      return is_array(a) && put_int(out, a.array_size());
    case Op::map_size:
      return is_kind(Op::is_map, a) && put_int(out, a.pairs());
    case Op::map_get:
    case Op::is_map_key: {
      if (!is_kind(Op::is_map, b)) return false;
      View key = b.first();
      for (uint32_t i = 0; i < b.array_size(); i++) key = key.next();
      for (uint32_t i = 0; i < b.pairs(); i++, key = key.next().next())
        if (equal(key, a))
          return op == Op::is_map_key ? put_bool(out, true) : put_view(out, key.next(), c);
      return op == Op::is_map_key && put_bool(out, false);
    }
    case Op::self:
      put(out, Tag::light, c.self);
      return true;
    case Op::node:
      append(out, c.node);
      return true;
    default:
      return false;
  }
}

bool call(const OpInfo& info, View v, MatchContext& c, Bytes& out) {
  const uint32_t n = v.array_size() - 1;
  if (n < info.least || n > info.most) return false;
  const size_t start = out.size();
  View x = v.first().next();
  if (info.op == Op::constant) return put_view(out, x, c);
  if (info.op == Op::andalso || info.op == Op::orelse) {
    const Tag stop = info.op == Op::andalso ? Tag::no : Tag::yes;
    for (uint32_t i = 0; i < n; i++, x = x.next()) {
      if (!evaluate(x, c, out)) return false;
      const View value{&out[start]};
      const bool last = i + 1 == n;
      if (!is_bool(value)) {
        out.resize(start);
        return false;
      }
      if (last || value.tag() == stop) return true;
      out.resize(start);
    }
  }
  size_t at[100];
  for (uint32_t i = 0; i < n; i++, x = x.next()) {
    at[i] = out.size();
    if (!evaluate(x, c, out)) {
      out.resize(start);
      return false;
    }
  }
  const size_t result = out.size();
  if (!apply(info.op, at, n, c, out)) {
    out.resize(start);
    return false;
  }
  out.erase(out.begin() + static_cast<std::ptrdiff_t>(start),
            out.begin() + static_cast<std::ptrdiff_t>(result));
  return true;
}

// An array (or map) with each of its values worked out.
bool construct(View v, MatchContext& c, Bytes& out) {
  const size_t start = open_array(out);
  View x = v.first();
  for (uint32_t i = 0; i < v.array_size() + 2 * v.pairs(); i++, x = x.next()) {
    const bool key = i >= v.array_size() && (i - v.array_size()) % 2 == 0;
    if (key ? !put_view(out, x, c) : !evaluate(x, c, out)) {
      out.resize(start);
      return false;
    }
  }
  close_array(out, start, v.array_size(), v.pairs());
  return true;
}

bool is_compound(View v) { return v.tag() == Tag::table || v.tag() == Tag::object; }
bool occurs(View pattern, int64_t number) {
  if (variable_number(pattern) == number) return true;
  if (!is_compound(pattern)) return false;
  View x = pattern.first();
  for (uint32_t i = 0; i < pattern.array_size() + 2 * pattern.pairs(); i++, x = x.next())
    if (occurs(x, number)) return true;
  return false;
}
// Whether the head binds every variable of a guard or body.
bool bound_in(View head, View v) {
  if (const int64_t n = variable_number(v); n >= 0) return occurs(head, n);
  if (!is_compound(v)) return true;
  if (const OpInfo* info = call_of(v); info && info->op == Op::constant) return true;
  View x = v.first();
  for (uint32_t i = 0; i < v.array_size() + 2 * v.pairs(); i++, x = x.next())
    if (!bound_in(head, x)) return false;
  return true;
}

bool good_guard(View v) {
  if (const OpInfo* info = call_of(v)) {
    const uint32_t n = v.array_size() - 1;
    if (n < info->least || n > info->most) return false;
    if (info->op == Op::constant) return true;
    View x = v.first().next();
    for (uint32_t i = 0; i < n; i++, x = x.next())
      if (call_of(x) && !good_guard(x)) return false;
    return true;
  }
  return !is_array(v);
}

}  // namespace

bool evaluate(View v, MatchContext& c, Bytes& out) {
  if (v.tag() == Tag::string) {
    const int64_t n = variable_number(v);
    if (n >= 0) {
      const View* bound = c.bindings.find(static_cast<uint32_t>(n));
      return bound && put_view(out, *bound, c);
    }
    if (v.string() == "$_") return put_view(out, c.object, c);
    if (v.string() == "$$") {
      std::sort(c.bindings.at, c.bindings.at + c.bindings.count,
                [](const auto& a, const auto& b) { return a.number < b.number; });
      const size_t start = open_array(out);
      for (uint32_t i = 0; i < c.bindings.count; i++)
        if (!put_view(out, c.bindings.at[i].value, c)) {
          out.resize(start);
          return false;
        }
      close_array(out, start, c.bindings.count);
      return true;
    }
    return put_view(out, v, c);
  }
  if (v.tag() != Tag::table) return put_view(out, v, c);
  if (const OpInfo* info = call_of(v)) return call(*info, v, c, out);
  // {{a, b}} is the tuple {a, b}, as in Erlang; any other array is a list.
  if (is_array(v) && v.array_size() == 1 && is_array(v.first()))
    return construct(v.first(), c, out);
  return construct(v, c, out);
}

bool good_spec(View spec) {
  if (!is_array(spec)) return false;
  View clause = spec.first();
  for (uint32_t i = 0; i < spec.array_size(); i++, clause = clause.next()) {
    if (!is_array(clause) || clause.array_size() != 3 || !good_pattern(clause.element(0)))
      return false;
    const View guards = clause.element(1), body = clause.element(2);
    if (!is_array(guards) || !is_array(body) || body.array_size() == 0) return false;
    View guard = guards.first();
    for (uint32_t k = 0; k < guards.array_size(); k++, guard = guard.next())
      if (!good_guard(guard)) return false;
    const View head = clause.element(0);
    if (!bound_in(head, guards) || !bound_in(head, body)) return false;
  }
  return true;
}

}  // namespace lockstep::vm
