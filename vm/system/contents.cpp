// What the world holds, told apart by the objects that footprints name. The audit compares it
// before and after each step, so a container that is missing here is one whose announcements nobody
// checks.
//
// 1. What no process but one can see is not listed: its variables, its place, its dictionary.
// 2. What always exists is always listed (a mailbox that is empty, a table that is deleted), so
// what is listed for the first time is new, and nobody could have known of it.
// 3. Order counts where it can be seen: in a mailbox, in a channel; in links and watchers not.
#include "engine/base/digest.h"
#include "vm/footprints/footprints.h"
#include "vm/machine/history_log.h"
#include "vm/machine/lookup.h"
#include "vm/machine/objects.h"
#include "vm/system/actor_system.h"
#include "vm/tables/atomics.h"
#include "vm/tables/ets.h"

namespace lockstep::vm {
namespace {

uint64_t of(const Term& t) { return t.tag == Tag::nil ? 0 : digest(t); }

class Listing {
 public:
  explicit Listing(std::vector<Content>& out) : out_(out) {}
  template <class... Parts>
  void add(ObjectId object, const char* what, Parts... parts) {
    add_with(0, object, what, parts...);
  }
  template <class... Parts>
  void add_with(ObjectId other, ObjectId object, const char* what, Parts... parts) {
    uint64_t h = digest_text(what);
    ((h = mix64(h, static_cast<uint64_t>(parts))), ...);
    out_.push_back({object, h, what, other});
  }
  void of_process(uint32_t process) { out_.back().process = process; }  // the latest

 private:
  std::vector<Content>& out_;
};

void add_process(Listing& list, const World& w, const Process& p) {
  const bool alive = p.life == Life::alive;
  list.add(part_object(p, Part::life), "life", alive);
  uint64_t mail = 0;
  if (alive)
    for (const Message& m : p.mailbox) mail = mix64(mail, of(m.payload) + m.down);
  list.add_with(part_object(p, Part::life), mailbox_object(p), "mailbox", mail);
  if (!alive) return;  // what it still holds it tells of in its own steps
  list.add(part_object(p, Part::flags), "flags", p.traps);
  list.add_with(mailbox_object(p), part_object(p, Part::sleep), "status", waiting(p));
  list.of_process(p.index);
  list.add(part_object(p, Part::name), "name", of(p.name));
  for (const uint32_t q : p.links)
    list.add_with(process_object(*w.processes[q]), link_end(p, *w.processes[q]), "link");
  uint64_t watchers = 0;
  for (const Watcher& x : p.watchers) watchers += mix64(x.ref, x.process);
  list.add(part_object(p, Part::watchers), "watchers", watchers);
  const ObjectId life = part_object(p, Part::life);
  for (const Watch& x : p.watches)
    list.add_with(life, monitor_object(x.ref), "monitor", x.target, x.fired);
  for (const Alias& x : p.aliases) list.add_with(life, monitor_object(x.ref), "alias", x.mode);
}

void add_table(Listing& list, const EtsTable& t) {
  list.add(make_object(ObjectClass::ets, t.container, kTableFacts), "table", t.alive, t.owner,
           t.protection, t.heir, of(t.name), of(t.heir_data));
  list.add_with(make_object(ObjectClass::ets, t.container),
                in_set_of_tables(t.node, t.container, Access::write).object, "set of tables",
                t.alive);
  for (const Row& row : t.rows)
    list.add(make_object(ObjectClass::ets, t.container, key_element(row.key())), "row",
             digest_bytes(row.bytes, row.size));
}

}  // namespace

void ActorSystem::contents(std::vector<Content>& out) const {
  const World& w = *world_;
  out.clear();
  Listing list(out);
  for (const Process* p : w.processes) add_process(list, w, *p);
  for (const Name& n : w.names)
    if (n.process != kNone) list.add(name_object(n.node, n.name), "name", n.process);
  // Else time passes when nothing else can happen.
  if (options_.timers_race())
    for (const Timer& t : w.timers) {
      if (t.kind == TimerKind::tick) continue;  // fires against everything
      if (t.object == 0) continue;              // ends with its receive
      const Process* to = t.kind == TimerKind::receive ? w.processes[t.owner]
                          : t.dest.tag == Tag::light   ? find_process(w, t.dest.light)
                                                       : nullptr;
      list.add_with(to ? part_object(*to, Part::life) : 0, t.object, "timer", t.due, of(t.dest));
    }
  for (const Channel& c : w.channels) {
    uint64_t queue = 0;
    for (const Signal& s : c)
      queue = mix64(mix64(queue, static_cast<uint64_t>(s.kind)), of(s.payload));
    if (c.from == kNone) continue;  // of instant delivery: what a process is told at once
    const ObjectId connection = footprints().link_object(w.processes[c.from]->node, c.node);
    list.add_with(connection, footprints().channel_object(c.from, c.to, c.node), "channel", queue);
  }
  for (const EtsTable* t : w.tables) add_table(list, *t);
  for (const AtomicsArray* a : w.atomics)
    for (uint32_t i = 0; i < a->size; i++)
      list.add(make_object(ObjectClass::atomics, a->container, i + 1), "slot", a->values[i]);
  char room[16];
  for (const PersistentEntry& e : w.persistent)
    list.add(make_object(ObjectClass::persistent_term, e.node, key_element(view_of(e.key, room))),
             "persistent term", of(e.value));
  for (const Connection& c : w.connections)
    list.add(footprints().link_object(c.a, c.b), "connection", c.ab, c.ba, c.connected);
  for (uint32_t kind = 0; kind < static_cast<uint32_t>(FaultKind::kCount); kind++)
    list.add(budget_object(static_cast<FaultKind>(kind)), "faults left", w.fault_budget[kind]);
  uint64_t records = 0;
  for (const HistoryLog* log : w.histories) records += log->records.size;
  list.add(kHistoryObject, "records", records);
}

}  // namespace lockstep::vm
