// How processes begin, and are ended by signals.
#include "vm/process/processes.h"

#include "vm/footprints/footprints.h"
#include "vm/guest/interpreter.h"
#include "vm/machine/clocks.h"
#include "vm/machine/lookup.h"
#include "vm/process/timers.h"
#include "vm/process/uncaught.h"
#include "vm/recording/recorder.h"
#include "vm/recording/sites.h"

namespace lockstep::vm {

namespace {

void process_entry() {
  entered();
  Machine* m = current_machine();
  m->processes().lifetime().body(*m->world().current);
}
void death_entry() {
  entered();
  Machine* m = current_machine();
  m->processes().lifetime().die(*m->world().current);
}

constexpr uint32_t kRefStep =
    0x9e3779b1;  // odd: the references of one process differ in their low halves

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
  m_.clocks().learn_time(*p, parent.clock);
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
  lua_pushcfunction(p->L, on_uncaught);
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
  // The root may be here because it waits for a value, before its first operation, or since it has
  // ended the execution, and nobody else was going on.
  if (!w.pending_data && !w.over) w.current = before;
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
  lua_pushcfunction(p->L, on_uncaught);
  lua_rawgeti(p->L, LUA_REGISTRYINDEX, m_.image().body_ref);
  start_child(*p);
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
  drop_mailbox(p);  // what comes now is dropped too: nobody looks into it any more
  if (p.leaving) {  // it was about to end by itself: the signal came first
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

void Processes::drop_mailbox(Process& p) {
  world_->unread += p.mailbox.size;
  for (Message& x : p.mailbox) free_term(x.payload, arena_);
  p.mailbox.size = 0;
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
