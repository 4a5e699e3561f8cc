// Equality, order, digests and patterns of terms.
#include <cmath>
#include <string>

#include "vm/memory/term.h"

namespace lockstep::vm {
namespace {

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
bool matches(View pattern, const Term& value) {
  char room[16];
  return matches(pattern, view_of(value, room));
}
bool matches(const Term& pattern, const Term& value) {
  char rp[16], rv[16];
  return matches(view_of(pattern, rp), view_of(value, rv));
}

}  // namespace lockstep::vm
