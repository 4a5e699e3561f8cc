// The machine as a System: an execution from its begin to its outcome.
#include "vm/system/actor_system.h"

#include <algorithm>
#include <utility>

#include "engine/base/check.h"
#include "vm/guest/fault.h"
#include "vm/machine/history_log.h"
#include "vm/machine/lookup.h"
#include "vm/recording/sites.h"
#include "vm/system/made_parts.h"
#include "vm/tables/shared_state.h"

namespace lockstep::vm {
namespace {
MachineOptions sorted(MachineOptions options) {
  std::sort(options.omitted.begin(), options.omitted.end());
  return options;
}
}  // namespace

ActorSystem::ActorSystem(LoadContext& context, const std::string& scenario,
                         const MachineOptions& options)
    : Machine(sorted(options)) {
  if (options.check) checks_asked = true;
  made_ = std::make_unique<MadeParts>(*this, *this);
  // To the parts: where each is.
  MadeParts& p = *made_;
  calls_ = &p.calls;
  checks_ = &p.checks;
  clocks_ = &p.clocks;
  cluster_ = &p.cluster;
  ends_ = &p.ends;
  faults_ = &p.faults;
  file_level_ = &p.file_level;
  footprints_ = &p.footprints;
  frozen_ = &p.frozen;
  guest_ = &p.guest;
  guest_faults_ = &p.guest_faults;
  interpreter_ = &p.interpreter;
  loading_ = &p.loading;
  locks_ = &p.locks;
  mailboxes_ = &p.mailboxes;
  peek_ = &p.peek;
  processes_ = &p.processes;
  properties_ = &p.properties;
  recorder_ = &p.recorder;
  restart_ = &p.restart;
  signals_ = &p.signals;
  spins_ = &p.spins;
  timers_ = &p.timers;
  watchdog_ = &p.watchdog;
  slow_path_ = &p.calls;
  scheduler_.perform_with(p.performer);
  watch_this_thread();
  catch_faults_on_this_thread();
  p.loading.load(context, scenario);
}
// Its parts go before the machine does, and the watchdog's signal may come between.
ActorSystem::~ActorSystem() {
  if (current_machine() == this) take_thread(nullptr);
}

void ActorSystem::record(EventSink* sink) {
  digesting_.to = sink;
  sink_ = sink ? &digesting_ : nullptr;
}

void ActorSystem::Digesting::on_event(Event&& event) {
  event.digest = system_.digest();
  to->on_event(std::move(event));
}
void ActorSystem::Digesting::on_names(const Renamings& names) { to->on_names(names); }

const Outcome& ActorSystem::run(Chooser& chooser) {
  spins().forget_again();
  run_once(chooser);
  while (spins().again()) run_again(chooser);
  return scheduler_.outcome();
}

void ActorSystem::begin(uint64_t seed, uint64_t iteration) {
  restart().take_back();
  arena_.set_limit(image_.size() + options_.limits.max_memory);
  world_->seed = seed;
  world_->iteration = iteration;
  if (sink_) recorder().begin();
  recorder().keep_failed_check({});
  watchdog().begin_anew();
  interpreter().begin();
  if (watchdog().counts()) {
    const uint64_t period = options_.limits.max_instructions / 100;
    count_instructions(L_, static_cast<int>(period < 1000        ? 1000
                                            : period > 1'000'000 ? 1'000'000
                                                                 : period));
  }
  uint32_t& slow = scheduler_.slow();
  slow = (sink_ ? kSlowRecord : 0u) | (slow & kSlowHunt);
  properties().begin_anew();
  peek().begin();
}

void ActorSystem::run_once(Chooser& chooser) {
  take_thread(this);
  watch_this_thread();
  catch_faults_on_this_thread();
  checks().begin();
  scheduler_.begin(chooser, image_.text.may_go_round);
  spins().begin();
  watchdog().begin();
  frozen().begin();
  calls().begin();
  guest().begin();
  guest_faults().begin();
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
    look_for_change();
    restart().light(outcome.verdict != Verdict::misuse && restart().changed_little());
  } else if (outcome.verdict == Verdict::stopped) {
    restart().light(restart().changed_little() && frozen().changed() == kNone);
  }
}

