// RFF, reads-from fuzzing: an execution is steered towards an abstract schedule, a set of
// constraints "this read takes its value from that write" or does not; mutated, and kept when it
// showed a reads-from pair never seen or satisfied a constraint never satisfied. Wolff, Zhang,
// Boehme, Roychoudhury, "Greybox fuzzing for concurrency testing", ASPLOS 2024.
//
// Guarantee: none in numbers; what it sees of a program never shrinks. Below its constraints it is
// POS. Deviations from the paper: learns in rounds (rff_corpus.h), so that iteration i depends on
// (seed, i) and not on timing; six levels of energy. A write also reads, unless it is a message or
// a release; a receive reads from the send of its message.
#include "engine/base/flat_map.h"
#include "engine/relation/dependence.h"
#include "engine/schedule/priorities.h"
#include "engine/schedule/rff_corpus.h"
#include "engine/schedule/strategy_list.h"

namespace lockstep {
namespace {

bool writes(const Operation& op) {
  return op.access == Access::write || op.access == Access::add || op.access == Access::append;
}
// A write too: so the order of two writes can be asked for.
bool reads(const Operation& op) {
  return op.access == Access::read || op.access == Access::write || op.access == Access::take ||
         op.access == Access::poll;
}
constexpr ActorId kSeveral = kNoActor;

Place place_of(const Operation& op) {
  return op.site ? static_cast<uint64_t>(op.site) << 8 | static_cast<uint64_t>(op.kind) : 0;
}

// A constraint on its way through an execution.
struct Automaton {
  enum State : uint8_t { kWaiting, kWritten, kOverwritten, kDone };
  Constraint c;
  State state = kWaiting;
  ObjectId object = 0;
  bool read_pending = false;

  // -1: better not now; 1: now; 0: no matter.
  int advice(const Operation& op, Place place) const {
    if (c.positive) {
      if (state == kWaiting) return place == c.read ? -1 : place == c.write && read_pending ? 1 : 0;
      if (state == kWritten && op.object == object)
        return place == c.read ? 1 : writes(op) ? -1 : 0;
      return 0;
    }
    if (state == kWaiting) return place == c.write ? -1 : 0;
    if (op.object != object) return 0;
    if (state == kWritten) return place == c.read ? -1 : writes(op) && place != c.write ? 1 : 0;
    return place == c.read ? 1 : 0;
  }
  void step(const Operation& op, Place place) {
    if (state == kDone) return;
    if (place == c.read && state == kWritten && c.positive && op.object == object) state = kDone;
    if (!writes(op)) return;
    if (place == c.write)
      state = state == kDone ? kDone : kWritten, object = op.object;
    else if (op.object == object && state == kWritten)
      state = c.positive ? kWaiting : kOverwritten;
  }
};

class Rff final : public Strategy {
 public:
  explicit Rff(const StrategyOptions& options) : seed_(options.seed) { sites_ = true; }

  uint64_t round(uint64_t iteration) const override {
    return rff_round(iteration ? iteration - 1 : 0);
  }

  bool begin(uint64_t iteration, System&) override {
    Prng rng(stream_seed(seed_, iteration, Stream::mutate));
    schedule_ = corpus_.child(rng);
    automata_.clear();
    for (const Constraint& c : schedule_) automata_.push_back({c});
    draw_ = DrawOnDemand(stream_seed(seed_, iteration, Stream::schedule));
    data_.reseed(stream_seed(seed_, iteration, Stream::data));
    priorities_.clear();
    last_write_.clear();
    pairs_.clear();
    read_.clear();
    acquirer_.clear();
    acquires_.clear();
    accesses_.clear();
    places_.clear();
    lesson_ = std::make_shared<RffLesson>();
    return true;
  }

  size_t choose(const ChoicePoint& point) override {
    priorities_.refresh(point);
    if (point.data) {
      places_.push_back(0);
      return data_.below(point.count);
    }
    for (Automaton& a : automata_) {
      a.read_pending = false;
      for (const Alternative& alternative : point.alternatives)
        a.read_pending |= place_of(alternative.op) == a.c.read;
    }
    size_t best = 0;
    uint64_t highest = 0;
    for (size_t i = 0; i < point.count; i++) {
      const Alternative& a = point.alternatives[i];
      const uint64_t p = draw_(priorities_[a.actor]) >> 2 | band(a.op) << 62;
      if (p >= highest) highest = p, best = i;
    }
    const Alternative& picked = point.alternatives[best];
    for (const Alternative& a : point.alternatives)
      if (share_an_object(picked, a)) priorities_[a.actor] = 0;
    executed(picked);
    return best;
  }

