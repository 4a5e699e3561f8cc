// Another alternative here: new lines, what becomes of them, and what is kept.
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>

#include "cli/debug/session.h"
#include "cli/report/curve.h"
#include "cli/settings/values.h"
#include "cli/terminal/interrupt.h"
#include "cli/terminal/words.h"
#include "engine/explain/curve.h"
#include "engine/trace/make_trace.h"

namespace lockstep::cli {

Reply Session::alternatives(const Words&) {
  Reply reply;
  const Place place = walk_.place(line_, step_);
  Json all = Json::array();
  for (size_t i = 0; i < place.options.size(); i++) {
    const Option& o = place.options[i];
    const auto what = place.data ? fmt::format("{} chooses {}", o.who, o.what)
                                 : fmt::format("{} {}", o.who, o.what);
    reply.text += fmt::format("  {:>3}  {}{}\n", i + 1, one_line(what),
                              o.taken ? "   <- what this line does" : "");
    all.push_back({{"number", i + 1}, {"who", o.who}, {"what", o.what}, {"taken", o.taken}});
  }
  if (place.options.empty()) reply.text = fmt::format("  none: the end: {}\n", ending());
  reply.json["alternatives"] = std::move(all);
  return reply;
}

Reply Session::take(const Words& words) {
  if (words.size() != 1) throw std::string("must have the number of an alternative");
  const Place place = walk_.place(line_, step_);
  if (place.options.empty()) throw std::string("must come before the end of the execution");
  const auto n = parse_count(words[0], 1, place.options.size());
  return at(walk_.take(line_, step_, place.options[n - 1]), step_ + 1);
}

Reply Session::sample(const Words& words) {
  if (words.size() > 2) throw std::string("must have two numbers at most");
  const uint32_t n = count_argument(words, 100);
  const uint64_t from = words.size() == 2 ? parse_count(words[1], 0, 1ull << 40) : 0;
  if (here().ended && step_ == here().size())
    throw std::string("must come before the end of the execution");
  sample_ = walk_.sample(line_, step_, n, from);
  sample_line_ = line_, sample_step_ = step_;
  Reply reply;
  reply.text = fmt::format("after step {}: {}{}\n", step_, tally_text(sample_.tally),
                           sample_.cut ? "; interrupted" : "");
  const auto can = [](const std::vector<Decision>& decisions, const char* what) {
    return decisions.empty() ? "" : fmt::format("  adopt {}: the first of these\n", what);
  };
  reply.text += can(sample_.failing, "fail") + can(sample_.passing, "pass");
  reply.json["counts"] = walk_.failure().failed() ? walk_.failure().signature() : "any failure";
  reply.json["sample"] = tally_json(sample_.tally);
  reply.json["cut"] = sample_.cut;
  return reply;
}

Reply Session::adopt(const Words& words) {
  if (words.size() != 1 || (words[0] != "fail" && words[0] != "pass"))
    throw std::string("must be fail or pass");
  const auto& decisions = words[0] == "fail" ? sample_.failing : sample_.passing;
  if (decisions.empty())
    throw fmt::format("must follow a sample of which one {}",
                      words[0] == "fail" ? "failed" : "passed");
  return at(walk_.adopt(sample_line_, sample_step_, decisions), sample_step_);
}

Reply Session::go_on(const Words& words) {
  if (words.size() > 2 || (!words.empty() && words[0] != "random"))
    throw std::string("must be followed by nothing, or by random and a number");
  const uint64_t number = words.size() == 2 ? parse_count(words[1], 0, 1ull << 40) : 0;
  if (here().ended && words.empty()) return at(line_, here().size());
  if (here().ended && step_ == here().size())
    throw std::string("must come before the end of the execution");
  const auto how = words.empty() ? Onward::follow : Onward::random;
  const size_t line = walk_.onward(line_, step_, how, number);
  if (line == line_ && !here().ended) throw std::string("must come to an end, and did not");
  return at(line, walk_.line(line).size());
}

Reply Session::lines(const Words&) {
  Reply reply;
  Json all = Json::array();
  for (size_t i = 0; i < walk_.lines(); i++) {
    const Line& l = walk_.line(i);
    const Outcome& o = l.recording.outcome;
    const auto end = !l.ended     ? std::string("not at its end")
                     : o.failed() ? "fails: " + o.reason
                                  : std::string("passes");
    reply.text +=
        fmt::format("{} {:>3}  {}, {}, {}\n", i == line_ ? '>' : ' ', i,
                    i == 0 ? std::string("the recording")
                           : fmt::format("leaves line {} after step {}", l.parent, l.left_after),
                    counted(l.size(), "step"), one_line(end));
    all.push_back({{"line", i},
                   {"parent", i == 0 ? Json(nullptr) : Json(l.parent)},
                   {"left_after", l.left_after},
                   {"steps", l.size()},
                   {"at_its_end", l.ended},
                   {"failed", l.ended && o.failed()},
                   {"signature", l.ended && o.failed() ? o.signature() : ""}});
  }
  reply.json["lines"] = std::move(all);
  return reply;
}

Reply Session::line(const Words& words) {
  if (words.size() != 1) throw std::string("must have the number of a line");
  const auto n = static_cast<size_t>(parse_count(words[0], 0, walk_.lines() - 1));
  return at(n, std::min(step_, walk_.line(n).size()));
}

Reply Session::curve(const Words&) {
  if (!here().ended || !here().recording.outcome.failed())
    throw std::string("must be asked of a line that fails");
  CurveOptions options;
  options.interrupted = &interrupted();
  const Curve c = failure_curve(machine_, traced_.trace.seed, traced_.trace.iteration,
                                here().recording, options);
  Reply reply;
  reply.json["curve"] = curve_json(c);
  if (c.points.empty()) {
    reply.text = fmt::format("  not told: {}\n", c.cut ? "interrupted" : c.reason);
    return reply;
  }
  constexpr double kBar = 40;
  reply.text = "  after step   P(failure)  95 %\n";
  for (size_t i = 0; i < c.points.size(); i++) {
    const CurvePoint& p = c.points[i];
    const Interval in = p.interval();
    const bool sure = p.forced || i == c.no_return;
    reply.text +=
        fmt::format("  {:>10}   {:<10}  {:.2f} to {:.2f}  {:#<{}}{}\n", p.step,
                    share_text(p.share()), in.low, in.high, "", static_cast<int>(p.share() * kBar),
                    i == c.no_return         ? "  no return"
                    : c.clear && c.rise == i ? "  the greatest rise"
                                             : "");
    if (sure && i == c.no_return) break;
  }
  reply.text += curve_text(c);
  return reply;
}

Reply Session::save(const Words& words) {
  std::string path;
  for (const auto& word : words) path += (path.empty() ? "" : " ") + word;
  if (path.empty()) throw std::string("must name a file");
  if (!here().ended) throw std::string("must be of a line that has come to its end: run, or adopt");
  struct stat there {};
  if (::stat(path.c_str(), &there) == 0)
    throw fmt::format("must be a new file: {} is there already", path);
  Trace t = traced_.trace;
  t.format = kTraceVersion;
  t.tool_version = tool_version();
  t.strategy = "debug";
  t.times = 1;
  t.shrunk = t.minimum = false;
  t.deviations = 0;
  t.origin.clear();
  put_recording(t, here().recording);
  annotate(t, machine_);
  write_trace(t, path);
  Reply reply;
  reply.text = fmt::format("{}: written, {}, {}\n  {}\n", one_line(path),
                           counted(here().size(), "step"), ending(), replay_command_line(path));
  reply.json["trace_path"] = path;
  reply.json["failed"] = here().recording.outcome.failed();
  reply.json["replay"] = replay_command_line(path);
  return reply;
}

}  // namespace lockstep::cli
