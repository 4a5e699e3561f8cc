// What we know of the memory layout of Lua 5.4's objects (lobject.h and lstate.h, not installed by
// Debian), all in one place and checked by a self-test at start-up, which refuses to run on a
// library that differs.
//
// Used for what the public API cannot do: pin the hash seed, share a prototype between copies of a
// closure, tell cheaply whether file-level state was changed, name the place of a call in 3 ns, see
// whether a call's result is used, and whether a program has loops.
#pragma once
#include <cstdint>
#include <cstring>
#include <string_view>

#include "vm/memory/lua_api.h"

namespace lockstep::vm::layout {

template <class T>
T load(const void* object, size_t offset) {
  T v;
  std::memcpy(&v, static_cast<const char*>(object) + offset, sizeof v);
  return v;
}
template <class T>
void store(void* object, size_t offset, T v) {
  std::memcpy(static_cast<char*>(object) + offset, &v, sizeof v);
}

// global_State: { frealloc, ud, ... strt { hash, int nuse, int size } ... seed }: the table of
// short strings is 48 bytes after the allocator's address, the seed 96.
inline constexpr size_t kStringsAfterAllocator = 48, kSeedAfterAllocator = 96;
// How many strings are in it. Without a collection it only grows, with each string that is new.
inline int strings_used(const void* table) { return load<int>(table, 8); }

// LClosure: { header 10, nupvalues 1, pad, gclist 8, Proto* p, UpVal* upvals[] }
inline constexpr size_t kClosureProto = 24, kClosureUpvalues = 32;
inline const void* proto_of(const void* closure) {
  return load<const void*>(closure, kClosureProto);
}

// Proto: { header 10, three bytes, six ints, int linedefined 44, int lastlinedefined, six pointers
// (the second one: the instructions, of four bytes each), TString* source 112 }
inline constexpr size_t kProtoLine = 44, kProtoCode = 64, kProtoSource = 112;
inline constexpr size_t kInstructionBytes = 4;

// ... int sizecode 24. False: neither a loop nor a tail call is in the function, but perhaps
// counted loops, which come to no state twice.
inline constexpr size_t kProtoSizeCode = 24;
inline bool may_go_round(const void* proto) {
  constexpr uint32_t kJump = 56, kTailCall = 69, kGenericFor = 76, kNoOffset = 0xffffff;
  const auto* code = load<const char*>(proto, kProtoCode);
  const auto n = static_cast<size_t>(load<int>(proto, kProtoSizeCode));
  for (size_t i = 0; i < n; i++) {
    const auto instruction = load<uint32_t>(code, i * kInstructionBytes);
    const uint32_t op = instruction & 0x7f;
    if (op == kTailCall || op == kGenericFor) return true;
    if (op == kJump && instruction >> 7 < kNoOffset) return true;  // backwards
  }
  return false;
}

// UpVal, closed: { header 10, tbc 1, pad, TValue* v, TValue value }. TValue: { 8 bytes value, 1
// byte tag }. Whoever uses the variable goes by the pointer.
inline constexpr size_t kUpvalPointer = 16, kUpvalValue = 24;
inline bool upval_closed(const void* upval) {
  return load<const char*>(upval, kUpvalPointer) == static_cast<const char*>(upval) + kUpvalValue;
}

// Table: { header 10, flags 1, lsizenode 1, alimit 4, TValue* array, Node* node, Node* lastfree,
// Table* metatable, gclist }
inline constexpr size_t kTableFlags = 10, kTableLsizenode = 11, kTableAlimit = 12, kTableArray = 16,
                        kTableNode = 24, kTableLastfree = 32, kTableMetatable = 40;
inline constexpr size_t kValueBytes = 16, kNodeBytes = 24;
inline constexpr uint8_t kTableGuess =
    0x80;  // a flag: alimit is no size, but a guess of the length
// Slots of a table's array.
inline uint32_t array_size(const void* table) {
  const auto n = load<uint32_t>(table, kTableAlimit);
  if (!(load<uint8_t>(table, kTableFlags) & kTableGuess)) return n;
  uint32_t size = 1;  // the next power of two
  while (size < n) size *= 2;
  return size;
}
inline bool is_empty_slot(const void* table, uint32_t i) {  // from 0 on
  return (load<uint8_t>(load<const char*>(table, kTableArray), i * kValueBytes + 8) & 0x0f) == 0;
}
inline constexpr uint8_t kEmptyTag = 0x10;  // of the value where nothing is; its key is all zero

// CClosure: { header 10, nupvalues 1, pad, gclist 8, lua_CFunction f 24, TValue upvalue[] }
inline constexpr uint8_t kCClosureTag = LUA_TFUNCTION | 0x20;
inline constexpr size_t kCClosureFunction = 24;
inline constexpr uint8_t kLightFunctionTag = LUA_TFUNCTION | 0x10;  // in a slot, of a C function

// lua_State: { header 10, status, allowhook, nci, StkId top, ... }; a slot of the stack is a
// TValue, whose tag for an object is the tag in the object's header plus the collectable bit.
inline constexpr size_t kStateTop = 16;
inline uint8_t collectable_tag(const void* object) {
  return static_cast<uint8_t>(load<uint8_t>(object, 8) | 0x40);
}

// TString of a short string: { header 10, extra 1, length 1, hash 4, 8, bytes[] }
inline constexpr size_t kShortLength = 11, kStringBytes = 24;
inline constexpr uint8_t kShortStringTag = LUA_TSTRING | 0x40, kTableTag = LUA_TTABLE | 0x40;

// TString: 24 bytes of header before its characters.
inline constexpr size_t kStringHeader = 24;

// The arguments of the running C function, read in place: what the API does in a call for each.
inline constexpr size_t kStateCallInfo = 32;
struct Arguments {
  const char* base;
  size_t count;
  explicit Arguments(lua_State* L) {
    base = load<const char*>(load<const void*>(L, kStateCallInfo), 0) + kValueBytes;
    count = static_cast<size_t>(load<const char*>(L, kStateTop) - base) / kValueBytes;
  }
  // 0-based; false also if there is no such argument.
  bool is_integer(size_t i) const { return i < count && base[i * kValueBytes + 8] == 3; }
  bool is_light(size_t i) const { return i < count && base[i * kValueBytes + 8] == 2; }
  bool is_short_string(size_t i) const {
    return i < count && static_cast<uint8_t>(base[i * kValueBytes + 8]) == kShortStringTag;
  }
  std::string_view short_string(size_t i) const {
    const auto* s = load<const char*>(base, i * kValueBytes);
    return {s + kStringBytes, static_cast<uint8_t>(s[kShortLength])};
  }
  int64_t integer(size_t i) const { return load<int64_t>(base, i * kValueBytes); }
  uint64_t light(size_t i) const { return load<uint64_t>(base, i * kValueBytes); }
};
// Replaces the nil on top of the stack by an object.
inline void put_object(lua_State* L, const void* object) {
  char* slot = load<char*>(L, kStateTop) - kValueBytes;
  store(slot, 0, object);
  store(slot, 8, collectable_tag(object));
}

// CallInfo: { func, top, previous, next, savedpc, ... }
inline constexpr size_t kCallInfoPrevious = 16, kCallInfoSavedpc = 32;
// How many instructions of its function a frame of a Lua function has begun: the same in every
// process that compiled the same source.
inline uint64_t position_in_function(const void* call_info) {
  const void* closure = load<const void*>(load<const void*>(call_info, 0), 0);
  const auto* code = load<const char*>(proto_of(closure), kProtoCode);
  return static_cast<uint64_t>(load<const char*>(call_info, kCallInfoSavedpc) - code) /
         kInstructionBytes;
}

// ... u2, nresults (16 bits), callstatus }: the results that the caller of the running C function
// wants, negative if all.
inline constexpr size_t kCallInfoResults = 60;
inline int wanted_results(lua_State* L) {
  return load<int16_t>(load<const void*>(L, kStateCallInfo), kCallInfoResults);
}

// Whether the frame is of a Lua function; in others savedpc is whatever was there before.
inline constexpr size_t kCallInfoStatus = 62;
inline bool runs_lua(const void* call_info) {
  return (load<uint16_t>(call_info, kCallInfoStatus) & 2) == 0;
}

// lua_State: ... base_ci 96, hook, errfunc, nCcalls 176: how many calls of C are nested, in its low
// half.
inline constexpr size_t kStateCcalls = 176;
// lua_closethread, which Lua 5.4.4 does not have: those around it count, so that what is closed
// while something is closed has an end.
inline int close_thread(lua_State* L, lua_State* from) {
  store(L, kStateCcalls, load<uint32_t>(from, kStateCcalls) & 0xffff);
  return lua_resetthread(L);
}

// Pins the hash seed of a state under construction: to be called from the allocator on its second
// call, when the first block (the state) exists and nothing has been hashed. False if the place was
// not found.
bool pin_seed(void* state_block, size_t size, lua_Alloc allocator, void* ud, uint32_t seed);

// Finalizers and weak tables: afterwards Lua looks for these metamethods under names that no key of
// a table can be. False if the place was not found.
bool hide_collection(lua_State* L, void* state_block, size_t size);

// Where the state has the address of its table of short strings; null if it was not found.
const void* const* string_table(const void* state_block, size_t size, lua_Alloc allocator);

// Checks all of the above against a scratch state. Null, or what differs (a static string).
const char* self_test();

}  // namespace lockstep::vm::layout
