// Strict replay: each recorded decision must be possible, of the same kind and the same operation,
// at the same place.
//
// Guarantee: either the execution is the recorded one, decision for decision, or it is stopped
// where it would leave it and divergence() says where. Nothing is skipped and nothing guessed;
// lenient replays belong to the shrinker.
#include "engine/schedule/strategy_list.h"
#include "engine/trace/replay.h"

namespace lockstep {
namespace {

bool matches(const Alternative& a, Decision d) {
  return a.actor == d.actor && a.kind == d.kind() && static_cast<uint32_t>(a.op.kind) == d.value();
}

std::string phrase(const System& system, ActorId actor, AltKind kind, OpKind op) {
  static const char* const verbs[] = {"", "arrival: ", "timer: ", "fault: ", ""};
  return system.actor_name(actor) + " " + verbs[static_cast<size_t>(kind) % 5] + op_name(op);
}

}  // namespace

Replay::Replay(std::span<const Decision> schedule, bool fair_spins) : schedule_(schedule) {
  sites_ = true;
  fair_spins_ = fair_spins;
}

bool Replay::begin(uint64_t, System&) {
  next_ = 0;
  divergence_.reset();
  return true;
}

size_t Replay::choose(const ChoicePoint& point) {
  if (next_ == schedule_.size()) return diverge(point);
  const Decision d = schedule_[next_];
  if (point.data) {
    if (d.kind() != AltKind::data || d.actor != point.last || d.value() >= point.count)
      return diverge(point);
    next_++;
    return d.value();
  }
  if (!point.has(d.actor)) return diverge(point);
  const uint32_t index = point.position[d.actor];
  if (!matches(point.alternatives[index], d)) return diverge(point);
  next_++;
  return index;
}

size_t Replay::diverge(const ChoicePoint& point) {
  Divergence& d = divergence_.emplace();
  d.step = next_;
  if (next_ < schedule_.size()) d.recorded = schedule_[next_];
  d.data = point.data;
  d.count = point.count;
  d.offered.assign(point.alternatives.begin(), point.alternatives.end());
  for (Alternative& a : d.offered) a.op.extra = nullptr, a.op.extra_count = 0;
  return kStop;
}

void Replay::end(const Outcome&, System&) {
  if (divergence_ || next_ == schedule_.size()) return;
  Divergence& d = divergence_.emplace();
  d.step = next_;
  d.recorded = schedule_[next_];
  d.ended = true;
}

std::string describe(const Divergence& d, const System& system) {
  std::string text = "step " + std::to_string(d.step + 1) + ": recorded ";
  if (!d.recorded)
    text += "nothing more";
  else if (d.recorded->kind() == AltKind::data)
    text += "value " + std::to_string(d.recorded->value());
  else
    text += phrase(system, d.recorded->actor, d.recorded->kind(),
                   static_cast<OpKind>(d.recorded->value()));
  text += ", now ";
  if (d.ended) return text + "the execution has ended";
  if (d.data) return text + "one of " + std::to_string(d.count) + " values is asked for";
  for (size_t i = 0; i < d.offered.size(); i++)
    text += (i ? " or " : "") +
            phrase(system, d.offered[i].actor, d.offered[i].kind, d.offered[i].op.kind);
  return text;
}

const StrategyInfo kReplayInfo = {"replay",
                                  "follows a recorded schedule to the letter",
                                  "the recorded execution, or the step where it is left",
                                  "-",
                                  {.follows = true},
                                  [](const StrategyOptions& options) -> std::unique_ptr<Strategy> {
                                    return std::make_unique<Replay>(options.schedule);
                                  }};

}  // namespace lockstep
