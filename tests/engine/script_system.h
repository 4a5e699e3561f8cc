// A System whose processes are lists of instructions over shared cells and mailboxes: what the
// tests of traces, replay, shrinking and slices run on. A process is actor = its number in order of
// creation; a timer or fault is an actor too.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "engine/base/digest.h"
#include "engine/base/prng.h"
#include "engine/boundary/system.h"
#include "engine/relation/dependence.h"

namespace lockstep::testing {

enum class Do {
  read,
  write,
  add,
  check,
  send,
  recv,
  expect,
  spawn,
  yield,
  choose,
  need,
  timer,
  fault
};
struct Instr {
  Do what;
  uint32_t x = 0;  // cell, process of the program, or number of values
  int v = 0;
};
using Script = std::vector<std::vector<Instr>>;  // [0] is the root's

inline Instr read(uint32_t cell) { return {Do::read, cell}; }  // register = cell
inline Instr write(uint32_t cell, int add) {
  return {Do::write, cell, add};
}  // cell = register + add
inline Instr add(uint32_t cell, int n) { return {Do::add, cell, n}; }
inline Instr check(uint32_t cell, int v) { return {Do::check, cell, v}; }  // fails unless cell == v
inline Instr send(uint32_t to, int v) { return {Do::send, to, v}; }
inline Instr recv() { return {Do::recv}; }                 // register = message
inline Instr expect(int v) { return {Do::expect, 0, v}; }  // receive, fails unless it is v
inline Instr spawn(uint32_t script) { return {Do::spawn, script}; }
inline Instr yield() { return {Do::yield}; }
inline Instr choose(uint32_t n) { return {Do::choose, n}; }                // register = 0 .. n-1
inline Instr need(int v) { return {Do::need, 0, v}; }                      // fails if register == v
inline Instr timer(uint32_t cell, int v) { return {Do::timer, cell, v}; }  // later: cell = v
inline Instr fault(uint32_t cell, int v) { return {Do::fault, cell, v}; }  // maybe: cell = v

class ScriptSystem : public System {
 public:
  explicit ScriptSystem(Script script, int cells = 4) : script_(std::move(script)), cells_(cells) {}

  Script& script() { return script_; }
  uint64_t noise = 0;  // mixed into the digest: a system that is not deterministic

  void begin(uint64_t, uint64_t) override {
    s_ = {};
    s_.cells.assign(cells_, 0);
    create(AltKind::step, 0, kNoActor);
    outcome_ = {};
    executions++;
  }

  const Outcome& run(Chooser& chooser) override {
    outcome_ = {};
    chooser_ = &chooser;
    while (outcome_.verdict == Verdict::passed && s_.actors[0].pc < script_[0].size()) {
      std::vector<Alternative> alternatives;
      std::vector<uint32_t> position(s_.actors.size(), ChoicePoint::kAbsent);
      for (ActorId a = 0; a < s_.actors.size(); a++) {
        if (!enabled(a)) continue;
        position[a] = alternatives.size();
        Alternative& now =
            alternatives.emplace_back(a, s_.actors[a].kind, process_of(a), operation(a));
        if (now.op.access == Access::take) now.cause = s_.actors[a].sent_at.front();
      }
      bool stuck = true;
      for (const auto& a : alternatives) stuck &= a.kind == AltKind::fault;
      if (stuck) {
        fail(Verdict::deadlock, 0, "nothing can run");
        break;
      }
      if (s_.decisions.size() >= limits_.max_steps) {
        fail(Verdict::step_bound, 0, "too many steps");
        break;
      }
      ChoicePoint point{alternatives,    static_cast<uint32_t>(alternatives.size()),
                        false,           static_cast<uint32_t>(s_.decisions.size()),
                        s_.last,         {},
                        position.data(), static_cast<uint32_t>(position.size())};
      const size_t i = chooser.choose(point);
      if (i == Chooser::kStop) {
        outcome_.verdict = Verdict::stopped;
        break;
      }
      const Alternative& a = alternatives.at(i);
      s_.decisions.push_back(Decision::make(a.actor, a.kind, static_cast<uint32_t>(a.op.kind)));
      s_.last = a.actor;
      perform(a, alternatives.size());
    }
    return outcome_;
  }

