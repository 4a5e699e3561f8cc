// lockstep bench: trials of every strategy.
#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "cli/command/commands.h"
#include "cli/report/bench_report.h"
#include "cli/report/report.h"
#include "cli/selection/selection.h"
#include "cli/settings/values.h"
#include "cli/terminal/interrupt.h"
#include "engine/schedule/strategy.h"

namespace lockstep::cli {
namespace {

constexpr uint64_t kCap = 10000;

std::vector<BenchStrategy> sampling_strategies() {
  std::vector<BenchStrategy> all;
  for (const auto& info : strategies())
    if (info.claims.samples()) all.push_back({info.name, {{"strategy", info.name}}});
  return all;
}

BenchStrategy parse_strategy(const std::string& text) {
  const auto parts = split(text, ':');
  BenchStrategy strategy{text, {{"strategy", parts[0]}}};
  check_setting("strategy", parts[0]);
  if (find_strategy(parts[0])->claims.follows)
    throw std::string("must be strategies that choose schedules; replay follows a recorded one");
  for (size_t i = 1; i < parts.size(); i++) {
    const auto equals = parts[i].find('=');
    const auto name = parts[i].substr(0, equals);
    if (equals == std::string::npos ||
        (name != "depth" && name != "resample_prob" && name != "cores"))
      throw fmt::format(
          "must be names with depth=D, resample_prob=P or cores=N after a colon, got '{}'", text);
    try {
      check_setting(name, parts[i].substr(equals + 1));
    } catch (const std::string& complaint) {
      throw fmt::format("{}: {} {}", text, name, complaint);
    }
    strategy.settings[name] = parts[i].substr(equals + 1);
  }
  return strategy;
}

class Bench {
 public:
  explicit Bench(const Options& options) : options_(options), line_(options) {
    report_.strategies =
        options.bench.strategies.empty() ? sampling_strategies() : options.bench.strategies;
    report_.trials = options.bench.trials;
    report_.coverage = options.bench.coverage;
  }

  ExitCode run() {
    const auto programs = load_programs(options_, "lockstep bench scenarios/bugs/*.lua");
    const auto selected = select_scenarios(options_, programs);
    std::vector<std::string> used;
    for (const auto& strategy : report_.strategies)
      used.push_back(strategy.settings.at("strategy"));
    check_takes(options_.settings, used);
    report_.cap = options_.settings.count("iterations") ? selected[0].settings.iterations : kCap;
    report_.first_seed =
        options_.settings.count("seed") ? selected[0].settings.seed : report_.first_seed;
    const auto reporter = make_reporter(options_);
    if (ndjson()) put(reporter->begin({"bench", options_.args}));
    bool interrupted = false;
    for (size_t i = 0; i < selected.size() && !interrupted; i++)
      interrupted = measure(selected[i], i, selected.size());
    if (report_.programs.size() > 1 || options_.bench.summary) suite();
    if (options_.format == "markdown") put(bench_markdown(report_));
    const auto exit = interrupted ? ExitCode::interrupted : ExitCode::ok;
    if (ndjson()) put(end(*reporter, interrupted, exit));
    return exit;
  }

 private:
  bool ndjson() const { return options_.format == "ndjson"; }

  void suite() const {
    if (ndjson()) put(bench_suite_ndjson(report_));
    if (options_.format == "text") put(bench_suite_text(report_, output_style(options_)));
  }
  std::string end(Reporter& reporter, bool interrupted, ExitCode exit) const {
    SummaryReport summary;
    summary.scenarios = report_.programs.size();
    summary.interrupted = interrupted;
    summary.exit = exit;
    for (const auto& program : report_.programs)
      for (const auto& contestant : program.result.contestants)
        for (const auto& trial : contestant.trials) summary.iterations += trial.executions;
    return reporter.end(summary);
  }

  // True: ^C.
  bool measure(const Selected& s, size_t number, size_t all) {
    BakeOffOptions bake;
    for (const auto& strategy : report_.strategies) {
      auto flags = options_.settings;
      for (const auto& [name, value] : strategy.settings) flags[name] = value;
      bake.contestants.push_back(resolve_settings(*s.scenario, flags, options_.project).explore());
    }
    bake.first_seed = report_.first_seed;
    bake.trials = report_.trials;
    bake.cap = report_.cap;
    bake.coverage = report_.coverage;
    bake.workers =
        options_.jobs ? options_.jobs : std::max(1u, std::thread::hardware_concurrency());
    bake.interrupted = &interrupted();
    const auto factory = [&] {
      auto options = s.settings.machine();
      options.stop = &stop_if_interrupted();
      return vm::make_machine(*s.program, s.scenario->name, options);
    };
    BenchProgram program{s.program->path(), s.scenario->name, {}};
    program.result = bake_off(factory, bake, [&](const BakeOffProgress& p) {
      line_.show(fmt::format("{} ({}/{}): {} of {} trials", s.scenario->name, number + 1, all,
                             p.done, p.all));
    });
    line_.clear();
    if (const auto& misuse = program.result.misuse)
      throw Error(
          ExitCode::scenario,
          fmt::format("{}{}{}", misuse->site, misuse->site.empty() ? "" : ": ", misuse->reason),
          misuse->detail);
    if (ndjson()) put(bench_program_ndjson(report_, program));
    if (options_.format == "text" && !options_.bench.summary)
      put(bench_program_text(report_, program, output_style(options_)));
    const bool stopped = program.result.interrupted;
    report_.programs.push_back(std::move(program));
    return stopped;
  }

  const Options& options_;
  ProgressLine line_;
  BenchReport report_;
};

}  // namespace

std::vector<BenchStrategy> parse_bench_strategies(const std::string& text) {
  std::vector<BenchStrategy> all;
  for (const auto& part : split(text, ',')) {
    auto strategy = parse_strategy(part);
    for (const auto& other : all)
      if (other.label == strategy.label)
        throw fmt::format("must name each strategy once, got '{}' twice", strategy.label);
    all.push_back(std::move(strategy));
  }
  return all;
}

ExitCode bench_command(const Options& options) { return Bench(options).run(); }

}  // namespace lockstep::cli
