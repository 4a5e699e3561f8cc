// The checkers on the generated histories with verdicts in the manifest: check time, the history in
// memory. Published figures are beside it in engine/history/README.md. Whole processes are measured
// with `lockstep check-history --timing`. Links lockstep_engine, benchmark and benchmark_main.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <filesystem>

#include "engine/history/check/check.h"
#include "engine/history/read/reader.h"

namespace lockstep::history {
namespace {

// Models by the beginning of the file's name.
ModelId model_of(const std::string& name) {
  const std::pair<const char*, ModelId> kModels[] = {
      {"cas", ModelId::cas_register}, {"counter", ModelId::counter}, {"kv", ModelId::kv},
      {"lock", ModelId::lock},        {"mutex", ModelId::mutex},     {"queue", ModelId::queue},
      {"reg", ModelId::register_},    {"set", ModelId::set},         {"stack", ModelId::stack}};
  std::string rest = name.starts_with("med-") ? name.substr(4) : name;
  for (auto [prefix, model] : kModels) {
    if (rest.starts_with(prefix)) return model;
  }
  return ModelId::cas_register;
}

void linearizable(benchmark::State& state, const std::string& path, ModelId model) {
  History history = read_history(read_file(path), path);
  for (auto _ : state) benchmark::DoNotOptimize(check_linearizable(history, model).verdict);
  state.counters["operations"] = static_cast<double>(history.operations().size());
}

void reading(benchmark::State& state, const std::string& path) {
  std::string text = read_file(path);
  for (auto _ : state) {
    benchmark::DoNotOptimize(read_history(text, path).operations().size());
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * text.size()));
}

[[maybe_unused]] const bool kRegistered = [] {
  std::vector<std::string> paths;
  for (const char* group : {"large", "medium"}) {
    auto folder = std::filesystem::path(LOCKSTEP_SOURCE_DIR) / "tests/data/histories/gen" / group;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      paths.push_back(entry.path());
    }
  }
  std::sort(paths.begin(), paths.end());
  for (const std::string& path : paths) {
    std::string name = std::filesystem::path(path).stem();
    benchmark::RegisterBenchmark(("history/" + name).c_str(), linearizable, path, model_of(name))
        ->Unit(benchmark::kMicrosecond);
  }
  benchmark::RegisterBenchmark("history/read", reading, paths[0])->Unit(benchmark::kMicrosecond);
  return true;
}();

}  // namespace
}  // namespace lockstep::history
