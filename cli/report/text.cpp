// What a person reads. The fields of a failure keep the published tool's names and order, since
// scripts parse them: iteration, seed, iter seed, strategy, trace path, Reason, Schedule, replay
// command.
#include <fmt/format.h>

#include <algorithm>

#include "cli/report/contrast.h"
#include "cli/report/curve.h"
#include "cli/report/fix.h"
#include "cli/report/proof.h"
#include "cli/report/report.h"
#include "cli/report/rows.h"
#include "cli/report/scenario_facts.h"
#include "cli/report/schedule.h"
#include "cli/terminal/fit.h"
#include "cli/terminal/words.h"
#include "engine/explore/estimate.h"

namespace lockstep::cli {
namespace {

// A traceback of an endless recursion must not bury the schedule.
constexpr size_t kMostDetail = 24, kFewDetail = 8;

// Lines of a report, the schedule among them, which has at least so many whatever else there is.
constexpr size_t kMostLines = 60, kMostWithColumns = 66, kFewestRows = 14;
constexpr size_t kFewUnread = 3;

size_t lines_in(const std::string& text) {
  return static_cast<size_t>(std::count(text.begin(), text.end(), '\n'));
}

std::string indented(const std::string& text, size_t indent, size_t most = kMostDetail) {
  std::string out;
  size_t lines = 0, left_out = 0;
  for (size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    if (lines++ >= most)
      left_out++;
    else if (end > at)
      out += std::string(indent, ' ') + text.substr(at, end - at) + '\n';
    at = end + 1;
  }
  if (left_out) out += fmt::format("{:{}}... and {} more\n", "", indent, counted(left_out, "line"));
  return out;
}

std::string heading(const FailureReport& f, const Style& style) {
  const auto name = one_line(f.trace.scenario);
  const auto n = f.iteration;
  if (f.trace.outcome.verdict == Verdict::passed)
    return style.bold(fmt::format("{}: an execution that passes", name));
  switch (f.how) {
    case FailureReport::How::bound:
      return style.yellow(fmt::format("{}: comes to a bound on iteration {}", name, n));
    case FailureReport::How::found:
      if (f.in_vain)
        return style.red(
            fmt::format("{}: fails on iteration {}, and under every schedule tried ({})", name, n,
                        grouped(f.in_vain)));
      return style.red(fmt::format("{}: found a concurrency bug on iteration {}", name, n));
    case FailureReport::How::expected:
      return style.green(fmt::format("{}: failed as expected on iteration {}", name, n));
    case FailureReport::How::replayed:
      return style.red(fmt::format("{}: reproduced the bug found on iteration {}", name, n));
    case FailureReport::How::edited:
      return style.red(fmt::format("{}: still fails under the schedule of iteration {}", name, n));
    case FailureReport::How::otherwise:
      return style.red(
          fmt::format("{}: fails otherwise under the schedule of iteration {}", name, n));
    case FailureReport::How::kept:
      return style.red(fmt::format(
          "{}: still fails: an execution that keeps what decided the failure of iteration {}", name,
          n));
    case FailureReport::How::sampled:
      return style.red(
          fmt::format("{}: still fails, though not under the schedule of iteration {}", name, n));
    case FailureReport::How::shrunk:
      return style.bold(fmt::format("{}: shrunk the bug found on iteration {}", name, n));
    case FailureReport::How::explained:
      return style.bold(fmt::format("{}: why the bug found on iteration {} fails", name, n));
    case FailureReport::How::dumped:
      return style.bold(fmt::format("{}: bug found on iteration {}", name, n));
  }
  return {};
}

std::string shrink_text(const ShrinkReport& s) {
  if (!s.reproduced) return "not shrunk: the schedule did not fail again";
  auto out = fmt::format(
      "{} -> {} steps, {} -> {} switches, {} -> {} preemptions, {} -> {} deviations",
      s.before.steps, s.after.steps, s.before.switches, s.after.switches, s.before.preemptions,
      s.after.preemptions, s.before.deviations, s.after.deviations);
  if (s.before.faults) out += fmt::format(", {} -> {} faults", s.before.faults, s.after.faults);
  if (s.inputs_before)
    out += fmt::format(", {} -> {} generated operations", s.inputs_before, s.inputs_after);
  return out;
}

std::string shrink_claim(const ShrinkReport& s) {
  const auto replays = counted(s.attempts, "replay");
  if (s.minimum) return fmt::format("minimum: no smaller set of deviations fails ({})", replays);
  if (s.one_minimal) return fmt::format("1-minimal: no single deviation can go ({})", replays);
  return fmt::format("not minimal: the budget ended after {}", replays);
}

std::string schedule_heading(const Trace& trace, const ScheduleView& view) {
  const auto all = counted(trace.events.size(), "step");
  if (!view.sliced) return trace.events.size() == 1 ? all : "all " + all;
  if (Lasso lasso; parse_lasso(trace.outcome, &lasso))
    return fmt::format(
        "the way into the loop and once round it; seen to repeat at step {} (--no-slice)",
        trace.events.empty() ? 0 : trace.events.back().step);
  if (view.tail)
    return fmt::format("the last {} of {}; --no-slice shows the others", view.steps.size(), all);
  return fmt::format("{} of {}; the failure does not depend on the others (--no-slice)",
                     view.steps.size(), all);
}

class TextReporter : public Reporter {
 public:
  explicit TextReporter(const ReportOptions& options) : options_(options), style_(options.style) {}

