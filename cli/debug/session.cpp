// The commands, each once: what they are called, what help says, what does them.
#include "cli/debug/session.h"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>

#include "cli/settings/values.h"
#include "cli/terminal/fit.h"
#include "cli/terminal/words.h"
#include "engine/base/nearest.h"

namespace lockstep::cli {
namespace {

Words split_words(const std::string& text) {
  std::istringstream in(text);
  Words words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

const Verb kVerbs[] = {
    {"next", "n", "moving", "next [N | P]", "N steps on, or to the next step of process P",
     &Session::next, Verb::things, nullptr},
    {"back", "b", "moving", "back [N | P]", "N steps back, or to the one before of process P",
     &Session::back, Verb::things, nullptr},
    {"goto", "g", "moving", "goto STEP | start | end", "to the state after that step",
     &Session::go_to, Verb::words, "start|end"},
    {"until", "u", "moving", "until WHAT", "on to the next step that writes WHAT", &Session::until,
     Verb::things, nullptr},
    {"written", "wr", "moving", "written WHAT",
     "back to the last step so far that wrote WHAT: counter[\"n\"], P1 dictionary, name",
     &Session::written, Verb::things, nullptr},
    {"where", "w", "looking", "where", "the step just done, and the one that comes next",
     &Session::where, Verb::nothing, nullptr},
    {"list", "l", "looking", "list [A [B]]", "the steps A to B of this line; else those around",
     &Session::list, Verb::nothing, nullptr},
    {"state", "s", "looking", "state [WHAT]", "everything, or what has these words in its name",
     &Session::state, Verb::things, nullptr},
    {"process", "p", "looking", "process [P]",
     "where it stands, its variables, dictionary, links, names, messages", &Session::process,
     Verb::things, nullptr},
    {"mailbox", "m", "looking", "mailbox [P]", "its messages, and those on their way",
     &Session::mailbox, Verb::things, nullptr},
    {"table", "t", "looking", "table [T]", "rows of tables, slots of atomics and counters, terms",
     &Session::table, Verb::things, nullptr},
    {"diff", "d", "looking", "diff [A [B]]",
     "what is not the same after steps A and B; B is here, A the step before, unless given",
     &Session::diff, Verb::nothing, nullptr},
    {"writes", nullptr, "looking", "writes WHAT", "every step of this line that writes WHAT",
     &Session::writes, Verb::things, nullptr},
    {"source", nullptr, "looking", "source", "the scenario's lines around the step",
     &Session::source, Verb::nothing, nullptr},
    {"alternatives", "a", "what if", "alternatives", "what could happen next",
     &Session::alternatives, Verb::nothing, nullptr},
    {"take", nullptr, "what if", "take N",
     "alternative N instead: a new line, which goes on from here", &Session::take, Verb::nothing,
     nullptr},
    {"sample", nullptr, "what if", "sample [N [FROM]]",
     "N random continuations from here (default 100), numbered from FROM: how many fail",
     &Session::sample, Verb::nothing, nullptr},
    {"adopt", nullptr, "what if", "adopt fail | pass",
     "the first continuation of the last sample that failed, or passed, as a new line",
     &Session::adopt, Verb::words, "fail|pass"},
    {"run", "r", "what if", "run [random [N]]",
     "to the end of the execution: as the line that was left, as far as that goes; or at random",
     &Session::go_on, Verb::words, "random"},
    {"lines", nullptr, "what if", "lines", "the recording, and the lines that left it",
     &Session::lines, Verb::nothing, nullptr},
    {"line", nullptr, "what if", "line N", "go over to line N; 0 is the recording", &Session::line,
     Verb::nothing, nullptr},
    {"curve", nullptr, "what if", "curve", "how likely the failure is after each step of this line",
     &Session::curve, Verb::nothing, nullptr},
    {"save", nullptr, "what if", "save FILE", "this line as a trace that replays", &Session::save,
     Verb::nothing, nullptr},
    {"help", "h", "session", "help [COMMAND]", "all commands, or one", &Session::help, Verb::verbs,
     nullptr},
    {"quit", "q", "session", "quit", "also at the end of the input", &Session::quit, Verb::nothing,
     nullptr},
};

}  // namespace

std::span<const Verb> verbs() { return kVerbs; }

const Verb* find_verb(const std::string& name) {
  for (const Verb& verb : kVerbs)
    if (name == verb.name || (verb.alias && name == verb.alias)) return &verb;
  return nullptr;
}

Session::Session(const Traced& traced, System& machine, Recording recorded)
    : traced_(traced),
      machine_(machine),
      walk_(machine, traced.trace.seed, traced.trace.iteration, std::move(recorded)) {}

std::string Session::ending() const {
  if (!here().ended) return "not at its end";
  const Outcome& o = here().recording.outcome;
  if (!o.failed()) return "passes";
  return one_line(fmt::format("fails: {} ({})", reason_shown(o.reason), o.signature()));
}

Reply Session::hello() {
  Reply reply;
  const auto& t = traced_.trace;
  reply.text =
      one_line(fmt::format("{}: {}, {}", t.scenario, counted(here().size(), "step"), ending())) +
      "\n" + where({}).text;
  reply.json = {{"type", "debug"},
                {"schema", 1},
                {"version", tool_version()},
                {"trace_path", traced_.path},
                {"scenario", t.scenario},
                {"steps", here().size()},
                {"failed", here().recording.outcome.failed()},
                {"reason", here().recording.outcome.reason},
                {"signature", here().recording.outcome.signature()}};
  return reply;
}

Reply Session::run(const std::string& command) {
  const auto words = split_words(command);
  if (words.empty() || words[0][0] == '#') return {};
  const Verb* verb = find_verb(words[0]);
  if (!verb) {
    std::vector<std::string> names;
    for (const Verb& v : kVerbs) names.emplace_back(v.name);
    const auto near = nearest(words[0], names);
    throw Error(ExitCode::usage, fmt::format("no command '{}'", one_line(words[0])),
                near.empty() ? "help lists them" : fmt::format("did you mean {}?", near));
  }
  Reply reply;
  try {
    reply = (this->*verb->run)({words.begin() + 1, words.end()});
  } catch (const std::string& complaint) {  // "must be ..."
    throw Error(ExitCode::usage, fmt::format("{}: {}", verb->name, one_line(complaint)),
                std::string("usage: ") + verb->usage);
  }
  Json json{{"type", "reply"}, {"command", verb->name}, {"input", command}};
  json.update(place_json());
  json.update(reply.json);
  reply.json = std::move(json);
  return reply;
}

std::vector<std::string> Session::complete(const std::string& beginning) {
  auto words = split_words(beginning);
  if (beginning.empty() || beginning.back() == ' ') words.emplace_back();
  std::vector<std::string> all;
  if (words.size() == 1) {
    for (const Verb& v : kVerbs) all.emplace_back(v.name);
  } else if (const Verb* verb = find_verb(words[0])) {
    if (verb->complete == Verb::verbs)
      for (const Verb& v : kVerbs) all.emplace_back(v.name);
    if (verb->complete == Verb::words) all = split(verb->choices, '|');
    if (verb->complete == Verb::things)
      for (const Shown& s : walk_.state(line_, step_))
        for (const auto& word : split_words(name_of(s))) all.push_back(word);
  }
  const auto& last = words.back();
  std::erase_if(all, [&](const std::string& word) { return !word.starts_with(last); });
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

Reply Session::help(const Words& words) {
  Reply reply;
  if (!words.empty()) {
    const Verb* verb = find_verb(words[0]);
    if (!verb) throw fmt::format("must be a command, got '{}'", words[0]);
    reply.text = fmt::format("{}{}\n  {}\n", verb->usage,
                             verb->alias ? fmt::format("   ({})", verb->alias) : "", verb->help);
    reply.json = {{"usage", verb->usage}, {"help", verb->help}};
    return reply;
  }
  Json all = Json::array();
  std::string group;
  for (const Verb& verb : kVerbs) {
    if (group != verb.group) reply.text += fmt::format("{}:\n", group = verb.group);
    reply.text += fmt::format("  {:<26}{}{}\n", verb.usage, verb.help,
                              verb.alias ? fmt::format(" ({})", verb.alias) : "");
    all.push_back({{"name", verb.name},
                   {"alias", verb.alias ? verb.alias : ""},
                   {"usage", verb.usage},
                   {"help", verb.help}});
  }
  reply.json["commands"] = std::move(all);
  return reply;
}

Reply Session::quit(const Words&) {
  Reply reply;
  reply.quit = true;
  return reply;
}

}  // namespace lockstep::cli
