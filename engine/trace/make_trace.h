// From a recorded execution to a trace: labels, digests, and who is who.
#pragma once
#include <span>
#include <string>
#include <vector>

#include "engine/trace/recording.h"
#include "engine/trace/trace.h"

namespace lockstep {

// What happened, in words that mean the same whenever the same thing happens: "P1(worker)
// ets.lookup counter[1]", "P0(root) choose = 2". Made from events alone, both when a trace is
// written and when it is replayed.
std::string event_label(const Event& event);

// The same with arguments and result, for people: "P1(worker) ets.lookup counter[1] (1) -> 0".
std::string event_text(const Event& event);

// What an alternative would do, in the words of events as far as they are known before it has
// happened.
std::string alternative_label(const System& system, const Alternative& alternative);

// One label for each decision; from the operation alone where no event tells.
std::vector<std::string> decision_labels(std::span<const Decision> decisions,
                                         std::span<const Event> events);

// Puts the execution into the trace: outcome, decisions, labels, digests and events. The rest is
// the caller's: what was run, with which options.
void put_recording(Trace& trace, Recording recording);

// Runs the trace's schedule once more, without events, to fill in `keys` and `keyed`. False if it
// could not be followed; then they are empty.
bool annotate(Trace& trace, System& system);

}  // namespace lockstep
