// A debugging session: where it stands, and one reply for each command. Reads and writes no stream.
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "cli/terminal/json_line.h"
#include "cli/trace/traced.h"
#include "engine/base/error.h"
#include "engine/walk/walk.h"

namespace lockstep::cli {

struct Reply {
  std::string text;            // lines
  Json json = Json::object();  // the same; the session adds which command it was, and the place
  bool quit = false;
};

using Words = std::vector<std::string>;

class Session {
 public:
  // `machine` is one of `traced`, whose schedule it follows; both must outlive it. `recorded` as
  // replay_strict() gives it.
  Session(const Traced& traced, System& machine, Recording recorded);

  // What to say first.
  Reply hello();
  // One command. Throws Error: ExitCode::usage where it is none, ExitCode::trace where a file
  // cannot be written.
  Reply run(const std::string& command);
  // What the last word of the beginning of a command may be.
  std::vector<std::string> complete(const std::string& beginning);

  // ---- verbs (moving.cpp, looking.cpp, what_if.cpp) ----
  Reply where(const Words&);
  Reply next(const Words&);
  Reply back(const Words&);
  Reply go_to(const Words&);
  Reply until(const Words&);
  Reply written(const Words&);
  Reply list(const Words&);
  Reply state(const Words&);
  Reply process(const Words&);
  Reply mailbox(const Words&);
  Reply table(const Words&);
  Reply diff(const Words&);
  Reply writes(const Words&);
  Reply source(const Words&);
  Reply alternatives(const Words&);
  Reply take(const Words&);
  Reply sample(const Words&);
  Reply go_on(const Words&);
  Reply adopt(const Words&);
  Reply lines(const Words&);
  Reply line(const Words&);
  Reply curve(const Words&);
  Reply save(const Words&);
  Reply help(const Words&);
  Reply quit(const Words&);

 private:
  const Line& here() const { return walk_.line(line_); }
  const Event* event(uint32_t step) const;  // of the line; null if it has none
  uint32_t step_argument(const std::string& word) const;
  uint32_t count_argument(const Words& words, uint32_t usual) const;
  Reply at(size_t line, uint32_t step);  // goes there
  Reply beside(int direction, const Words& words);
  Reply shown(const Words& words, std::span<const std::string_view> kinds, const char* none);
  std::vector<Write> writes_of(const Words& words);
  std::string ending() const;  // how the line's execution ended
  Json place_json() const;

  const Traced& traced_;
  System& machine_;
  Walk walk_;
  size_t line_ = 0;
  uint32_t step_ = 0;
  Sample sample_;           // the last one
  size_t sample_line_ = 0;  // ... and from where
  uint32_t sample_step_ = 0;
};

struct Verb {
  const char* name;
  const char* alias;  // or null
  const char* group;  // a heading of help
  const char* usage;
  const char* help;
  Reply (Session::*run)(const Words&);
  enum Complete : uint8_t { nothing, things, verbs, words } complete;
  const char* choices;  // words: apart by |
};
std::span<const Verb> verbs();
const Verb* find_verb(const std::string& name);

// ---- words (naming.cpp) ----

// counter["n"], mailbox P0(root) sent in step 3: what a part of the state is called.
std::string name_of(const Shown& thing);
// Each word is in the name, and no part of a longer word or number there.
bool is_meant(const Shown& thing, const Words& words);
std::string event_line(const Event& event);  // with its place in the source
Json event_json(const Event& event);
Json shown_json(const Shown& thing);

}  // namespace lockstep::cli