  std::string begin(const RunReport&) override { return {}; }

  std::string failure(const FailureReport& f) override {
    if (f.how == FailureReport::How::expected) return fitted(expected(f), style_.width);
    auto before = fitted(what_failed(f), style_.width);
    auto after = fitted(how_shrunk(f), style_.width);
    if (!f.shown_path().empty()) after += replay_with(f.shown_path());
    if (!f.confirmed)
      return before +
             fitted("\n" + field("unconfirmed",
                                 "the time was up before the schedule was executed a "
                                 "second time, which shows its steps: replay it"),
                    style_.width) +
             after + "\n";
    return before + schedule(f, lines_in(before) + lines_in(after)) + after + "\n";
  }

  std::string scenario(const ScenarioReport& s) override {
    const auto& r = s.result;
    if (options_.quiet && !s.missed && s.proof != Proof::incomplete) return {};
    if (r.misuse) return {};  // search.cpp says so on stderr
    const auto name = one_line(s.name);
    std::string out;
    if (s.missed)
      out = style_.red(
          fmt::format("{}: expected to fail ({}), but did not", name, s.settings.expect));
    else if (s.proof != Proof::none)
      out = proof_heading(s, style_);
    else if (r.findings.empty())
      out = style_.green(fmt::format("{}: no failure found", name));
    else
      out = fmt::format("{}: {} found{}", name, counted(r.findings.size(), "failure"),
                        as_expected(s));
    out += "\n\n";
    for (const ScenarioFact& fact : scenario_facts())
      if (fact.text) fact.text(s, options_, out);
    if (s.proof != Proof::none)
      out += proof_text(s);
    else if (r.findings.empty())
      out += guarantee(s);
    return out + "\n";
  }

  std::string disagreement(const DisagreementReport& d) override {
    const bool pair = !d.found.second.empty();
    std::string out =
        style_.red(fmt::format("{}: lockstep is wrong: {}", one_line(d.scenario),
                               pair ? "two steps that it calls independent do not commute"
                                    : "a step changes what it had not announced"));
    out += "\n\n" + field(pair ? "first" : "step", d.found.first);
    if (pair) out += field("second", d.found.second);
    out += field("difference", "") + indented(harmless(d.found.what), 4);
    for (const int i : {0, 1})
      if (!d.paths[i].empty())
        out += field(!pair ? "trace"
                     : i   ? "other order"
                           : "one order",
                     d.paths[i] + " (lockstep dump --trace T)");
    return out + fmt::format(
                     "\n  No proof of this scenario counts, and it was not searched. Please report "
                     "it, with {}.\n\n",
                     pair ? "both traces" : "the trace");
  }

