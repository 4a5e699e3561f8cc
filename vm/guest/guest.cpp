#include "vm/guest/guest.h"

namespace lockstep::vm {

lua_State* Guest::state() const {
  if (file_level_) return file_level_;
  if (asked_) return world_->observer;
  if (looking_) return looking_->receiver;
  const Process* p = world_->current;
  return !p ? nullptr : p->running ? p->running : p->L;
}

const Process* Guest::process() const {
  return asked_ ? world_->processes[asked_->process] : looking_ ? looking_ : world_->current;
}

bool Guest::may_run() const {
  return (m_.scheduler().running() || file_level_) && !m_.scheduler().on_main();
}

}  // namespace lockstep::vm
