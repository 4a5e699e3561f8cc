// Evaluates the expressions of match specifications: guards and bodies.
#include "vm/tables/ets_guard.h"

#include <algorithm>

namespace lockstep::vm {
namespace {

using namespace guard;

// A call that cannot be worked out: in a guard nothing is, in a body it gives "EXIT", as there.
bool failed(size_t start, MatchContext& c, Bytes& out) {
  out.resize(start);
  if (!c.in_body || c.error) return false;
  constexpr char kExit[] = "\6\4\0\0\0EXIT";
  static_assert(static_cast<int>(Tag::string) == 6);
  out.insert(out.end(), kExit, kExit + 9);
  return true;
}

bool call(const OpInfo& info, View v, MatchContext& c, Bytes& out) {
  const uint32_t n = v.array_size() - 1;
  const size_t start = out.size();
  View x = v.first().next();
  if (info.op == Op::constant) return put_view(out, x, c);
  if (info.op == Op::andalso || info.op == Op::orelse) {
    const Tag stop = info.op == Op::andalso ? Tag::no : Tag::yes;
    for (uint32_t i = 0; i < n; i++, x = x.next()) {
      if (!evaluate(x, c, out)) return false;
      if (i + 1 == n) return true;  // whatever it is
      const View value{&out[start]};
      if (!is_bool(value)) return failed(start, c, out);
      if (value.tag() == stop) return true;
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
  if (!apply(info.op, at, n, c, out)) return failed(start, c, out);
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

}  // namespace lockstep::vm
