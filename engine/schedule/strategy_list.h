// What each strategy file tells about itself; strategy_list.cpp puts them in order.
#pragma once
#include "engine/schedule/strategy.h"

namespace lockstep {

extern const StrategyInfo kRandomInfo;
extern const StrategyInfo kPctInfo;
extern const StrategyInfo kFairPctInfo;
extern const StrategyInfo kIdPctInfo;
extern const StrategyInfo kPosInfo;
extern const StrategyInfo kLocInfo;
extern const StrategyInfo kUrwInfo;
extern const StrategyInfo kSurwInfo;
extern const StrategyInfo kRffInfo;
extern const StrategyInfo kPctcpInfo;
extern const StrategyInfo kDelayInfo;
extern const StrategyInfo kPreemptionInfo;
extern const StrategyInfo kNativeInfo;
extern const StrategyInfo kBoundedInfo;
extern const StrategyInfo kAutoInfo;
extern const StrategyInfo kDfsInfo;
extern const StrategyInfo kSleepInfo;
extern const StrategyInfo kDporInfo;
extern const StrategyInfo kCacheInfo;
extern const StrategyInfo kStatesInfo;
extern const StrategyInfo kReplayInfo;

// How many of the first `executions` executions of auto the member "random" or "idpct" makes, the
// pilot aside.
uint64_t auto_share(std::string_view member, uint64_t executions);

}  // namespace lockstep
