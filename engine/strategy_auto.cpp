// The default: a portfolio of samplers with different mechanisms, one execution each in turn. No
// single one wins, and each one's blind spot is covered by two others (LOC where many processes run
// one code, SURW and URW where counts matter, POS for deep races).
//
// Guarantee: that of each member on its share of the schedules: a fifteenth of them goes to idpct
// and a thirtieth to the plain random walk, whose promises are the ones that can be stated; the
// rest in turn to the others. Which member an iteration goes to is a function of its number.
#include "engine/strategy_list.h"

namespace lockstep {
namespace {

class Auto final : public Strategy {
 public:
  explicit Auto(const StrategyOptions& options)
      : random_(kRandomInfo.make(options)), idpct_(kIdPctInfo.make(options)) {
    for (const StrategyInfo* info : {&kSurwInfo, &kLocInfo, &kUrwInfo, &kPosInfo})
      members_.push_back(info->make(options));
  }

  bool begin(uint64_t iteration, System& system) override {
    now_ = iteration % 32 == 7    ? random_.get()
           : iteration % 16 == 15 ? idpct_.get()
                                  : members_[iteration % members_.size()].get();
    return now_->begin(iteration, system);
  }
  Chooser& chooser() override { return now_->chooser(); }
  size_t choose(const ChoicePoint& point) override { return now_->choose(point); }
  void end(const Outcome& outcome, System& system) override { now_->end(outcome, system); }

 private:
  std::unique_ptr<Strategy> random_, idpct_;
  std::vector<std::unique_ptr<Strategy>> members_;
  Strategy* now_ = nullptr;
};

}  // namespace

const StrategyInfo kAutoInfo = {
    "auto",
    "a portfolio: surw, loc, urw, pos in turn, idpct and random now and then",
    "what each member promises, on its share of the schedules",
    "this project (2026)",
    {.needs_pilot = true},
    [](const StrategyOptions& options) -> std::unique_ptr<Strategy> {
      return std::make_unique<Auto>(options);
    }};

}  // namespace lockstep
