// lockstep explain: why a recorded execution fails, from the trace alone. Writes nothing. With
// --llm a language model is asked too, and its answer stands after the facts.
#include <fmt/format.h>

#include "cli/command/commands.h"
#include "cli/llm/http.h"
#include "cli/llm/question.h"
#include "cli/report/report.h"
#include "cli/terminal/interrupt.h"
#include "cli/terminal/json_line.h"
#include "cli/terminal/log.h"
#include "cli/terminal/words.h"
#include "cli/trace/traced.h"
#include "engine/trace/make_trace.h"
#include "engine/trace/trace_replay.h"

namespace lockstep::cli {
namespace {

constexpr double kPatience = 120;  // seconds for an answer

FailureReport explained(const Traced& traced) {
  const auto machine = traced.machine(stop_if_interrupted());
  auto replayed = replay_strict(*machine, traced.trace);
  check_not_cut(*machine, traced.path);
  if (replayed.kind != ReplayResult::reproduced)
    throw Error(ExitCode::diverged,
                fmt::format("{}: the recorded schedule does not fail any more", traced.path),
                replay_command_line(traced.path) + " shows where it leaves the recording");
  FailureReport f;
  f.how = FailureReport::How::explained;
  f.trace = traced.trace;
  f.iteration = f.trace.iteration;
  f.path = traced.path;
  const Recording& failing = replayed.recording;
  ExplainOptions why;
  why.interrupted = &interrupted();
  f.why = explain(*machine, f.trace.seed, f.trace.iteration, failing, why);
  ContrastOptions contrast_options;
  contrast_options.interrupted = &interrupted();
  f.contrast = contrast(*machine, f.trace.seed, f.trace.iteration, failing, contrast_options);
  CurveOptions curve_options;
  curve_options.interrupted = &interrupted();
  f.curve = failure_curve(*machine, f.trace.seed, f.trace.iteration, failing, curve_options);
  put_recording(f.trace, std::move(replayed.recording));
  return f;
}

// What is sent: the contrast with the folded report, as a person reads it, and the source.
std::string question(const llm::Endpoint& endpoint, const FailureReport& f) {
  const auto plain = make_text_reporter({});
  std::vector<llm::SourceFile> sources;
  for (const auto& file : f.trace.files) sources.push_back({file.name, file.text});
  return llm::body_of(endpoint, plain->failure(f), sources);
}

// Text from outside: beside the facts, never instead of them.
std::string answer(const Options& options, const llm::Endpoint& endpoint, const std::string& text) {
  if (options.format == "ndjson")
    return json_line({{"type", "llm"}, {"model", endpoint.model}, {"text", text}});
  std::string out =
      fmt::format("  What {} says of it (a language model's words, which nobody has checked):\n",
                  one_line(endpoint.model));
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    out += "    | " + harmless(text.substr(at, end - at)) + "\n";
    at = end + 1;
  }
  return out + "\n";
}

ExitCode ask(const Options& options, const llm::Endpoint& endpoint, const FailureReport& f) {
  const auto posted =
      llm::post(endpoint.url, llm::headers_of(endpoint), question(endpoint, f), kPatience);
  std::string text, problem = posted.problem;
  if (posted.status != 0 &&
      llm::answer_text(endpoint, posted.status, posted.body, &text, &problem)) {
    put(answer(options, endpoint, text));
    return ExitCode::ok;
  }
  complain(Error(ExitCode::incomplete, fmt::format("the model was asked in vain: {}", problem),
                 "the facts above do not depend on it"));
  return interrupted() ? ExitCode::interrupted : ExitCode::incomplete;
}

}  // namespace

ExitCode explain_command(const Options& options) {
  const bool llm = options.llm || options.dry_run;
  if (options.dry_run && !options.llm)
    throw Error(ExitCode::usage, "--dry-run has no effect without --llm",
                "lockstep explain T --llm --dry-run");
  const llm::Endpoint endpoint = llm ? llm::endpoint_of(options) : llm::Endpoint{};
  const auto traced = read_traced(trace_argument(options));
  if (!traced.trace.outcome.failed())
    throw Error(
        ExitCode::usage,
        fmt::format("{}: the recorded execution passes; there is nothing to explain", traced.path),
        "lockstep debug walks through it");
  const FailureReport f = explained(traced);
  if (options.dry_run) {
    put_as_it_is(question(endpoint, f));
    return ExitCode::ok;
  }
  const auto reporter = make_reporter(options);
  put(reporter->begin({"explain", {traced.path}}));
  put(reporter->failure(f));
  auto code = interrupted() ? ExitCode::interrupted : ExitCode::ok;
  if (llm && code == ExitCode::ok) code = ask(options, endpoint, f);
  put(reporter->end({1, 1, 1, code, interrupted()}));
  return code;
}

}  // namespace lockstep::cli
