// One execution as data of a page: its steps, and its states as the differences from step to step.
#pragma once
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "cli/terminal/json_line.h"
#include "engine/trace/recording.h"
#include "engine/walk/walk.h"

namespace lockstep::cli {

// Texts of a page, each once; pages name them by number.
class Texts {
 public:
  // Longer ones are cut, and say how much is missing.
  explicit Texts(size_t longest) : longest_(longest) {}
  uint32_t operator()(const std::string& text);
  const Json& json() const { return all_; }
  size_t bytes() const { return bytes_; }

 private:
  const size_t longest_;
  std::unordered_map<std::string, uint32_t> numbers_;
  Json all_ = Json::array();
  size_t bytes_ = 0;
};

// Parts of states of all executions of a page, by what they are about.
class Slots {
 public:
  uint32_t operator()(const Shown& shown, Texts& texts);
  const Json& json() const { return all_; }

 private:
  std::unordered_map<std::string, uint32_t> numbers_;
  Json all_ = Json::array();
};

// All states of an execution: that at the start, then what each step changed.
struct States {
  std::vector<Shown> start;
  std::vector<std::vector<Difference>> after;  // after[n - 1]: by step n
};
States states_of(Walk& walk, size_t line);

Json events_json(const std::vector<Event>& events, Texts& texts);
Json states_json(const States& states, Texts& texts, Slots& slots);

}  // namespace lockstep::cli
