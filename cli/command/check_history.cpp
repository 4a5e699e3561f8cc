#include "cli/command/check_history.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <new>
#include <thread>

#include "cli/page/page.h"
#include "cli/terminal/console.h"
#include "cli/terminal/interrupt.h"
#include "cli/terminal/memory_limit.h"
#include "cli/terminal/whole_file.h"
#include "cli/terminal/words.h"
#include "engine/history/check/check.h"
#include "engine/history/check/explain.h"
#include "engine/history/check/picture.h"
#include "engine/history/read/reader.h"

namespace lockstep::cli {
namespace {

using namespace lockstep::history;

// The history itself, its index and the verified order, per byte of the file: measured below 4.
constexpr uint64_t kBytesPerByte = 5;
// Tables grow by doubling, and the allocator adds its own: a search may use this part of what is
// left.
constexpr double kSearchShare = 0.6;
constexpr uint64_t kProcessBytes = uint64_t{16} << 20;
constexpr double kExplainSeconds = 5;

struct Answer {
  ExitCode code = ExitCode::ok;
  std::string out, err;
  std::string verdict;  // in words
  std::string picture;  // of a violation, for --html
};

std::string json_string(const std::string& text) {
  ValueTable values;
  return values.to_json(values.string(text));
}

const char* verdict_name(Verdict verdict) {
  return verdict == Verdict::valid ? "valid" : verdict == Verdict::invalid ? "invalid" : "unknown";
}

ExitCode code_of(Verdict verdict) {
  return verdict == Verdict::valid     ? ExitCode::ok
         : verdict == Verdict::invalid ? ExitCode::failure
                                       : ExitCode::incomplete;
}

std::string lines_json(const History& history, const std::vector<int32_t>& ops) {
  std::string text = "[";
  for (int32_t id : ops) {
    const Operation& op = history.operations()[id];
    text += fmt::format("{}[{},{}]", text.size() > 1 ? "," : "", op.call_line,
                        op.ok() ? std::to_string(op.ret_line) : "null");
  }
  return text + "]";
}

class FileCheck {
 public:
  FileCheck(const CheckHistoryOptions& options, const std::string& path, unsigned jobs)
      : options_(options), path_(path), jobs_(jobs) {}

  Answer run() {
    try {
      start_ = std::chrono::steady_clock::now();
      budget_ = Budget::seconds(options_.seconds);
      budget_.interrupted = &interrupted();
      std::string text = read_file(path_, &budget_);
      try {
        check_text(text);
      } catch (const ModelError& e) {
        fail_at(path_, e.line, find_column(text, e.line, e.field), e.what());
      }
    } catch (const Error& e) {
      if (e.code() == ExitCode::usage) throw;
      answer_.code = e.code();
      answer_.err = fmt::format("lockstep: {}\n", e.what());
      if (!e.hint().empty()) answer_.err += fmt::format("  hint: {}\n", e.hint());
      if (options_.format == "ndjson") {
        answer_.out = fmt::format("{{\"file\":{},\"verdict\":\"error\",\"error\":{}}}\n",
                                  json_string(path_), json_string(e.what()));
      }
    } catch (const ReadStopped&) {
      say_unknown(interrupted() ? "interrupted before the history was read"
                                : "the budget of time ended before the history was read");
    } catch (const std::bad_alloc&) {
      say_unknown(fmt::format("the budget of memory ({} MiB) ended before a verdict",
                              options_.bytes_max >> 20));
    }
    return std::move(answer_);
  }

 private:
  // Before anything is known of the history.
  void say_unknown(const std::string& why) {
    answer_.code = ExitCode::incomplete;
    answer_.out = options_.format == "ndjson"
                      ? fmt::format("{{\"file\":{},\"verdict\":\"unknown\",\"why\":{}{}}}\n",
                                    json_string(path_), json_string(why), timing())
                      : fmt::format("{}: unknown{}\n    {}\n", path_, timing(), why);
  }

  // What is left of the time, and not more than an explanation is worth.
  Budget effort() const {
    Budget effort = budget_;
    effort.deadline = std::min(effort.deadline, Budget::seconds(kExplainSeconds).deadline);
    return effort;
  }

