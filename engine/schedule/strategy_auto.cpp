// The default: a portfolio of samplers with different mechanisms, one execution each in turn. No
// single one wins, and each one's blind spot is covered by two others (LOC where many processes run
// one code, SURW and URW where counts matter, POS for deep races). LOC has two turns of six, since
// nothing else finds what many alike processes hide; rff is first, since it has to learn.
//
// After kLate executions rff has two thirds of the turns, pos two of fifteen, the others one. loc
// and surw choose from few orders (of source places, of operations on one object), each with a fair
// probability, so what they can find they have most likely found by then: a bug with one order of
// six places is missed by 3,000 executions of loc once in 70 runs. What is left needs an order of
// many events of several objects, and the others favour none. Of those rff comes to such orders
// most often: on SafeStack one execution of 210,000 failed (7 million), of pos one of 750,000
// (3 million), of urw and surw none (3 million each).
//
// Guarantee: that of each member on its share of the schedules: a sixteenth of them goes to idpct
// and a 32nd to the plain random walk, whose promises are the ones that can be stated; the rest
// in turn to the others. Which member an iteration goes to is a function of its number.
#include <algorithm>
#include <iterator>

#include "engine/schedule/rff_corpus.h"
#include "engine/schedule/strategy_list.h"

namespace lockstep {
namespace {

bool random_turn(uint64_t i) { return i % 32 == 23; }
bool idpct_turn(uint64_t i) { return i % 16 == 15; }

class Auto final : public Strategy {
 public:
  explicit Auto(const StrategyOptions& options)
      : random_(kRandomInfo.make(options)), idpct_(kIdPctInfo.make(options)) {
    for (const StrategyInfo* info : {&kRffInfo, &kSurwInfo, &kLocInfo, &kUrwInfo, &kPosInfo})
      members_.push_back(info->make(options));
    early_.count(0);
    late_.count(kLate);
  }

  bool begin(uint64_t iteration, System& system) override {
    now_ = &member(iteration);
    return now_->begin(iteration, system);
  }
  // Only rff learns; the rounds are those of its executions.
  uint64_t round(uint64_t iteration) const override {
    return rff_round(early_.before(std::min(iteration, kLate)) +
                     (iteration > kLate ? late_.before(iteration - kLate) : 0));
  }
  std::shared_ptr<const Lesson> lesson() override { return now_->lesson(); }
  void learn(const Lesson& lesson) override { members_[kRff]->learn(lesson); }
  Chooser& chooser() override { return now_->chooser(); }
  size_t choose(const ChoicePoint& point) override { return now_->choose(point); }
  void end(const Outcome& outcome, System& system) override { now_->end(outcome, system); }

 private:
  enum Member : uint8_t { kRff, kSurw, kLoc, kUrw, kPos };
  static constexpr Member kEarly[] = {kLoc, kRff, kLoc, kSurw, kPos, kUrw};
  static constexpr Member kThen[] = {kRff, kRff, kPos, kRff, kRff, kUrw, kRff, kRff,
                                     kLoc, kRff, kRff, kPos, kRff, kRff, kSurw};
  static constexpr uint64_t kLate = 54 * 32 * std::size(kEarly);  // a bit over 10,000

  static Member turn(uint64_t i) {
    return i < kLate ? kEarly[i % std::size(kEarly)] : kThen[(i - kLate) % std::size(kThen)];
  }
  Strategy& member(uint64_t i) {
    return random_turn(i) ? *random_ : idpct_turn(i) ? *idpct_ : *members_[turn(i)];
  }

  // Executions of rff among the first so many of a phase, whose turns repeat.
  template <uint64_t kTurns>
  struct Count {
    static constexpr uint64_t kPeriod = 32 * kTurns;
    uint64_t sums[kPeriod + 1] = {};
    void count(uint64_t start) {
      for (uint64_t i = 0; i < kPeriod; i++) {
        const uint64_t n = start + i;
        sums[i + 1] = sums[i] + (turn(n) == kRff && !random_turn(n) && !idpct_turn(n));
      }
    }
    uint64_t before(uint64_t n) const { return n / kPeriod * sums[kPeriod] + sums[n % kPeriod]; }
  };

  Count<std::size(kEarly)> early_;
  Count<std::size(kThen)> late_;
  std::unique_ptr<Strategy> random_, idpct_;
  std::vector<std::unique_ptr<Strategy>> members_;
  Strategy* now_ = nullptr;
};

}  // namespace

uint64_t auto_share(std::string_view member, uint64_t executions) {
  const auto turns = member == "random" ? random_turn : idpct_turn;
  uint64_t n = executions / 32 * (member == "random" ? 1 : 2);
  for (uint64_t i = executions / 32 * 32; i < executions; i++) n += turns(i);
  return n;
}

const StrategyInfo kAutoInfo = {
    "auto",
    "a portfolio: rff, surw, loc, urw, pos in turn, idpct and random now and then",
    "what each member promises, on its share; a proof (dpor) where the classes are few",
    "this project (2026)",
    {.takes = kTakesDepth | kTakesResample | kTakesReduce | kTakesSpins,
     .adaptive = true,
     .needs_pilot = true,
     .proves = true},
    [](const StrategyOptions& options) -> std::unique_ptr<Strategy> {
      return std::make_unique<Auto>(options);
    }};

}  // namespace lockstep
