#include "vm/machine/lookup.h"

#include <utility>

namespace lockstep::vm {

Process* find_process(const World& w, uint64_t pid) {
  if (light_class(pid) != Light::pid) return nullptr;
  const uint32_t i = light_index(pid);
  if (i >= w.processes.size || w.processes[i]->pid != pid) return nullptr;
  return w.processes[i];
}

Process* whereis(const World& w, const Term& name, uint32_t node) {
  for (const Name& n : w.names)
    if (n.node == node && equal(n.name, name)) return w.processes[n.process];
  return nullptr;
}

std::string node_name(const World& w, uint32_t node) {
  if (node < w.nodes.size && node != 0) return std::string(View{w.nodes[node].name.bytes}.string());
  return "nonode@nohost";
}

uint32_t find_node(const World& w, const Term& name) {
  for (uint32_t i = 1; i < w.nodes.size; i++)
    if (equal(w.nodes[i].name, name)) return i;
  return name.tag == Tag::string && View{name.bytes}.string() == "nonode@nohost" ? 0 : kNone;
}

uint32_t connection_of(const World& w, uint32_t a, uint32_t b) {
  if (a > b) std::swap(a, b);
  uint32_t i = 0;
  while (i < w.connections.size() && (w.connections[i].a != a || w.connections[i].b != b)) i++;
  return i < w.connections.size() ? i : kNone;
}

bool connected(const World& w, uint32_t a, uint32_t b) {
  if (a == b || a == 0 || b == 0) return true;
  const uint32_t i = connection_of(w, a, b);
  return i != kNone && w.connections[i].connected && w.nodes[a].up && w.nodes[b].up;
}

Cut cut_between(const World& w, uint32_t from, uint32_t to) {
  const uint32_t i = connection_of(w, from, to);
  if (i == kNone) return Cut::none;
  const Connection& c = w.connections[i];
  return c.a == from ? c.ab : c.ba;
}

bool on_its_way(const World& w, const Process& from, const Process& to) {
  for (const Channel& c : w.channels) {
    if (c.to != to.index || (c.from != from.index && c.from != kNone)) continue;
    for (const Signal& s : c)
      if (s.from == from.index) return true;
  }
  return false;
}

}  // namespace lockstep::vm