  Explanation explained(const History& history, ModelId model, Consistency consistency,
                        const Result& result) const {
    try {
      return explain(history, model, consistency, result, effort());
    } catch (const std::bad_alloc&) {
      Explanation none;
      none.text = "the budget of memory ended before an explanation\n";
      return none;
    }
  }

  // Those of a property that is about something else than one order in real time are not drawn.
  static std::vector<PartialOrder> orders(const History& history, ModelId model,
                                          Consistency consistency, const Explanation& e) {
    if (consistency != Consistency::linearizable) return {};
    return partial_orders(history, model, e);
  }

  void check_text(const std::string& text) {
    ReadOptions reading;
    reading.keyed = !options_.model.empty() && is_keyed(*find_model(options_.model));
    reading.ignored = options_.ignored;
    reading.budget = &budget_;
    History history = read_history(text, path_, reading);
    ModelId model = choose_model(history);
    uint64_t fixed = kProcessBytes + kBytesPerByte * text.size();
    double left = options_.bytes_max > fixed ? static_cast<double>(options_.bytes_max - fixed) : 0;
    budget_.bytes_max = static_cast<size_t>(left * kSearchShare / jobs_) + 1;
    if (options_.strongest) {
      say_strongest(history, model);
      return;
    }
    Consistency consistency = options_.consistency.empty()
                                  ? Consistency::linearizable
                                  : *find_consistency(options_.consistency);
    Result result = check(history, model, consistency, budget_);
    answer_.code = code_of(result.verdict);
    answer_.verdict =
        fmt::format("{} ({}, model {}, {} operations)", verdict_name(result.verdict),
                    consistency_name(consistency), model_name(model), history.operations().size());
    Explanation explanation;
    if (result.verdict == Verdict::invalid && (options_.explain || !options_.html.empty())) {
      explanation = explained(history, model, consistency, result);
      if (!options_.html.empty()) {
        answer_.picture =
            picture_json(history, {path_, model_name(model), consistency, result, explanation,
                                   orders(history, model, consistency, explanation)});
      }
    }
    say(history, model, consistency, result, explanation);
  }

  ModelId choose_model(const History& history) const {
    if (!options_.model.empty()) return *find_model(options_.model);
    if (auto model = infer_model(history)) return *model;
    throw Error(ExitCode::usage, fmt::format("{}: the operations fit no model, or several", path_),
                "name it with --model");
  }

  std::string timing() const {
    if (!options_.timing) return {};
    double ms = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start_)
                    .count();
    return options_.format == "text" ? fmt::format(", {:.3f} ms", ms)
                                     : fmt::format(",\"ms\":{:.3f}", ms);
  }

  void say(const History& history, ModelId model, Consistency consistency, const Result& result,
           const Explanation& e) {
    size_t n = history.operations().size();
    if (options_.format == "ndjson") {
      std::string& out = answer_.out;
      out = fmt::format(
          "{{\"file\":{},\"model\":\"{}\",\"consistency\":\"{}\",\"verdict\":\"{}\","
          "\"operations\":{},\"method\":\"{}\"",
          json_string(path_), model_name(model), consistency_name(consistency),
          verdict_name(result.verdict), n, result.method);
      if (!result.note.empty()) out += ",\"assumed_at_start\":" + json_string(result.note);
      if (!result.why.empty()) out += ",\"why\":" + json_string(result.why);
      if (result.verdict == Verdict::invalid && options_.explain) {
        if (e.failing_line > 0) out += fmt::format(",\"failing_line\":{}", e.failing_line);
        out += ",\"core\":" + lines_json(history, e.core);
        out += fmt::format(",\"minimal\":{}", e.minimal);
        out += ",\"longest\":" + lines_json(history, e.longest);
        out += ",\"refusals\":[";
        for (size_t i = 0; i < e.refusals.size(); ++i) {
          const Operation& op = history.operations()[e.refusals[i].op];
          out += fmt::format("{}{{\"line\":{},\"why\":{}}}", i > 0 ? "," : "", op.call_line,
                             json_string(e.refusals[i].why));
        }
        out += "],\"explanation\":" + json_string(e.text);
      }
      out += timing() + "}\n";
      return;
    }
    answer_.out =
        fmt::format("{}: {} ({}, model {}, {} operations{})\n", path_, verdict_name(result.verdict),
                    consistency_name(consistency), model_name(model), n, timing());
    if (!result.note.empty()) {
      answer_.out +=
          "    at the start, as nobody wrote it before it was read: " + result.note + "\n";
    }
    if (result.verdict == Verdict::unknown) answer_.out += "    " + result.why + "\n";
    if (result.verdict == Verdict::invalid && options_.explain) answer_.out += e.text;
  }

