#include "cli/report/scenario_facts.h"

#include <fmt/format.h>

#include "cli/report/proof.h"
#include "cli/terminal/words.h"
#include "engine/explore/estimate.h"

namespace lockstep::cli {
namespace {

// ---- which scenario ----

void subject_json(const ScenarioReport& s, Json& json) {
  json["file"] = s.file;
  json["scenario"] = s.name;
  json["strategy"] = s.settings.strategy;
  json["seed"] = json_number(s.settings.seed);
  json["max_steps"] = s.settings.execution.limits.max_steps;
  json["options"] = s.settings.recorded();
}

// ---- what was executed ----

std::string per_second(uint64_t n, const ExploreResult& r) {
  return grouped(static_cast<uint64_t>(static_cast<double>(n) / r.seconds));
}

std::string stop_text(const ScenarioReport& s) {
  switch (s.result.stop) {
    case StopReason::time:
      return ", the time is up";
    case StopReason::exhausted:
      return ", nothing is left";
    case StopReason::unordered:
      return ", nothing that can be told apart is left";
    case StopReason::interrupted:
      return ", interrupted";
    case StopReason::memory:
      return ", its memory is used up";
    default:
      return "";
  }
}

void executed_json(const ScenarioReport& s, Json& json) {
  const auto& r = s.result;
  const double rate = r.seconds > 0 ? static_cast<double>(r.iterations) / r.seconds : 0;
  const double steps_rate = r.seconds > 0 ? static_cast<double>(r.steps) / r.seconds : 0;
  json["stop"] = stop_name(r.stop);
  json["failures"] = r.findings.size();
  json["shard"] = json_number(r.shard);
  json["shards"] = json_number(r.shards);
  json["iterations"] = json_number(r.iterations);
  json["steps"] = json_number(r.steps);
  json["seconds"] = r.seconds;
  json["cpu_seconds"] = r.cpu_seconds;
  json["executions_per_second"] = rate;
  json["steps_per_second"] = steps_rate;
  json["bound_hit"] = json_number(r.bound_hit);
  json["blocked"] = json_number(r.blocked);
  json["exhausted"] = r.exhausted;
  json["resumed"] = json_number(r.earlier);
  json["checkpoints"] = json_number(r.checkpoints);
  json["checkpoint_seconds"] = r.checkpoint_seconds;
}
void executed_text(const ScenarioReport& s, const ReportOptions&, std::string& out) {
  const auto& r = s.result;
  out += field("iterations", fmt::format("{} with {}, seed {}{}", grouped(r.iterations),
                                         s.settings.strategy, s.settings.seed, stop_text(s)));
  if (r.earlier)
    out += field("of these", fmt::format("{} before the checkpoint that it went on from",
                                         counted(r.earlier, "execution")));
  if (r.shards > 1)
    out += field(
        "shard",
        find_strategy(s.settings.strategy)->claims.exhaustive
            ? fmt::format("{} of {}: figures are of its parts of the tree", r.shard + 1, r.shards)
            : fmt::format("{} of {}: iterations k with k mod {} = {}; figures are of "
                          "these alone (iteration 0 is walked by every shard, and "
                          "counted by the first)",
                          r.shard + 1, r.shards, r.shards, r.shard));
  out += field("steps", grouped(r.steps));
  if (r.bound_hit) out += field("at a bound", counted(r.bound_hit, "execution"));
  if (r.blocked)
    out += field("redundant",
                 counted(r.blocked, "execution") + " given up, or of a class seen before");
  if (r.seconds > 0)
    out +=
        field("rate", fmt::format("{} executions/s, {} steps/s, {:.2f} s",
                                  per_second(r.iterations, r), per_second(r.steps, r), r.seconds));
}

// ---- searches before it, of what --total-time had left ----

void rounds_json(const ScenarioReport& s, Json& json) {
  Json rounds = Json::array();
  for (const auto& round : s.rounds)
    rounds.push_back(
        {{"seed", json_number(round.seed)}, {"iterations", json_number(round.iterations)}});
  json["earlier"] = std::move(rounds);
}
void rounds_text(const ScenarioReport& s, const ReportOptions&, std::string& out) {
  uint64_t n = 0;
  for (const auto& round : s.rounds) n += round.iterations;
  if (!s.rounds.empty())
    out += field("earlier", fmt::format("{} in {}, which met nothing", counted(n, "execution"),
                                        counted(s.rounds.size(), "round")));
}

// ---- classes ----

void classes_json(const ScenarioReport& s, Json& json) {
  json["classes"] = json_number(s.result.classes);
  json["classes_once"] = json_number(s.result.classes_once);
  json["classes_sampled"] = json_number(s.result.classes_sampled);
}
void classes_text(const ScenarioReport& s, const ReportOptions&, std::string& out) {
  const auto& r = s.result;
  if (r.classes_sampled)
    out += field("classes", fmt::format("{} seen in {}, {} of them once", grouped(r.classes),
                                        counted(r.classes_sampled, "sampled execution"),
                                        grouped(r.classes_once)));
}

// ---- what may be concluded: the text says it at the end ----

void estimate_json(const ScenarioReport& s, Json& json) {
  const auto& r = s.result;
  const auto* strategy = find_strategy(s.settings.strategy);
  const Estimate e = strategy ? estimate(r, *strategy, s.settings.search.depth) : Estimate{};
  const auto optional = [](const std::optional<double>& v) { return v ? Json(*v) : Json(nullptr); };
  json["excluded_rate"] = optional(e.failure_bound);  // null: the strategy's draws do not allow it
  json["excluded_rate_of"] = !e.failure_bound   ? Json(nullptr)
                             : e.of_random_walk ? Json("random walks")
                                                : Json("executions");
  json["independent_draws"] = json_number(e.draws);
  json["unseen_share"] = optional(e.unseen);
  json["unseen_bound"] = optional(e.unseen_bound);
  json["classes_estimate"] = optional(e.classes);
  json["pct_hit"] = optional(e.pct_hit);
  json["proof"] = r.exhausted && r.shards == 1 && r.bound_hit == 0 && r.findings.empty();
}

// ---- races, and what the executions did ----

Json races_json(const RaceSummary& races) {
  const auto side = [](const RaceSide& s) { return Json{{"event", s.what}, {"site", s.site}}; };
  Json groups = Json::array();
  for (const auto& g : races.groups)
    groups.push_back({{"kind", race_kind_name(g.kind)},
                      {"object", g.object},
                      {"first", side(g.first)},
                      {"second", side(g.second)},
                      {"first_first", g.first_first},
                      {"second_first", g.second_first},
                      {"both_orders", g.both_orders()},
                      {"executions", json_number(g.executions)}});
  return {{"sampled", json_number(races.sampled)},
          {"left_out", json_number(races.left_out)},
          {"one_order", json_number(races.one_order())},
          {"pairs", groups}};
}

// Goals asked for by name stand there with 0 if no execution reached them.
Json activity_json(const Activity& c, const std::vector<std::string>& named) {
  Json goals = Json::object();
  for (const auto& name : named) goals[name] = 0;
  for (const auto& [name, n] : c.goals) goals[name] = json_number(n);
  return {{"executions", json_number(c.executions)},
          {"assertions", json_number(c.assertions)},
          {"without_assertion", json_number(c.without_assertion)},
          {"processes_most", c.processes_most},
          {"ran_most", c.ran_most},
          {"with_idle_process", json_number(c.idle)},
          {"unread_messages", json_number(c.unread)},
          {"with_unread_messages", json_number(c.with_unread)},
          {"cut_short", json_number(c.cut_short)},
          {"fired_last", c.fired_last},
          {"goals", goals}};
}

// One line, or with --races one more for each group.
std::vector<std::string> race_lines(const ScenarioReport& s, bool list) {
  const auto& races = s.result.races;
  if (!races.sampled) return {};
  const auto& groups = races.groups;
  auto head = fmt::format("{} in {}", counted(groups.size(), "racing pair"),
                          counted(races.sampled, "sampled execution"));
  if (const auto one = races.one_order())
    head += fmt::format(", {} seen in one order only", grouped(one));
  else if (!groups.empty())
    head += ", all seen in both orders";
  if (races.left_out) head += fmt::format("; {} left out", counted(races.left_out, "longer one"));
  if (!groups.empty() && !list) head += " (--races lists them)";
  std::vector<std::string> lines{head};
  if (!list) return lines;
  for (const auto& g : groups) {
    const auto side = [](const RaceSide& r) {
      return r.site.empty() ? r.what : fmt::format("{} ({})", r.what, r.site);
    };
    const auto both = g.both_orders();
    lines.push_back(one_line(fmt::format(
        "{:<19} {}: {}; {}", race_kind_name(g.kind), g.object,
        g.first == g.second ? fmt::format("{} of two {}", side(g.first),
                                          g.first.what == "timer_fire" ? "timers" : "processes")
                            : fmt::format("{} and {}", side(g.first), side(g.second)),
        both ? std::string("both orders seen")
        : g.first == g.second
            ? std::string("one order seen")
            : fmt::format("only {} first", side(g.first_first ? g.first : g.second)))));
  }
  return lines;
}

// A scenario that passes because it does not wait for what it has started.
std::vector<std::string> end_lines(const ScenarioReport& s) {
  const Activity& a = s.result.activity;
  if (a.cut_short == 0 || !s.result.findings.empty()) return {};
  return {fmt::format("in {} of {} the root returned while others could go on",
                      grouped(a.cut_short), counted(a.executions, "execution")),
          "what they would do is not looked at: wait for them, or { drain = true }"};
}

// A scenario that passes because a time-out never beats what it waits for.
std::vector<std::string> timer_lines(const ScenarioReport& s) {
  const Activity& a = s.result.activity;
  if (a.fired_last == 0 || !s.result.findings.empty()) return {};
  return {
      fmt::format("{} only ever fired last, when nothing else could go, or not at all; "
                  "--timers racy races them",
                  counted(a.fired_last, "timer"))};
}

std::vector<std::string> cover_lines(const ScenarioReport& s) {
  std::vector<std::string> lines;
  const auto& reached = s.result.activity.goals;
  for (const auto& name : s.settings.cover)
    if (!reached.count(name)) lines.push_back(one_line(name) + ": never reached");
  for (const auto& [name, n] : reached)
    lines.push_back(fmt::format("{}: reached in {} of {}", one_line(name), grouped(n),
                                counted(s.result.activity.executions, "execution")));
  return lines;
}

void seen_json(const ScenarioReport& s, Json& json) {
  json["races"] = races_json(s.result.races);
  json["activity"] = activity_json(s.result.activity, s.settings.cover);
}
void seen_text(const ScenarioReport& s, const ReportOptions& options, std::string& out) {
  out += several("races", race_lines(s, options.races));
  out += several("ended", end_lines(s));
  out += several("timers", timer_lines(s));
  out += several("cover", cover_lines(s));
}

// ---- verdicts: the text says them first and last ----

void verdict_json(const ScenarioReport& s, Json& json) {
  json["share"] = s.result.share;
  if (s.proof != Proof::none) json["verification"] = proof_json(s);
  json["expect"] = s.settings.expect;
  json["expected"] = s.expected;
  json["missed"] = s.missed;
}

// ---- --judge ----

void judged_json(const ScenarioReport& s, Json& json) {
  if (!s.judged) return;
  json["judged"] = {
      {"states", json_number(s.judged->states)},         {"every_state", s.judged->every_state},
      {"walks", json_number(s.judged->walks)},           {"cut", s.judged->cut},
      {"missed_failure", s.judged->failure.has_value()}, {"missed_goal", s.judged->goal}};
}
void judged_text(const ScenarioReport& s, const ReportOptions&, std::string& out) {
  if (!s.judged) return;
  const Judgement& j = *s.judged;
  std::string text;
  if (j.failure)
    text = fmt::format("WRONG PROOF: {} left out a failure, which is a bug of lockstep",
                       s.settings.strategy);
  else if (!j.goal.empty())
    text = fmt::format(
        "WRONG PROOF: {} never reached \"{}\" (lockstep.cover), which is a bug of "
        "lockstep: please report the scenario",
        s.settings.strategy, one_line(j.goal));
  else if (j.every_state)
    text = fmt::format("without reduction, by every state once ({}): the same",
                       counted(j.states, "state"));
  else if (j.cut)
    text = "not to its end: the time was up";
  else
    text = fmt::format("in part: nothing else in {}{}", counted(j.states, "state"),
                       j.walks ? fmt::format(" and {}", counted(j.walks, "random execution")) : "");
  out += field("judged", text);
}

// ---- --check-determinism, --check, --audit ----

void checked_json(const ScenarioReport& s, Json& json) {
  if (s.checked) {
    json["checked"] = json_number(s.checked);
    json["nondeterminism"] = s.nondeterminism;
  }
  if (s.relation_checked) json["relation_checked"] = true;
}
void checked_text(const ScenarioReport& s, const ReportOptions&, std::string& out) {
  if (s.checked)
    out += field("determinism",
                 s.nondeterminism.empty()
                     ? fmt::format("{} ran twice, all alike", counted(s.checked, "execution"))
                     : "NOT EXACT: " + s.nondeterminism);
  if (s.relation_checked) out += field("checked", "the relation's invariants, at each choice");
}

void audit_json(const ScenarioReport& s, Json& json) {
  if (s.audit)
    json["audit"] = {
        {"states", json_number(s.audit->states)},       {"all", s.audit->all},
        {"pairs", json_number(s.audit->pairs)},         {"equal", json_number(s.audit->equal)},
        {"conflicts", json_number(s.audit->conflicts)}, {"steps", json_number(s.audit->steps)}};
}
void audit_text(const ScenarioReport& s, const ReportOptions&, std::string& out) {
  if (s.audit)
    out += field(
        "audit",
        fmt::format("{}{}: {}{} in both orders, all commute; {} looked at; "
                    "{} changed nothing unannounced",
                    counted(s.audit->states, "state"),
                    s.audit->all ? ", all that many walks met" : "",
                    counted(s.audit->pairs, "independent pair"),
                    s.audit->equal ? fmt::format(" and {} with equal writes or messages",
                                                 counted(s.audit->equal, "pair"))
                                   : "",
                    counted(s.audit->conflicts, "conflict"), counted(s.audit->steps, "step")));
}

void misuse_json(const ScenarioReport& s, Json& json) {
  if (s.result.misuse) json["misuse"] = outcome_json(s.result.misuse->outcome);
}

}  // namespace

std::span<const ScenarioFact> scenario_facts() {
  static constexpr ScenarioFact kAll[] = {
      {subject_json},
      {executed_json, executed_text},
      {rounds_json, rounds_text},
      {classes_json, classes_text},
      {estimate_json},
      {seen_json, seen_text},
      {verdict_json},
      {judged_json, judged_text},
      {checked_json, checked_text},
      {audit_json, audit_text},
      {misuse_json},
  };
  return kAll;
}

Json outcome_json(const Outcome& o) {
  return {{"verdict", verdict_name(o.verdict)},
          {"signature", o.signature()},
          {"reason", o.reason},
          {"site", o.site},
          {"object", o.object},
          {"process", o.process},
          {"detail", o.detail}};
}

}  // namespace lockstep::cli
