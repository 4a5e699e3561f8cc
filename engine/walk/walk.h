// Going along an execution, forwards and back, and from any of its states into another one.
//
// 1. A line is one execution, or the beginning of one: it starts with the recording, or leaves an
//    older line after some steps. State n of a line is the one after its first n steps.
// 2. Every line can be followed again to the byte: it is its decisions.
// 3. Looking changes nothing.
#pragma once
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "engine/boundary/system.h"
#include "engine/explain/continuations.h"
#include "engine/explain/path.h"
#include "engine/trace/recording.h"

namespace lockstep {

// What could happen next.
struct Option {
  std::string who, what;  // "P1(worker)", "ets.insert counter["n"]"; of a choice: the value
  Decision decision;
  bool taken = false;  // by the line
};
struct Place {
  bool ended = false;           // the execution has: there are no options
  bool data = false;            // a process asks for a value: who[0] of the options is the same
  std::vector<Option> options;  // by actor, or value
};

// A part of the state that is not the same in two states; nothing: it was not there.
struct Difference {
  Shown what;  // value as in the second state, or in the first if it is gone
  std::optional<std::string> before, after;
};

// A step that wrote something.
struct Write {
  uint32_t step = 0;
  Shown what;  // value after it
  std::optional<std::string> before, after;
  bool changed() const { return before != after; }
};

struct Line {
  Line(Recording r, std::unique_ptr<Path> p, size_t from, uint32_t after)
      : recording(std::move(r)), path(std::move(p)), parent(from), left_after(after) {}
  Recording recording;
  std::unique_ptr<Path> path;
  size_t parent;        // the line it leaves; of line 0 itself
  uint32_t left_after;  // ... after so many steps
  bool ended = true;    // the execution came to its end
  uint32_t size() const { return path->size(); }
};

enum class Onward : uint8_t {
  follow,  // the steps of the parent line as far as they can still be done, then one after the
           // other
  random,  // a random walk
};

struct Sample {
  Tally tally;
  // The first continuation that failed in the same way, and the first that passed.
  std::vector<Decision> failing, passing;
  bool cut = false;  // interrupted: fewer than were asked for
};

class Walk {
 public:
  // `recorded` as record_schedule() gives it. `system` must outlive it, and run nothing else.
  Walk(System& system, uint64_t seed, uint64_t iteration, Recording recorded);

  const Line& line(size_t n) const { return lines_[n]; }
  size_t lines() const { return lines_.size(); }

  Place place(size_t line, uint32_t step);
  std::vector<Shown> state(size_t line, uint32_t step);
  // All of them, from the start to the end.
  void states(size_t line,
              const std::function<void(uint32_t step, const std::vector<Shown>& state)>& see);
  std::vector<Difference> difference(size_t line, uint32_t a, uint32_t b);
  // The steps of the line that wrote what `wanted` accepts, in order: those whose state differs
  // from the one before in it, and those that announced to write it, with the same value or none.
  std::vector<Write> writes(size_t line, const std::function<bool(const Shown&)>& wanted);

  // The line that takes another option after `step` steps; a line that has not come to its end is
  // itself longer then. The same line if it takes this option already.
  size_t take(size_t line, uint32_t step, const Option& option);
  // The execution goes on to its end after `step` steps.
  size_t onward(size_t line, uint32_t step, Onward how, uint64_t number);
  // A line with these decisions, as Sample has them.
  size_t adopt(size_t line, uint32_t step, std::vector<Decision> decisions);
  // `n` random continuations after `step` steps, those with the numbers from `first` on.
  Sample sample(size_t line, uint32_t step, uint64_t n, uint64_t first = 0);
  const Outcome& failure() const { return failure_; }  // what samples count

 private:
  size_t add(size_t parent, uint32_t after, std::vector<Decision> decisions);

  System& system_;
  const uint64_t seed_, iteration_;
  const Outcome failure_;
  const bool exact_;
  std::deque<Line> lines_;
};

// The differences of two lists, by what they are about, in the order of the second, those that are
// gone last. Names that a process was given meanwhile make no difference.
std::vector<Difference> compare(const std::vector<Shown>& before, const std::vector<Shown>& after);

}  // namespace lockstep
