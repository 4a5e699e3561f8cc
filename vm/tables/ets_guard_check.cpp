// Match specifications, looked at before they run: which calls there are, with how many arguments,
// and whether the head binds what guards and bodies name.
#include <algorithm>

#include "vm/tables/ets_guard.h"

namespace lockstep::vm {
namespace guard {
namespace {

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
    {"ceil", Op::ceil_, 1, 1},
    {"const", Op::constant, 1, 1},
    {"div", Op::idiv, 2, 2},
    {"element", Op::element, 2, 2},
    {"float", Op::float_, 1, 1},
    {"floor", Op::floor_, 1, 1},
    {"hd", Op::hd, 1, 1},
    {"is_atom", Op::is_atom, 1, 1},
    {"is_binary", Op::is_binary, 1, 1},
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
    {"is_record", Op::is_record, 3, 3},
    {"is_reference", Op::is_reference, 1, 1},
    {"is_tuple", Op::is_list, 1, 1},
    {"length", Op::length, 1, 1},
    {"map_get", Op::map_get, 2, 2},
    {"map_size", Op::map_size, 1, 1},
    {"max", Op::max_, 2, 2},
    {"min", Op::min_, 2, 2},
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
    {"xor", Op::xor_, 2, 2},
};

static_assert(std::is_sorted(std::begin(kOps), std::end(kOps),
                             [](const OpInfo& a, const OpInfo& b) { return a.name < b.name; }));

}  // namespace

const OpInfo* call_of(View v) {
  if (!is_array(v) || v.array_size() == 0 || v.first().tag() != Tag::string) return nullptr;
  const std::string_view name = v.first().string();
  const auto* it = std::lower_bound(std::begin(kOps), std::end(kOps), name,
                                    [](const OpInfo& a, std::string_view b) { return a.name < b; });
  return it != std::end(kOps) && it->name == name ? it : nullptr;
}

}  // namespace guard

namespace {

using guard::call_of;
using guard::Op;
using guard::OpInfo;

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

// Whether each call has as many arguments as it takes; arrays that are no calls are lists or
// tuples.
bool good_calls(View v) {
  if (!is_compound(v)) return true;
  if (const OpInfo* info = call_of(v)) {
    const uint32_t n = v.array_size() - 1;
    if (n < info->least || n > info->most) return false;
    if (info->op == Op::constant) return true;
  } else if (is_array(v) && v.array_size() == 1 && is_array(v.first())) {
    v = v.first();  // the tuple's own elements: the first is no call's name
  }
  View x = v.first();
  for (uint32_t i = 0; i < v.array_size() + 2 * v.pairs(); i++, x = x.next())
    if (!good_calls(x)) return false;
  return true;
}
bool good_guard(View v) { return (call_of(v) || !is_array(v)) && good_calls(v); }

// Whether what a body constructs is certainly what the pattern matched; `literal` under "const".
bool constructs(View pattern, View v, bool literal) {
  if (!literal && is_array(v)) {
    if (const OpInfo* info = call_of(v))
      return info->op == Op::constant && constructs(pattern, v.element(1), true);
    if (v.array_size() == 1 && is_array(v.first())) v = v.first();
  }
  if (is_array(pattern) && is_array(v)) {
    if (pattern.array_size() != v.array_size()) return false;
    View a = pattern.first(), b = v.first();
    for (uint32_t i = 0; i < v.array_size(); i++, a = a.next(), b = b.next())
      if (!constructs(a, b, literal)) return false;
    return true;
  }
  if (variable_number(pattern) >= 0) return !literal && equal(pattern, v);
  return !holds_variable(pattern) && equal(pattern, v);
}
bool is_text(View v, std::string_view s) { return v.tag() == Tag::string && v.string() == s; }

}  // namespace

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
    View result = body.first();
    for (uint32_t k = 0; k < body.array_size(); k++, result = result.next())
      if (!good_calls(result)) return false;
    const View head = clause.element(0);
    if (!bound_in(head, guards) || !bound_in(head, body)) return false;
  }
  return true;
}

bool keeps_keys(View spec, uint32_t keypos) {
  View clause = spec.first();
  for (uint32_t i = 0; i < spec.array_size(); i++, clause = clause.next()) {
    const View head = clause.element(0), body = clause.element(2);
    if (body.array_size() != 1) return false;
    View made = body.first();
    if (is_text(made, "$_")) continue;
    if (!is_array(head) || head.array_size() < keypos || !is_array(made)) return false;
    const OpInfo* info = call_of(made);
    const bool literal = info && info->op == Op::constant;
    if (info && !literal) return false;
    if (literal)
      made = made.element(1);
    else if (made.array_size() == 1 && is_array(made.first()))
      made = made.first();
    if (!is_array(made) || made.array_size() < keypos) return false;
    const View key = made.element(keypos - 1);
    if (constructs(head.element(keypos - 1), key, literal)) continue;
    const OpInfo* fetch = literal ? nullptr : call_of(key);
    if (!fetch || fetch->op != Op::element || key.element(1).tag() != Tag::integer ||
        key.element(1).i64(1) != keypos || !is_text(key.element(2), "$_"))
      return false;
  }
  return true;
}

}  // namespace lockstep::vm
