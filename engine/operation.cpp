#include "engine/operation.h"

#include <cstddef>

namespace lockstep {

const char* op_name(OpKind kind) {
  static const char* const names[] = {
      "none",          "spawn",        "exit",       "send",       "recv",
      "link",          "unlink",       "monitor",    "demonitor",  "flag",
      "exit_signal",   "alive",        "register",   "unregister", "whereis",
      "send_after",    "cancel_timer", "read_timer", "timer_fire", "deliver",
      "yield",         "choose",       "ets",        "atomics",    "persistent_term",
      "process_info",  "node",         "fault",      "history",    "sleep",
      "monitor_state", "user",         "now",        "wait"};
  static_assert(sizeof names / sizeof names[0] == static_cast<size_t>(OpKind::kCount));
  const auto i = static_cast<size_t>(kind);
  return i < static_cast<size_t>(OpKind::kCount) ? names[i] : "?";
}

bool dependent_slow(const Operation& a, const Operation& b) {
  if ((a.flags | b.flags) & kAgainstAll) return true;
  auto nth = [](const Operation& op, int i) {
    return i < 0 ? Footprint{op.object, op.access} : op.extra[i];
  };
  for (int i = -1; i < a.extra_count; i++)
    for (int j = -1; j < b.extra_count; j++)
      if (conflicting(nth(a, i), nth(b, j))) return true;
  return false;
}

}  // namespace lockstep
