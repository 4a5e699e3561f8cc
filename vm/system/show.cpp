// The state in words, for people: what contents.cpp lists as numbers, and what each process has to
// itself. Nobody but a debugger asks; nothing here changes what any guest could see.
#include <algorithm>
#include <map>

#include "vm/core/core_parts.h"
#include "vm/footprints/footprints.h"
#include "vm/lifecycle/cluster.h"
#include "vm/machine/history_log.h"
#include "vm/machine/lookup.h"
#include "vm/recording/recorder.h"
#include "vm/recording/sites.h"
#include "vm/system/actor_system.h"
#include "vm/tables/atomics.h"
#include "vm/tables/ets.h"
#include "vm/tables/shared_state_parts.h"

namespace lockstep::vm {
namespace {

constexpr const char* kSignals[] = {"message", "exit signal", "exit of a link", "link",   "unlink",
                                    "monitor", "demonitor",   "DOWN",           "unalias"};

class Showing {
 public:
  Showing(Machine& m, lua_State* main, std::vector<Shown>& out)
      : m_(m), w_(m.world()), main_(main), out_(out) {}

  void all() {
    for (const Process* p : w_.processes) process(*p);
    for (const Process* p : w_.processes) mailbox(*p);
    for (const Channel& c : w_.channels) channel(c);
    for (const Timer& t : w_.timers) timer(t);
    for (const Name& n : w_.names)
      if (n.process != kNone)
        add("name", node(n.node), print(n.name), label(n.process), name_object(n.node, n.name));
    for (const EtsTable* t : w_.tables)
      if (t->alive) table(*t);
    for (const AtomicsArray* a : w_.atomics) array(*a);
    for (const PersistentEntry& e : w_.persistent) {
      char room[16];
      add("persistent_term", node(e.node), print(e.key), print(e.value),
          make_object(ObjectClass::persistent_term, e.node, key_element(view_of(e.key, room))));
    }
    cluster();
    for (const HistoryLog* log : w_.histories)
      add("history", light_text(log->id), "records", std::to_string(log->records.size));
    if (w_.now) add("clock", "", "ms", std::to_string(w_.now));
    make_unique();
  }

 private:
  void add(const char* what, std::string of, std::string key, std::string value,
           ObjectId object = 0) {
    out_.push_back({what, std::move(of), std::move(key), std::move(value), object});
  }
  std::string label(uint32_t process) const {
    return process < w_.processes.size ? m_.recorder().label(*w_.processes[process]) : "nobody";
  }
  std::string node(uint32_t n) const { return w_.nodes.size > 1 ? node_name(w_, n) : ""; }
  std::string step(uint32_t n) const { return "step " + std::to_string(n); }

  // ---- processes ----

  void process(const Process& p) {
    const std::string of = m_.recorder().label(p);
    const ObjectId life = part_object(p, Part::life);
    const auto own = [&](const char* key, std::string value, ObjectId object = 0) {
      add("process", of, key, std::move(value), object);
    };
    if (p.life == Life::ended)
      return own("state", "ended at " + step(p.ended_at) + ": " + print(p.exit_reason), life);
    own("state",
        w_.over && w_.current == &p   ? "was going on when the execution ended"
        : p.life == Life::dying       ? "ended, has yet to tell others: " + print(p.exit_reason)
        : p.killed                    ? "about to end: " + print(p.exit_reason)
        : p.leaving                   ? "about to end"
        : p.status == Status::blocked ? m_.recorder().waits(p)
                                      : "can go on",
        life);
    lua_State* L = p.running ? p.running : p.L;
    if (!p.leaving && p.status != Status::blocked && !(w_.over && w_.current == &p)) {
      own("next", m_.recorder().pending_call(p));
      if (const auto site = guest_site(L); !site.empty()) own("at", site);
    }
    if (p.name->tag != Tag::nil) own("name", print(p.name), part_object(p, Part::name));
    if (p.node != 0) own("node", node_name(w_, p.node));
    if (p.traps) own("traps exits", "true", part_object(p, Part::flags));
    std::string links, monitors, watchers;
    for (const uint32_t q : p.links) links += (links.empty() ? "" : ", ") + label(q);
    for (const Watch& x : p.watches)
      if (x.target != kNone) monitors += (monitors.empty() ? "" : ", ") + label(x.target);
    for (const Watcher& x : p.watchers)
      watchers += (watchers.empty() ? "" : ", ") + label(x.process);
    if (!links.empty()) own("links", links);
    if (!monitors.empty()) own("monitors", monitors);
    if (!watchers.empty()) own("monitored by", watchers, part_object(p, Part::watchers));
    if (m_.options().racy_timers()) own("clock", std::to_string(p.clock) + " ms");
    dictionary(p, of);
    if (p.life != Life::alive || p.killed) return;
    frames(L, of);
    if (p.running && p.running != p.L) frames(p.L, of);
  }

