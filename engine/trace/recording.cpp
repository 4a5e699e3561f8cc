#include "engine/trace/recording.h"

#include "engine/trace/replay.h"

namespace lockstep {
namespace {

class Collect final : public EventSink {
 public:
  void on_event(Event&& event) override { events.push_back(std::move(event)); }
  void on_names(const Renamings& names) override { rename(events, names); }
  std::vector<Event> events;
};

}  // namespace

Recording record_schedule(System& system, uint64_t seed, uint64_t iteration,
                          std::span<const Decision> schedule, bool fair_spins) {
  Recording recording;
  Replay replay(schedule, fair_spins);
  for (bool again = false;; again = true) {
    Collect sink;
    system.limits().count_instructions = again;  // a suspect is judged by exact counts
    system.record(&sink);
    replay.begin(iteration, system);
    system.begin(seed, iteration);
    recording.outcome = system.run(replay);
    system.record(nullptr);
    system.limits().count_instructions = false;
    recording.events = std::move(sink.events);
    if (recording.outcome.verdict != Verdict::suspect || again) break;
  }
  replay.end(recording.outcome, system);
  recording.decisions.assign(system.decisions().begin(), system.decisions().end());
  if (replay.divergence()) recording.divergence = describe(*replay.divergence(), system);
  return recording;
}

}  // namespace lockstep