  std::string diverged(const DivergenceReport& d) override {
    const auto& at = d.at;
    std::string out =
        d.against.empty()
            ? style_.red(
                  fmt::format("diverged at step {}: this is not the recorded execution", at.step))
            : style_.red(fmt::format("the schedule no longer applies to {} at step {}", d.against,
                                     at.step));
    out += "\n\n" + field("trace path", d.path) + field("recorded", at.recorded) +
           field("now", at.actual);
    out += several("available", at.available) + several("perhaps", at.causes);
    return out;
  }

  std::string fixed(const FixReport& fix) override { return fix_text(fix, style_); }

  std::string passed(const std::string& path, const std::string& file, bool as_recorded) override {
    if (as_recorded)
      return style_.green(fmt::format("passes, as recorded: {} under the schedule of {}",
                                      one_line(file), path)) +
             "\n";
    return style_.green(fmt::format("passes: {} under the schedule of {}", file, path)) + "\n" +
           "  The recorded failure is gone under this one schedule. 'lockstep run' looks at "
           "others.\n";
  }

  std::string end(const SummaryReport& s) override {
    std::string out;
    if (s.interrupted) out += style_.yellow("interrupted: the results above are partial") + "\n";
    if (!s.not_run.empty()) {
      std::string names;
      for (const auto& name : s.not_run) names += (names.empty() ? "" : ", ") + one_line(name);
      out +=
          style_.yellow(fmt::format("not run, since the time was up (--total-time): {}", names)) +
          "\n";
    }
    if (s.scenarios > 1 && !(options_.quiet && s.passed() == s.scenarios))
      out += fmt::format(
          "{} scenarios: {} passed, {}{} failed\n", s.scenarios, s.passed(),
          s.incomplete ? fmt::format("{} incomplete, ", s.incomplete) : std::string(), s.failed);
    return out;
  }

 private:
  std::string expected(const FailureReport& f) const {
    if (options_.quiet) return {};
    auto out = heading(f, style_) + "\n\n" + field("signature", f.trace.outcome.signature());
    if (!f.path.empty()) out += field("trace path", f.shown_path());
    return out + "\n";
  }

  static std::string metadata(const Trace& trace) {
    std::string options, files;
    for (const auto& [name, value] : trace.options)
      options += fmt::format("{}{}={}", options.empty() ? "" : " ", name, value);
    for (const auto& file : trace.files) files += (files.empty() ? "" : " ") + file.name;
    auto out = field("version", trace.tool_version) + field("files", files) +
               field("options", options) +
               field("decisions", std::to_string(trace.decisions.size()));
    // Of a set that is no minimum the trace does not know whether the budget ended first.
    if (trace.shrunk)
      out += field("shrunk from", fmt::format("{} ({} from the default schedule{})", trace.origin,
                                              counted(trace.deviations, "deviation"),
                                              trace.minimum ? ", a minimum" : ""));
    return out;
  }

  std::string what_failed(const FailureReport& f) const {
    const auto& shown = f.shown();
    std::string out = heading(f, style_) + "\n\n";
    out += field("seed", std::to_string(f.trace.seed));
    out += field("iter seed", std::to_string(iteration_seed(f.trace.seed, f.trace.iteration)));
    out += field("strategy", f.trace.strategy);
    if (!f.path.empty()) out += field("trace path", f.path);
    if (f.how == FailureReport::How::dumped) out += metadata(f.trace);
    if (!f.small_path.empty()) out += field("shrunk to", f.small_path);
    if (f.trace.times > 1)
      out += field("seen", fmt::format("{} times with this signature", grouped(f.trace.times)));
    if (shown.outcome.verdict != Verdict::passed)
      out +=
          "\n" + field("Reason", style_.bold(options_.full ? one_line(shown.outcome.reason)
                                                           : reason_shown(shown.outcome.reason)));
    out += field("signature", one_line(shown.outcome.signature()));
    if (!shown.outcome.process.empty()) out += field("in", one_line(shown.outcome.process));
    out += detail(shown.outcome);
    if (f.contrast) out += contrast_text(*f.contrast, style_);
    if (f.curve) out += curve_text(*f.curve);
    if (f.why && !f.why->sentence.empty() && !(f.contrast && f.contrast->kind == Contrast::found))
      out += field("Why", style_.bold(one_line(f.why->sentence)));
    if (f.unsteered) out += unsteered_text(*f.unsteered);
    if (!f.nondeterminism.empty())
      out += "\n" + field("NOT EXACT",
                          "the same schedule, run again, went elsewhere: " + f.nondeterminism);
    return out;
  }

