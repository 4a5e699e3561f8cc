// A file of a program, as text.
#pragma once
#include <string>
#include <string_view>

namespace lockstep::vm {

struct SourceFile {
  std::string name;  // relative to the scenario's folder, or to where it was found along the path
  std::string text;
  std::string found;  // the file that was read, of what was found along the path; else empty
};

// The whole file, of 256 MiB at most; false, and why, if it cannot be read or is none (a pipe, a
// device, a directory).
bool read_source(const std::string& path, std::string* text, std::string* problem);

// What of a file's text is Lua: as for lua5.4, a byte order mark and a first line with # are not.
// Lines keep their numbers.
std::string_view lua_text(std::string_view text);

}  // namespace lockstep::vm
