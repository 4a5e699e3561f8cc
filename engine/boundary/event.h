// One entry of a recorded execution. Numbered when its effect happens (D3): a cause always has the
// smaller number.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/boundary/choice.h"

namespace lockstep {

struct Event {
  uint32_t step = 0;  // 1-based number of the decision whose effect this is
  AltKind kind = AltKind::step;
  OpKind op = OpKind::none;
  ActorId actor = kNoActor;  // whose step it was
  uint32_t process = 0;      // the process concerned (dense number, 0 is the root)
  std::string who;           // "P0(root)", "P1(worker)"; a queue's or timer's name for those
  std::string what;          // "send", "ets.insert", "recv": the call as the guest knows it
  std::string
      target;  // the other process or the object: "P0(root)", "counter", "ctr[1]"; may be empty
  std::string args;    // arguments or payload, printed; may be empty
  std::string result;  // what came back, printed; may be empty
  std::string change;  // state change for the last column: "counter.n: 0 -> 1"; may be empty
  std::string site;    // "lost_update.lua:9"; may be empty
  // The function of the library that the guest called there, if the step is one of several that it
  // takes: "gen_server.call"; may be empty. Not in traces.
  std::string call;
  std::vector<Footprint> footprint;
  // Steps of earlier events without which this one could not be: the send of the message taken, the
  // spawn of the process, the start of the timer, the exit behind a DOWN, the release of the lock.
  std::vector<uint32_t> causes;
  // Of a timer that fires only because nothing else could go: 1 + its time. What came before is
  // before it, but for others of that time. Not in traces.
  uint64_t at_quiescence = 0;
  bool acquires = false;      // took a lock (kAcquire). Not in traces.
  uint64_t alternatives = 0;  // how many there were to choose from
  uint64_t digest = 0;        // of the machine's observable state after the step
};

// A process is called by its function until it registers a name or sets a label: "P1(worker)", then
// "P1(boss)". What it was called, and what it is called when the execution has ended.
using Renamings = std::vector<std::pair<std::string, std::string>>;
void rename(std::string& text, const Renamings& names);
void rename(std::vector<Event>& events, const Renamings& names);
// "P1(worker) send P0(root)" -> "P1 send P0": the same whatever they are called.
std::string without_names(std::string_view text);

class EventSink {
 public:
  virtual ~EventSink() = default;
  virtual void on_event(Event&& event) = 0;
  virtual void on_names(const Renamings& names) = 0;  // once, when all events have come
};

}  // namespace lockstep
