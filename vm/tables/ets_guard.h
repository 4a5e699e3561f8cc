// What calls there are in guards and bodies, and how a value that they give is written: shared by
// the files that check, evaluate and carry them out.
#pragma once
#include "vm/tables/ets_match.h"

namespace lockstep::vm::guard {

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
  ceil_,
  constant,
  divide,
  element,
  eq,
  exactly,
  float_,
  floor_,
  ge,
  gt,
  hd,
  idiv,
  is_atom,
  is_binary,
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
  max_,
  min_,
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

// The call that an array is, or null.
const OpInfo* call_of(View v);

// Functions of values already there: n of them, at these places in `out`. Appends the result; false
// if there is none.
bool apply(Op op, const size_t* at, uint32_t n, MatchContext& c, Bytes& out);

inline bool is_bool(View v) { return v.tag() == Tag::yes || v.tag() == Tag::no; }

// What evaluation appends: a value that is there, and an array around what was appended since.
inline bool put_view(Bytes& out, View v, MatchContext& c) {
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
inline size_t open_array(Bytes& out) {
  const size_t start = out.size();
  out.resize(start + 13);
  return start;
}
inline void close_array(Bytes& out, size_t start, uint32_t n, uint32_t pairs = 0) {
  out[start] = static_cast<char>(Tag::table);
  const uint32_t head[3] = {static_cast<uint32_t>(out.size() - start - 5), n, pairs};
  std::memcpy(&out[start + 1], head, sizeof head);
}

}  // namespace lockstep::vm::guard
