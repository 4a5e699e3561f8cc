// Which modules of the library are nobody else's business.
#pragma once
#include <string_view>

namespace lockstep::vm {

// A part of the library that only the library requires: not to be proposed to anybody.
inline bool is_inner_module(std::string_view name) {
  return name == "gen" || name == "child" || name == "global_server" || name.ends_with("_core") ||
         name.find('.') != std::string_view::npos;  // a part of a module, in its folder
}

}  // namespace lockstep::vm
