#include "vm/tables/ets_match.h"

namespace lockstep::vm {
namespace {

bool is_text(View v, std::string_view s) { return v.tag() == Tag::string && v.string() == s; }
bool is_wild(View v) {
  return is_text(v, "_") || (v.tag() == Tag::light && static_cast<uint64_t>(v.i64(1)) == kAny);
}
bool is_compound(View v) { return v.tag() == Tag::table || v.tag() == Tag::object; }

// The numbers of the variables, each once; false if there are too many.
bool collect(View v, uint32_t* numbers, uint32_t& count) {
  const int64_t n = variable_number(v);
  if (n >= 0) {
    for (uint32_t i = 0; i < count; i++)
      if (numbers[i] == static_cast<uint32_t>(n)) return true;
    if (count == kMaxVariables) return false;
    numbers[count++] = static_cast<uint32_t>(n);
    return true;
  }
  if (!is_compound(v)) return true;
  View x = v.first();
  for (uint32_t i = 0; i < v.array_size() + 2 * v.pairs(); i++, x = x.next())
    if (!collect(x, numbers, count)) return false;
  return true;
}

}  // namespace

int64_t variable_number(View v) {
  if (v.tag() != Tag::string) return -1;
  const std::string_view s = v.string();
  if (s.size() < 2 || s.size() > 9 || s[0] != '$') return -1;
  int64_t n = 0;
  for (char c : s.substr(1)) {
    if (c < '0' || c > '9') return -1;
    n = n * 10 + (c - '0');
  }
  return n;
}

bool is_array(View v) { return v.tag() == Tag::table && v.pairs() == 0; }

bool holds_variable(View v) {
  if (is_wild(v) || variable_number(v) >= 0) return true;
  if (!is_compound(v)) return false;
  if (v.pairs() != 0) return true;  // matches whatever else the map has
  View x = v.first();
  for (uint32_t i = 0; i < v.array_size(); i++, x = x.next())
    if (holds_variable(x)) return true;
  return false;
}

bool good_pattern(View v) {
  uint32_t numbers[kMaxVariables];
  uint32_t count = 0;
  return collect(v, numbers, count);  // what is no tuple matches no object
}

bool match_pattern(View pattern, View value, Bindings& b) {
  if (is_wild(pattern)) return true;
  const int64_t n = variable_number(pattern);
  if (n >= 0) {
    if (const View* bound = b.find(static_cast<uint32_t>(n))) return equal(*bound, value);
    b.at[b.count++] = {static_cast<uint32_t>(n), value};
    return true;
  }
  if (!is_compound(pattern)) return equal(pattern, value);
  if (!is_compound(value) || pattern.array_size() != value.array_size()) return false;
  if (pattern.pairs() == 0 && value.pairs() != 0) return false;  // {} is no map
  View p = pattern.first(), v = value.first();
  for (uint32_t i = 0; i < pattern.array_size(); i++, p = p.next(), v = v.next())
    if (!match_pattern(p, v, b)) return false;
  for (uint32_t i = 0; i < pattern.pairs(); i++, p = p.next().next()) {
    View key = v;
    uint32_t k = 0;
    while (k < value.pairs() && !equal(key, p)) {
      key = key.next().next();
      k++;
    }
    if (k == value.pairs() || !match_pattern(p.next(), key.next(), b)) return false;
  }
  return true;
}

bool run_spec(View spec, MatchContext& context, Bytes& out) {
  View clause = spec.first();
  for (uint32_t i = 0; i < spec.array_size(); i++, clause = clause.next()) {
    context.bindings.count = 0;
    if (!match_pattern(clause.element(0), context.object, context.bindings)) continue;
    const View guards = clause.element(1), body = clause.element(2);
    const size_t start = out.size();
    bool holds = true;
    context.in_body = false;
    View guard = guards.first();
    for (uint32_t k = 0; k < guards.array_size() && holds; k++, guard = guard.next()) {
      holds = evaluate(guard, context, out) && View{&out[start]}.tag() == Tag::yes;
      out.resize(start);
    }
    if (!holds) continue;
    context.in_body = true;
    return evaluate(body.element(body.array_size() - 1), context, out);
  }
  return false;
}

}  // namespace lockstep::vm