  std::string list(const std::vector<Consistency>& properties) const {
    std::string text;
    for (Consistency c : properties) {
      if (options_.format == "ndjson") {
        text += fmt::format("{}\"{}\"", text.empty() ? "" : ",", consistency_name(c));
      } else {
        text += fmt::format("{}{}", text.empty() ? "" : ", ", consistency_name(c));
      }
    }
    return text;
  }

  void say_strongest(const History& history, ModelId model) {
    Strongest s = strongest(history, model, budget_);
    answer_.code = s.unknown.empty() ? ExitCode::ok : ExitCode::incomplete;
    std::string holds = list(s.holds);
    if (options_.format == "ndjson") {
      answer_.out = fmt::format(
          "{{\"file\":{},\"model\":\"{}\",\"strongest\":[{}],\"unknown\":[{}],\"broken\":[",
          json_string(path_), model_name(model), holds, list(s.unknown));
      for (size_t i = 0; i < s.broken.size(); ++i) {
        answer_.out += fmt::format("{}{{\"consistency\":\"{}\",\"verdict\":\"{}\",\"why\":{}}}",
                                   i > 0 ? "," : "", consistency_name(s.broken[i].first),
                                   verdict_name(s.broken[i].second.verdict),
                                   json_string(s.broken[i].second.why));
      }
      answer_.out += "]" + timing() + "}\n";
      return;
    }
    answer_.out = fmt::format("{}: strongest{}: {} (model {}, {} operations{})\n", path_,
                              s.unknown.empty() ? "" : " that is known to hold",
                              holds.empty() ? "none" : holds, model_name(model),
                              history.operations().size(), timing());
    if (!s.unknown.empty()) answer_.out += "unknown: " + list(s.unknown) + "\n";
    for (const auto& [c, result] : s.broken) {
      answer_.out += fmt::format("not {}", consistency_name(c));
      if (result.verdict == Verdict::unknown) {
        answer_.out += ": unknown, " + result.why + "\n";
        continue;
      }
      Explanation e = explained(history, model, c, result);
      answer_.out += ":\n" + e.text;
    }
  }

