#include "cli/report/proof.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "cli/terminal/fit.h"
#include "cli/terminal/words.h"
#include "engine/schedule/strategy.h"

namespace lockstep::cli {
namespace {

const Claims& claims(const ScenarioReport& s) { return find_strategy(s.settings.strategy)->claims; }
bool every_schedule(const ScenarioReport& s) { return claims(s).unit == Unit::schedule; }
bool every_state(const ScenarioReport& s) { return claims(s).unit == Unit::state; }
bool by_itself(const ScenarioReport& s) { return claims(s).proves; }

// What counts: one execution for each class, or for each schedule; or states.
uint64_t executed(const ScenarioReport& s) {
  return every_state(s) && s.result.evidence.states ? s.result.evidence.states
                                                    : s.result.proof_executions - s.result.blocked;
}

// One execution is of one class.
bool classes_repeat(const ScenarioReport& s) { return s.result.classes_repeat && executed(s) > 1; }

std::string unit(const ScenarioReport& s, uint64_t n) {
  if (every_state(s) && s.result.evidence.states) return counted(n, "state");
  if (every_state(s) || every_schedule(s)) return counted(n, "schedule");
  if (classes_repeat(s)) return counted(n, "execution");
  return grouped(n) + (n == 1 ? " class" : " classes");
}

std::string size_text(uint64_t bytes) {
  return bytes >> 20 ? fmt::format("{}M", bytes >> 20) : fmt::format("{}k", (bytes + 1023) >> 10);
}

std::string lines(std::string_view name, const std::vector<std::string>& values) {
  std::string out;
  for (const auto& value : values)
    out += out.empty() ? field(name, value) : fmt::format("  {:<13}{}\n", "", value);
  return out;
}

std::vector<std::string> assumptions(const ScenarioReport& s) {
  const auto& set = s.settings;
  const Evidence& e = s.result.evidence;
  std::vector<std::string> out;
  out.push_back(fmt::format("at most {} steps in an execution, the longest had {}; memory {} MiB",
                            grouped(set.execution.limits.max_steps), grouped(e.longest),
                            set.execution.limits.max_memory >> 20));
  out.push_back(fmt::format("{} delivery on a node; timers {}",
                            set.execution.async_delivery ? "async" : "instant",
                            set.execution.timers == vm::TimerMode::racy ? "racy: at any time"
                            : set.execution.timers == vm::TimerMode::simultaneous
                                ? "simultaneous: time passes only when nothing else can go"
                                : "quiescent: only when nothing else can go"));
  out.push_back(
      set.execution.drain
          ? "an execution goes on after its root, until nothing can (drain)"
          : "an execution ends with its root; what others would do later is not looked at");
  out.push_back("no faults but those that the scenario allows (cluster.faults)");
  if (set.execution.allow_crashes)
    out.push_back("processes may crash unseen (crashes = \"allow\")");
  if (e.drew)
    out.push_back(fmt::format(
        "random numbers as drawn with seed {}, by {}: for others nothing is said (lockstep.choose "
        "explores all values)",
        set.seed, counted(e.drew, "execution")));
  if (set.search.preemptions >= 0)
    out.push_back(
        fmt::format("at most {} in an execution",
                    counted(static_cast<uint64_t>(set.search.preemptions), "preemption")));
  if (every_state(s) && e.states)
    out.push_back(fmt::format(
        "states are compared by 64-bit digests: the chance that two of {} were taken for one is at "
        "most {:.1g}",
        grouped(e.states),
        static_cast<double>(e.states) * static_cast<double>(e.states) * 0x1p-65));
  if (const auto& a = s.result.activity; a.spun)
    out.push_back(fmt::format(
        "waits that spin are fair: nobody goes round again before something that it looks at has "
        "changed ({} with such a wait; {} of them left out, where it would have gone on) (--spins "
        "any)",
        counted(a.spun, "execution"), grouped(a.in_vain)));
  if (const auto names = reduce_names(set.search.reduce); !names.empty())
    out.push_back("schedules that differ only by what nobody can tell count as one: " + names);
  return out;
}

std::string processes(const Evidence& e) {
  const auto text =
      grouped(e.processes.size()) + (e.processes.size() == 1 ? " process" : " processes");
  if (e.idle() == 0) return text + (e.processes.size() == 1 ? ", it ran" : ", all ran");
  std::string idle;
  for (const auto& [key, p] : e.processes)
    if (!p.ran) idle += (idle.empty() ? "" : ", ") + p.name;
  return text + "; never performed an operation: " + one_line(idle);
}

std::vector<std::string> substance(const ScenarioReport& s) {
  const Evidence& e = s.result.evidence;
  std::vector<std::string> out;
  if (e.assertions == 0)
    out.push_back("NOTHING ASSERTED: only errors, crashes, deadlocks and bounds are excluded");
  else
    out.push_back(fmt::format(
        "assert or a checker was evaluated {}, {}", counted(e.assertions, "time"),
        e.asserting == e.executions
            ? "in every execution"
            : fmt::format("in {} of {} executions", grouped(e.asserting), grouped(e.executions))));
  out.push_back(processes(e));
  const auto& races = e.races;
  if (every_state(s)) {
    const auto& r = s.result;
    out.push_back(fmt::format("{} with a choice; {} ended early, where nothing new was left",
                              counted(e.states, "state"), counted(r.blocked, "execution")));
    if (e.untold)
      out.push_back(fmt::format("{} in states that could not be compared (eventually, temporal)",
                                counted(e.untold, "choice")));
  } else if (!every_schedule(s)) {
    if (races.pairs() == 0)
      out.push_back("NOTHING RACED: no two operations could come in either order");
    else if (races.both() == races.pairs())
      out.push_back(fmt::format("{}{}, both orders seen of each", races.full() ? "at least " : "",
                                counted(races.pairs(), "racing pair")));
    else
      out.push_back(
          fmt::format("{}{}, both orders seen of {}; the others have one that is possible",
                      races.full() ? "at least " : "", counted(races.pairs(), "racing pair"),
                      grouped(races.both())));
  }
  if (e.unread == 0) {
    out.push_back("no message was left unread");
  } else {
    std::string text;
    size_t shown = 0;
    for (const auto& [key, path] : e.paths)
      if (shown++ < 3)
        text += fmt::format("{}{} ({})", text.empty() ? "" : ", ", one_line(path.path),
                            grouped(path.executions));
    if (e.paths.size() > 3) text += fmt::format(" and {} more", e.paths.size() - 3);
    out.push_back(fmt::format("messages were left unread in {} of {} executions: {}",
                              grouped(e.unread), grouped(e.executions), text));
  }
  if (const auto& goals = s.result.activity.goals; !goals.empty()) {
    std::string names;
    for (const auto& [name, times] : goals)
      names += fmt::format("{}{} ({})", names.empty() ? "" : ", ", one_line(name), grouped(times));
    out.push_back("goals reached (lockstep.cover): " + names);
  }
  return out;
}

// What stopped it, and the knob for that.
struct Obstacle {
  std::string what, knob;
};
// Something may be owed for longer, and the execution last for that.
std::string more_temperature(const Settings& set) {
  const uint64_t limit =
      4 * uint64_t{set.execution.max_temperature ? set.execution.max_temperature
                                                 : set.execution.limits.max_steps / 2};
  auto knob = fmt::format("--max-temperature {}", limit);
  if (limit >= set.execution.limits.max_steps) knob += fmt::format(" --max-steps {}", 2 * limit);
  return knob;
}

std::vector<Obstacle> obstacles(const ScenarioReport& s) {
  const auto& r = s.result;
  std::vector<Obstacle> out;
  const double factor = r.share > 0 ? 1 / r.share : 10;
  // Nobody waits for more than a day: then no budget helps.
  const double needed = r.seconds * factor * 1.2;
  const auto budget = [&](const std::string& knob) {
    return needed > 86'400 ? std::string() : knob;
  };
  switch (r.stop) {
    case StopReason::time:
      out.push_back(
          {s.seconds < s.settings.seconds || s.settings.seconds == 0
               ? fmt::format("the time was up ({:.3g} s were left of --total-time)", s.seconds)
               : fmt::format("the time was up (--time {:g})", s.settings.seconds),
           budget(fmt::format("--time {:.0f}s", std::ceil(std::max(needed, s.seconds))))});
      break;
    case StopReason::iterations:
      out.push_back(
          {fmt::format("--iterations {}", s.settings.iterations),
           budget(fmt::format("--iterations {:.0f}",
                              std::ceil(static_cast<double>(r.iterations) * factor * 1.2)))});
      break;
    case StopReason::memory:
      if (!claims(s).counts_states()) {
        out.push_back({fmt::format("its different steps take more than {} of memory",
                                   size_text(s.settings.search.step_bytes)),
                       "fewer processes, rounds or different keys"});
        break;
      }
      out.push_back({fmt::format("{} fill --cache-memory {}", counted(r.evidence.states, "state"),
                                 size_text(s.settings.search.cache_bytes)),
                     fmt::format("--cache-memory {}, or fewer processes or rounds",
                                 size_text(s.settings.search.cache_bytes * 4))});
      out.push_back({"", "--strategy dpor needs no memory for states"});
      break;
    case StopReason::unordered:
      out.push_back({r.activity.kept + ", so the order of steps counts that nobody has announced",
                     "a pattern, or a function that only looks; or --strategy dfs"});
      break;
    case StopReason::interrupted:
      out.push_back({"it was interrupted", "let it run"});
      break;
    default:
      break;
  }
  for (const auto& finding : r.findings) {
    if (!finding.outcome.at_bound() || s.settings.expects(finding.outcome)) continue;
    const auto v = finding.outcome.verdict;
    out.push_back(
        {fmt::format("{} ended at a bound: {}", counted(finding.times, "execution"),
                     reason_shown(finding.outcome.reason)),
         v == Verdict::step_bound ? fmt::format("--max-steps {}, or fewer rounds in the scenario",
                                                uint64_t{s.settings.execution.limits.max_steps} * 4)
         : v == Verdict::memory_bound
             ? fmt::format("--max-memory {}M", (s.settings.execution.limits.max_memory >> 20) * 4)
         : v == Verdict::liveness ? more_temperature(s.settings)
                                  : "an operation, or an end, in the loop that ran away"});
  }
  if (r.stop == StopReason::time || r.stop == StopReason::iterations) {
    std::string more;
    if (every_schedule(s))
      more = "--strategy dpor executes one schedule of each class";
    else
      more = every_state(s)
                 ? "fewer processes or rounds; --strategy dpor; or a bounded proof: --preemptions 2"
                 : "--reduce all, fewer processes or rounds; --strategy cache; or a bounded proof: "
                   "--preemptions 2";
    if (!more.empty()) out.push_back({"", more});
  }
  return out;
}

std::string rest(const ScenarioReport& s) {
  const auto& r = s.result;
  if (r.exhausted) return "everything else was executed";
  if (r.stop == StopReason::unordered) return "what differs by announced orders was executed";
  if (r.share <= 0) return "unknown";
  const double n = static_cast<double>(executed(s));
  const double all = n / r.share;
  auto text = fmt::format("about {} of the search is done", percent(r.share));
  if (all < 1e15)
    text += fmt::format(": {} in all, as far as can be told", unit(s, static_cast<uint64_t>(all)));
  return text;
}

}  // namespace

std::string everything(const ScenarioReport& s, std::string_view within) {
  switch (claims(s).unit) {
    case Unit::schedule:
      return fmt::format("Every schedule{} was executed", within);
    case Unit::state:
      return fmt::format("Every state{} was visited", within);
    case Unit::equivalence_class:
      break;
  }
  return "Every class of equivalent schedules was executed";
}

std::string proof_heading(const ScenarioReport& s, const Style& style) {
  const auto name = one_line(s.name);
  const auto all = unit(s, executed(s));
  if (s.proof == Proof::incomplete)
    return style.yellow(fmt::format("{}: INCOMPLETE, no failure in {}", name, all));
  std::string how =
      s.settings.search.preemptions < 0
          ? ""
          : fmt::format(" within {}", counted(static_cast<uint64_t>(s.settings.search.preemptions),
                                              "preemption"));
  if (by_itself(s)) how += " by auto";
  if (s.expected) {
    uint64_t times = 0;
    for (const auto& f : s.result.findings) times += f.times;
    const auto where =
        every_state(s) ? counted(times, "execution") : fmt::format("{} of {}", grouped(times), all);
    return style.green(
        fmt::format("{}: VERIFIED{}, fails as expected ({}) in {}, and in no other way", name, how,
                    one_line(s.settings.expect), where));
  }
  if (executed(s) == 1)
    return style.green(fmt::format("{}: VERIFIED{}, the only {} passes", name, how, all.substr(2)));
  return style.green(fmt::format("{}: VERIFIED{}, all {} pass", name, how, all));
}

std::string proof_text(const ScenarioReport& s) {
  if (s.proof == Proof::incomplete) {
    std::vector<std::string> what, knobs;
    for (const auto& o : obstacles(s)) {
      if (!o.what.empty()) what.push_back(o.what);
      if (!o.knob.empty()) knobs.push_back(o.knob);
    }
    return lines("stopped by", what) + field("rest", rest(s)) + lines("try", knobs);
  }
  auto out = lines("assumed", assumptions(s)) + lines("not vacuous", substance(s));
  out += "  " + everything(s, s.settings.search.preemptions < 0 ? "" : " within the bound");
  if (s.settings.search.reduce.needs_mail() && s.result.blocked)
    out += fmt::format(" ({} more repeated one)", counted(s.result.blocked, "execution"));
  return out + (s.expected ? ".\n" : ": none fails.\n");
}

nlohmann::ordered_json proof_json(const ScenarioReport& s) {
  using Json = nlohmann::ordered_json;
  const Evidence& e = s.result.evidence;
  Json idle = Json::array(), unread = Json::array(), goals = Json::object(),
       stopped = Json::array(), knobs = Json::array();
  for (const auto& [key, p] : e.processes)
    if (!p.ran) idle.push_back(p.name);
  for (const auto& [key, path] : e.paths)
    unread.push_back(
        {{"path", path.path}, {"executions", path.executions}, {"messages", path.messages}});
  for (const auto& [name, times] : s.result.activity.goals) goals[name] = times;
  if (s.proof == Proof::incomplete)
    for (const auto& o : obstacles(s)) {
      if (!o.what.empty()) stopped.push_back(o.what);
      if (!o.knob.empty()) knobs.push_back(o.knob);
    }
  return {{"verdict", s.proof == Proof::verified ? "verified" : "incomplete"},
          {"executed", executed(s)},
          {"unit", every_schedule(s)   ? "schedules"
                   : every_state(s)    ? "states"
                   : classes_repeat(s) ? "executions"
                                       : "classes"},
          {"states", e.states},
          {"states_not_compared", e.untold},
          {"longest", e.longest},
          {"drain", s.settings.execution.drain},
          {"random_numbers", e.drew},
          {"preemptions", s.settings.search.preemptions},
          {"reduce", reduce_names(s.settings.search.reduce)},
          {"spins", s.settings.search.fair_spins ? "fair" : "any"},
          {"spun", s.result.activity.spun},
          {"in_vain", s.result.activity.in_vain},
          {"cut_short", s.result.activity.cut_short},
          {"fired_last", s.result.activity.fired_last},
          {"assertions", e.assertions},
          {"asserting", e.asserting},
          {"processes", e.processes.size()},
          {"idle_processes", idle},
          {"racing_pairs", e.races.pairs()},
          {"both_orders", e.races.both()},
          {"unread_executions", e.unread},
          {"unread", unread},
          {"goals", goals},
          {"stopped_by", stopped},
          {"try", knobs}};
}

std::string progress_text(const std::string& scenario, const Progress& p, double seconds) {
  const double rate = p.seconds > 0 ? static_cast<double>(p.iterations) / p.seconds : 0;
  auto text = fmt::format("{}: {} executions, {:.0f}/s, {} failure{}", scenario, p.iterations, rate,
                          p.failures, p.failures == 1 ? "" : "s");
  if (p.share > 0)
    text += fmt::format(", {:.3g} % of about {:.2g}", p.share * 100,
                        static_cast<double>(p.iterations) / p.share);
  else if (p.classes)
    text += fmt::format(", {} classes seen", p.classes) +
            (p.estimate > 0 ? fmt::format(" of at least {:.0f}", p.estimate) : "");
  // Whatever comes first: the end, or that of a budget.
  double left = INFINITY;
  if (p.share > 0) left = p.seconds * (1 - p.share) / p.share;
  if (p.goal > 0 && rate > 0)
    left = std::min(left, static_cast<double>(p.goal - std::min(p.goal, p.iterations)) / rate);
  if (seconds > 0) left = std::min(left, std::max(seconds - p.seconds, 0.0));
  if (std::isfinite(left)) text += fmt::format(", {:.0f} s left", left);
  return text;
}

}  // namespace lockstep::cli
