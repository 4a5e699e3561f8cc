#include "engine/boundary/operation.h"

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

}  // namespace lockstep