  // The lines of a deadlock's story that who waits for what does not tell.
  static std::string matchers_that_raised(std::string_view story) {
    std::string told;
    while (!story.empty()) {
      const auto line = story.substr(0, story.find('\n'));
      story.remove_prefix(std::min(line.size() + 1, story.size()));
      if (line.find("its matcher raised") != std::string_view::npos)
        told += std::string(line) + "\n";
    }
    return told;
  }

  // Of a deadlock who waits is told with what became of what each waits for.
  std::string detail(const Outcome& outcome) const {
    if (outcome.detail.empty()) return {};
    if (outcome.verdict == Verdict::deadlock && !options_.full)
      return indented(matchers_that_raised(harmless(outcome.detail)), 4);
    auto text = harmless(outcome.detail);
    // The heart of a history's violation is the reason already.
    if (const auto at = text.find("In short: "); at != std::string::npos && !options_.full) {
      const auto end = std::min(text.find('\n', at), text.size() - 1);
      const auto heart = text.substr(at + 10, end - at - 10);
      if (outcome.reason.find(heart.substr(0, heart.size() - 1)) != std::string::npos)
        text.erase(at, end + 1 - at);
    }
    if (outcome.site.empty() || options_.full)
      return indented(text, 4, options_.full ? kMostDetail : kFewDetail);
    // The place alone is in the signature already.
    const auto place = "  at " + outcome.site;
    if (text == place || text == place + "\n") return {};
    return indented(text, 4, kFewDetail);
  }

  std::string how_shrunk(const FailureReport& f) const {
    std::string out;
    if (f.out_of_time)
      out += "\n" + field("not shrunk", "the time was up; 'lockstep shrink' takes its own");
    if (f.shrink) {
      out += "\n" + field("shrunk", shrink_text(*f.shrink));
      if (f.shrink->reproduced) out += fmt::format("  {:<13}{}\n", "", shrink_claim(*f.shrink));
      if (f.shrink->reproduced && f.shrink->after.steps > f.shrink->before.steps)
        out += fmt::format("  {:<13}longer: every schedule found with so few deviations is\n", "");
    }
    return out;
  }

  // One line that a shell takes; where it is too long two, which it takes as well.
  std::string replay_with(const std::string& path) const {
    const auto line = fmt::format("  Replay with: {}", replay_command_line(path));
    if (shown_width(line) <= style_.width) return "\n" + line + "\n";
    return fmt::format("\n  Replay with: lockstep replay \\\n    --trace {}\n", shell_word(path));
  }

  // The steps that decide the failure, as far as they are of this schedule.
  static std::vector<uint32_t> named_steps(const FailureReport& f) {
    std::vector<uint32_t> steps;
    if (f.contrast && f.contrast->kind == Contrast::found)
      for (const ContrastPart& part : f.contrast->parts) {
        steps.push_back(part.condition.first_step);
        if (part.condition.second_step) steps.push_back(part.condition.second_step);
      }
    return steps;
  }

