#include "vm/machine/source.h"

#include <algorithm>

#include "engine/base/files.h"

namespace lockstep::vm {

bool read_source(const std::string& path, std::string* text, std::string* problem) {
  constexpr size_t kMost = size_t{256} << 20;
  return read_whole(path, kMost, text, problem);
}

std::string_view lua_text(std::string_view text) {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  if (text.starts_with('#')) text.remove_prefix(std::min(text.find('\n'), text.size()));
  return text;
}

}  // namespace lockstep::vm
