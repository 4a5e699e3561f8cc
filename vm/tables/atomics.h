// Arrays of 64-bit numbers shared by processes. One layout for atomics and counters: a spare bit of
// the reference tells which of the two modules it belongs to.
//
// 1. Values are Lua integers modulo 2^64. In an unsigned array those above 2^63 - 1 are negative
// Lua integers, as
//    everywhere in Lua (math.ult compares them, atomics.unsigned prints them).
// 2. An array is never freed before its execution ends; it belongs to nobody.
#pragma once
#include "vm/machine/machine.h"

namespace lockstep::vm {

inline constexpr uint32_t kAtomicsRef = 0, kCountersRef = 1;  // spare bits of the reference

struct AtomicsArray {
  uint64_t id = 0;
  uint32_t container = 0;
  uint32_t size = 0;
  uint32_t number = 0;  // for people: first, second, ... of its kind
  Maker maker;
  bool is_signed = true;
  bool counters = false;
  bool relaxed = false;  // write_concurrency
  bool lock = false;     // a lock of `lockstep.threads`: its one value is how many may still enter
  int64_t permits = 0;   // ... at first
  uint32_t taker = kNone;  // who took the lock last and has not given it back
  uint32_t freed_at = 0;   // step of the release without which nobody could take it now, for causes
  Term name;               // of a lock, for people
  int64_t* values = nullptr;
};

// A new array with all values 0. Nobody can see it yet, so its making is no operation.
AtomicsArray& make_array(Machine& m, Process& p, AtomicsArray shape, uint32_t size);

}  // namespace lockstep::vm
