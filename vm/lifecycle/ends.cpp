// How processes end.
#include "vm/lifecycle/ends.h"

#include <algorithm>

#include "engine/relation/dependence.h"
#include "vm/footprints/footprints.h"
#include "vm/guest/calls.h"
#include "vm/guest/interpreter.h"
#include "vm/guest/peek.h"
#include "vm/guest/spin.h"
#include "vm/machine/lookup.h"
#include "vm/machine/objects.h"
#include "vm/process/processes.h"
#include "vm/process/timers.h"
#include "vm/recording/recorder.h"
#include "vm/recording/sites.h"
#include "vm/signals/signals.h"
#include "vm/state/properties.h"
#include "vm/tables/shared_state.h"

namespace lockstep::vm {
namespace {

constexpr size_t kTold = 3;  // footprints of whom a process tells first

std::string text_of(const Term& t) {
  return t.tag == Tag::string ? std::string(View{t.bytes}.string()) : std::string();
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

}  // namespace

void Ends::body(Process& p) {
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
    const bool owed = m_.image().text.may_owe;
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

void Ends::die(Process& p) {
  World& w = *world_;
  if (p.status != Status::starting) p.status = Status::ready;
  p.leaving = true;
  p.wait = Wait::none;
  // What it saw matters no more, but for what process_info tells of it until it has ended.
  if (p.killed || !p.shows) p.seen = 0;
  p.looked = p.performing = false;
  if (!m_.scheduler().enabled(p.actor)) m_.scheduler().enable(p.actor, AltKind::step, p.index, {});
  size_t n = footprint(p);
  p.ending = true;
  w.ending++;
  m_.calls().announce(nullptr, p, "exit", OpKind::exit, Access::write,
                      make_object(ObjectClass::process, p.index), 0, footprint_.data(), n);
  p.ending = false;
  w.ending--;
  uint32_t until = p.end_tables;
  end(p, until);
  // An owner of more tables than a footprint holds lets go of them in several steps. The last of
  // them tells the first who is to be told, and who that is may change until then.
  Footprint* extra = footprint_.data();  // not on this stack: images hold that
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
size_t Ends::footprint(Process& p) {
  Footprint* out = footprint_.data();
  size_t n = 0;
  if (p.name->tag != Tag::nil) out[n++] = {name_object(p.node, p.name), Access::write};
  told_first(m_, p, out + n);
  n += kTold;
  return n + ets_exit_footprint(m_, p, 0, out + n, footprint_.size() - n, &p.end_tables);
}

// A process that has announced its end has lost or gained a name, a table or somebody to tell.
void Ends::renew_footprint(Process& p) {
  if (!p.ending || !alive(p)) return;
  const size_t n = footprint(p);
  Operation& end = world_->alternatives[world_->position[p.actor]].op;
  if (n > end.extra_count) end.extra = static_cast<Footprint*>(m_.allocate(n * sizeof(Footprint)));
  std::copy_n(footprint_.data(), n, const_cast<Footprint*>(end.extra));
  end.extra_count = static_cast<uint8_t>(n);
  if (slow_ & kSlowWatch) m_.peek().mark_watched(end);
}

// Each is told in a step of its own if there are several: between two of them others may see one
// effect and not yet the other.
void Ends::tell_of_end(Process& p) {
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
void Ends::end(Process& p, uint32_t tables) {
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
  m_.processes().release_name(p);
  ets_owner_exit(m_, p, 0, tables);
  m_.processes().drop_mailbox(p);
}

}  // namespace lockstep::vm
