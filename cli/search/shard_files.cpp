#include "cli/search/shard_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "cli/terminal/whole_file.h"
#include "cli/terminal/words.h"
#include "engine/base/files.h"

namespace lockstep::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* kEnd = ".lockshard";
constexpr size_t kMostBytes = size_t{4} << 30;

// What is a shard's own: which one it is, how it works, and how it talks.
bool is_of_shard(const std::string& name) {
  for (const char* own : {"--shard", "--out", "--jobs", "--format", "--color", "--no-progress",
                          "--quiet", "--verbose", "--log-file"})
    if (name == own) return true;
  return false;
}

// Those of the command line that are the run's, one word each.
std::vector<std::string> words_of(const Options& options) {
  std::vector<std::string> words{options.prove ? "verify" : "run"};
  for (const auto& origin : options.origins) {
    const Flag* flag = find_command(words[0])->find(origin.name);
    if (origin.from != "the command line" || !flag || is_of_shard(origin.name)) continue;
    words.push_back(flag->value ? origin.name + "=" + origin.value : origin.name);
  }
  words.insert(words.end(), options.args.begin(), options.args.end());
  return words;
}

ShardResult read(const fs::path& path) {
  std::string bytes, problem;
  if (!read_whole(path.string(), kMostBytes, &bytes, &problem))
    throw Error(ExitCode::trace, fmt::format("{}: cannot be read: {}", path.string(), problem));
  try {
    return decode_shard(bytes, path.string());
  } catch (const Error& e) {
    throw Error(e.code(), e.what(), "run that shard again: it writes the file anew");
  }
}

std::vector<fs::path> paths_of_shards(const std::string& folder, std::error_code& error) {
  std::vector<fs::path> paths;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error))
    if (it->path().extension() == kEnd) paths.push_back(it->path());
  std::sort(paths.begin(), paths.end());
  return paths;
}

std::string list(const std::vector<uint64_t>& numbers) {
  std::string out;
  for (size_t i = 0; i < numbers.size() && i < 20; i++)
    out += (i ? ", " : "") + std::to_string(numbers[i]);
  return numbers.size() > 20 ? out + ", ..." : out;
}

}  // namespace

// Reports and memory are merge's: those of the command line are refused, those of the project file
// left to it.
Options of_shard(const Options& options) {
  const auto refuse = [](const std::string& what, const char* hint) {
    throw Error(ExitCode::usage, what, hint);
  };
  Options own = options;
  if (options.out.empty()) return own;
  if (!options.sharded)
    refuse("--out is where shards are kept, and there is no --shard I/N",
           "lockstep run FILE --shard I/N --out DIR");
  if (options.total_seconds > 0)
    refuse("--out: --total-time goes on with other seeds while there is time", "use --time");
  if (options.check_determinism)
    refuse("--out: --check-determinism finds something out about this process alone",
           "give it to lockstep run without --out");
  for (const auto& origin : options.origins)
    for (const char* flag : {"--store", "--baseline", "--write-baseline", "--html", "--report"})
      if (origin.name == flag && origin.from == "the command line")
        refuse(fmt::format("{} has no effect beside --out", flag), "give it to lockstep merge");
  for (std::string* of_merge : {&own.store, &own.baseline, &own.write_baseline, &own.html})
    of_merge->clear();
  own.reports.clear();
  return own;
}

std::string shard_key(const ScenarioRun& run) {
  return run.program.path() + ": " + run.scenario.name;
}

ShardWriter::ShardWriter(const Options& options) : options_(options) {
  result_.shard = options.shard;
  result_.shards = options.shards;
  result_.command_line = words_of(options);
}

std::string ShardWriter::path() const {
  return (fs::path(options_.out) /
          fmt::format("shard-{}-of-{}{}", options_.shard, options_.shards, kEnd))
      .string();
}

void ShardWriter::add(const Identity& id, const std::string& key, const std::string& saved) {
  result_.scenarios[key] = {id, saved};
}

void ShardWriter::write() const {
  std::error_code ignored;  // who writes says what is wrong with the folder
  fs::create_directories(options_.out, ignored);
  write_whole_file("--out", path(), encode_shard(result_));
}

