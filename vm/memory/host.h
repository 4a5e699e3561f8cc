// What the code that handles values needs to know of the machine it runs in.
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "engine/base/error.h"
#include "vm/memory/arena.h"
#include "vm/memory/lua_api.h"

namespace lockstep::vm {

inline constexpr int kMaxUpvalues = 190;

class Machine;

struct Host {
  Machine* machine = nullptr;
  Arena* arena = nullptr;
  const std::atomic<bool>* cut = nullptr;  // somebody wants the execution to end
  const uint64_t* max_memory = nullptr;    // that an execution may use
  const char* image_end = nullptr;  // objects below belong to the loaded image; null while loading
  const void* const* libraries =
      nullptr;  // sorted addresses of image tables that are shared by reference in terms
  size_t library_count = 0;

  // Modules, metatables and other file-level tables that hold functions: sent by reference. Tables
  // of data are copied.
  bool is_library(const void* table) const;
  void push_image(lua_State* L, size_t offset) const;  // the table or function at that arena offset
  void push_closure(lua_State* L, size_t proto,
                    int upvalues) const;  // a new closure over fresh variables
  void join_image_variable(lua_State* L, int closure, int n,
                           size_t offset) const;  // makes upvalue n the file-level one
};

// Every lua_State of a machine carries its host in the extra space that Lua copies to new threads.
inline Host& host_of(lua_State* L) { return **static_cast<Host**>(lua_getextraspace(L)); }
inline Machine& machine_of(lua_State* L) { return *host_of(L).machine; }
// Made at file level, and loading is over.
inline bool is_of_image(lua_State* L, const void* object) {
  return static_cast<const char*>(object) < host_of(L).image_end;
}

// Pids, references and other light values as Lua has them.
inline uint64_t light_at(lua_State* L, int index) {  // 0 for any other value
  return lua_islightuserdata(L, index) ? reinterpret_cast<uint64_t>(lua_touserdata(L, index)) : 0;
}
inline void push_light(lua_State* L, uint64_t value) {
  lua_pushlightuserdata(L, reinterpret_cast<void*>(value));
}

// Ends the running execution with a memory bound. Never returns while an execution runs.
[[noreturn]] void out_of_memory();

// Raises a Lua error object of OTP's kind: class is "error", "exit" or "throw"; the reason is the
// value on top of the stack, or `reason`. Caught by pcall like any other.
[[noreturn]] void raise_top(lua_State* L, const char* cls);
bool is_exception(lua_State* L, int index);  // an error of this kind, as raise_top makes it
[[noreturn]] void raise(lua_State* L, const char* cls, const char* reason);
// OTP's badarg, from within the function that was called so: a report says which `argument` it was,
// what it was, and `why` it is none; `element` is the place in it, if it is a list. The error
// itself says no more than OTP's: who runs has no business with labels that depend on the schedule.
[[noreturn]] void badarg(lua_State* L, int argument, const char* why, lua_Integer element = 0);
// Misuse of the API, as a plain Lua error that names the argument: "bad argument #2 to 'send'
// (...)".
[[noreturn]] void misuse_argument(lua_State* L, int argument, const char* expected);

// Names in the registry: the metatable of such errors; modules by name; the bodies of the
// scenarios, in the order of their declaration.
inline constexpr const char* kException = "lockstep.exception";
inline constexpr const char* kLoaded = "lockstep.loaded";
inline constexpr const char* kCompiled = "lockstep.compiled";  // by load, while a scenario runs
inline constexpr const char* kScenarios = "lockstep.scenarios";

}  // namespace lockstep::vm