  // `taken`: lines of the report without it.
  std::string schedule(const FailureReport& f, size_t taken) const {
    const auto& trace = f.shown();
    const auto view = view_schedule(trace, options_.slice);
    if (view.steps.empty())
      return "\n" + fitted(field("Schedule",
                                 "none: it fails before the first choice, whatever the schedule"),
                           style_.width);
    const auto folded = fold(trace, view, f.observed ? &*f.observed : nullptr);
    const auto waits = fitted(waiting_text(folded, style_), style_.width);
    const auto unread =
        fitted(unread_text(folded, options_.full ? SIZE_MAX : kFewUnread, style_), style_.width);
    const std::string ends =
        (waits.empty() ? "" : "\n" + waits) + (unread.empty() ? "" : "\n" + unread);
    const auto heading =
        "\n" + fitted(field("Schedule", schedule_heading(trace, view)), style_.width);
    if (options_.full) {
      const auto columns = row_columns(trace, folded, style_);
      return heading + fitted(schedule_list(trace, view, style_), style_.width) + ends +
             (columns.empty() ? "" : "\n  Side by side:\n" + columns) + sources(view);
    }
    taken += lines_in(heading) + lines_in(ends);
    const size_t most = std::max(kMostLines - std::min(kMostLines, taken), kFewestRows);
    const auto list = row_list(trace, folded, named_steps(f), most, style_);
    auto out = heading + list.text + ends;
    taken += lines_in(list.text);
    // The other views of the same where there is room for them: first the source.
    auto lines = sources(view);
    if (taken + lines_in(lines) > kMostLines) lines.clear();
    taken += lines_in(lines);
    if (const auto columns = row_columns(trace, folded, style_);
        !columns.empty() && taken + 2 + lines_in(columns) <= kMostWithColumns)
      out += "\n  Side by side:\n" + columns;
    return out + lines;
  }

  std::string sources(const ScheduleView& view) const {
    const auto lines = schedule_sources(view, style_, options_.full);
    return lines.empty() ? lines : "\n  Source:\n" + fitted(lines, style_.width);
  }

  static std::string as_expected(const ScenarioReport& s) {
    const auto& all = s.result.findings;
    const auto n = static_cast<size_t>(std::count_if(
        all.begin(), all.end(), [&](const Finding& f) { return s.settings.expects(f.outcome); }));
    return n == 0            ? ""
           : n == all.size() ? ", as expected"
                             : fmt::format(", {} of them as expected", grouped(n));
  }

  static constexpr double kWorthSaying = 0.005;  // below it, "at most 100 %"

  static std::string guarantee(const ScenarioReport& s) {
    const auto& r = s.result;
    const auto* strategy = find_strategy(s.settings.strategy);
    if (strategy && strategy->claims.bounded && r.stop == StopReason::exhausted)
      return "  Every schedule within the bound was executed: none fails. Beyond it nothing is "
             "said.\n";
    if (strategy && strategy->claims.exhaustive && r.shards > 1)
      return "  It is a part of a proof: lockstep merge says what all of them come to.\n";
    if (strategy && strategy->claims.exhaustive) return proof(s);
    if (r.iterations == 0)
      return "  No execution came to its end, so nothing is said. Give it more --time, or see with "
             "-vv what takes so long.\n";
    std::string out = "  This is not a proof.";
    if (!strategy) return out + "\n";
    // Only what the strategy's draws allow to be said.
    const Estimate e = estimate(r, *strategy, s.settings.search.depth);
    if (e.failure_bound)
      out += fmt::format(
          " A failure in more than {} of {} would have been found (95 %{}).",
          percent(*e.failure_bound), e.of_random_walk ? "random walks" : "executions",
          e.of_random_walk ? fmt::format(", by {}", counted(e.draws, "random walk")) : "");
    out += "\n";
    if (e.unseen && *e.unseen > 0)
      out += fmt::format("  About {} of further executions would show a class not seen yet.\n",
                         percent(*e.unseen));
    if (e.pct_hit && *e.pct_hit >= kWorthSaying)
      out += fmt::format(
          "  A bug of depth {} would have been missed with a probability of at most {} (n = {}, k "
          "= {}).\n",
          s.settings.search.depth, percent(1 - *e.pct_hit), r.pilot.actors, r.pilot.choice_points);
    return out;
  }

  static std::string proof(const ScenarioReport& s) {
    const auto what = everything(s);
    if (!s.result.exhausted)
      return "  This is not a proof: the search did not end. Give it more --iterations or "
             "--time.\n";
    if (s.result.bound_hit)
      return fmt::format("  {}, but some executions ended at a bound: this is not a proof.\n",
                         what);
    return fmt::format("  {}: none fails, with max_steps {}.\n", what,
                       s.settings.execution.limits.max_steps);
  }

  ReportOptions options_;
  Style style_;
};

}  // namespace

std::unique_ptr<Reporter> make_text_reporter(const ReportOptions& options) {
  return std::make_unique<TextReporter>(options);
}

}  // namespace lockstep::cli
