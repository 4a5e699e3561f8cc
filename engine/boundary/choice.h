// The one door for nondeterminism (D1): what may happen next, offered to a Chooser.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>

#include "engine/boundary/operation.h"

namespace lockstep {

// On disk in traces: append only, do not renumber.
enum class AltKind : uint8_t {
  step = 0,     // a process performs its pending operation
  deliver = 1,  // a signal in flight arrives or is handled
  timer = 2,    // a timer fires, a receive times out, a sleeper wakes
  fault = 3,    // something breaks: message lost, node crashed, ...
  data = 4,     // lockstep.choose: which value
};

struct Alternative {
  Alternative() = default;
  Alternative(ActorId a, AltKind k, uint32_t p, const Operation& o)
      : actor(a), kind(k), process(p), op(o) {}

  ActorId actor = kNoActor;  // unique among the alternatives of one choice point
  AltKind kind = AltKind::step;
  uint32_t process = 0;  // the process concerned: the one that steps, receives, or owns the timer
  // 1 + the number of the decision without which this could not be, where no conflict of footprints
  // and no creation of the actor says so: the send of the message that the receive would take or
  // that would arrive. 0: none, or unknown.
  uint32_t cause = 0;
  Operation op;
};

// What was not possible as things were, up to so many decisions: then it was over, by the execution
// or by a step that made it impossible for good.
struct Blocked {
  static constexpr uint32_t kToTheEnd = 0xffffffff;
  Alternative what;
  uint32_t until = kToTheEnd;
};

// A view of the machine's own arrays, valid until the call of Chooser::choose returns.
struct ChoicePoint {
  // Empty for data choices (then `count` values 0 .. count-1 may be picked, and `last` is the
  // process that asks). The order is a function of the decisions so far, else arbitrary: a strategy
  // that wants an order sorts by actor.
  std::span<const Alternative> alternatives;
  uint32_t count = 0;  // number of alternatives or values, at least 1
  bool data = false;
  uint32_t step = 0;        // decisions made before this one, in this execution
  ActorId last = kNoActor;  // the actor of the previous decision
  // Actors that became alternatives since the chooser was last asked, at the first choice point all
  // of them (an actor that stepped and is an alternative again is not among them, unless other
  // steps came between). May name one twice, or one that is gone again. Where forced steps are not
  // asked about (skip_forced), it goes on growing until one is.
  std::span<const ActorId> woken;
  const uint32_t* position = nullptr;  // position[actor] = index in alternatives, or kAbsent
  uint32_t actors = 0;                 // actors created so far; the length of `position`
  // The previous decision was a process's step that achieved nothing but waiting: an explicit
  // yield, a receive that timed out or found nothing, a failed compare-and-exchange.
  bool yielded = false;
  static constexpr uint32_t kAbsent = 0xffffffff;

  bool has(ActorId actor) const { return actor < actors && position[actor] != kAbsent; }
};

// One decision in eight bytes, as recorded while exploring. Labels for people are made when the
// schedule is run again.
struct Decision {
  uint32_t actor = 0;   // who was picked; for data choices the process that asked
  uint32_t detail = 0;  // AltKind << 24 | (data: the value | otherwise: OpKind)
  AltKind kind() const { return static_cast<AltKind>(detail >> 24); }
  uint32_t value() const { return detail & 0xffffff; }
  static Decision make(ActorId actor, AltKind kind, uint32_t value) {
    return {actor, static_cast<uint32_t>(kind) << 24 | (value & 0xffffff)};
  }
  friend bool operator==(const Decision&, const Decision&) = default;
};

// Asked at every choice point, also where there is only one alternative (strategies that follow the
// execution need to see each step). Called on whatever stack the system is on: no exception may
// leave it, and no object with a destructor may be needed after it.
class Chooser {
 public:
  static constexpr size_t kStop = static_cast<size_t>(-1);  // abandon the execution here
  virtual ~Chooser() = default;
  // The index of the alternative (or the value) to take, less than point.count; or kStop.
  virtual size_t choose(const ChoicePoint& point) = 0;

  // Who is to choose from now on in this execution: asked when a process has yielded, and once when
  // kLate steps have passed. Its own business is the fairness rule (fairness.h), which so costs
  // nothing before.
  static constexpr uint32_t kLate = 1000;
  virtual Chooser& fair() { return fair_ ? *fair_ : *this; }
  void set_fair(Chooser* fair) { fair_ = fair; }

  bool at_rest() const { return at_rest_; }
  bool sites() const { return sites_; }
  bool skip_forced() const { return skip_forced_; }
  bool states() const { return states_; }
  bool fair_spins() const { return fair_spins_; }

 protected:
  bool at_rest_ =
      false;  // wants every process parked when asked, so that System::save works from choose()
  bool sites_ = false;        // wants Operation::site filled in
  bool skip_forced_ = false;  // need not be asked where there is only one alternative
  bool states_ = false;       // wants System::state
  // Leaves nothing out, so a process that comes round to where it was, having only looked, need not
  // be let round again: the System may hold it, and end what that makes pointless as `stopped`.
  bool fair_spins_ = false;

 private:
  Chooser* fair_ = nullptr;
};

}  // namespace lockstep
