// What a scenario's files are made of: its modules, those of others, and texts that are data.
#pragma once
#include <string>
#include <string_view>

#include "vm/guest/watchdog.h"
#include "vm/loading/embedded.h"
#include "vm/memory/lua_api.h"

namespace lockstep::vm {

// Of the library; null if it has no such file.
const EmbeddedFile* find_embedded(const std::string& name);
// Pushes what the chunk returns.
void run_chunk(lua_State* L, std::string_view text, const std::string& chunk,
               Watchdog* watchdog = nullptr);

// The guest's.
int require(lua_State* L);

}  // namespace lockstep::vm
