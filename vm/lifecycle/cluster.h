// Nodes, what lies between them, and the faults that may still come (cluster.cpp).
#pragma once
#include <string>

#include "vm/machine/machine_part.h"

namespace lockstep::vm {

class Cluster : public MachinePart {
 public:
  using MachinePart::MachinePart;

  uint32_t add_node(const Term& name);
  void partition(uint32_t a, uint32_t b, Cut ab, Cut ba);
  void heal_all();
  void disconnect(uint32_t a, uint32_t b);
  void stop_node(uint32_t node, const Process* by);  // may end that one: check doomed
  void start_node(uint32_t node);
  bool perform_fault(ActorId actor);
  void never_started(Process& parent, Process& child, bool linked,
                     uint64_t ref);  // on a node that cannot be reached

 private:
  void lose_side(uint32_t here, uint32_t there);
  void remove_silently(Process& p);
};

}  // namespace lockstep::vm
