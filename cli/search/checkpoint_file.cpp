#include "cli/search/checkpoint_file.h"

#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <utility>

#include "cli/terminal/whole_file.h"
#include "engine/base/files.h"

namespace lockstep::cli {
namespace {

constexpr size_t kMostBytes = size_t{4} << 30;

}  // namespace

CheckpointFile::CheckpointFile(std::string path) : path_(std::move(path)) {}

void CheckpointFile::read() {
  std::error_code ignored;
  if (path_.empty() || !std::filesystem::exists(path_, ignored)) return;
  std::string bytes, problem;
  if (!read_whole(path_, kMostBytes, &bytes, &problem))
    throw Error(ExitCode::trace, fmt::format("--checkpoint {}: cannot be read: {}", path_, problem),
                "name a file; it is made if it is not there");
  saved_ = decode_search(bytes, "--checkpoint " + path_);
  there_ = true;
}

Checkpoints CheckpointFile::begin(const Identity& id, bool polls) {
  if (!saved_.body.empty())
    if (const auto other = difference(saved_.of, id); !other.empty())
      throw Error(ExitCode::usage,
                  fmt::format("--checkpoint {}: of another search: {}", path_, other),
                  "give it what it was begun with, name another file, or remove this one");
  saved_.of = id;
  saved_.polls = polls;
  Checkpoints c;
  c.last = std::exchange(saved_.body, {});
  c.write = [this](const std::string& body) { write(body); };
  return c;
}

// What cannot be written costs no more than what would be lost with the process.
void CheckpointFile::write(const std::string& body) {
  saved_.body = body;
  const std::string bytes = encode_search(saved_);
  saved_.body.clear();
  try {
    write_whole_file("--checkpoint", path_, bytes);
    there_ = true;
    error_.reset();
  } catch (const Error& e) {
    if (!error_) std::fprintf(stderr, "lockstep: %s; the search goes on\n", e.what());
    error_ = e;
  }
}

void CheckpointFile::finish(const ExploreResult& r, bool interrupted) {
  if (path_.empty()) return;
  const bool over = r.misuse || r.stop == StopReason::exhausted ||
                    r.stop == StopReason::unordered || r.stop == StopReason::failures;
  std::error_code ignored;
  if (over && !interrupted) {
    if (there_) std::filesystem::remove(path_, ignored);
  } else if (there_) {
    std::fprintf(stderr, "lockstep: the same command goes on from %s\n", path_.c_str());
  }
}

}  // namespace lockstep::cli
