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

Channel* find_channel(const World& w, uint32_t from, uint32_t to, bool instant) {
  if (instant) {
    const uint32_t at = w.instant_channel.size > to ? w.instant_channel[to] : kNone;
    return at == kNone ? nullptr : w.channels.data + at;
  }
  for (uint32_t i = 0; i < w.channels.size; i++)
    if (w.channels[i].from == from && w.channels[i].to == to) return w.channels.data + i;
  return nullptr;
}

bool on_its_way(const World& w, const Process& from, const Process& to) {
  for (const Channel& c : w.channels) {
    if (c.to != to.index || (c.from != from.index && c.from != kNone)) continue;
    for (const Signal& s : c)
      if (s.from == from.index) return true;
  }
  return false;
}

ObjectId stable_object(const World& w, ObjectId object) {
  const uint32_t container = object_container(object);
  const auto named = [&](uint64_t key) {
    return make_object(object_class(object), static_cast<uint32_t>(key ^ key >> 32),
                       object_element(object));
  };
  switch (object_class(object)) {
    case ObjectClass::mailbox:
    case ObjectClass::process:
    case ObjectClass::timer:
    case ObjectClass::channel:
    case ObjectClass::monitor:
    case ObjectClass::steps:
      return container < w.processes.size ? named(w.processes[container]->key) : object;
    default:
      return object;
  }
}

}  // namespace lockstep::vm