  void dictionary(const Process& p, const std::string& of) {
    const int top = lua_gettop(main_);
    if (push_dictionary(main_, p, false)) {
      std::vector<Shown> entries;
      for (lua_pushnil(main_); lua_next(main_, top + 1); lua_pop(main_, 1))
        entries.push_back({"dictionary", of, text(main_, -2), text(main_, -1), 0});
      std::sort(entries.begin(), entries.end(),
                [](const Shown& a, const Shown& b) { return a.key < b.key; });
      out_.insert(out_.end(), entries.begin(), entries.end());
    }
    lua_settop(main_, top);
  }

  // The variables of the scenario's own functions, innermost first.
  void frames(lua_State* L, const std::string& of) {
    if (!lua_checkstack(L, 8)) return;
    lua_Debug ar;
    for (int level = 0; level < 60 && lua_getstack(L, level, &ar); level++) {
      lua_getinfo(L, "Slf", &ar);
      const int function = lua_gettop(L);
      if (ar.currentline > 0 && std::string_view(ar.source).substr(0, 10) != "=lockstep/") {
        const auto show = [&](const char* kind, const char* name) {
          if (name[0] != '(' && name[0] != '\0' && !dull(L))
            add("variable", of, std::string(name) + kind, text(L, -1));
          lua_pop(L, 1);
        };
        for (int n = 1; const char* name = lua_getlocal(L, &ar, n); n++) show("", name);
        for (int n = 1; const char* name = lua_getupvalue(L, function, n); n++)
          show(" (captured)", name);
      } else if (ar.currentline > 0) {
        behaviour(L, ar, of);
      }
      lua_settop(L, function - 1);
    }
  }
  // A behaviour of the library keeps what it has in a table S.
  void behaviour(lua_State* L, lua_Debug& ar, const std::string& of) {
    for (int n = 1; const char* name = lua_getlocal(L, &ar, n); n++) {
      if (std::string_view(name) == "S" && lua_istable(L, -1))
        for (const char* field : {"state", "data", "queue", "postponed"}) {
          lua_pushstring(L, field);
          if (lua_rawget(L, -2) != LUA_TNIL) add("server", of, field, text(L, -1));
          lua_pop(L, 1);
        }
      lua_pop(L, 1);
    }
  }
  // Functions, and what the file had before the scenario ran: the same in all states.
  bool dull(lua_State* L) {
    if (lua_type(L, -1) == LUA_TFUNCTION) return true;
    Bytes bytes;
    return lua_type(L, -1) == LUA_TTABLE && !encode(L, -1, bytes) &&
           View{bytes.data()}.tag() == Tag::image;
  }
  static std::string text(lua_State* L, int index) {
    Bytes bytes;
    return encode(L, index, bytes) ? std::string("a ") + luaL_typename(L, index)
                                   : print(View{bytes.data()});
  }

  // ---- what is on its way ----

  void mailbox(const Process& p) {
    if (p.life == Life::ended) return;
    const std::string of = m_.recorder().label(p);
    for (const Message& m : p.mailbox)
      add("mailbox", of, "sent in " + step(m.left_at ? m.left_at : m.sent_at),
          print(m.payload) + (m.from == kNone ? "" : " from " + label(m.from)), mailbox_object(p));
  }
  void channel(const Channel& c) {
    for (const Signal& s : c)
      add("on its way", "to " + (c.to == kNone ? print(s.name) : label(c.to)),
          "sent in " + step(s.sent_at),
          std::string(kSignals[static_cast<size_t>(s.kind)]) +
              (s.payload.tag == Tag::nil ? "" : " " + print(s.payload)) +
              (s.from == kNone ? "" : " from " + label(s.from)));
  }
  void timer(const Timer& t) {
    const std::string due = "due at " + std::to_string(t.due) + " ms";
    add("timer", label(t.owner), "of " + step(t.started_at),
        t.kind == TimerKind::receive ? "time-out of its receive, " + due
        : t.kind == TimerKind::tick  ? "the connection is found lost, " + due
                                     : print(t.payload) + " to " + print(t.dest) + ", " + due,
        t.object);
  }

