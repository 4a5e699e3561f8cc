#include "cli/ci/baseline.h"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>
#include <tuple>
#include <vector>

#include "cli/terminal/json_line.h"
#include "engine/base/error.h"
#include "engine/base/files.h"

namespace lockstep::cli {
namespace {

constexpr size_t kMostBytes = size_t{64} << 20;
constexpr int kSchema = 1;

class Lines {
 public:
  explicit Lines(const std::string& path) : path_(path) {}

  Json parse(const std::string& line) {
    number_++;
    auto json = Json::parse(line, nullptr, false);
    if (json.is_discarded() || !json.is_object()) bad("is no JSON object");
    return json;
  }
  std::string text(const Json& json, const char* key) const {
    const auto it = json.find(key);
    if (it == json.end() || !it->is_string() || it->get<std::string>().empty())
      bad(fmt::format("has no text '{}'", key));
    return it->get<std::string>();
  }
  void heading(const Json& json) const {
    const auto type = json.find("type"), schema = json.find("schema");
    if (type == json.end() || *type != "baseline") bad("is no heading of a baseline");
    if (schema == json.end() || *schema != kSchema)
      bad(fmt::format("names a schema other than {}: a newer lockstep wrote it", kSchema));
  }
  [[noreturn]] void bad(const std::string& what) const { bad(std::max<size_t>(number_, 1), what); }
  [[noreturn]] void bad(size_t number, const std::string& what) const {
    throw Error(ExitCode::trace, fmt::format("{}:{}: {}", path_, number, what),
                "it is written by 'lockstep run ... --write-baseline FILE', and is left as it is");
  }

 private:
  const std::string& path_;
  size_t number_ = 0;
};

bool is_fingerprint(const std::string& text) {
  return text.size() == 16 && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

}  // namespace

Baseline Baseline::read(const std::string& path) {
  std::string text, problem;
  if (!read_whole(path, kMostBytes, &text, &problem))
    throw Error(ExitCode::usage, fmt::format("--baseline {}: cannot be read: {}", path, problem),
                "write one: lockstep run ... --write-baseline FILE");
  Baseline baseline;
  Lines lines(path);
  std::istringstream in(text);
  std::string line;
  if (!std::getline(in, line)) lines.bad("is empty");
  lines.heading(lines.parse(line));
  if (text.back() != '\n')
    lines.bad(static_cast<size_t>(std::count(text.begin(), text.end(), '\n')) + 1,
              "does not end: the file is cut short");
  while (std::getline(in, line)) {
    const Json json = lines.parse(line);
    BaselineEntry entry{lines.text(json, "fingerprint"), lines.text(json, "file"),
                        lines.text(json, "scenario"), lines.text(json, "signature")};
    if (!is_fingerprint(entry.fingerprint)) lines.bad("has a fingerprint that is none");
    baseline.add(std::move(entry));
  }
  return baseline;
}

void Baseline::add(BaselineEntry entry) {
  entries_.insert_or_assign(entry.fingerprint, std::move(entry));
}

void Baseline::keep_others(const Baseline& old,
                           const std::set<std::pair<std::string, std::string>>& run) {
  for (const auto& [fingerprint, entry] : old.entries_)
    if (!run.contains({entry.file, entry.scenario})) add(entry);
}

std::string Baseline::text() const {
  std::vector<const BaselineEntry*> sorted;
  for (const auto& [fingerprint, entry] : entries_) sorted.push_back(&entry);
  std::sort(sorted.begin(), sorted.end(), [](const auto* a, const auto* b) {
    return std::tie(a->file, a->scenario, a->signature, a->fingerprint) <
           std::tie(b->file, b->scenario, b->signature, b->fingerprint);
  });
  std::string out = json_line({{"type", "baseline"}, {"schema", kSchema}});
  for (const auto* e : sorted)
    out += json_line({{"fingerprint", e->fingerprint},
                      {"file", e->file},
                      {"scenario", e->scenario},
                      {"signature", e->signature}});
  return out;
}

}  // namespace lockstep::cli