  const CheckHistoryOptions& options_;
  const std::string& path_;
  unsigned jobs_;
  Budget budget_;
  Answer answer_;
  std::chrono::steady_clock::time_point start_;
};

int rank_of(ExitCode code) {
  switch (code) {
    case ExitCode::ok:
      return 0;
    case ExitCode::incomplete:
      return 1;
    case ExitCode::failure:
      return 2;
    default:
      return 3;
  }
}

std::string names(int count, const auto& name) {
  std::string text;
  for (int i = 0; i < count; ++i) text += (i > 0 ? ", " : "") + std::string(name(i));
  return text;
}

void check_options(const CheckHistoryOptions& o) {
  if (o.files.empty()) throw Error(ExitCode::usage, "check-history needs a file");
  if (!o.model.empty() && !find_model(o.model)) {
    throw Error(ExitCode::usage, fmt::format("--model: unknown model '{}'", o.model),
                names(kModelCount, [](int i) { return model_name(static_cast<ModelId>(i)); }));
  }
  if (!o.consistency.empty() && !find_consistency(o.consistency)) {
    throw Error(ExitCode::usage, fmt::format("--consistency: unknown property '{}'", o.consistency),
                names(kConsistencyCount,
                      [](int i) { return consistency_name(static_cast<Consistency>(i)); }));
  }
  if (!o.model.empty() && !o.consistency.empty() &&
      !applies(*find_model(o.model), *find_consistency(o.consistency))) {
    throw Error(ExitCode::usage,
                fmt::format("{} is not defined for model {}", o.consistency, o.model));
  }
  if (o.format != "text" && o.format != "ndjson") {
    throw Error(ExitCode::usage, "--format must be text or ndjson");
  }
  if (o.bytes_max < kProcessBytes) {
    throw Error(ExitCode::usage,
                fmt::format("--max-memory: {} bytes; the tool itself needs 16M", o.bytes_max),
                "a size without a unit is in bytes: 512M, 2G");
  }
  for (const char* ours : {"process", "type", "f", "key", "value", "index"}) {
    if (std::find(o.ignored.begin(), o.ignored.end(), ours) != o.ignored.end()) {
      throw Error(ExitCode::usage, fmt::format("--ignore-field: '{}' is what is checked", ours),
                  "it is for fields that the format does not have");
    }
  }
}

// All violations on one page, a tab each; and what was said of every file, if there are several.
void write_page(const CheckHistoryOptions& options, const std::vector<Answer>& answers,
                std::FILE* err) {
  std::vector<Json> pictures;
  Json files = Json::array();
  for (size_t i = 0; i < answers.size(); ++i) {
    files.push_back({options.files[i], answers[i].verdict.empty() ? "error" : answers[i].verdict});
    if (!answers[i].picture.empty()) pictures.push_back(Json::parse(answers[i].picture));
  }
  if (pictures.empty()) {
    std::fprintf(err, "timeline: not written, no history was found invalid\n");
    return;
  }
  if (answers.size() == 1) files.clear();
  try {
    write_whole_file("--html", options.html,
                     history_page(options.files.size() == 1 ? options.files[0] : "histories",
                                  std::move(pictures), std::move(files)));
    std::fprintf(err, "timeline: %s\n", harmless(options.html).c_str());
  } catch (const Error& e) {
    // The verdict is that a history is invalid: its code stays.
    std::fputs(harmless(fmt::format("lockstep: {}\n  hint: {}\n", e.what(), e.hint())).c_str(),
               err);
  }
}

}  // namespace

ExitCode check_history(const CheckHistoryOptions& options, std::FILE* out, std::FILE* err) {
  check_options(options);
  size_t n = options.files.size();
  unsigned jobs =
      options.jobs > 0 ? options.jobs : std::max(1U, std::thread::hardware_concurrency());
  jobs = static_cast<unsigned>(std::min<size_t>(jobs, n));
  std::vector<Answer> answers(n);
  std::vector<std::exception_ptr> problems(n);
  std::atomic<size_t> next{0};
  auto work = [&] {
    for (size_t i; !interrupted() && (i = next++) < n;) {
      try {
        answers[i] = FileCheck(options, options.files[i], jobs).run();
      } catch (...) {
        problems[i] = std::current_exception();
      }
    }
  };
  {
    const MemoryLimit limit(options.bytes_max, jobs - 1);
    std::vector<std::thread> workers;
    for (unsigned j = 1; j < jobs; ++j) workers.emplace_back(work);
    work();
    for (std::thread& worker : workers) worker.join();
  }
  ExitCode code = ExitCode::ok;
  for (size_t i = 0; i < n; ++i) {
    if (problems[i]) std::rethrow_exception(problems[i]);
    Answer& answer = answers[i];
    put(options.format == "text" ? harmless(answer.out) : harmless_json(answer.out), out);
    if (!answer.err.empty()) std::fputs(harmless(answer.err).c_str(), err);
    if (rank_of(answer.code) > rank_of(code)) code = answer.code;
  }
  if (!options.html.empty()) write_page(options, answers, err);
  if (!interrupted()) return code;
  std::fputs("lockstep: interrupted: the results above are partial\n", err);
  return ExitCode::interrupted;
}

}  // namespace lockstep::cli
