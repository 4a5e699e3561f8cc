// The style and the scripts of pages (cli/page/web), embedded into the binary by cmake/embed.cmake.
#pragma once
#include <cstddef>
#include <string_view>

namespace lockstep::cli {

struct EmbeddedFile {
  const char* name;  // "style.css"
  std::string_view text;
};
extern const EmbeddedFile kEmbedded[];
extern const size_t kEmbeddedCount;

}  // namespace lockstep::cli