  // ---- what is shared ----

  void table(const EtsTable& t) {
    const std::string of = table_text(t);
    add("table", of, "(owner)", label(t.owner),
        make_object(ObjectClass::ets, t.container, kTableFacts));
    for (const Row& row : t.rows)
      add("table", of, print(row.key(), 40), print(row.view()),
          make_object(ObjectClass::ets, t.container, key_element(row.key())));
  }
  void array(const AtomicsArray& a) {
    const ObjectId whole = make_object(ObjectClass::atomics, a.container);
    if (a.lock) {
      const bool free = a.values[0] == a.permits;
      return add("lock", print(a.name), "free",
                 std::to_string(a.values[0]) + " of " + std::to_string(a.permits) +
                     (free || a.taker == kNone ? "" : ", taken by " + label(a.taker)),
                 whole | 1);
    }
    const std::string of = atomics_object_name(m_, whole);
    for (uint32_t i = 0; i < a.size; i++)
      add(a.counters ? "counters" : "atomics", of, std::to_string(i + 1),
          a.is_signed ? std::to_string(a.values[i])
                      : std::to_string(static_cast<uint64_t>(a.values[i])),
          whole | (i + 1));
  }
  void cluster() {
    constexpr const char* kCuts[] = {"none", "drops", "holds back"};
    if (w_.nodes.size > 1)
      for (uint32_t i = 0; i < w_.nodes.size; i++)
        add("node", node_name(w_, i), "state", w_.nodes[i].up ? "up" : "down");
    for (const Connection& c : w_.connections) {
      std::string state = c.connected ? "connected" : "not connected";
      if (c.ab != Cut::none)
        state += std::string("; to the second: ") + kCuts[static_cast<size_t>(c.ab)];
      if (c.ba != Cut::none)
        state += std::string("; to the first: ") + kCuts[static_cast<size_t>(c.ba)];
      add("connection", node_name(w_, c.a) + " and " + node_name(w_, c.b), "state", state,
          m_.footprints().link_object(c.a, c.b));
    }
    constexpr const char* kFaults[] = {"message lost", "message duplicated", "process crashes",
                                       "node crashes"};
    for (size_t kind = 0; kind < static_cast<size_t>(FaultKind::kCount); kind++)
      if (w_.fault_budget[kind])
        add("faults left", "", kFaults[kind], std::to_string(w_.fault_budget[kind]),
            budget_object(static_cast<FaultKind>(kind)));
  }

  // Rows of a bag that share a key, messages of one step, variables of one name.
  void make_unique() {
    std::map<std::string, int> seen;
    for (Shown& s : out_)
      if (const int n = ++seen[s.what + '\n' + s.of + '\n' + s.key]; n > 1)
        s.key += " #" + std::to_string(n);
  }

  Machine& m_;
  const World& w_;
  lua_State* main_;
  std::vector<Shown>& out_;
};

}  // namespace

void ActorSystem::show(std::vector<Shown>& out) {
  out.clear();
  // A call that was left where it was has left its process in no state to be read.
  const Verdict verdict = scheduler_.outcome().verdict;
  if (world_->over && (verdict == Verdict::runaway || verdict == Verdict::suspect)) return;
  Machine* before = take_thread(this);  // names are those of the machine on this thread
  // An execution that has used up its memory can be looked at, too.
  constexpr size_t kToLook = size_t{64} << 20;
  const size_t limit = arena_.limit();
  arena_.set_limit(limit + kToLook);
  Showing(*this, L_, out).all();
  arena_.set_limit(limit);
  take_thread(before);
}

std::string ActorSystem::pending(const Alternative& a) const {
  Machine* before = take_thread(const_cast<ActorSystem*>(this));
  std::string text = recorder().pending(a);
  take_thread(before);
  return text;
}

}  // namespace lockstep::vm
