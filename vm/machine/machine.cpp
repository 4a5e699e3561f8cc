#include "vm/machine/machine.h"

#include <utility>

namespace lockstep::vm {
namespace {
thread_local Machine* t_machine = nullptr;
}  // namespace

Machine* current_machine() { return t_machine; }

Machine::Machine(MachineOptions options)
    : SyncPoint(*this, options_, new (arena_.get(sizeof(World))) World()),
      options_(std::move(options)) {
  host_.machine = this;
  host_.arena = &arena_;
  host_.cut = &scheduler_.cut();
  host_.max_memory = &options_.limits.max_memory;
}

Machine::~Machine() = default;

Machine* Machine::take_thread(Machine* m) { return std::exchange(t_machine, m); }

}  // namespace lockstep::vm
