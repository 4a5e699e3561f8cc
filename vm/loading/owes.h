// What a text may do, known before anything of it runs.
#pragma once
#include <string>

namespace lockstep::vm {

// May it say that something has to happen (eventually, temporal)? Yes also of strings that say so,
// since load() may be given one, and of what is no Lua.
bool may_owe(const std::string& text);

}  // namespace lockstep::vm