  std::span<const Decision> decisions() const override { return s_.decisions; }
  void record(EventSink* sink) override { sink_ = sink; }
  std::unique_ptr<Mark> save(std::unique_ptr<Mark> = nullptr) override {
    return std::make_unique<Saved>(s_);
  }
  void restore(const Mark& mark) override { s_ = static_cast<const Saved&>(mark).state; }
  uint64_t digest() const override {
    uint64_t h = noise;
    for (int c : s_.cells) h = mix64(h, c);
    for (const Actor& a : s_.actors) {
      h = mix64(h, mix64(a.pc, a.reg));
      for (int m : a.mailbox) h = mix64(h, m);
    }
    return h;
  }
  uint64_t actor_key(ActorId a) const override {
    return a < s_.actors.size() ? s_.actors[a].key : 0;
  }
  std::string actor_name(ActorId a) const override {
    if (a >= s_.actors.size()) return "?";
    const Actor& actor = s_.actors[a];
    if (actor.kind == AltKind::step)
      return "P" + std::to_string(actor.process) +
             (a == 0 ? "(root)" : "(p" + std::to_string(actor.script) + ")");
    return actor.kind == AltKind::timer ? "timer" : "fault";
  }
  std::string site_name(uint32_t) const override { return {}; }
  std::string object_name(ObjectId o) const override {
    if (object_class(o) == ObjectClass::mailbox)
      return "mailbox of P" + std::to_string(object_container(o) - 1);
    return "cell" + std::to_string(object_container(o) - 1);
  }
  Limits& limits() override { return limits_; }

  uint64_t executions = 0;

 private:
  struct Actor {
    AltKind kind = AltKind::step;
    uint32_t process = 0, script = 0, created = 0;
    ActorId owner = kNoActor;
    uint64_t key = 1;
    size_t pc = 0;
    int reg = 0;
    Instr effect{};  // of a timer or fault
    bool gone = false;
    std::vector<int> mailbox;
    std::vector<uint32_t> sent_at;
    uint32_t born = 0;
  };
  struct State {
    std::vector<int> cells;
    std::vector<Actor> actors;
    std::vector<Decision> decisions;
    uint32_t processes = 0;
    ActorId last = kNoActor;
  };
  struct Saved : Mark {
    explicit Saved(State s) : state(std::move(s)) {}
    size_t bytes() const override { return sizeof state; }
    State state;
  };

