#include "cli/ci/store.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "cli/ci/place.h"
#include "engine/base/digest.h"
#include "engine/base/files.h"

namespace lockstep::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* kEnd = ".lockstep";
constexpr size_t kMostBytes = size_t{256} << 20;

// Twice 64 bits: no two traces of a team's are taken for one.
std::string content_name(const std::string& bytes) {
  constexpr uint64_t kSecond = 0x5ee0c0de;
  return fmt::format("{:016x}{:016x}", digest_text(bytes), digest_text(bytes, kSecond));
}

Error left_alone(const std::string& path, const std::string& what) {
  return Error(ExitCode::trace, fmt::format("{}: {}: left alone", path, what),
               "restore it, or remove it: the failure is found again if it is still there");
}

// Entries of one folder, by name, so that the order is the same everywhere.
std::vector<std::string> entries(const std::string& folder) {
  std::vector<std::string> paths;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    std::error_code ignored;
    if (it->path().extension() == kEnd && !it->is_directory(ignored))
      paths.push_back(it->path().string());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

StoredFailure read_entry(const std::string& path, const std::string& file) {
  std::string bytes, problem;
  if (!read_whole(path, kMostBytes, &bytes, &problem))
    throw left_alone(path, "cannot be read: " + problem);
  if (content_name(bytes) != fs::path(path).stem().string())
    throw left_alone(path, "its contents are not those that its name tells, so it is damaged");
  StoredFailure entry{path, "", {}};
  try {
    entry.trace = decode_trace(bytes, path);
  } catch (const Error& e) {
    throw Error(e.code(), std::string(e.what()) + ": left alone", e.hint());
  }
  if (entry.trace.files.empty()) throw left_alone(path, "holds no scenario source");
  const Trace& t = entry.trace;
  entry.fingerprint = fingerprint(file, t.scenario, t.outcome, site_text(t.files, t.outcome.site));
  return entry;
}

}  // namespace

void FailureStore::check() const {
  std::error_code ignored;
  if (fs::exists(folder_, ignored) && !fs::is_directory(folder_, ignored))
    throw Error(ExitCode::usage, fmt::format("--store {}: this is no folder", folder_),
                "name a folder; it is made if it is not there");
}

// What is not below the root has an absolute path: its own corner.
std::string FailureStore::folder_of(const std::string& file) const {
  return (fs::path(folder_) / fs::path(file).relative_path()).string();
}

std::vector<StoredFailure> FailureStore::of(const std::string& file,
                                            std::vector<Error>* damaged) const {
  std::vector<StoredFailure> all;
  for (const auto& path : entries(folder_of(file))) {
    try {
      all.push_back(read_entry(path, file));
    } catch (const Error& e) {
      damaged->push_back(e);
    }
  }
  return all;
}

std::vector<std::string> FailureStore::files() const {
  std::set<std::string> files;
  std::error_code error;
  for (fs::recursive_directory_iterator it(folder_, error), end; !error && it != end;
       it.increment(error))
    if (it->path().extension() == kEnd)
      files.insert(
          it->path().parent_path().lexically_relative(folder_).lexically_normal().generic_string());
  return {files.begin(), files.end()};
}

std::string FailureStore::add(const std::string& file, const Trace& trace) const {
  const auto folder = folder_of(file);
  auto path = (fs::path(folder) / (content_name(encode_trace(trace)) + kEnd)).string();
  std::error_code ignored;  // write_trace says what is wrong with the folder
  fs::create_directories(folder, ignored);
  write_trace(trace, path);
  return path;
}

void FailureStore::remove(const StoredFailure& entry) const {
  std::error_code ignored;  // somebody else has
  fs::remove(entry.path, ignored);
}

}  // namespace lockstep::cli
