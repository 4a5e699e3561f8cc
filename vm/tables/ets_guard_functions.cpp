// What the calls in guards and bodies do: functions of values, without those that decide what is
// evaluated at all.
#include <algorithm>
#include <cmath>

#include "vm/tables/ets_guard.h"

namespace lockstep::vm::guard {
namespace {

void put(Bytes& out, Tag tag) { out.push_back(static_cast<char>(tag)); }
template <class T>
void put(Bytes& out, Tag tag, T value) {
  static_assert(sizeof value == 8);
  char buffer[9] = {static_cast<char>(tag)};
  std::memcpy(buffer + 1, &value, 8);
  out.insert(out.end(), buffer, buffer + 9);
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

bool is_number(View v) { return v.tag() == Tag::integer || v.tag() == Tag::real; }
double real_of(View v) {
  return v.tag() == Tag::integer ? static_cast<double>(v.i64(1)) : v.real();
}
bool is_map(View v) { return (v.tag() == Tag::table || v.tag() == Tag::object) && v.pairs() != 0; }

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
        if (left <= 0) return put_int(out, x >> (left < -63 ? 63 : -left));
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
    case Op::is_binary:
      return t == Tag::string;
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

}  // namespace

// What is appended may move the values, so views are read first.
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
    case Op::ceil_:
      if (a.tag() == Tag::integer) return put_view(out, a, c);
      return a.tag() == Tag::real && to_integer(std::ceil(a.real()), out);
    case Op::floor_:
      if (a.tag() == Tag::integer) return put_view(out, a, c);
      return a.tag() == Tag::real && to_integer(std::floor(a.real()), out);
    case Op::max_:  // of equals the first
      return put_view(out, compare(a, b) >= 0 ? a : b, c);
    case Op::min_:
      return put_view(out, compare(a, b) <= 0 ? a : b, c);
    case Op::float_:
      return is_number(a) && put_real(out, real_of(a));
    case Op::is_atom:
    case Op::is_binary:
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
                               View{&out[at[2]]}.tag() == Tag::integer &&
                               View{&out[at[2]]}.i64(1) == a.array_size());
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

}  // namespace lockstep::vm::guard
