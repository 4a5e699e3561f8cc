#include "engine/explain/path.h"

#include <algorithm>

namespace lockstep {
namespace {
constexpr size_t kMostImages = 64;
constexpr size_t kMostBytes = 128 << 20;  // of all images
}  // namespace

// Takes the recorded decisions up to the last state that is asked for, and stops there.
class Path::Follower final : public Chooser {
 public:
  Follower(Path& path, uint32_t first, uint32_t last, const Look& look)
      : path_(path), next_(first), last_(last), look_(look) {
    at_rest_ = true;
  }
  size_t choose(const ChoicePoint& point) override {
    if (point.step >= next_) look_(point.step, &point), next_ = point.step + 1;
    if (point.step == last_) return came_ = true, kStop;
    if (point.step % path_.spacing_ == 0) path_.keep();
    const Decision d = path_.decisions_[point.step];
    if (point.data) return d.kind() == AltKind::data && d.value() < point.count ? d.value() : kStop;
    return d.kind() != AltKind::data && point.has(d.actor) ? point.position[d.actor] : kStop;
  }
  bool came() const { return came_; }
  uint32_t next() const { return next_; }  // the first state that it has not yet shown

 private:
  Path& path_;
  uint32_t next_;
  const uint32_t last_;
  const Look& look_;
  bool came_ = false;
};

Path::Path(System& system, uint64_t seed, uint64_t iteration, std::vector<Decision> decisions,
           bool exact)
    : system_(system),
      seed_(seed),
      iteration_(iteration),
      decisions_(std::move(decisions)),
      exact_(exact) {}

// Where there are too many, every second goes, and further ones are twice as far apart.
void Path::keep() {
  if (!possible_) return;
  const auto step = static_cast<uint32_t>(system_.decisions().size());
  const auto at = std::lower_bound(kept_.begin(), kept_.end(), step,
                                   [](const Kept& k, uint32_t s) { return k.step < s; });
  if (at != kept_.end() && at->step == step) return;
  auto mark = system_.save();
  possible_ = mark != nullptr && mark->bytes() < kMostBytes;
  if (!possible_) return;
  kept_.insert(at, {step, std::move(mark)});
  size_t bytes = 0;
  for (const Kept& k : kept_) bytes += k.mark->bytes();
  if (kept_.size() <= kMostImages && bytes <= kMostBytes) return;
  spacing_ *= 2;
  std::erase_if(kept_, [this](const Kept& k) { return k.step % spacing_ != 0; });
}

bool Path::look(uint32_t first, uint32_t last, const Look& look) {
  if (last > decisions_.size()) return false;
  CountInstructions counting(system_, exact_);
  for (;;) {
    const auto after = std::upper_bound(kept_.begin(), kept_.end(), first,
                                        [](uint32_t s, const Kept& k) { return s < k.step; });
    if (after == kept_.begin())
      system_.begin(seed_, iteration_);
    else
      system_.restore(*std::prev(after)->mark);
    Follower follower(*this, first, last, look);
    const Outcome& outcome = system_.run(follower);
    if (follower.came()) return true;
    if (outcome.verdict == Verdict::suspect && !counting.on()) {
      // It was left where nobody can look at it; whoever counts comes to its end, from the start.
      kept_.clear();
      first = follower.next();
      counting.start();
      exact_ = true;
      continue;
    }
    if (outcome.verdict == Verdict::stopped || outcome.verdict == Verdict::suspect ||
        system_.decisions().size() != last)
      return false;
    look(last, nullptr);
    return true;
  }
}

std::unique_ptr<Mark> Path::mark(uint32_t step) {
  std::unique_ptr<Mark> mark;
  look(step, [&](uint32_t, const ChoicePoint* point) {
    if (point && possible_) mark = system_.save();
  });
  return mark;
}

}  // namespace lockstep
