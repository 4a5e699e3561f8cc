// Is a fix real? The contrast of the recorded failure, asked of an edited program: executions that
// keep those of its parts that still exist, and others, and what the recorded program does under
// the same sampling. Steps are matched by their names (step_ids.h), never by lines.
//
// A repair often makes two steps one, so that an order is gone and cannot be kept. Then it passes
// if all its classes were executed, or if the same executions would all but certainly have shown
// the recorded failure; which of the two, the result says.
#pragma once
#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "engine/boundary/system.h"
#include "engine/contrast/contrast.h"
#include "engine/trace/trace_replay.h"

namespace lockstep {

struct FixOptions {
  uint64_t max_executions = 900;     // of each program, all classes aside
  uint64_t max_decisions = 250'000;  // of each program: what bounds the time
  uint64_t max_classes = 1000;
  const std::atomic<bool>* interrupted = nullptr;
};

struct FixPart {
  ContrastPart part;  // of the recorded failure
  enum State : uint8_t {
    kept,        // executions of the edited program keep it
    impossible,  // both steps are there, but not in this order
    gone,        // a step of it is not done any more
  } state = kept;
};

struct FixResult {
  enum Kind : uint8_t {
    still_fails,      // `failing` is an execution of the edited program, of the same failure
    fails_otherwise,  // ... of another one
    passes,
    cannot_tell,
    misuse,  // the edited scenario misuses the API: `failing`
  } kind = cannot_tell;
  std::string reason;  // cannot_tell: one line
  bool keeps = false;  // `failing` keeps all parts that are left
  Recording failing;
  Contrast::Kind contrast = Contrast::not_told;  // of the recorded failure
  std::string not_told;                          // ... why there is none
  std::vector<FixPart> parts;
  uint64_t executions = 0;   // of the edited program
  uint64_t kept_all = 0;     // of these, that keep all parts of the contrast
  uint64_t kept_left = 0;    // ... all that are left
  bool all_classes = false;  // `executions` are one of each class of the edited program
  uint64_t recorded = 0, recorded_failed = 0;  // the recorded program under the same sampling
};

// The trace's own program, and the edited one. `context.files` are the edited program's.
FixResult check_fix(System& recorded, System& edited, const Trace& trace,
                    const ReplayContext& context, const FixOptions& options = {});

}  // namespace lockstep