ShardReader::ShardReader(const std::string& folder) : folder_(folder) {
  std::error_code error;
  const std::vector<fs::path> paths = paths_of_shards(folder, error);
  if (error)
    throw Error(ExitCode::usage, fmt::format("{}: {}", folder, error.message()),
                "name the folder that the shards were given with --out");
  if (paths.empty())
    throw Error(ExitCode::incomplete, fmt::format("{}: no shard is there", folder),
                "lockstep run FILE --shard I/N --out DIR, for each I from 0 to N - 1");
  for (const auto& path : paths) {
    shards_.push_back(read(path));
    const ShardResult &one = shards_.back(), &first = shards_.front();
    const auto refuse = [&](const std::string& why) {
      throw Error(ExitCode::usage,
                  fmt::format("{} and {}: {}", paths[0].string(), path.string(), why),
                  "keep the shards of one run in one folder");
    };
    if (one.shards != first.shards)
      refuse(fmt::format("one of {} shards and one of {}", first.shards, one.shards));
    for (const auto& [key, part] : first.scenarios) {
      const auto there = one.scenarios.find(key);
      if (there == one.scenarios.end()) refuse(fmt::format("only the first has {}", one_line(key)));
      if (const auto other = difference(part.of, there->second.of); !other.empty()) refuse(other);
    }
    if (one.scenarios.size() != first.scenarios.size()) refuse("the second has more scenarios");
  }
  std::sort(shards_.begin(), shards_.end(),
            [](const auto& a, const auto& b) { return a.shard < b.shard; });
  std::vector<uint64_t> missing;
  size_t at = 0;
  for (uint64_t i = 0; i < shards_[0].shards; i++) {
    if (at < shards_.size() && shards_[at].shard == i)
      at++;
    else
      missing.push_back(i);
  }
  if (!missing.empty())
    throw Error(
        ExitCode::incomplete,
        fmt::format("{}: {} of {} {} missing: {}", folder, missing.size(),
                    counted(shards_[0].shards, "shard"), missing.size() == 1 ? "is" : "are",
                    list(missing)),
        fmt::format("run it with --shard {}/{} again, then merge", missing[0], shards_[0].shards));
}

std::vector<std::string> ShardReader::of(const Identity& id, const std::string& key) const {
  std::vector<std::string> saved;
  for (const auto& shard : shards_) {
    const auto it = shard.scenarios.find(key);
    if (it == shard.scenarios.end())
      throw Error(ExitCode::usage,
                  fmt::format("{}: the shards have not run {}", folder_, one_line(key)));
    if (const auto other = difference(it->second.of, id); !other.empty())
      throw Error(ExitCode::usage, fmt::format("{}: of another run: {}", folder_, other),
                  "merge where the files are those that the shards had");
    saved.push_back(it->second.saved);
  }
  return saved;
}

void ShardReader::check_lessons(const std::vector<std::string>& saved) const {
  std::vector<uint64_t> behind;
  for (const size_t i : shards_behind(saved)) behind.push_back(shards_[i].shard);
  if (behind.empty()) return;
  throw Error(
      ExitCode::incomplete,
      fmt::format("{}: what {} took for granted of messages, others have seen to be wrong: {}",
                  folder_, counted(behind.size(), "shard"), list(behind)),
      fmt::format("run {} again with the same --out, which tells {} of it, then merge",
                  behind.size() == 1 ? "it" : "them", behind.size() == 1 ? "it" : "them"));
}

std::map<std::string, std::string> shards_in(const std::string& folder, uint64_t shards,
                                             const Identity& id, const std::string& key) {
  std::map<std::string, std::string> found;
  std::error_code not_there;
  for (const auto& path : paths_of_shards(folder, not_there)) try {
      const ShardResult shard = read(path);
      const auto it = shard.scenarios.find(key);
      if (shard.shards == shards && it != shard.scenarios.end() &&
          difference(it->second.of, id).empty())
        found[path.string()] = it->second.saved;
    } catch (const Error&) {
    }
  return found;
}

}  // namespace lockstep::cli
