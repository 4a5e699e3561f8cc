// Signals to {name, node}: the name is looked up when the signal arrives at the node.
//
// 1. Sent while a process has the name, it travels behind what the same sender has sent to that
// process.
// 2. If another has the name on arrival, it goes behind what is on its way to that one; if nobody
// has it, a message is lost and a monitor is answered noproc.
#include "vm/machine/lookup.h"
#include "vm/machine/machine.h"
#include "vm/recording/recorder.h"
#include "vm/signals/signals.h"

namespace lockstep::vm {

Channel& Signals::named_channel(uint32_t from, uint32_t node) {
  World& w = *world_;
  for (Channel& c : w.channels)
    if (c.from == from && c.to == kNone && c.node == node) return c;
  Channel c;
  c.from = from;
  c.node = node;
  c.actor = m_.scheduler().make_actor(AltKind::deliver, from,
                                      mix64(w.processes[from]->key, 0x6e616d65 + node));
  m_.push(w.channels, c);
  return w.channels.back();
}

void Signals::send_named(Process& from, const Term& name, uint32_t node, Signal s) {
  World& w = *world_;
  s.from = from.index;
  s.sent_at = w.steps;
  if (!connected(*world_, from.node, node) || (node != 0 && !w.nodes[node].up)) {
    no_connection(from, nullptr, s);
    return;
  }
  const Cut cut = cut_between(*world_, from.node, node);
  if (cut == Cut::drop) {
    free_term(s.payload, arena_);
    return;
  }
  s.name = copy_term(name, arena_);
  Process* q = whereis(*world_, name, node);
  Channel& c = q ? channel(from.index, q->index) : named_channel(from.index, node);
  enqueue(c, s);
  if (cut == Cut::none) offer(c);
}

void Signals::arrive(uint32_t to, uint32_t node, Signal& s) {
  World& w = *world_;
  if (s.name.tag == Tag::nil) {
    handle(*w.processes[to], s);
    return;
  }
  Process* q = whereis(*world_, s.name, node);
  free_term(s.name, arena_);
  s.name = {};
  Process& from = *w.processes[s.from];
  if (s.kind == SignalKind::monitor) {
    Watch* watch = nullptr;
    for (Watch& x : m_.change(from.watches))
      if (x.ref == s.ref) watch = &x;
    if (!watch) return;  // taken back meanwhile
    if (!q) {
      char buffer[16];
      const View v = view_of(s.payload, buffer);  // {object, tag}
      Watcher watcher;
      watcher.ref = s.ref;
      watcher.process = s.from;
      watcher.object = make_term(v.element(0), arena_);
      watcher.tag = make_term(v.element(1), arena_);
      tell_down(watcher, make_string("noproc", arena_));
      return;
    }
    watch->target = q->index;
  }
  if (!q) {
    free_term(s.payload, arena_);
    return;
  }
  if (m_.recording()) m_.recorder().note_target(m_.recorder().label(*q));
  if (q->index != to) {
    Channel& c = channel(s.from, q->index);
    if (!c.empty()) {
      enqueue(c, s);
      return;
    }
  }
  handle(*q, s);
}

// True if what it watches is, or is looked for, on that node.
bool Signals::watches_there(const Watch& watch, uint32_t node) const {
  if (watch.target != kNone) return world_->processes[watch.target]->node == node;
  if (watch.object.tag != Tag::table) return false;
  const View v{watch.object.bytes};  // {name, node}
  return v.array_size() == 2 && v.element(1).tag() == Tag::string &&
         v.element(1).string() == node_name(*world_, node);
}

}  // namespace lockstep::vm
