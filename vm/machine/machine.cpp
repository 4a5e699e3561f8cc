// The machine as a System: an execution from its begin to its outcome.
#include "vm/machine/machine.h"

#include <algorithm>
#include <utility>

#include "engine/base/check.h"
#include "vm/history/history_log.h"
#include "vm/loading/frozen.h"
#include "vm/loading/loading.h"
#include "vm/machine/calls.h"
#include "vm/machine/fault.h"
#include "vm/machine/interpreter.h"
#include "vm/machine/restart.h"
#include "vm/machine/watchdog.h"
#include "vm/process/mailboxes.h"
#include "vm/process/processes.h"
#include "vm/process/timers.h"
#include "vm/recording/recorder.h"
#include "vm/recording/sites.h"
#include "vm/state/properties.h"
#include "vm/state/spin.h"
#include "vm/tables/locks.h"
#include "vm/tables/shared_state.h"

namespace lockstep::vm {
namespace {
thread_local Machine* t_machine = nullptr;

MachineOptions sorted(MachineOptions options) {
  std::sort(options.omitted.begin(), options.omitted.end());
  return options;
}
}  // namespace

Machine* current_machine() { return t_machine; }

Machine::Machine(LoadContext& context, const std::string& scenario, const MachineOptions& options)
    : SyncPoint(*this, new (arena_.get(sizeof(World))) World()), options_(sorted(options)) {
  if (options.check) checks_asked = true;
  host_.machine = this;
  host_.arena = &arena_;
  make_parts(*this);
  loading().load(context, scenario);
}

Machine::~Machine() {
  if (current_machine() == this) take_thread(nullptr);
}

Machine* Machine::take_thread(Machine* m) {
  watch_this_thread();
  catch_faults_on_this_thread();
  return std::exchange(t_machine, m);
}

void out_of_memory() {
  LOCKSTEP_ASSERT(t_machine != nullptr && t_machine->scheduler().running());
  Machine& m = *t_machine;
  m.watchdog().leave_alone();
  const Process* p = m.calls().guest_process();
  Outcome o;
  o.verdict = Verdict::memory_bound;
  const size_t most = std::min<size_t>(m.options().limits.max_memory, m.arena().heap_bytes());
  o.reason = "more than " + std::to_string(most >> 20) + " MiB of guest memory";
  if (p) {
    o.process = m.recorder().label(*p);
    if (lua_State* L = m.calls().guest()) o.site = guest_site(L);
    o.reason += " (" + o.process + ")";
  }
  // Reports are built outside the arena, so this needs none of the memory that has run out.
  m.scheduler().finish(std::move(o));
}

const Outcome& Machine::run(Chooser& chooser) {
  spins().forget_again();
  run_once(chooser);
  while (spins().again()) run_again(chooser);
  return scheduler_.outcome();
}

void Machine::begin(uint64_t seed, uint64_t iteration) {
  restart().take_back();
  arena_.set_limit(image_.size() + options_.limits.max_memory);
  world_->seed = seed;
  world_->iteration = iteration;
  if (sink_) recorder().begin();
  recorder().keep_failed_check({});
  watchdog().begin_anew();
  interpreter().begin();
  if (options_.limits.count_instructions) {
    const uint64_t period = options_.limits.max_instructions / 100;
    count_instructions(L_, static_cast<int>(period < 1000        ? 1000
                                            : period > 1'000'000 ? 1'000'000
                                                                 : period));
  }
  uint32_t& slow = scheduler_.slow();
  slow = (sink_ ? kSlowRecord : 0u) | (slow & kSlowHunt);
  properties().begin_anew();
}

void Machine::run_once(Chooser& chooser) {
  take_thread(this);
  scheduler_.begin(chooser, loading().text().may_go_round);
  spins().begin();
  mailboxes().begin();
  properties().begin();
  watchdog().begin();
  frozen().begin();
  calls().begin();
  timers().begin();
  scheduler_.run();
  recorder().close_event();
  Outcome& outcome = scheduler_.outcome();
  if (sink_ && !recorder().printed().empty()) {
    if (!outcome.detail.empty() && outcome.detail.back() != '\n') outcome.detail += '\n';
    outcome.detail += "printed:\n" + recorder().printed();
  }
  if (sink_) {
    const Renamings names = recorder().renamings();
    for (std::string* text : {&outcome.reason, &outcome.detail, &outcome.process})
      rename(*text, names);
    sink_->on_names(names);
  }
  if ((outcome.verdict != Verdict::stopped || spins().given_up()) &&
      outcome.verdict != Verdict::suspect && !(scheduler_.slow() & kSlowHunt)) {
    frozen().check();
    restart().light(outcome.verdict != Verdict::misuse && restart().changed_little());
  } else if (outcome.verdict == Verdict::stopped) {
    restart().light(restart().changed_little() && frozen().changed() == kNone);
  }
}

void Machine::watch(const StopToken* token) { watchdog().watch(token); }
bool Machine::cut() const { return watchdog().cut(); }
bool Machine::cut_if_asked() { return watchdog().cut_if_asked(); }

std::unique_ptr<Mark> Machine::save(std::unique_ptr<Mark> old) {
  return restart().save(std::move(old));
}
void Machine::restore(const Mark& mark) { restart().restore(mark); }

int64_t Machine::permits(ObjectId lock) const { return locks().permits(lock); }

bool Machine::ends_prevent() const {
  const Loading::Text& text = loading().text();
  return text.may_crash || options_.racy_timers() ||
         (options_.timers == TimerMode::simultaneous && text.may_set_timers);
}

std::string Machine::goal_name(uint32_t goal) const { return properties().goal_name(goal); }

void Machine::omit(std::span<const uint64_t> inputs) {
  options_.omitted.assign(inputs.begin(), inputs.end());
  std::sort(options_.omitted.begin(), options_.omitted.end());
}

// Some process other than the root had something to do when the root's return ended the execution:
// a step of their own, or a signal on its way that would have woken them. An end that nobody hears
// of is nothing to do, and neither is the bookkeeping of links and monitors.
static bool root_left_others(const World& w) {
  const auto only_ends = [](const Process& p) {
    const auto root = [](uint32_t process) { return process == 0; };
    return p.leaving && !p.crashed && std::all_of(p.links.begin(), p.links.end(), root) &&
           std::all_of(p.watchers.begin(), p.watchers.end(),
                       [&](const Watcher& x) { return root(x.process); });
  };
  const auto wakes = [](const Signal& s) {
    return s.kind == SignalKind::message || s.kind == SignalKind::exit ||
           s.kind == SignalKind::link_exit || s.kind == SignalKind::down;
  };
  return std::any_of(w.alternatives.begin(), w.alternatives.end(), [&](const Alternative& a) {
    if (a.kind == AltKind::step) return a.process != 0 && !only_ends(*w.processes[a.process]);
    if (a.kind != AltKind::deliver) return false;
    return std::any_of(w.channels.begin(), w.channels.end(), [&](const Channel& c) {
      return c.actor == a.actor && c.to != kNone && c.to != 0 &&
             w.processes[c.to]->life == Life::alive && std::any_of(c.begin(), c.end(), wakes);
    });
  });
}

ExecutionFacts Machine::facts() const {
  const World& w = *world_;
  ExecutionFacts f;
  f.assertions = w.assertions;
  f.processes = w.processes.size;
  f.unread = w.unread;
  f.spun = w.spun;
  f.in_vain = spins().given_up();
  f.cut_short = !options_.drain && scheduler_.outcome().verdict == Verdict::passed &&
                !w.processes.empty() && root_left_others(w);
  f.fired_last = timers().came_last();
  for (const Process* p : w.processes) {
    f.ran += p->ran;
    f.unread += p->mailbox.size;
  }
  f.goals = {w.goals.data, w.goals.size};
  f.kept = calls().kept();
  return f;
}

uint64_t Machine::digest() const {
  const World& w = *world_;
  uint64_t h = mix64(w.now, w.processes.size);
  for (const Process* p : w.processes) {
    uint64_t x = mix64(p->key, p->observed);
    x = mix64(x,
              static_cast<uint64_t>(p->life == Life::ended) << 1 | static_cast<uint64_t>(p->traps));
    for (const Message& m : p->mailbox) x = mix64(x, vm::digest(m.payload));
    x = mix64(x, vm::digest(p->name));
    if (options_.racy_timers()) x = mix64(x, p->clock);
    h += x;
  }
  for (const Timer& t : w.timers) h += mix64(t.due, mix64(vm::digest(t.payload), t.owner));
  for (const Channel& c : w.channels)
    for (const Signal& s : c)
      h += mix64(mix64(c.to, static_cast<uint64_t>(s.kind)), vm::digest(s.payload));
  if (w.histories.size) h = mix64(h, history_digest(*this));
  return mix64(h, shared_state_digest(*this));
}

uint64_t Machine::actor_key(ActorId actor) const {
  return actor < world_->actors.size ? world_->actors[actor].key : 0;
}

}  // namespace lockstep::vm
