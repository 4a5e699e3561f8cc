// The C library of Lua, and what the machine adds to it. Only files of vm/ that talk to Lua include
// this.
#pragma once
extern "C" {
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
}
