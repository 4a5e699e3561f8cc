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

// Those of lua/meta/, for editors: "meta/gen_server.d.lua".
extern const EmbeddedFile kStubs[];
extern const size_t kStubsCount;

}  // namespace lockstep::vm
