// One fairness rule for all sampling strategies: between the system and the strategy, which then
// sees only the alternatives that are allowed.
//
// "Fair Stateless Model Checking" (Musuvathi and Qadeer, PLDI 2008): a process that yields is put
// below every actor that since its previous yield was possible all the time and did not run, until
// that one does. A loop that waits for another process's step and yields then ends under every
// strategy, also under those that would run the loop for ever. What yields is said by the System
// (ChoicePoint::yielded): an explicit yield, a receive that timed out or found nothing, a failed
// compare-and-exchange.
//
// Ours, beyond the paper:
// 1. The first kPatience yields of a process cost it nothing, so that a bounded number of retries
//    is never cut short. What is cut off are schedules in which a process yields more often than
//    that while another one stands still.
// 2. A process that only reads, for more than kIdle steps on end, yields with each further one.
// 3. Whoever was possible for kAge asked steps on end and did not run goes next; each time that
//    happens the span is halved. That ends loops of several processes which pass messages to each
//    other and starve a third one; loops without a step that yields are otherwise out of reach.
// Faults need not happen, so the rule asks for none.
//
// It takes over in an execution when a process yields for the first time or kLate steps have passed
// (Chooser::fair), so short executions without yields do not pay for it. Exhaustive strategies and
// replays are asked as they are: they go through unfair schedules too, which end at max_steps and
// count as such.
#pragma once
#include <cstdint>
#include <vector>

#include "engine/boundary/choice.h"

namespace lockstep {

class Fairness final : public Chooser {
 public:
  static constexpr uint32_t kPatience = 8;
  static constexpr uint32_t kIdle = 64;
  static constexpr uint32_t kAge = 1024;

  // Before each execution; `inner` then hands over to this by its fair().
  void begin(Chooser& inner) {
    inner_ = &inner;
    at_rest_ = inner.at_rest();
    sites_ = inner.sites();
    skip_forced_ = inner.skip_forced();
    started_ = false;
    inner.set_fair(this);
  }
  size_t choose(const ChoicePoint& point) override;
  Chooser& fair() override { return *this; }

 private:
  using Set = std::vector<uint64_t>;  // of actors
  struct Own {
    bool tracked = false;  // has yielded
    bool absent = false;   // is no alternative as far as the strategy knows
    uint32_t yields = 0;
    uint32_t idle = 0;   // steps on end that only looked
    uint32_t since = 0;  // when it last ran, or became possible
    Set open;            // possible ever since its last yield, and did not run
    Set below;           // must run first, where possible
  };

  void start();
  void follow(const ChoicePoint& point);
  void yielded(const ChoicePoint& point, ActorId actor);
  bool restricted(const ChoicePoint& point, const Alternative& a) const;
  ActorId overdue(const ChoicePoint& point);
  size_t choose_among_allowed(const ChoicePoint& point, ActorId only);
  size_t took(const ChoicePoint& point, size_t pick);

  Chooser* inner_ = nullptr;
  bool started_ = false;
  std::vector<Own> own_;  // by actor
  std::vector<ActorId> tracked_;
  uint32_t asked_ = 0, age_ = kAge;
  uint32_t check_ = 0;   // when to look again for who is overdue
  uint32_t hidden_ = 0;  // actors that are absent to the strategy
  std::vector<Alternative> allowed_;
  std::vector<size_t> index_;  // of the allowed ones, in the point as it is
  std::vector<uint32_t> position_;
  std::vector<ActorId> told_;
};

}  // namespace lockstep
