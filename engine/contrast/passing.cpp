#include "engine/contrast/passing.h"

#include <algorithm>

#include "engine/boundary/recorder.h"
#include "engine/contrast/keeper.h"

namespace lockstep {
namespace {

constexpr uint64_t kStrayTries = 4;   // of each part that following does not turn into a pass
constexpr uint64_t kRandomTries = 6;  // from each state
constexpr uint64_t kEachTries = 60;   // of single conditions

class Search {
 public:
  Search(System& system, uint64_t seed, uint64_t iteration, const Recording& failing,
         const PassingOptions& options)
      : system_(system), seed_(seed), iteration_(iteration), options_(options) {
    const Tape none;
    Keeper keeper(none);
    system_.begin(seed_, iteration_);
    keeper.begin(system_, failing.decisions);
    const Outcome outcome = system_.run(keeper);
    failing_ = keeper.take(system_, outcome);
    for (uint32_t i = 0; i < failing_.ids.size(); i++) place_[failing_.ids[i]] = i + 1;
  }

  void turn_parts(const Contrast& contrast) {
    for (size_t i = 0; i < contrast.parts.size(); i++) {
      std::vector<Condition> kept;
      for (size_t k = 0; k < contrast.parts.size(); k++)
        if (k != i) kept.push_back(contrast.parts[k].condition);
      const Condition turned[] = {contrast.parts[i].condition};
      if (attempt(kept, turned, Manner::follow, 0)) continue;
      for (uint64_t n = 1; n <= kStrayTries; n++) attempt(kept, turned, Manner::stray, n);
    }
  }

  void turn_each(const std::vector<Event>& events) {
    const auto all = conditions_of(events, failing_);
    // The last ones first: the failure is at the end.
    const uint64_t end = attempts_ + kEachTries;
    for (auto c = all.rbegin(); c != all.rend() && attempts_ < end; ++c) {
      const Condition turned[] = {*c};
      attempt({}, turned, Manner::follow, 0);
    }
  }

  void leave() {
    const std::span<const Decision> all(failing_.decisions);
    for (size_t back = 1;; back *= 2) {
      const size_t kept = all.size() - std::min(back, all.size());
      for (uint64_t n = 0; n < kRandomTries; n++)
        attempt({}, {}, Manner::random, n, all.first(kept));
      if (best_ || kept == 0) return;
    }
  }

  const std::optional<Tape>& best() const { return best_; }
  uint64_t attempts() const { return attempts_; }

  void compare(const Tape& other, NearestPassing* out) {
    out->twins.clear();
    for (const StepId id : other.ids) out->twins.push_back(place_[id]);
    out->stayed = longest_increasing(out->twins);
    const auto stayed =
        static_cast<uint32_t>(std::count(out->stayed.begin(), out->stayed.end(), true));
    out->apart = static_cast<uint32_t>(failing_.ids.size() + other.ids.size()) - 2 * stayed;
  }

 private:
  bool may_go_on() const {
    return attempts_ < options_.max_attempts && decisions_ < options_.max_decisions &&
           !(options_.interrupted && *options_.interrupted) && !system_.cut();
  }

  bool attempt(std::span<const Condition> kept, std::span<const Condition> turned, Manner manner,
               uint64_t number, std::span<const Decision> lead = {}) {
    if (!may_go_on()) return false;
    Keeper keeper(failing_);
    system_.begin(seed_, iteration_);
    keeper.begin(system_, kept, turned, manner, seed_ + number);
    keeper.lead(lead);
    const Outcome outcome = system_.run(keeper);
    attempts_++;
    decisions_ += system_.decisions().size();
    if (keeper.stuck() || outcome.verdict != Verdict::passed) return false;
    Tape tape = keeper.take(system_, outcome);
    NearestPassing candidate;
    compare(tape, &candidate);
    if (best_ && candidate.apart >= apart_) return true;
    apart_ = candidate.apart;
    best_ = std::move(tape);
    return true;
  }

  // Zeros are left out; which of the longest is a function of the list.
  static std::vector<bool> longest_increasing(const std::vector<uint32_t>& list) {
    std::vector<size_t> ends;  // by length - 1, where the least last element stands
    std::vector<size_t> before(list.size(), list.size());
    for (size_t i = 0; i < list.size(); i++) {
      if (list[i] == 0) continue;
      const auto at = std::lower_bound(ends.begin(), ends.end(), list[i],
                                       [&](size_t e, uint32_t value) { return list[e] < value; });
      if (at != ends.begin()) before[i] = *std::prev(at);
      if (at == ends.end())
        ends.push_back(i);
      else
        *at = i;
    }
    std::vector<bool> in(list.size(), false);
    if (ends.empty()) return in;
    for (size_t i = ends.back(); i < list.size(); i = before[i]) in[i] = true;
    return in;
  }

  System& system_;
  const uint64_t seed_, iteration_;
  const PassingOptions options_;
  Tape failing_;
  FlatMap<uint32_t> place_;
  std::optional<Tape> best_;
  uint32_t apart_ = 0;
  uint64_t attempts_ = 0, decisions_ = 0;
};

}  // namespace

std::optional<NearestPassing> nearest_passing(System& system, uint64_t seed, uint64_t iteration,
                                              const Recording& failing, const Contrast* contrast,
                                              const PassingOptions& options) {
  const CountInstructions counting(system, failing.outcome.verdict == Verdict::runaway);
  Search search(system, seed, iteration, failing, options);
  if (contrast && contrast->kind == Contrast::found) search.turn_parts(*contrast);
  if (!search.best()) search.turn_each(failing.events);
  if (!search.best()) search.leave();
  if (!search.best()) return {};
  NearestPassing out;
  search.compare(*search.best(), &out);
  out.recording = record_schedule(system, seed, iteration, search.best()->decisions);
  out.attempts = search.attempts();
  if (out.recording.outcome.verdict != Verdict::passed) return {};
  return out;
}

}  // namespace lockstep