  void end(const Outcome&, System&) override {
    lesson_->schedule = schedule_;
    for (const Constraint& c : schedule_)
      if (satisfied(c) && !corpus_.knows_satisfied(c)) lesson_->satisfied.push_back(c);
    // A release does not look, but only the acquire tells that the object is a lock. One that a
    // single actor takes, as whoever joins a thread does with its end, is taken in one order only.
    std::erase_if(lesson_->accesses, [&](const auto& access) {
      const auto& [object, place, write] = access;
      const ActorId by = acquirer_[object];
      return by != 0 && (by != kSeveral || (!write && !acquires_[place]));
    });
  }
  std::shared_ptr<const Lesson> lesson() override { return lesson_; }
  void learn(const Lesson& lesson) override {
    corpus_.learn(static_cast<const RffLesson&>(lesson));
  }

 private:
  uint64_t band(const Operation& op) const {
    const Place place = place_of(op);
    bool avoid = false, take = false;
    for (const Automaton& a : automata_) {
      const int advice = a.advice(op, place);
      avoid |= advice < 0;
      take |= advice > 0;
    }
    return avoid == take ? 1 : avoid ? 0 : 2;
  }

  // A read that happened and took its value from elsewhere each time satisfies a negative one.
  bool satisfied(const Constraint& c) {
    const bool saw = pairs_[mix64(c.read, c.write)];
    return c.positive ? saw : !saw && read_[c.read];
  }
  void executed(const Alternative& a) {
    const Operation& op = a.op;
    const Place place = place_of(op);
    places_.push_back(place);
    for (Automaton& automaton : automata_) automaton.step(op, place);
    if (op.object == 0 || place == 0 || op.access == Access::none) return;
    if (op.flags & kAcquire) {
      ActorId& by = acquirer_[op.object];
      by = by == 0 || by == a.actor + 1 ? a.actor + 1 : kSeveral;
      acquires_[place] = true;
    }
    Place& last = last_write_[op.object];
    if (reads(op)) {
      const bool message = op.access == Access::take && a.cause > 0 && a.cause <= places_.size();
      read_[place] = true;
      saw(place, message ? places_[a.cause - 1] : last);
      accessed(op.object, place, false);
    }
    if (!writes(op)) return;
    accessed(op.object, place, true);
    last = place;
  }
  void saw(Place read, Place write) {
    bool& known = pairs_[mix64(read, write)];
    if (known) return;
    known = true;
    lesson_->signature += mix64(read, write + 1);
    if (!corpus_.knows_pair(read, write)) lesson_->pairs.emplace_back(read, write);
  }
  void accessed(ObjectId object, Place place, bool write) {
    bool& known = accesses_[mix64(object, place * 2 + write)];
    if (known) return;
    known = true;
    if (!corpus_.knows_access(object, place, write))
      lesson_->accesses.emplace_back(object, place, write);
  }

  const uint64_t seed_;
  RffCorpus corpus_;
  AbstractSchedule schedule_;
  std::vector<Automaton> automata_;
  DrawOnDemand draw_;
  Prng data_;
  Priorities priorities_;
  FlatMap<Place> last_write_;       // by object
  FlatMap<bool> pairs_, accesses_;  // seen in this execution
  FlatMap<bool> read_;              // places of reads that happened
  FlatMap<ActorId> acquirer_;       // by lock: who took it, plus 1
  FlatMap<bool> acquires_;          // places where one was taken
  std::vector<Place> places_;       // by decision
  std::shared_ptr<RffLesson> lesson_;
};

}  // namespace

const StrategyInfo kRffInfo = {
    "rff",
    "steers towards reads-from pairs never seen, and learns from each round",
    "none in numbers; flat on programs that random priorities cannot order",
    "Wolff, Zhang, Boehme, Roychoudhury: Greybox fuzzing for concurrency testing (2024)",
    {.adaptive = true},
    [](const StrategyOptions& options) -> std::unique_ptr<Strategy> {
      return std::make_unique<Rff>(options);
    }};

}  // namespace lockstep