  ActorId create(AltKind kind, uint32_t script, ActorId owner) {
    Actor a;
    a.kind = kind;
    a.script = script;
    a.owner = owner;
    a.born = s_.decisions.size();
    if (owner != kNoActor) a.key = mix64(s_.actors[owner].key, ++s_.actors[owner].created);
    if (kind == AltKind::step) a.process = s_.processes++;
    s_.actors.push_back(a);
    return s_.actors.size() - 1;
  }
  uint32_t process_of(ActorId a) const {
    return s_.actors[s_.actors[a].kind == AltKind::step ? a : s_.actors[a].owner].process;
  }
  ActorId actor_of(uint32_t process) const {
    for (ActorId a = 0; a < s_.actors.size(); a++)
      if (s_.actors[a].kind == AltKind::step && s_.actors[a].process == process) return a;
    return kNoActor;
  }
  const Instr& pending(ActorId a) const { return script_[s_.actors[a].script][s_.actors[a].pc]; }
  bool enabled(ActorId a) const {
    const Actor& actor = s_.actors[a];
    if (actor.kind != AltKind::step) return !actor.gone;
    if (actor.pc >= script_[actor.script].size()) return false;
    const Do what = pending(a).what;
    return (what != Do::recv && what != Do::expect) || !actor.mailbox.empty();
  }
  static ObjectId cell(uint32_t c) { return make_object(ObjectClass::user, c + 1); }
  Operation operation(ActorId a) const {
    Operation op;
    const Actor& actor = s_.actors[a];
    if (actor.kind != AltKind::step) {
      op.kind = actor.kind == AltKind::timer ? OpKind::timer_fire : OpKind::fault;
      op.access = Access::write;
      op.object = cell(actor.effect.x);
      return op;
    }
    const Instr& i = pending(a);
    op.kind = OpKind::user;
    switch (i.what) {
      case Do::read:
      case Do::check:
        op.object = cell(i.x), op.access = Access::read;
        break;
      case Do::write:
        op.object = cell(i.x), op.access = Access::write;
        break;
      case Do::add:
        op.object = cell(i.x), op.access = Access::add;
        break;
      case Do::send:
        op.kind = OpKind::send, op.object = make_object(ObjectClass::mailbox, i.x + 1),
        op.access = Access::append;
        break;
      case Do::recv:
      case Do::expect:
        op.kind = OpKind::receive, op.object = make_object(ObjectClass::mailbox, actor.process + 1);
        op.access = Access::take;
        break;
      case Do::spawn:
        op.kind = OpKind::spawn;
        break;
      case Do::yield:
        op.kind = OpKind::yield;
        break;
      case Do::choose:
        op.kind = OpKind::choose;
        break;
      case Do::timer:
        op.kind = OpKind::timer_start;
        break;
      case Do::fault:
        op.kind = OpKind::fault;
        break;
      case Do::need:
        break;
    }
    return op;
  }
  void fail(Verdict verdict, ActorId a, const std::string& reason) {
    outcome_.verdict = verdict;
    outcome_.reason = reason;
    if (verdict == Verdict::assertion)
      outcome_.site = "script.lua:" + std::to_string(s_.actors[a].script * 100 + s_.actors[a].pc);
    outcome_.process = actor_name(a);
  }
  void event(const Alternative& a, size_t n, const std::string& what, const std::string& target,
             const std::string& result, std::vector<uint32_t> causes) {
    if (!sink_) return;
    Event e;
    e.step = s_.decisions.size();
    e.kind = a.kind;
    e.op = a.op.kind;
    e.actor = a.actor;
    e.process = a.process;
    e.who = actor_name(a.actor);
    e.what = what;
    e.target = target;
    e.result = result;
    each_footprint(a, [&](const Footprint& f) { e.footprint.push_back(f); });
    e.causes = std::move(causes);
    e.alternatives = n;
    e.digest = digest();
    sink_->on_event(std::move(e));
  }
  void perform(const Alternative& alt, size_t n) {
    const ActorId a = alt.actor;
    const uint32_t now = s_.decisions.size();
    std::vector<uint32_t> causes;
    if (s_.actors[a].kind != AltKind::step) {
      Actor& t = s_.actors[a];
      s_.cells[t.effect.x] = t.effect.v;
      t.gone = true;
      event(alt, n, "fire", object_name(alt.op.object), "", {t.born});
      return;
    }
    if (s_.actors[a].pc == 0 && s_.actors[a].born) causes.push_back(s_.actors[a].born);
    const Instr i = pending(a);
    static const char* const kNames[] = {"read", "write", "add",   "check", "send",
                                         "recv", "recv",  "spawn", "yield", "choose",
                                         "need", "timer", "fault"};
    std::string target = alt.op.object ? object_name(alt.op.object) : "", result;
    int& reg = s_.actors[a].reg;
    switch (i.what) {
      case Do::read:
        reg = s_.cells[i.x];
        result = std::to_string(reg);
        break;
      case Do::write:
        s_.cells[i.x] = reg + i.v;
        break;
      case Do::add:
        s_.cells[i.x] += i.v;
        break;
      case Do::check:
        if (s_.cells[i.x] != i.v)
          fail(Verdict::assertion, a, "wrong value " + std::to_string(s_.cells[i.x]));
        break;
      case Do::need:
        if (reg == i.v) fail(Verdict::assertion, a, "bad register " + std::to_string(reg));
        break;
      case Do::send:
        if (const ActorId to = actor_of(i.x); to != kNoActor) {
          s_.actors[to].mailbox.push_back(i.v);
          s_.actors[to].sent_at.push_back(now);
        }
        break;
      case Do::recv:
      case Do::expect: {
        Actor& me = s_.actors[a];
        me.reg = me.mailbox.front();
        causes.push_back(me.sent_at.front());
        me.mailbox.erase(me.mailbox.begin());
        me.sent_at.erase(me.sent_at.begin());
        result = std::to_string(me.reg);
        if (i.what == Do::expect && me.reg != i.v) fail(Verdict::assertion, a, "wrong message");
        break;
      }
      case Do::spawn:
        create(AltKind::step, i.x, a);
        break;
      case Do::timer:
      case Do::fault:
        s_.actors[create(i.what == Do::timer ? AltKind::timer : AltKind::fault, 0, a)].effect = i;
        break;
      case Do::yield:
      case Do::choose:
        break;
    }
    s_.actors[a].pc++;
    event(alt, n, kNames[static_cast<int>(i.what)], target, result, causes);
    if (i.what == Do::choose) {
      ChoicePoint point;
      point.count = i.x;
      point.data = true;
      point.step = s_.decisions.size();
      point.last = a;
      const size_t value = chooser_->choose(point);
      if (value == Chooser::kStop) {
        outcome_.verdict = Verdict::stopped;
        return;
      }
      s_.decisions.push_back(Decision::make(a, AltKind::data, value));
      s_.actors[a].reg = value;
      Alternative data{a, AltKind::data, alt.process, {}};
      data.op.kind = OpKind::choose;
      event(data, i.x, "choose", "", std::to_string(value), {});
    }
  }

