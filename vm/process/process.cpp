// Processes: how they begin and how they end.
#include <algorithm>
#include <cstring>

#include "engine/relation/dependence.h"
#include "vm/loading/loading.h"
#include "vm/loading/sandbox.h"
#include "vm/machine/calls.h"
#include "vm/machine/interpreter.h"
#include "vm/machine/lookup.h"
#include "vm/process/core_parts.h"
#include "vm/process/misspelt.h"
#include "vm/process/processes.h"
#include "vm/process/timers.h"
#include "vm/recording/recorder.h"
#include "vm/recording/sites.h"
#include "vm/signals/footprints.h"
#include "vm/signals/signals.h"
#include "vm/state/properties.h"
#include "vm/state/spin.h"
#include "vm/tables/shared_state.h"

namespace lockstep::vm {

namespace {

void process_entry() {
  entered();
  Machine* m = current_machine();
  m->processes().body(*m->world().current);
}
void death_entry() {
  entered();
  Machine* m = current_machine();
  m->processes().die(*m->world().current);
}

std::string text_of(const Term& t) {
  return t.tag == Tag::string ? std::string(View{t.bytes}.string()) : std::string();
}

constexpr size_t kTold = 3;  // footprints of whom a process tells first
constexpr uint32_t kRefStep =
    0x9e3779b1;  // odd: the references of one process differ in their low halves

// Turns whatever was raised into class, reason and place. Runs where the error was raised, before
// the stack unwinds.
int on_error(lua_State* L) {
  Machine& m = machine_of(L);
  Process& p = m.calls().self();
  const char* cls = "error";
  const bool ours = is_exception(L, 1);
  if (ours) {
    lua_getfield(L, 1, "class");
    cls = lua_tostring(L, -1);
    if (!cls) cls = "error";
    lua_getfield(L, 1, "reason");
  } else {
    lua_pushvalue(L, 1);
  }
  const int reason = lua_gettop(L);
  const char* error = nullptr;
  Term r = make_term(L, reason, m.arena(), m.scratch(), &error);
  if (error) {
    push_text(L, reason);
    size_t n;
    const char* told = lua_tolstring(L, -1, &n);
    r = make_string({told, n}, m.arena());
  }
  const bool is_exit = std::strcmp(cls, "exit") == 0;
  if (!is_exit || !(r.tag == Tag::string && View{r.bytes}.string() == "normal")) {
    std::string site = guest_site(L), text;
    if (ours) {  // it may have been caught and raised again since
      lua_getfield(L, 1, "where");
      if (const char* where = lua_tostring(L, -1); where && *where) site = where;
      lua_pop(L, 1);
    }
    if (r.tag == Tag::string)
      text = std::string(View{r.bytes}.string());
    else
      text = print(r);
    // Lua puts one place in front, that of error(), and what follows is the message: it may begin
    // with another place.
    if (!site.empty() && text.compare(0, site.size() + 1, site + ":") == 0)
      text = text.substr(site.size() + 2);
    else if (r.tag == Tag::string && !ours)
      if (const size_t size = place_in_front(m, text); size != 0) {
        const std::string place = text.substr(0, size);
        const bool cut = place.starts_with("...") && site.ends_with(place.substr(3));
        if (!cut) site = place;  // of names above 59 bytes Lua shows the end
        text = text.substr(size + 2);
      }
    if (ours) {  // what is said of it besides: a callback that a module lacks
      lua_getfield(L, 1, "missing");
      if (const char* missing = lua_tostring(L, -1)) text += std::string(": ") + missing;
      lua_pop(L, 1);
      if (p.badarg.error && p.badarg.error == lua_topointer(L, 1))
        text += ": " + text_of(p.badarg.text);
    }
    if (is_exit)
      text = "exit: " + text;
    else if (std::strcmp(cls, "throw") == 0)
      text = "uncaught throw: " + text;
    p.crash.text = make_string(text, m.arena());
    p.crash.site = make_string(site, m.arena());
    if (m.recording() && !(ours && p.crash.trace.tag != Tag::nil &&
                           !guest_is_running(L)))  // raised again by the library
      p.crash.trace = make_string(told_trace(L, text), m.arena());
    p.crashed = true;
  }
  if (is_exit) {
    p.exit_reason = r;
  } else {
    if (std::strcmp(cls, "throw") == 0)
      r = make_tuple(m.arena(), m.scratch(), {make_string("nocatch", m.arena()), r});
    Term stack = make_tuple(m.arena(), m.scratch(), {p.crash.site});
    p.exit_reason = make_tuple(m.arena(), m.scratch(), {r, stack});
  }
  return 0;
}

// Reasons that are an orderly end: normal, shutdown, {shutdown, _}.
bool orderly(const Term& r) {
  if (is_string(r, "normal") || is_string(r, "shutdown")) return true;
  if (r.tag != Tag::table) return false;
  const View v{r.bytes};
  return v.array_size() == 2 && v.first().tag() == Tag::string && v.first().string() == "shutdown";
}

// How far a process that ends has come with telling of it.
struct ToldSoFar {
  uint32_t links = 0, watchers = 0, late_links = 0;
};
struct Told {
  SignalKind kind = SignalKind::link_exit;
  uint32_t process = kNone;  // kNone: nobody is left
  uint64_t ref = 0;
  bool late = false;  // asked when the end had begun, so it learns of noproc
};

// Who is told next: links first, as OTP does, and last who links or monitors meanwhile, so that it
// learns of noproc after what it is owed already.
Told next_told(const Process& p, const ToldSoFar& so_far) {
  if (so_far.links < p.links.size()) return {SignalKind::link_exit, p.links[so_far.links]};
  if (so_far.watchers < p.watchers.size()) {
    const Watcher& x = p.watchers[so_far.watchers];
    return {SignalKind::down, x.process, x.ref, x.late};
  }
  if (so_far.late_links < p.late_links.size())
    return {SignalKind::link_exit, p.late_links[so_far.late_links], 0, true};
  return {};
}

// The first who is told is told in the step that ends the process, so its mailbox belongs to that
// step.
void told_first(const Machine& m, const Process& p, Footprint* out) {
  for (size_t i = 0; i < kTold; i++) out[i] = {};
  const Told told = next_told(p, {});
  if (told.process == kNone) return;
  const Process& to = *m.world().processes[told.process];
  if (told.late && told.kind == SignalKind::link_exit && !m.footprints().queued(p, to)) {  // noproc
    out[0] = {make_object(ObjectClass::mailbox, told.process), Access::append};
    out[1] = {make_object(ObjectClass::process, told.process), Access::write};
    return;
  }
  m.footprints().telling(p, to, told.kind, told.ref, p.exit_reason, out);
}

void drop_mailbox(Machine& m, Process& p) {
  m.world().unread += p.mailbox.size;
  for (Message& x : p.mailbox) free_term(x.payload, m.arena());
  p.mailbox.size = 0;
}

}  // namespace

uint64_t Processes::make_ref(Process& p) {
  const uint32_t n = ++p.refs;
  return make_light(Light::ref, p.index, static_cast<uint32_t>(p.key) + n * kRefStep);
}

Process& Processes::spawn(Process& parent, const Term& values, uint32_t node) {
  World& w = *world_;
  auto* p = new (m_.allocate(sizeof(Process))) Process();
  p->index = w.processes.size;
  p->parent = &parent == p ? kNone : parent.index;
  p->nth = ++parent.children;
  p->key = mix64(parent.key, p->nth);
  p->pid = make_light(Light::pid, p->index, static_cast<uint32_t>(p->key), node);
  p->node = node;
  p->spawned_at = p->woken_by = w.steps;
  m_.timers().learn_time(*p, parent.clock);
  if (w.free_stacks.size)
    p->stack = w.free_stacks[--w.free_stacks.size];
  else
    p->stack = w.stacks_used++;
  if (p->stack >= arena_.stacks()) {
    w.stacks_used--;
    m_.scheduler().fail(Verdict::memory_bound, parent,
                        "more than " + std::to_string(arena_.stacks()) + " processes at a time",
                        guest_site(parent.running ? parent.running : parent.L));
  }
  arena_.guard(p->stack);
  p->actor = m_.scheduler().make_actor(AltKind::step, p->index, p->key);
  m_.push(w.processes, p);
  p->L = m_.interpreter().new_thread(p->index + 1);
  lua_pushcfunction(p->L, on_error);
  if (slow_ & kSlowTrack)
    p->seen = digest_bytes(values.bytes, values.size);  // all that it starts from
  if (values.size) {
    const char* q = values.bytes + 5;
    const char* end = values.bytes + values.size;
    while (q < end) {
      vm::push(p->L, View{q});
      q = View{q}.end();
    }
    m_.recorder().note_function(*p);
  }
  return *p;
}

void Processes::start_child(Process& child) {
  child.context = make_context(arena_.stack_top(child.stack), kStackBytes, process_entry);
  m_.scheduler().enable(child.actor, AltKind::step, child.index, {});
  child.status = Status::starting;
  run_to_park(child);
}

// Runs a starting process until it parks, and comes back.
void Processes::run_to_park(Process& p) {
  World& w = *world_;
  Process* before = w.current;
  m_.scheduler().start(p);
  // The root may be here because it waits for a value, before its first operation.
  if (!w.pending_data) w.current = before;
}

void Processes::create_root() {
  World& w = *world_;
  auto* p = new (m_.allocate(sizeof(Process))) Process();
  p->key = mix64(0x726f6f74, 1);
  p->pid = make_light(Light::pid, 0, static_cast<uint32_t>(p->key));
  p->stack = w.stacks_used++;
  arena_.guard(p->stack);
  p->actor = m_.scheduler().make_actor(AltKind::step, 0, p->key);
  m_.push(w.processes, p);
  p->L = m_.interpreter().new_thread(1);
  lua_pushcfunction(p->L, on_error);
  lua_rawgeti(p->L, LUA_REGISTRYINDEX, m_.loading().body_ref());
  start_child(*p);
}

void Processes::body(Process& p) {
  const int nargs = lua_gettop(p.L) - 2;
  const int status = lua_pcall(p.L, nargs, 0, 1);
  if (status == LUA_ERRMEM) out_of_memory();  // a string buffer of the library: it asks only once
  if (status == LUA_OK) {
    p.exit_reason = make_string("normal", arena_);
  } else if (!p.crashed && p.exit_reason.tag == Tag::nil) {
    // The handler itself failed: out of C stack, most likely.
    p.exit_reason = make_tuple(arena_, scratch_,
                               {make_string("stack overflow", arena_), make_string("", arena_)});
    p.crash.text = make_string("stack overflow", arena_);
    p.crash.site = make_string("", arena_);
    p.crashed = true;
  }
  if (p.crashed && p.index == 0 && !is_string(p.exit_reason, "normal")) {
    // The root's error is the failure, and the last event.
    m_.recorder().note_raised();
    m_.scheduler().fail(Verdict::assertion, p, text_of(p.crash.text), text_of(p.crash.site), "",
                        text_of(p.crash.trace));
  }
  if (p.index == 0 && !options_.drain && !p.crashed) {
    // Its end ends everything else, so it is an operation that nothing commutes with; one only
    // where there is something else that could still happen. What is owed may come later than the
    // end, so that has to be tried early, too, and is an operation even if it comes last: a search
    // reverses what it has seen.
    const bool owed = m_.loading().text().may_owe;
    m_.timers().offer_among_others();  // one that it has just started could fire before
    if (owed || world_->alternatives.size > 1) {
      if (owed)
        m_.footprints().sync_against_all(nullptr, p, "end", OpKind::exit, kAllElse);
      else
        m_.sync(nullptr, p, "end", OpKind::exit, Access::write, kAllElse);
      for (const Alternative& a : world_->alternatives) {
        if (a.actor == p.actor || a.kind == AltKind::fault) continue;
        m_.scheduler().never_comes({a});
        Operation& op = m_.scheduler().disabled_events().back().what.op;
        op.object = kAllElse;
        op.access = Access::write;
        op.extra_count = 0;
      }
    }
    m_.properties().check_at_end();
    if (m_.spins().waits_in_vain()) m_.spins().give_up();
    m_.scheduler().finish({});
  }
  die(p);
}

void Processes::die(Process& p) {
  World& w = *world_;
  if (p.status != Status::starting) p.status = Status::ready;
  p.leaving = true;
  p.wait = Wait::none;
  // What it saw matters no more, but for what process_info tells of it until it has ended.
  if (p.killed || !p.shows) p.seen = 0;
  p.looked = p.performing = false;
  if (!m_.scheduler().enabled(p.actor)) m_.scheduler().enable(p.actor, AltKind::step, p.index, {});
  size_t n = end_footprint(p);
  p.ending = true;
  w.ending++;
  m_.calls().announce(nullptr, p, "exit", OpKind::exit, Access::write,
                      make_object(ObjectClass::process, p.index), 0, end_footprint_.data(), n);
  p.ending = false;
  w.ending--;
  uint32_t until = p.end_tables;
  end(p, until);
  // An owner of more tables than a footprint holds lets go of them in several steps. The last of
  // them tells the first who is to be told, and who that is may change until then.
  Footprint* extra = end_footprint_.data();  // not on this stack: images hold that
  while (until != kNone) {
    const uint32_t from = until;
    p.seen = from;
    n = ets_exit_footprint(m_, p, from, extra, 255, &until);
    w.alternatives[w.position[p.actor]].op.flags = kGlobal;
    m_.calls().announce(nullptr, p, "exit", OpKind::exit, Access::write,
                        make_object(ObjectClass::process, p.index), 0, extra, n);
    w.alternatives[w.position[p.actor]].op.flags = 0;
    ets_owner_exit(m_, p, from, until);
  }
  tell_of_end(p);
  m_.change(p.life) = Life::ended;
  p.ended_at = w.steps;
  m_.scheduler().disable(p.actor);
  m_.interpreter().forget_thread(p.index + 1);
  m_.push(w.free_stacks, p.stack);
  if (p.index == 0) w.root_ended = true;
  if (m_.recording()) m_.recorder().close_event();
  m_.scheduler().leave_stack();
}

// Of the step that ends it, beside the process itself: its name, who is told first, its tables.
size_t Processes::end_footprint(Process& p) {
  Footprint* out = end_footprint_.data();
  size_t n = 0;
  if (p.name->tag != Tag::nil) out[n++] = {name_object(p.node, p.name), Access::write};
  told_first(m_, p, out + n);
  n += kTold;
  return n + ets_exit_footprint(m_, p, 0, out + n, end_footprint_.size() - n, &p.end_tables);
}

// A process that has announced its end has lost or gained a name, a table or somebody to tell.
void Processes::renew_end_footprint(Process& p) {
  if (!p.ending || !alive(p)) return;
  const size_t n = end_footprint(p);
  Operation& end = world_->alternatives[world_->position[p.actor]].op;
  if (n > end.extra_count) end.extra = static_cast<Footprint*>(m_.allocate(n * sizeof(Footprint)));
  std::copy_n(end_footprint_.data(), n, const_cast<Footprint*>(end.extra));
  end.extra_count = static_cast<uint8_t>(n);
  if (slow_ & kSlowWatch) m_.properties().mark_watched(end);
}

// Each is told in a step of its own if there are several: between two of them others may see one
// effect and not yet the other.
void Processes::tell_of_end(Process& p) {
  World& w = *world_;
  Term noproc;
  bool first = true;
  Signal s;  // what is about to be said
  s.from = p.index;
  ToldSoFar so_far;
  for (;;) {
    p.seen = mix64(mix64(so_far.links, so_far.late_links), so_far.watchers);
    const Told told = next_told(p, so_far);
    if (told.process == kNone) return;
    if (told.late && noproc.tag == Tag::nil) noproc = make_string("noproc", arena_);
    const Term& reason = told.late ? noproc : p.exit_reason;
    Process& q = *w.processes[told.process];
    Watcher watcher;
    if (told.kind == SignalKind::down) {
      watcher = p.watchers[so_far.watchers];
      p.watchers_told = ++so_far.watchers;
    } else {
      (told.late ? so_far.late_links : so_far.links)++;
    }
    s.kind = told.kind;
    s.ref = told.ref;
    s.payload = reason;
    if (!first) m_.footprints().announce_signal(nullptr, p, "exit", OpKind::exit, 0, q, s);
    first = false;
    if (m_.recording())
      m_.recorder().note_target(m_.recorder().label(q)),
          m_.recorder().note_args((told.kind == SignalKind::down ? "DOWN " : "EXIT ") +
                                  print(reason));
    if (told.kind == SignalKind::down) {
      m_.signals().send_down(p, watcher, reason);
      continue;
    }
    // Whether they are linked is the other side's to know: the link may be on its way to it.
    Signal sent = s;
    sent.payload = copy_term(reason, arena_);
    m_.signals().send(p, q, sent);
  }
}

// Takes effect in one step: no longer alive, name free, tables gone (those below number `tables`).
// Whoever learns of the end finds all that done.
void Processes::end(Process& p, uint32_t tables) {
  if (m_.recording()) m_.recorder().note_args(print(p.exit_reason));
  const bool told = !p.links.empty() || !p.watchers.empty();
  m_.change(p.life) = Life::dying;
  if (p.crashed && (!told || options_.abort_crashes) && !options_.allow_crashes &&
      !orderly(p.exit_reason)) {
    const std::string where = text_of(p.crash.site);
    m_.scheduler().fail(
        Verdict::crash, p,
        "process " + m_.recorder().label(p) +
            (told ? " crashed: " : " crashed and nobody links to, monitors or supervises it: ") +
            text_of(p.crash.text),
        where, "", text_of(p.crash.trace));
  }
  m_.timers().drop_of(p);
  release_name(p);
  ets_owner_exit(m_, p, 0, tables);
  drop_mailbox(m_, p);
}

void Processes::end_root() {
  Process& root = *world_->processes[0];
  m_.scheduler().fail(Verdict::assertion, root,
                      "the root process was ended by an exit signal: " + print(root.exit_reason));
}

void Processes::terminate(Process& p, const Term& reason) {
  if (!alive(p) || p.doomed) return;
  World& w = *world_;
  m_.change(p.killed) = true;
  m_.footprints().drop_target(p);
  drop_mailbox(m_, p);  // what comes now is dropped too: nobody looks into it any more
  if (p.leaving) {      // it was about to end by itself: the signal came first
    p.exit_reason = copy_term(reason, arena_);
    p.crashed = false;
    if (p.index == 0 && !options_.drain) end_root();
    return;
  }
  m_.timers().drop_of(p);
  // Of the lock that it waits for there is no sign if it was never among the alternatives.
  if (p.wait == Wait::lock && !m_.scheduler().enabled(p.actor))
    m_.scheduler().never_comes({{p.actor, AltKind::step, p.index, p.blocked_op}, w.steps - 1});
  p.exit_reason = copy_term(reason, arena_);
  p.crashed = false;
  // Here and not when it comes to its end: the step that handles the signal is the last one, on
  // whosever stack it is taken.
  if (p.index == 0 && !options_.drain) end_root();
  p.woken_by = w.steps;
  p.wait = Wait::none;
  Process* running_here = m_.scheduler().on_main() ? nullptr : w.current;
  if (running_here == &p) {  // on its own stack: it dies as soon as the delivery is done
    p.doomed = true;
    // Here too, so that the alternatives are in the same order whoever's stack this is.
    m_.scheduler().enable(p.actor, AltKind::step, p.index, {}, w.steps);
    return;
  }
  p.context = make_context(arena_.stack_top(p.stack), kStackBytes, death_entry);
  // Up to its first operation, which is its exit.
  m_.scheduler().enable(p.actor, AltKind::step, p.index, {}, w.steps);
  p.status = Status::starting;
  run_to_park(p);
}

// ---- names ----

// Sorted, so that registered() tells the same whoever came first.
void Processes::add_name(const Name& name) {
  auto& names = m_.change(world_->names);
  m_.push(names, name);
  uint32_t i = names.size - 1;
  const auto after = [&](const Name& x) {
    return x.node != name.node ? x.node > name.node : compare(x.name, name.name) > 0;
  };
  for (; i > 0 && after(names[i - 1]); i--) names[i] = names[i - 1];
  names[i] = name;
}

void Processes::release_name(Process& p) {
  if (p.name->tag == Tag::nil) return;
  for (uint32_t i = 0; i < world_->names.size(); i++)
    if (world_->names[i].process == p.index) {
      m_.erase(m_.change(world_->names), i);
      break;
    }
  m_.change(p.name) = {};
}

}  // namespace lockstep::vm
