// What signals touch, at once or where they arrive.
//
// A process has parts: its life, its flags, its watchers, each of its links. Its end touches them
// all. What a signal would do depends on some of them, and is looked at anew when they change.
#include "vm/footprints/footprints.h"
#include "vm/machine/history_log.h"
#include "vm/machine/lookup.h"
#include "vm/machine/objects.h"

namespace lockstep::vm {

// Only what ends a process waits to be handled; all else takes effect where it arrives, unless such
// a signal is queued before it.
bool Footprints::ends(const Process& to, const Signal& s) const {
  if (s.kind != SignalKind::exit && s.kind != SignalKind::link_exit) return false;
  if (!alive(to) || to.doomed || to.killed) return false;
  const bool by_link = s.kind == SignalKind::link_exit;
  if (by_link) {
    bool linked = false;
    for (uint32_t i = 0; i < to.links.size(); i++) linked = linked || to.links[i] == s.from;
    if (!linked) return false;
  } else if (is_string(s.payload, "kill")) {
    return true;
  }
  return !to.traps && (!is_string(s.payload, "normal") || (!by_link && s.from == to.index));
}

// What a signal does to its receiver. The first is the main one; at most four.
size_t Footprints::effects(const Process& to, const Signal& s, Footprint* out) const {
  const World& w = *world_;
  const Process* from = s.from == kNone ? nullptr : w.processes[s.from];
  const bool gone = !alive(to) || to.killed;
  size_t n = 0;
  const auto add = [&](ObjectId object, Access access) { out[n++] = {object, access}; };
  const auto active = [&](const auto& list) {
    for (const auto& x : list)
      if (x.ref == s.ref) return true;
    return false;
  };
  switch (s.kind) {
    case SignalKind::message: {
      if (s.ref == 0) {
        add(mailbox_object(to), Access::append);
        break;
      }
      if (!active(to.aliases)) {
        add(monitor_object(s.ref), Access::read);
        break;
      }
      add(mailbox_object(to), Access::append);
      bool last = false;
      for (const Alias& x : to.aliases)
        last = last || (x.ref == s.ref && x.mode == AliasMode::reply_demonitor);
      add(monitor_object(s.ref), last ? Access::write : Access::read);
      if (last)
        for (const Watch& x : to.watches)
          if (x.ref == s.ref && x.target != kNone)
            n += telling(to, *w.processes[x.target], SignalKind::demonitor, s.ref, {}, out + n);
      break;
    }
    case SignalKind::down:
      if (active(to.watches)) add(mailbox_object(to), Access::append);
      add(monitor_object(s.ref), n ? Access::write : Access::read);
      break;
    case SignalKind::exit:
    case SignalKind::link_exit:
      if (gone) {
        add(part_object(to, Part::life), Access::read);
        break;
      }
      if (ends(to, s)) {
        add(process_object(to), Access::write);
        n += killing(to, out + n);
        break;
      }
      if (to.traps) add(mailbox_object(to), Access::append);
      add(part_object(to, Part::flags), Access::read);
      if (s.kind == SignalKind::link_exit && from) add(link_end(to, *from), Access::write);
      break;
    case SignalKind::monitor:
    case SignalKind::demonitor:
      add(part_object(to, Part::watchers), Access::add);
      if (gone && from && s.kind == SignalKind::monitor)
        n += telling(to, *from, SignalKind::down, s.ref, {}, out + n);
      break;
    case SignalKind::link:
    case SignalKind::unlink:
      if (!from) break;
      add(link_end(to, *from), Access::write);
      if (s.kind == SignalKind::unlink) break;
      add(part_object(to, Part::links), Access::write);
      if (gone) n += telling(to, *from, SignalKind::link_exit, 0, {}, out + n);
      break;
    case SignalKind::alias:
      break;
  }
  return n;
}

// Who is killed while it waits would have gone on with what comes next, and of that there is no
// sign: a receive or a lock that cannot be performed is no alternative. So the kill meets what it
// waits for, or is about to. What is sent at once to a process that a signal is to end waits behind
// that signal. At most two. Not by the nodes that there are: a footprint must not change when one
// is started.
size_t Footprints::killing(const Process& to, Footprint* out) const {
  size_t n = 0;
  if (options_.async_delivery || options_.timers_race() || m_.image().text.may_have_nodes)
    out[n++] = {mailbox_object(to), Access::append};
  if (to.lock != 0) out[n++] = {to.lock, Access::write};
  return n;
}

// Of sending one: what it does if it does it at once. One that ends its receiver waits before it,
// and all that is sent to it afterwards behind that; what an exit does there is open until then.
size_t Footprints::telling(const Process& from, const Process& to, SignalKind kind, uint64_t ref,
                           const Term& payload, Footprint* out) const {
  if (queued(from, to)) return sending(from, to, out);
  Signal s;
  s.kind = kind;
  s.from = from.index;
  s.ref = ref;
  s.payload = payload;
  const size_t n = effects(to, s, out);
  const bool exit = kind == SignalKind::exit || kind == SignalKind::link_exit;
  const bool waits = signals_wait(to);
  if (ends(to, s) || (exit && waits)) {
    out[0] = {process_object(to), Access::write};
    out[1] = {mailbox_object(to), Access::append};
    return 2;
  }
  const bool tells = kind == SignalKind::message || kind == SignalKind::down;
  if (waits && tells && ref != 0 && !in_vain(to, s)) {  // what is before it takes it along
    out[n] = {process_object(to), Access::read};
    return n + 1;
  }
  return n;
}

// Of handling all that waits there, ahead of its time: kArrival at most; 0 if they are more.
size_t Footprints::flushing(const Channel& c, const Process& to, Footprint* out) const {
  size_t n = 0;
  out[n++] = {process_object(to), Access::write};
  out[n++] = {mailbox_object(to), Access::append};
  if (to.lock != 0) out[n++] = {to.lock, Access::write};
  for (const Signal& s : c) {
    if (s.kind == SignalKind::message && s.ref == 0) continue;
    if (n > kArrival - kEffects) return 0;
    n += effects(to, s, out + n);
  }
  return n;
}

// A receive that gives up handles first what waits, and so does a sleep of 0 ms.
void Footprints::renew_poll(Process& p) {
  World& w = *world_;
  if (!m_.scheduler().enabled(p.actor)) return;
  Operation& op = w.alternatives[w.position[p.actor]].op;
  const bool sleeps_no_time = op.kind == OpKind::sleep && !p.expired;
  if (!sleeps_no_time && (op.kind != OpKind::receive || op.access != Access::poll)) return;
  op.extra_count = op.flags = 0;
  if (signals_wait(p)) {
    auto* extra = static_cast<Footprint*>(m_.allocate(kArrival * sizeof(Footprint)));
    const size_t n = flushing(w.channels[w.instant_channel[p.index]], p, extra);
    op.extra = extra;
    op.extra_count = static_cast<uint8_t>(n);
    if (n == 0) op.flags = kGlobal;
  }
  if ((slow_ & kSlowHistory) && p.histories.open) add_history_footprint(m_, p, op);
}

bool Footprints::signals_wait(const Process& to) const {
  const World& w = *world_;
  return !options_.async_delivery && w.instant_channel.size > to.index &&
         w.instant_channel.data[to.index] != kNone &&
         !w.channels.data[w.instant_channel.data[to.index]].empty();
}

}  // namespace lockstep::vm