  Script script_;
  int cells_;
  Limits limits_;
  State s_;
  Outcome outcome_;
  EventSink* sink_ = nullptr;
  Chooser* chooser_ = nullptr;
};

// Picks at random.
class RandomChooser : public Chooser {
 public:
  explicit RandomChooser(uint64_t seed) : prng_(seed) {}
  size_t choose(const ChoicePoint& point) override { return prng_.below(point.count); }

 private:
  Prng prng_;
};

// Two workers read, then write one more than they read; the root waits for both and checks.
inline Script lost_update(int workers = 2) {
  Script s(1 + workers);
  for (int w = 1; w <= workers; w++) {
    s[0].push_back(spawn(w));
    s[w] = {read(0), write(0, 1), send(0, w)};
  }
  for (int w = 1; w <= workers; w++) s[0].push_back(recv());
  s[0].push_back(check(0, workers));
  return s;
}

// A random script: a few workers over two cells, a channel back to the root, the odd choice, timer,
// fault and yield.
inline Script random_script(uint64_t seed) {
  Prng p(seed);
  const int workers = 1 + p.below(3);
  Script s(1 + workers);
  for (int w = 1; w <= workers; w++) {
    s[0].push_back(spawn(w));
    const int n = 1 + p.below(5);
    for (int i = 0; i < n; i++) {
      const uint32_t cell = p.below(2);
      switch (p.below(9)) {
        case 0:
        case 1:
          s[w].push_back(read(cell));
          break;
        case 2:
        case 3:
          s[w].push_back(write(cell, 1));
          break;
        case 4:
          s[w].push_back(add(cell, 1));
          break;
        case 5:
          s[w].push_back(yield());
          break;
        case 6:
          s[w].push_back(choose(3));
          break;
        case 7:
          s[w].push_back(p.below(2) ? timer(cell, 7) : fault(cell, 9));
          break;
        default:
          s[w].push_back(send(w % workers + 1, 5));
          break;
      }
    }
    s[w].push_back(send(0, w));
  }
  for (int w = 1; w <= workers; w++) s[0].push_back(recv());
  s[0].push_back(check(0, static_cast<int>(p.below(4))));
  return s;
}

// The decisions of the first random execution from `seed` on that fails; empty if none of `tries`
// does.
inline std::vector<Decision> find_failure(System& system, uint64_t seed = 1, int tries = 1000) {
  for (int i = 0; i < tries; i++) {
    RandomChooser chooser(seed + i);
    system.begin(1, i);
    if (system.run(chooser).failed()) return {system.decisions().begin(), system.decisions().end()};
  }
  return {};
}

}  // namespace lockstep::testing
