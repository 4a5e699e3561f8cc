// Terms: values outside any process's heap. What is sent, spawned with, stored in tables or terms
// is one (D6).
//
// Sixteen bytes; immediates inside, strings and compounds as one flat, self-contained run of bytes
// in the arena:
//
//   nil false true            tag
//   integer float             tag, 8 bytes
//   light (pid, ref, table id, C function)   tag, 8 bytes
//   string                    tag, u32 length, bytes
//   table                     tag, u32 bytes that follow, u32 array part, u32 pairs, [8 bytes
//   metatable], elements, key value ... closure                   tag, u32 bytes that follow, 8
//   bytes prototype, u32 upvalues, values image                     tag, 8 bytes: a table or
//   function of the loaded image, by reference, since it never changes upref tag, u32: the variable
//   met as number n before in the same term
//
// 1. Pairs are sorted by key, so equal values have equal bytes, and a decoded table has an order
// that does not depend
//    on how the sender built it.
// 2. Integers and floats stay apart (1 and 1.0 are different bytes).
// 3. Nothing in a term points to a process's heap.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/digest.h"
#include "vm/memory/arena.h"

struct lua_State;

namespace lockstep::vm {

enum class Tag : uint8_t {
  nil,
  no,
  yes,
  integer,
  real,
  light,
  string,
  table,
  object,
  closure,
  image,
  upref,
  cfunction
};

struct Term {
  Tag tag = Tag::nil;
  uint32_t size = 0;  // bytes of the run, 0 for immediates
  union {
    int64_t integer;
    double real;
    uint64_t light;
    const char* bytes;  // of the whole run, tag included
  };
  Term() : integer(0) {}
  bool immediate() const { return size == 0; }
  static Term of(int64_t v) {
    Term t;
    t.tag = Tag::integer;
    t.integer = v;
    return t;
  }
  static Term of_light(uint64_t v) {
    Term t;
    t.tag = Tag::light;
    t.light = v;
    return t;
  }
  static Term of(bool v) {
    Term t;
    t.tag = v ? Tag::yes : Tag::no;
    return t;
  }
};
static_assert(sizeof(Term) == 16);

// Bytes under construction; kept by the machine and reused, so that encoding allocates nothing in
// the long run.
using Bytes = std::vector<char>;
template <class T>
void put_bytes(Bytes& out, T v) {
  const size_t at = out.size();
  out.resize(at + sizeof v);
  std::memcpy(&out[at], &v, sizeof v);
}
template <class T>
void patch_bytes(Bytes& out, size_t at, T v) {
  std::memcpy(&out[at], &v, sizeof v);
}

// A view of one encoded value, inside a term or standing alone.
struct View {
  const char* p;
  Tag tag() const { return static_cast<Tag>(*p); }
  uint32_t u32(size_t at) const {
    uint32_t v;
    std::memcpy(&v, p + at, 4);
    return v;
  }
  int64_t i64(size_t at) const {
    int64_t v;
    std::memcpy(&v, p + at, 8);
    return v;
  }
  double real() const {
    double v;
    std::memcpy(&v, p + 1, 8);
    return v;
  }
  std::string_view string() const { return {p + 5, u32(1)}; }
  const char* end() const;  // one past the value's bytes
  bool is_array() const { return (tag() == Tag::table || tag() == Tag::object); }
  uint32_t array_size() const { return u32(5); }
  uint32_t pairs() const { return u32(9); }
  View first() const { return {p + (tag() == Tag::object ? 21 : 13)}; }  // first element of a table
  View next() const { return {end()}; }
  View element(uint32_t i) const {  // 0-based, of the array part
    View v = first();
    while (i--) v = v.next();
    return v;
  }
};

// Encodes the value at `index` of L's stack, appending to out. Returns null, or what cannot be
// encoded and why (a static string): "a coroutine", "a userdata", "a table that contains itself (or
// nests deeper than 100)", ...
const char* encode(lua_State* L, int index, Bytes& out);

// Pushes the value. Needs a few free stack slots and grows the stack itself; raises only for
// memory.
void push(lua_State* L, View view);
void push(lua_State* L, const Term& term);

// Immediates need no bytes: encodes straight into a term, through `scratch` and then the arena for
// the others. *error as for encode(); on error the term is nil.
Term make_term(lua_State* L, int index, Arena& arena, Bytes& scratch, const char** error);
Term make_term(View view, Arena& arena);  // copies the run
Term make_string(std::string_view text, Arena& arena);
Term make_tuple(Arena& arena, Bytes& scratch, std::initializer_list<Term> elements);
Term copy_term(const Term& term, Arena& arena);
void free_term(Term& term, Arena& arena);  // gives its bytes back, makes it nil

// The bytes of any term as a view; immediates are written to `room` (16 bytes).
View view_of(const Term& term, char* room);
void append(Bytes& out, const Term& term);

// A term outside any arena (std::string-like), for reports.
std::string term_bytes(const Term& term);

bool equal(View a, View b);  // =:=, exact
inline bool equal(const Term& a, const Term& b) {
  if (a.tag != b.tag || a.size != b.size) return false;
  return a.size ? std::memcmp(a.bytes, b.bytes, a.size) == 0 : a.integer == b.integer;
}
// Erlang's order: number < atom or string < function < pid and ref < tuple (by size, then elements)
// < map. Numbers by value, so 1 and 1.0 compare equal. Booleans and nil order as the atoms "false",
// "true", "nil".
int compare(View a, View b);
int compare(const Term& a, const Term& b);

inline bool is_string(const Term& t, std::string_view s) {
  return t.tag == Tag::string && View{t.bytes}.string() == s;
}

uint64_t digest(const Term& term);
uint64_t digest(View view);

// `pattern` may hold lockstep.any anywhere, which matches every value; an array part matches one of
// the same length, and the pattern's pairs must be among the value's. {lockstep.one_of, P1, P2 ...}
// matches what one of the patterns matches.
bool matches(View pattern, View value);
bool matches(View pattern, const Term& value);
bool matches(const Term& pattern, const Term& value);

// For people: {"EXIT", P1, "boom"}. Strings in quotes, long values cut to about `limit` characters.
std::string print(View view, size_t limit = 120);
std::string print(const Term& term, size_t limit = 120);
// For guests: processes and tables by who made them, since the names that they are given later are
// others' doing.
std::string print_for_guest(View view, size_t limit = 120);

// Light values: class (4 bits) | node or spare (4) | index (24) | low (32). Equal in executions
// that share the prefix; the low half, the only part that orders tables, depends on the spawn path
// alone and not on the schedule.
enum class Light : uint8_t { none, pid, ref, ets_table, atomics, marker, history };
constexpr uint64_t make_light(Light cls, uint32_t index, uint32_t low, uint32_t spare = 0) {
  return static_cast<uint64_t>(cls) << 60 | static_cast<uint64_t>(spare & 15) << 56 |
         static_cast<uint64_t>(index & 0xffffff) << 32 | low;
}
constexpr Light light_class(uint64_t v) { return static_cast<Light>(v >> 60); }
constexpr uint32_t light_index(uint64_t v) { return static_cast<uint32_t>(v >> 32) & 0xffffff; }
constexpr uint32_t light_low(uint64_t v) { return static_cast<uint32_t>(v); }
constexpr uint64_t kAny = make_light(Light::marker, 1, 1);    // lockstep.any
constexpr uint64_t kOneOf = make_light(Light::marker, 3, 3);  // lockstep.one_of
// history.null, .failed and .unknown: no value in data; how history.op says that it was not ok.
constexpr uint64_t kNullValue = make_light(Light::marker, 4, 4);
constexpr uint64_t kFailed = make_light(Light::marker, 5, 5);
constexpr uint64_t kUnknown = make_light(Light::marker, 6, 6);
constexpr uint64_t kInfinity =
    make_light(Light::marker, 2, 2);  // lockstep.infinity is the string "infinity"; reserved

// Printed names of light values come from the machine that is running on this thread.
std::string light_name(uint64_t value);  // as tostring gives it
std::string light_text(uint64_t value);  // as reports show it

}  // namespace lockstep::vm
