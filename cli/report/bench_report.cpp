#include "cli/report/bench_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "cli/terminal/json_line.h"
#include "cli/terminal/words.h"

namespace lockstep::cli {
namespace {

// Three significant digits say more than the scatter of a geometric law carries.
std::string short_number(double x) {
  x += 1e-9;  // two ways to the same sum must print alike
  if (x >= 99.95) return grouped(static_cast<uint64_t>(std::llround(x)));
  return x >= 9.995 ? fmt::format("{:.0f}", x) : fmt::format("{:.1f}", x);
}
std::string or_dash(const std::optional<double>& x) { return x ? short_number(*x) : "-"; }

using Row = std::vector<std::string>;

// The first column to the left, the others to the right.
std::string aligned(const std::vector<Row>& rows, const Style& style) {
  std::vector<size_t> width;
  for (const Row& row : rows) {
    width.resize(std::max(width.size(), row.size()));
    for (size_t i = 0; i < row.size(); i++) width[i] = std::max(width[i], row[i].size());
  }
  std::string out;
  for (const Row& row : rows) {
    std::string line = fmt::format("  {:<{}}", row[0], width[0]);
    for (size_t i = 1; i < row.size(); i++) line += fmt::format("  {:>{}}", row[i], width[i]);
    out += (&row == rows.data() ? style.dim(line) : line) + "\n";
  }
  return out;
}

double per_second(double n, const Coverage& c) { return c.seconds > 0 ? n / c.seconds : 0; }

Row program_row(const std::string& label, const Contestant& c, bool coverage) {
  const FirstFailure& f = c.first;
  Row row = {label, fmt::format("{}/{}", f.found, f.trials), or_dash(f.median)};
  row.push_back(f.lower || f.upper ? fmt::format("{}..{}", or_dash(f.lower), or_dash(f.upper))
                                   : "-");
  row.push_back(or_dash(f.mean));
  row.push_back(or_dash(f.deviation));
  row.push_back(f.trials ? short_number(f.restricted_mean) : "-");
  if (!coverage) return row;
  row.push_back(c.coverage ? grouped(c.coverage->classes) : "-");
  row.push_back(c.coverage && c.coverage->unseen ? fmt::format("{:.3f}", *c.coverage->unseen)
                                                 : "-");
  return row;
}

std::string failures(const BenchProgram& program) {
  std::map<std::string, uint64_t> all;
  for (const auto& c : program.result.contestants)
    for (const auto& [signature, times] : c.signatures) all[signature] += times;
  std::string out;
  for (const auto& [signature, times] : all)
    out += fmt::format("  fails with:  {} ({} trials)\n", one_line(signature), grouped(times));
  return out.empty() ? "  never failed\n" : out;
}

bool ever_failed(const BenchProgram& program) {
  return std::any_of(program.result.contestants.begin(), program.result.contestants.end(),
                     [](const Contestant& c) { return c.first.found > 0; });
}

Json number_or_null(const std::optional<double>& x) { return x ? Json(*x) : Json(nullptr); }

}  // namespace

BenchSuite bench_suite(const BenchReport& report, size_t strategy) {
  BenchSuite suite;
  std::vector<double> means;
  for (const auto& program : report.programs) {
    const FirstFailure& f = program.result.contestants[strategy].first;
    if (f.trials == 0 || !ever_failed(program)) continue;
    suite.programs++;
    suite.always += f.found == f.trials;
    suite.found += static_cast<double>(f.found) / static_cast<double>(f.trials);
    means.push_back(f.restricted_mean);
    if (f.restricted_mean <= suite.worst) continue;
    suite.worst = f.restricted_mean;
    suite.worst_program = program.name;
  }
  suite.geometric_mean = geometric_mean(means);
  return suite;
}

std::string bench_program_text(const BenchReport& report, const BenchProgram& program,
                               const Style& style) {
  std::string out =
      fmt::format("{} ({}): seeds {}..{}, at most {} executions each\n",
                  style.bold(one_line(program.name)), one_line(program.file), report.first_seed,
                  report.first_seed + report.trials - 1, grouped(report.cap));
  std::vector<Row> rows = {
      {"strategy", "found", "median", "quartiles", "mean", "sd", "restricted mean"}};
  const bool coverage = report.coverage > 0;
  if (coverage) rows[0].insert(rows[0].end(), {"classes", "unseen"});
  const auto& contestants = program.result.contestants;
  for (size_t i = 0; i < contestants.size(); i++)
    rows.push_back(program_row(report.strategies[i].label, contestants[i], coverage));
  out += aligned(rows, style) + failures(program);
  for (size_t i = 0; i < contestants.size(); i++)
    if (const auto& c = contestants[i].coverage)
      out += fmt::format(
          "  rate:        {} {} executions/s, {} classes/s\n", report.strategies[i].label,
          grouped(static_cast<uint64_t>(per_second(static_cast<double>(c->executions), *c))),
          grouped(static_cast<uint64_t>(per_second(static_cast<double>(c->classes), *c))));
  return out + "\n";
}

std::string bench_suite_text(const BenchReport& report, const Style& style) {
  size_t failing = 0;
  for (const auto& program : report.programs) failing += ever_failed(program);
  std::string out = fmt::format("{}: {} programs, {} of them failed\n", style.bold("suite"),
                                report.programs.size(), failing);
  if (failing == 0) return out;
  std::vector<Row> rows = {
      {"strategy", "always found", "found a trial", "geometric mean", "worst"}};
  for (size_t i = 0; i < report.strategies.size(); i++) {
    const BenchSuite s = bench_suite(report, i);
    rows.push_back({report.strategies[i].label, fmt::format("{}/{}", s.always, s.programs),
                    fmt::format("{:.1f}", s.found), fmt::format("{:.1f}", s.geometric_mean),
                    fmt::format("{} ({})", short_number(s.worst), one_line(s.worst_program))});
  }
  return out + aligned(rows, style);
}

std::string bench_markdown(const BenchReport& report) {
  std::string out = "| program |", rule = "|---|";
  for (const auto& s : report.strategies) out += " " + s.label + " |", rule += "---|";
  out += "\n" + rule + "\n";
  for (const auto& program : report.programs) {
    out += "| " + one_line(program.name) + " |";
    for (const auto& c : program.result.contestants) {
      out += " " + or_dash(c.first.mean);
      if (c.first.found > 0 && c.first.found < c.first.trials)
        out += fmt::format(" ({}/{})", c.first.found, c.first.trials);
      out += " |";
    }
    out += "\n";
  }
  if (report.programs.size() < 2) return out;
  std::string always = "| found in every trial |", means = "| geometric mean |",
              worst = "| worst |";
  for (size_t i = 0; i < report.strategies.size(); i++) {
    const BenchSuite s = bench_suite(report, i);
    always += fmt::format(" {}/{} |", s.always, s.programs);
    means += fmt::format(" {:.1f} |", s.geometric_mean);
    worst += fmt::format(" {} |", short_number(s.worst));
  }
  return out + always + "\n" + means + "\n" + worst + "\n";
}

std::string bench_program_ndjson(const BenchReport& report, const BenchProgram& program) {
  std::string out;
  for (size_t i = 0; i < program.result.contestants.size(); i++) {
    const Contestant& c = program.result.contestants[i];
    const FirstFailure& f = c.first;
    Json json = {{"type", "bench"},
                 {"file", program.file},
                 {"scenario", program.name},
                 {"strategy", report.strategies[i].label},
                 {"first_seed", report.first_seed},
                 {"cap", report.cap},
                 {"trials", f.trials},
                 {"found", f.found},
                 {"median", number_or_null(f.median)},
                 {"lower_quartile", number_or_null(f.lower)},
                 {"upper_quartile", number_or_null(f.upper)},
                 {"mean", number_or_null(f.mean)},
                 {"deviation", number_or_null(f.deviation)},
                 {"restricted_mean", f.restricted_mean},
                 {"signatures", c.signatures}};
    Json executions = Json::array();
    for (const Trial& t : c.trials) executions.push_back({t.executions, t.found});
    json["executions"] = executions;
    if (c.coverage)
      json["coverage"] = {{"executions", c.coverage->executions},
                          {"classes", c.coverage->classes},
                          {"classes_once", c.coverage->once},
                          {"unseen", number_or_null(c.coverage->unseen)}};
    if (c.coverage)
      json["rate"] = {{"executions_per_second",
                       per_second(static_cast<double>(c.coverage->executions), *c.coverage)},
                      {"classes_per_second",
                       per_second(static_cast<double>(c.coverage->classes), *c.coverage)}};
    out += json_line(json);
  }
  return out;
}

std::string bench_suite_ndjson(const BenchReport& report) {
  std::string out;
  for (size_t i = 0; i < report.strategies.size(); i++) {
    const BenchSuite s = bench_suite(report, i);
    out += json_line({{"type", "bench_suite"},
                      {"strategy", report.strategies[i].label},
                      {"programs", report.programs.size()},
                      {"failing", s.programs},
                      {"always_found", s.always},
                      {"found_a_trial", s.found},
                      {"geometric_mean", s.geometric_mean},
                      {"worst_mean", s.worst},
                      {"worst_program", s.worst_program}});
  }
  return out;
}

}  // namespace lockstep::cli
