#include "vm/signals/faults.h"

#include "vm/footprints/footprints.h"
#include "vm/machine/lookup.h"
#include "vm/machine/objects.h"

namespace lockstep::vm {

void Faults::set_budget(FaultKind kind, uint32_t budget) {
  world_->fault_budget[static_cast<size_t>(kind)] = budget;
}

uint32_t Faults::fault_for(FaultKind kind, uint32_t target) {
  World& w = *world_;
  for (uint32_t i = 0; i < w.faults.size; i++)
    if (w.faults[i].kind == kind && w.faults[i].target == target) return i;
  Fault f;
  f.kind = kind;
  f.target = target;
  const uint64_t of = kind == FaultKind::crash_node || target == kNone ? target
                      : kind == FaultKind::crash_process               ? w.processes[target]->key
                                                         : w.actors[w.channels[target].actor].key;
  f.actor = m_.scheduler().make_actor(AltKind::fault, kind == FaultKind::crash_process ? target : 0,
                                      mix64(0x6661756c74 + static_cast<uint64_t>(kind), of));
  f.footprint = static_cast<Footprint*>(m_.allocate((kArrival + 2) * sizeof(Footprint)));
  f.footprint[0] = {budget_object(kind), Access::write};
  f.footprint[1] = {make_object(ObjectClass::mailbox, target & 0xffffff), Access::append};
  m_.push(w.faults, f);
  return w.faults.size - 1;
}

void Faults::offer() {
  World& w = *world_;
  auto left = [&](FaultKind kind) { return w.fault_budget[static_cast<size_t>(kind)] != 0; };
  for (FaultKind kind : {FaultKind::loss, FaultKind::duplicate}) {
    if (!left(kind)) continue;
    for (uint32_t i = 0; i < w.channels.size; i++)
      if (w.channels[i].from != kNone && !w.channels[i].empty()) fault_for(kind, i);
  }
  for (uint32_t i = 0; i < w.faults.size; i++) {
    const Fault f = w.faults[i];
    bool possible = left(f.kind) && f.target != kNone;
    if (f.target == kNone) continue;
    Operation op;
    op.kind = OpKind::fault;
    op.access = Access::write;
    uint32_t cause = 0;
    switch (f.kind) {
      case FaultKind::loss:
      case FaultKind::duplicate: {
        const Channel& c = w.channels[f.target];
        const bool remote = c.from != kNone && w.processes[c.from]->node != c.node;
        possible = possible && remote && !c.empty() && m_.scheduler().enabled(c.actor) &&
                   c.first().kind == SignalKind::message;
        if (!possible) break;
        m_.footprints().of_fault(f, op);
        cause = c.first().sent_at;
        break;
      }
      case FaultKind::crash_process:
        possible = possible && alive(*w.processes[f.target]) && !w.processes[f.target]->killed;
        op.object = make_object(ObjectClass::process, f.target);
        op.flags = kAgainstSteps;
        op.extra = f.footprint;
        op.extra_count = static_cast<uint8_t>(
            2 + m_.footprints().killing(*w.processes[f.target], f.footprint + 2));
        break;
      default:
        possible = possible && w.nodes[f.target].up;
        op.object = network_object();
        op.flags = kGlobal;
    }
    if (w.fault_budget[static_cast<size_t>(f.kind)] == 1) op.flags |= kUsesUp;
    if (possible)
      m_.scheduler().enable(f.actor, AltKind::fault, w.actors[f.actor].process, op, cause);
    else
      m_.scheduler().disable(f.actor);
  }
}

}  // namespace lockstep::vm
