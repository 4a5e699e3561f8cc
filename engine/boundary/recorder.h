// Small helpers for running one execution with recording on, or with instructions counted.
#pragma once
#include <vector>

#include "engine/boundary/event.h"
#include "engine/boundary/system.h"

namespace lockstep {

class Recorder : public EventSink {
 public:
  void on_event(Event&& event) override { events.push_back(std::move(event)); }
  void on_names(const Renamings& names) override { rename(events, names); }
  std::vector<Event> events;
};

// Counts instructions exactly while it lives and is on: how a suspect (Verdict::suspect) is judged.
class CountInstructions {
 public:
  explicit CountInstructions(System& system, bool on = false)
      : system_(system), before_(system.limits().count_instructions), on_(before_) {
    if (on) start();
  }
  ~CountInstructions() { system_.limits().count_instructions = before_; }
  CountInstructions(const CountInstructions&) = delete;
  CountInstructions& operator=(const CountInstructions&) = delete;
  void start() { system_.limits().count_instructions = on_ = true; }
  bool on() const { return on_; }

 private:
  System& system_;
  bool before_;
  bool on_;
};

}  // namespace lockstep
