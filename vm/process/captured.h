// What a guest's function keeps between its calls, as one number.
#pragma once
#include <cstdint>
#include <string>

#include "vm/memory/lua_api.h"

namespace lockstep::vm {

// Of the values in the variables of the function at that index of L's stack, and of all that can be
// reached from them; file-level objects, which nobody can write, aside. Two calls with nothing
// written in between give the same. Runs no guest code.
uint64_t digest_of_captured(lua_State* L, int function);
std::string place_of(lua_State* L, int function);  // "file.lua:12": where it begins

}  // namespace lockstep::vm
