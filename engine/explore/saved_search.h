// A checkpoint as bytes of a file: what it is a checkpoint of, and the search (checkpoint.cpp).
#pragma once
#include <map>
#include <string>
#include <string_view>

namespace lockstep {

struct SavedSearch {
  std::map<std::string, std::string> of;  // what the search depends on, as whoever saves it says
  bool polls = false;                     // ... it knows that waits poll mailboxes
  std::string body;                       // Checkpoints::last
};

std::string encode_search(const SavedSearch& saved);
// Throws Error(ExitCode::trace): no checkpoint, cut short, changed, of another version.
SavedSearch decode_search(std::string_view bytes, const std::string& path);

}  // namespace lockstep
