#include "engine/schedule/strategy_list.h"

namespace lockstep {

std::span<const StrategyInfo> strategies() {
  static const StrategyInfo all[] = {
      kAutoInfo,    kRandomInfo, kPctInfo,   kFairPctInfo, kIdPctInfo, kPosInfo,        kLocInfo,
      kUrwInfo,     kSurwInfo,   kRffInfo,   kPctcpInfo,   kDelayInfo, kPreemptionInfo, kNativeInfo,
      kBoundedInfo, kDfsInfo,    kSleepInfo, kDporInfo,    kCacheInfo, kStatesInfo,     kReplayInfo,
  };
  return all;
}

const StrategyInfo* find_strategy(std::string_view name) {
  for (const StrategyInfo& info : strategies())
    if (info.name == name) return &info;
  return nullptr;
}

}  // namespace lockstep
