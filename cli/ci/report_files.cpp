#include "cli/ci/report_files.h"

#include <fmt/format.h>

#include <cstdio>
#include <optional>
#include <set>

#include "cli/report/contrast.h"
#include "cli/report/proof.h"
#include "cli/settings/values.h"
#include "cli/terminal/whole_file.h"
#include "cli/terminal/words.h"

namespace lockstep::cli {
namespace {

struct Format {
  const char* name;
  std::string (*text)(const CiRun&);
};
constexpr Format kFiles[] = {{"junit", junit_report},
                             {"sarif", sarif_report},
                             {"tap", tap_report},
                             {"markdown", markdown_report}};
constexpr const char* kAnnotations = "github";

std::pair<std::string, std::string> apart(const std::string& text) {
  const size_t at = text.find('=');
  if (at == std::string::npos) return {text, ""};
  return {text.substr(0, at), text.substr(at + 1)};
}

std::vector<std::string> decides(const FailureReport& f) {
  std::vector<std::string> lines;
  if (!f.contrast || f.contrast->kind != Contrast::found) return lines;
  for (const auto& part : f.contrast->parts) lines.push_back(one_line(contrast_sentence(part)));
  return lines;
}

CiCase::State state_of(const ScenarioReport& s) {
  if (s.failed || s.missed || s.result.misuse) return CiCase::failed;
  const bool nothing = s.searched && s.result.iterations == 0 && s.result.stop == StopReason::time;
  if (s.proof == Proof::incomplete || nothing) return CiCase::incomplete;
  return s.known ? CiCase::known : CiCase::passed;
}

std::string message_of(const ScenarioReport& s) {
  if (s.missed) return fmt::format("expected to fail ({}), but did not", s.settings.expect);
  if (s.result.misuse) return "misuses the API: " + one_line(s.result.misuse->outcome.reason);
  if (!s.searched) return "a remembered failure still fails: not searched further";
  if (s.proof == Proof::verified) return "verified";
  if (s.proof == Proof::incomplete) return fmt::format("incomplete: {}", stop_name(s.result.stop));
  return counted(s.result.iterations, "execution");
}

}  // namespace

const char* state_name(CiCase::State state) {
  constexpr const char* kNames[] = {"passed", "known", "failed", "incomplete", "not run", "broken"};
  return kNames[state];
}

void check_report(const std::string& text) {
  const auto [kind, file] = apart(text);
  std::string names = kAnnotations;
  for (const auto& format : kFiles) names += std::string("|") + format.name;
  try {
    check_choice(names.c_str(), kind);
  } catch (const std::string& complaint) {
    throw complaint + "; such as junit=FILE";
  }
  const bool annotations = kind == kAnnotations;
  if (annotations && text != kind)
    throw fmt::format("must be github alone, which takes no file, got '{}'", text);
  if (!annotations && (file.empty() || file == "-"))
    throw fmt::format("must name a file, since stdout is the report for people: {}=FILE", kind);
}

ReportFiles::ReportFiles(const Options& options) : options_(options) {
  run_.command = options.prove ? "verify" : "run";
  run_.baseline = !options.baseline.empty();
  if (options.reports.empty()) return;
  run_.root = repository_root(options.project_file);
  std::set<std::string> seen;
  for (const auto& report : options.reports)
    if (!seen.insert(apart(report).second).second)
      throw Error(ExitCode::usage, fmt::format("--report {}: that file is named twice", report),
                  "a file for each");
}

CiCase& ReportFiles::at(const std::string& path, int line, const std::string& name) {
  const auto file = from_root(run_.root, path);
  const auto [it, fresh] = index_.try_emplace({file, name}, run_.cases.size());
  if (fresh) {
    auto& c = run_.cases.emplace_back();
    c.file = file, c.line = std::max(line, 1), c.name = name;
  }
  return run_.cases[it->second];
}

void ReportFiles::broken(const BrokenFile& broken) {
  if (options_.reports.empty()) return;
  CiCase& c = at(broken.path, 1, "");
  c.state = CiCase::broken;
  c.message = one_line(broken.error.what());
}

void ReportFiles::not_run(const std::string& path, int line, const std::string& name,
                          const std::string& why) {
  if (!options_.reports.empty()) at(path, line, name).message = why;
}

void ReportFiles::failure(const FailureReport& f) {
  using How = FailureReport::How;
  if (options_.reports.empty() || f.how == How::expected || f.how == How::bound) return;
  CiCase& c = at(f.file, f.line, f.trace.scenario);
  const Trace& trace = f.shown();
  CiFailure& failure = c.failures.emplace_back();
  failure.verdict = verdict_name(trace.outcome.verdict);
  failure.signature = one_line(trace.outcome.signature());
  failure.reason = one_line(trace.outcome.reason);
  failure.place = failing_place(run_.root, f.file, f.line, trace);
  failure.path = f.file;
  failure.fingerprint = fingerprint(c.file, trace.scenario, trace.outcome,
                                    site_text(trace.files, trace.outcome.site));
  failure.text = make_text_reporter({Style(), options_.slice, false, false})->failure(f);
  failure.decides = decides(f);
  failure.trace_path = f.shown_path();
  if (!failure.trace_path.empty()) failure.replay = replay_command_line(failure.trace_path);
  failure.iteration = f.iteration;
  failure.known = f.known;
  failure.trace = trace;
}

void ReportFiles::scenario(const ScenarioReport& s) {
  if (options_.reports.empty()) return;
  CiCase& c = at(s.file, s.line, s.name);
  c.state = state_of(s);
  c.message = message_of(s);
  c.strategy = s.settings.strategy;
  c.seed = s.settings.seed;
  c.iterations = s.result.iterations;
  c.seconds = s.result.seconds;
}

void ReportFiles::write(const SummaryReport& summary) {
  run_.exit = summary.exit;
  std::optional<Error> error;
  for (const auto& report : options_.reports) {
    const auto [kind, file] = apart(report);
    if (kind == kAnnotations) {
      put(github_report(run_), stderr);
      continue;
    }
    for (const auto& format : kFiles) try {
        if (kind == format.name) write_whole_file("--report", file, format.text(run_));
      } catch (const Error& e) {
        if (!error) error = e;
      }
  }
  if (error) throw Error(*error);
}

}  // namespace lockstep::cli