void ActorSystem::watch(const StopToken* token) { watchdog().watch(token); }
bool ActorSystem::cut() const { return scheduler_.cut(); }
bool ActorSystem::cut_if_asked() { return watchdog().cut_if_asked(); }

std::unique_ptr<Mark> ActorSystem::save(std::unique_ptr<Mark> old) {
  return restart().save(std::move(old), checks_on() ? digest() : 0);
}
void ActorSystem::restore(const Mark& mark) {
  const uint64_t was = restart().restore(mark);
  LOCKSTEP_CHECK(was == 0 || digest() == was);
}

int64_t ActorSystem::permits(ObjectId lock) const { return locks().permits(lock); }

bool ActorSystem::ends_prevent() const {
  const Image::Text& text = image_.text;
  return text.may_crash || options_.racy_timers() ||
         (options_.timers == TimerMode::simultaneous && text.may_set_timers);
}

std::string ActorSystem::goal_name(uint32_t goal) const { return properties().goal_name(goal); }

void ActorSystem::omit(std::span<const uint64_t> inputs) {
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

ExecutionFacts ActorSystem::facts() const {
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
  f.kept = guest().kept();
  return f;
}

uint64_t ActorSystem::digest() const {
  const World& w = *world_;
  uint64_t h = mix64(w.now, w.processes.size);
  for (const Process* p : w.processes) {
    uint64_t x = mix64(p->key, p->observed);
    x = mix64(x,
              static_cast<uint64_t>(p->life == Life::ended) << 1 | static_cast<uint64_t>(p->traps));
    for (const Message& m : p->mailbox) x = mix64(x, vm::digest(m.payload) + m.down);
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

uint64_t ActorSystem::actor_key(ActorId actor) const {
  return actor < world_->actors.size ? world_->actors[actor].key : 0;
}

Mail ActorSystem::mail() const {
  const World& w = *world_;
  return {{w.arrivals.data, w.arrivals.size}, {w.receptions.data, w.receptions.size}};
}

bool ActorSystem::accepts(size_t reception, size_t arrival) const {
  const World& w = *world_;
  return w.receptions[reception].opaque || matches(w.wanted[reception], w.arrived[arrival]);
}

std::span<const Blocked> ActorSystem::blocked() {
  if (options_.racy_timers())
    for (Timer& t : world_->timers)
      if (t.kind == TimerKind::receive && !scheduler_.enabled(t.actor))
        timers().note_blocked(t, Blocked::kToTheEnd);
  return scheduler_.disabled_events();
}

// ---- names ----

std::string ActorSystem::site_name(uint32_t site) const { return recorder().site_name(site); }
std::string ActorSystem::actor_name(ActorId actor) const { return recorder().actor_name(actor); }
ObjectId ActorSystem::stable_object(ObjectId object) const {
  return vm::stable_object(*world_, object);
}

std::string ActorSystem::object_name(ObjectId object) const {
  const World& w = *world_;
  auto process = [&](uint32_t i) {
    return i < w.processes.size ? recorder().label(*w.processes[i]) : "?";
  };
  switch (object_class(object)) {
    case ObjectClass::none:
      return {};
    case ObjectClass::mailbox:
      return "mailbox of " + process(object_container(object));
    case ObjectClass::process:
    case ObjectClass::steps:
      return process(object_container(object));
    case ObjectClass::name:
      for (const Name& n : w.names)
        if ((static_cast<uint32_t>(vm::digest(n.name)) | 1) == object_element(object))
          return "name " + print(n.name);
      return "a name";
    case ObjectClass::timer:
      return "timer";
    case ObjectClass::node:
      return "node";
    case ObjectClass::clock:
      return "clock";
    case ObjectClass::fault:
      return "faults";
    case ObjectClass::channel:
      return "signals to " + process(object_container(object));
    case ObjectClass::monitor:
      return "a monitor of " + process(object_container(object));
    case ObjectClass::user:
      return object_container(object) == kTemporalContainer ? "a temporal property"
                                                            : "what the scenario watches";
    default: {
      std::string name = shared_object_name(*this, object);
      return name.empty() ? "object" : name;
    }
  }
}

}  // namespace lockstep::vm
