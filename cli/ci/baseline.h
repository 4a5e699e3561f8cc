// Failures that a team knows of: they break no build. A file of JSON lines, one a failure, in an
// order that makes small diffs.
#pragma once
#include <map>
#include <set>
#include <string>
#include <utility>

namespace lockstep::cli {

struct BaselineEntry {
  std::string fingerprint;  // place.h
  std::string file;         // from the repository's root
  std::string scenario;
  std::string signature;  // for people: its line is that of when it was written
};

class Baseline {
 public:
  // Throws Error: ExitCode::usage if there is no such file, ExitCode::trace with file and line if
  // it is none.
  static Baseline read(const std::string& path);

  bool empty() const { return entries_.empty(); }
  bool has(const std::string& fingerprint) const { return entries_.contains(fingerprint); }
  void add(BaselineEntry entry);
  // Those of the scenarios (file, name) that `run` does not have: they were not looked at.
  void keep_others(const Baseline& old, const std::set<std::pair<std::string, std::string>>& run);
  std::string text() const;

 private:
  std::map<std::string, BaselineEntry> entries_;  // by fingerprint
};

}  // namespace lockstep::cli
