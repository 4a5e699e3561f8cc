// Histories as they are recorded: when an operation counts as begun and as ended.
//
// 1. A log is in real time: its records are in the order of the execution. Completions with no
// invocation between them may come in any order, which no check sees; so that nobody does, they are
// kept in the order of their processes' keys.
// 2. Recording is no scheduling point. What a process does between two operations of the runtime
//    nobody can see, so it may count as happening at any time between them. An invocation is put
//    into the log as late as that allows, directly before the next operation of its process takes
//    effect, a completion as early, directly after the last one. So the intervals are the shortest
//    that a schedule with points of their own could give, and no precedence is missed. An operation
//    without one of the runtime in it would have no place in that order but another's step, so its
//    completion is one.
// 3. The order of records matters to a check, so what decides it conflicts (footprint): the first
//    step of an operation with every step of another's, the later steps, of which any may be the
//    last, with first ones.
#pragma once
#include <string>

#include "vm/machine/machine.h"

namespace lockstep::vm {

inline constexpr ObjectId kHistoryObject = make_object(ObjectClass::history, 1);

// Invariant 1, and that nobody has two operations open.
void assert_log(const World& w, const HistoryLog& log);

// The log at `index`, or an error that names argument and function.
HistoryLog& history_argument(lua_State* L, Machine& m, int index, const char* what);

// The operation that the process has open in it, or null.
OpenOperation* open_of(HistoryLog& log, const Process& p);
void stamp(Machine& m, HistoryLog& log, OpenOperation& open);  // its invocation is recorded
void add_record(Machine& m, HistoryLog& log, const HistoryRecord& record);

void add_history_footprint(Machine& m, Process& p, Operation& op);
void stamp_invocations(Machine& m, Process& p);
uint64_t history_digest(const Machine& m);

// "invoke", "ok", "fail", "info"
const char* event_type_name(uint8_t type);

}  // namespace lockstep::vm
