#include "engine/explain/shrink_inputs.h"

#include <algorithm>
#include <chrono>

#include "engine/base/prng.h"

namespace lockstep {
namespace {

constexpr int kWalks = 24;  // for each set that is tried

class Walk final : public Chooser {
 public:
  explicit Walk(uint64_t seed) : random_(seed) {}
  size_t choose(const ChoicePoint& point) override {
    return random_.below(static_cast<uint32_t>(point.count));
  }

 private:
  Prng random_;
};

class InputShrinker {
 public:
  InputShrinker(System& system, uint64_t seed, uint64_t iteration,
                std::span<const Deviation> deviations, const std::string& signature, double seconds,
                uint64_t attempts_max)
      : system_(system),
        seed_(seed),
        iteration_(iteration),
        deviations_(deviations.begin(), deviations.end()),
        signature_(signature),
        until_(std::chrono::steady_clock::now() +
               std::chrono::duration_cast<std::chrono::steady_clock::duration>(
                   std::chrono::duration<double>(seconds))),
        attempts_max_(attempts_max) {}

  InputShrink run(const std::vector<uint64_t>& omitted) {
    out_.omitted = omitted;
    if (!fails(omitted)) return std::move(out_);
    out_.decisions.clear();  // nothing is gained yet
    out_.before = out_.after = static_cast<uint32_t>(left_.size());
    for (size_t chunk = (left_.size() + 1) / 2; chunk >= 1 && !spent();) {
      bool shorter = false;
      for (size_t end = left_.size(); end > 0 && !spent();) {
        const size_t from = end > chunk ? end - chunk : 0;
        std::vector<uint64_t> tried = out_.omitted;
        tried.insert(tried.end(), left_.begin() + static_cast<ptrdiff_t>(from),
                     left_.begin() + static_cast<ptrdiff_t>(end));
        if (fails(tried)) {
          out_.omitted = std::move(tried);
          shorter = true;
        }
        end = std::min(from, left_.size());
      }
      if (left_.empty() || (chunk == 1 && !shorter)) break;
      chunk = shorter ? std::min(chunk, (left_.size() + 1) / 2) : chunk / 2;
    }
    out_.after = static_cast<uint32_t>(left_.size());
    system_.omit(out_.omitted);
    return std::move(out_);
  }

 private:
  bool spent() const {
    return out_.attempts >= attempts_max_ || std::chrono::steady_clock::now() >= until_ ||
           system_.cut();
  }

  bool keep_if(const Outcome& outcome) {
    if (!outcome.failed() || outcome.signature() != signature_) return false;
    const auto decisions = system_.decisions();
    out_.decisions.assign(decisions.begin(), decisions.end());
    const auto inputs = system_.inputs();
    left_.assign(inputs.begin(), inputs.end());
    return true;
  }

  bool fails(const std::vector<uint64_t>& omitted) {
    system_.omit(omitted);
    out_.attempts++;
    if (keep_if(run_deviations(system_, seed_, iteration_, deviations_).outcome)) return true;
    for (int i = 0; i < kWalks && !spent(); i++) {
      Walk walk(mix64(seed_ ^ iteration_, static_cast<uint64_t>(i)));
      out_.attempts++;
      system_.begin(seed_, iteration_);
      if (keep_if(system_.run(walk))) return true;
    }
    return false;
  }

  static uint64_t mix64(uint64_t a, uint64_t b) {
    uint64_t x = a + b * 0x9e3779b97f4a7c15ull;
    return splitmix64(x);
  }

  System& system_;
  const uint64_t seed_, iteration_;
  const std::vector<Deviation> deviations_;
  const std::string& signature_;
  const std::chrono::steady_clock::time_point until_;
  const uint64_t attempts_max_;
  std::vector<uint64_t> left_;  // inputs of the failing execution that is kept
  InputShrink out_;
};

}  // namespace

InputShrink shrink_inputs(System& system, uint64_t seed, uint64_t iteration,
                          std::span<const Deviation> deviations, const std::string& signature,
                          const std::vector<uint64_t>& omitted, double seconds,
                          uint64_t attempts_max) {
  return InputShrinker(system, seed, iteration, deviations, signature, seconds, attempts_max)
      .run(omitted);
}

}  // namespace lockstep
