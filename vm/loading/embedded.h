// The Lua files under lua/, embedded into the binary by cmake/embed.cmake.
#pragma once
#include <cstddef>
#include <string_view>

namespace lockstep::vm {

struct EmbeddedFile {
  const char* name;  // "lockstep/gen_server.lua"
  std::string_view text;
};
extern const EmbeddedFile kEmbedded[];
extern const size_t kEmbeddedCount;

}  // namespace lockstep::vm
