// A System of registers, locks and mailboxes; its processes are tiny programs in one line each:
//   Wx1 write   Rx read (remembers)   Ax1 add, unseen   Ix increment, seen   Cx12 compare 1 and set
//   2 ?x1 end unless the last read of x gave 1   !x0 end if it gave 0   Lm Um lock, unlock S0a send
//   'a' to process 0   T take any message   Ta take 'a'   P take or go on (remembers in $)   X exit
//   Dd3 choose 0..2 (remembers in d)   G2 start process 2   Y yield   J back to the start   E fail
//   N no object   Qx set to 1 if 0, remember whether it was (1: yes)   Kx12 leave out the next 2
//   words if the last read of x gave 1
// Processes are separated by |, one that starts with ~ does not exist until it is started
// (so these come last, in the order in which they are). ? ! E J K are not
// steps.
#pragma once
#include <algorithm>
#include <array>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/digest.h"
#include "engine/boundary/system.h"
#include "engine/explore/explorer.h"
#include "engine/relation/dependence.h"

namespace lockstep {

class ToySystem : public System {
 public:
  explicit ToySystem(std::string_view program, bool images = true) : images_(images) {
    std::stringstream all{std::string(program)};
    for (std::string one; std::getline(all, one, '|');) {
      std::stringstream words(one);
      auto& code = programs_.emplace_back();
      for (std::string word; words >> word;)
        if (word == "~")
          parked_.resize(programs_.size()), parked_.back() = true;
        else
          code.push_back(
              {word, static_cast<uint32_t>(
                         1 + digest_text(one + "#" + std::to_string(code.size())) % 0xffffff)});
    }
    parked_.resize(programs_.size());
    position_.resize(programs_.size());
    begin(0, 0);
  }
  static SystemFactory factory(std::string program, bool images = true) {
    return [=] { return std::make_unique<ToySystem>(program, images); };
  }

  void begin(uint64_t, uint64_t) override {
    state_ = {};
    state_.procs.resize(programs_.size());
    for (size_t p = 0; p < programs_.size(); p++) state_.procs[p].started = !parked_[p];
    for (size_t p = 0; p < programs_.size(); p++) settle(p);
    begins++;
  }

  const Outcome& run(Chooser& chooser) override {
    chooser_ = &chooser;
    for (;;) {
      if (state_.failed >= 0 && !run_on)
        return end(Verdict::assertion, "toy:" + std::to_string(state_.failed));
      if (state_.asking >= 0 && !answer()) return end(Verdict::stopped, "");
      offer();
      if (alternatives_.empty() && state_.failed >= 0)
        return end(Verdict::assertion, "toy:" + std::to_string(state_.failed));
      if (alternatives_.empty()) return end(waiting() ? Verdict::deadlock : Verdict::passed, "");
      if (state_.yielded || state_.decisions.size() == Chooser::kLate) chooser_ = &chooser_->fair();
      if (state_.decisions.size() >= limits_.max_steps) return end(Verdict::step_bound, "");
      const size_t pick =
          alternatives_.size() == 1 && chooser.skip_forced() ? 0 : ask(alternatives_.size(), false);
      if (pick == Chooser::kStop) return end(Verdict::stopped, "");
      const Alternative a = alternatives_[pick];
      state_.decisions.push_back(Decision::make(a.actor, a.kind, static_cast<uint32_t>(a.op.kind)));
      state_.last = a.actor;
      state_.yielded = false;
      if (sink_) sink_->on_event(event(a));
      perform(a.actor);
    }
  }

  std::span<const Decision> decisions() const override { return state_.decisions; }
  void record(EventSink* sink) override { sink_ = sink; }
  std::unique_ptr<Mark> save(std::unique_ptr<Mark> = nullptr) override {
    if (!images_) return nullptr;
    saves++;
    auto image = std::make_unique<Image>();
    image->state = state_;
    image->state.woken = offered_woken_;
    return image;
  }
  void restore(const Mark& mark) override { state_ = static_cast<const Image&>(mark).state; }
  uint64_t digest() const override {
    uint64_t h = digest_bytes(state_.vars.data(), sizeof state_.vars);
    for (const auto& p : state_.procs) h = mix64(digest_text(p.mailbox, h), p.pc * 2 + p.done);
    for (const auto& p : state_.procs) h = digest_bytes(p.seen.data(), sizeof p.seen, h);
    return h;
  }
  // Where everybody stands, and what they remember.
  uint64_t state() const override {
    uint64_t h = digest();
    for (const auto& p : state_.procs) h = mix64(h, p.started * 2u + 1);
    return mix64(h, static_cast<uint64_t>(state_.failed + 1)) | 1;
  }
  uint64_t actor_key(ActorId actor) const override { return mix64(actor + 1, 7); }
  std::string actor_name(ActorId actor) const override {
    return std::string("P").append(std::to_string(actor));
  }
  void show(std::vector<Shown>& out) override {
    out.clear();
    for (size_t p = 0; p < programs_.size(); p++) {
      const Proc& proc = state_.procs[p];
      const std::string of = actor_name(static_cast<ActorId>(p));
      if (!proc.started) continue;
      out.push_back({"process", of, "next", enabled(p) ? text(p) : proc.done ? "-" : "waits", 0});
      for (size_t c = 0; c < proc.seen.size(); c++)
        if (proc.seen[c])
          out.push_back(
              {"seen", of, std::string(1, static_cast<char>(c)), std::to_string(proc.seen[c]), 0});
      if (!proc.mailbox.empty())
        out.push_back({"mailbox", of, "all", proc.mailbox,
                       make_object(ObjectClass::mailbox, static_cast<uint32_t>(p + 1))});
    }
    for (size_t c = 0; c < state_.vars.size(); c++)
      if (state_.vars[c])
        out.push_back({"register", "", std::string(1, static_cast<char>(c)),
                       std::to_string(state_.vars[c]),
                       make_object(ObjectClass::user, static_cast<uint32_t>(c))});
  }
  std::string pending(const Alternative& a) const override { return text(a.actor); }
  std::string site_name(uint32_t site) const override {
    return site ? "toy:" + std::to_string(site) : "";
  }
  std::string object_name(ObjectId object) const override {
    return std::string(1, static_cast<char>(object_container(object)));
  }
  Limits& limits() override { return limits_; }
  std::span<const Blocked> blocked() override {
    blocked_.clear();
    for (size_t p = 0; p < programs_.size(); p++)
      if (state_.procs[p].started && !state_.procs[p].done && !enabled(p))
        blocked_.push_back({alternative(p)});
    return blocked_;
  }

  Mail mail() const override { return {state_.arrivals, state_.receptions}; }
  bool accepts(size_t reception, size_t arrival) const override {
    const char wanted = state_.wanted[reception];
    return wanted == '?' || static_cast<uint64_t>(wanted) == state_.arrivals[arrival].value;
  }

  uint64_t begins = 0, saves = 0;
  bool allow_deadlock = false;
  bool run_on = false;  // E does not end the execution, only decides it
  int value(char name) const { return state_.vars[static_cast<size_t>(name)]; }
  uint64_t outcome_digest() const { return digest(); }
  // Messages that nobody took count without their order.
  uint64_t digest_but_for_unread() {
    const State kept = state_;
    for (auto& p : state_.procs) std::sort(p.mailbox.begin(), p.mailbox.end());
    const uint64_t h = digest();
    state_ = kept;
    return h;
  }

 private:
  struct Op {
    std::string text;
    uint32_t site;
  };
  struct Proc {
    uint32_t pc = 0;
    bool started = true, done = false, enabled = false;
    std::array<int8_t, 128> seen{};
    std::string mailbox;
    std::vector<uint32_t> sent_at;  // by message: 1 + the decision that sent it
    std::vector<uint32_t> number;   // by message: of its arrival
  };
  struct State {
    std::vector<Proc> procs;
    std::array<int8_t, 128> vars{};
    std::vector<Decision> decisions;
    std::vector<ActorId> woken;
    ActorId last = kNoActor;
    bool yielded = false;
    int failed = -1;  // the process that met E
    int asking = -1;  // the process that stands in a D
    std::vector<Arrival> arrivals;
    std::vector<Reception> receptions;
    std::string wanted;  // by reception: the message, or ? for any
  };
  struct Image final : Mark {
    State state;
    size_t bytes() const override { return sizeof state; }
  };

  uint32_t now() const { return static_cast<uint32_t>(state_.decisions.size() - 1); }
  static ObjectId mailbox_of_send(const std::string& t) {
    return make_object(ObjectClass::mailbox, static_cast<uint32_t>(digit(t, 1) + 1));
  }
  static int digit(const std::string& s, size_t i) { return i < s.size() ? s[i] - '0' : 0; }
  const std::string& text(size_t p) const { return programs_[p][state_.procs[p].pc].text; }

  // Runs what is not a step.
  void settle(size_t p) {
    Proc& proc = state_.procs[p];
    while (!proc.done) {
      if (proc.pc == programs_[p].size()) {
        proc.done = true;
        break;
      }
      const std::string& t = text(p);
      const int seen = t.size() > 1 ? proc.seen[static_cast<size_t>(t[1])] : 0;
      const int wanted = t.size() > 2 ? (t[1] == '$' ? t[2] : digit(t, 2)) : 0;
      if (t[0] == '?')
        proc.done = seen != wanted;
      else if (t[0] == '!')
        proc.done = seen == wanted;
      else if (t[0] == 'K')
        proc.pc += seen == wanted ? static_cast<uint32_t>(digit(t, 3)) : 0;
      else if (t[0] == 'E')
        state_.failed = static_cast<int>(p), proc.done = true;
      else if (t[0] == 'J') {
        proc.pc = 0;
        break;
      } else
        break;
      proc.pc++;
    }
  }

  bool enabled(size_t p) const {
    const Proc& proc = state_.procs[p];
    if (!proc.started || proc.done) return false;
    const std::string& t = text(p);
    if (t[0] == 'L') return state_.vars[static_cast<size_t>(t[1])] == 0;
    if (t[0] == 'T')
      return t.size() == 1 ? !proc.mailbox.empty() : proc.mailbox.find(t[1]) != std::string::npos;
    return true;
  }
  bool waiting() const {
    if (allow_deadlock) return false;
    for (const Proc& p : state_.procs)
      if (p.started && !p.done) return true;
    return false;
  }

  Operation operation(size_t p) const {
    const Op& op = programs_[p][state_.procs[p].pc];
    const auto object = [&](ObjectClass c) {
      return make_object(c, static_cast<uint32_t>(op.text[1]));
    };
    Operation o{.kind = OpKind::user, .site = op.site};
    switch (op.text[0]) {
      case 'R':
        o.access = Access::read, o.object = object(ObjectClass::user);
        break;
      case 'W':
        o.value = static_cast<uint64_t>(digit(op.text, 2)) + 1;
        [[fallthrough]];
      case 'C':
      case 'I':
      case 'Q':
        o.access = Access::write, o.object = object(ObjectClass::user);
        break;
      case 'A':
        o.access = Access::add, o.object = object(ObjectClass::user);
        break;
      case 'L':
      case 'U':
        o.access = Access::write, o.object = object(ObjectClass::user);
        o.flags = op.text[0] == 'L' ? kAcquire : 0;
        break;
      case 'S':
        o = {.kind = OpKind::send,
             .access = Access::append,
             .site = op.site,
             .object = mailbox_of_send(op.text),
             .value = static_cast<uint64_t>(op.text[2])};
        break;
      case 'T':
      case 'P':
        o = {.kind = OpKind::receive,
             .access = op.text[0] == 'T' ? Access::take : Access::poll,
             .site = op.site,
             .object = make_object(ObjectClass::mailbox, static_cast<uint32_t>(p + 1))};
        break;
      case 'G':
        o.kind = OpKind::spawn;
        break;
      case 'Y':
        o.kind = OpKind::yield;
        break;
      default:
        break;
    }
    return o;
  }

  Alternative alternative(size_t p) const {
    Alternative a{static_cast<ActorId>(p), AltKind::step, static_cast<uint32_t>(p), operation(p)};
    const size_t at = a.op.access == Access::take ? message(p) : std::string::npos;
    if (at != std::string::npos) a.cause = state_.procs[p].sent_at[at];
    return a;
  }
  // Which message a T or P would take.
  size_t message(size_t p) const {
    const std::string &t = text(p), &box = state_.procs[p].mailbox;
    return t.size() > 1 ? box.find(t[1]) : box.empty() ? std::string::npos : 0;
  }
  void offer() {
    alternatives_.clear();
    for (size_t p = 0; p < programs_.size(); p++) {
      const bool now = enabled(p);
      position_[p] = ChoicePoint::kAbsent;
      if (now && !state_.procs[p].enabled) state_.woken.push_back(static_cast<ActorId>(p));
      state_.procs[p].enabled = now;
      if (!now) continue;
      position_[p] = static_cast<uint32_t>(alternatives_.size());
      alternatives_.push_back(alternative(p));
    }
  }
  size_t ask(size_t count, bool data) {
    offered_woken_.clear();
    offered_woken_.swap(state_.woken);
    ChoicePoint point;
    if (!data) point.alternatives = alternatives_;
    point.count = static_cast<uint32_t>(count);
    point.data = data;
    point.step = static_cast<uint32_t>(state_.decisions.size());
    point.last = state_.last;
    point.woken = offered_woken_;
    point.position = position_.data();
    point.yielded = state_.yielded;
    for (size_t p = 0; p < programs_.size(); p++)
      if (state_.procs[p].started) point.actors = static_cast<uint32_t>(p + 1);
    return chooser_->choose(point);
  }

  void perform(size_t p) {
    Proc& proc = state_.procs[p];
    const std::string& t = text(p);
    auto& var = state_.vars[t.size() > 1 ? static_cast<size_t>(t[1]) : 0];
    auto& seen = proc.seen[t.size() > 1 ? static_cast<size_t>(t[1]) : 0];
    switch (t[0]) {
      case 'W':
        var = static_cast<int8_t>(digit(t, 2));
        break;
      case 'R':
        seen = var;
        break;
      case 'A':
        var = static_cast<int8_t>(var + digit(t, 2));
        break;
      case 'I':
        seen = ++var;
        break;
      case 'C':
        state_.yielded = var != digit(t, 2);
        if (!state_.yielded) var = static_cast<int8_t>(digit(t, 3));
        break;
      case 'Q':
        seen = var == 0;
        var = 1;
        break;
      case 'L':
        var = 1;
        break;
      case 'U':
        var = 0;
        break;
      case 'S':
        state_.procs[static_cast<size_t>(digit(t, 1))].mailbox += t[2];
        state_.procs[static_cast<size_t>(digit(t, 1))].sent_at.push_back(
            static_cast<uint32_t>(state_.decisions.size()));
        state_.procs[static_cast<size_t>(digit(t, 1))].number.push_back(
            static_cast<uint32_t>(state_.arrivals.size()));
        state_.arrivals.push_back({now(), mailbox_of_send(t), static_cast<uint64_t>(t[2])});
        break;
      case 'T':
      case 'P': {
        const size_t at = message(p);
        proc.seen['$'] = at == std::string::npos ? 0 : static_cast<int8_t>(proc.mailbox[at]);
        state_.yielded = at == std::string::npos;
        state_.receptions.push_back(
            {now(), make_object(ObjectClass::mailbox, static_cast<uint32_t>(p + 1)),
             state_.yielded ? Reception::kNothing : proc.number[at], false});
        state_.wanted += t.size() > 1 ? t[1] : '?';
        if (state_.yielded) break;
        proc.mailbox.erase(at, 1);
        proc.number.erase(proc.number.begin() + static_cast<std::ptrdiff_t>(at));
        proc.sent_at.erase(proc.sent_at.begin() + static_cast<std::ptrdiff_t>(at));
        break;
      }
      case 'D':
        state_.asking = static_cast<int>(p);
        return;
      case 'G':
        state_.procs[static_cast<size_t>(digit(t, 1))].started = true;
        break;
      case 'Y':
        state_.yielded = true;
        break;
      case 'X':
        proc.done = true;
        break;
      default:
        break;
    }
    if (proc.done) return;
    proc.pc++;
    settle(p);
  }
  bool answer() {
    const auto p = static_cast<size_t>(state_.asking);
    const size_t pick = ask(static_cast<size_t>(digit(text(p), 2)), true);
    if (pick == Chooser::kStop) return false;
    state_.asking = -1;
    state_.decisions.push_back(
        Decision::make(static_cast<ActorId>(p), AltKind::data, static_cast<uint32_t>(pick)));
    state_.procs[p].seen[static_cast<size_t>(text(p)[1])] = static_cast<int8_t>(pick);
    state_.procs[p].pc++;
    settle(p);
    return true;
  }

  const Outcome& end(Verdict verdict, std::string site) {
    outcome_ = {};
    outcome_.verdict = verdict;
    outcome_.site = std::move(site);
    return outcome_;
  }
  Event event(const Alternative& a) const {
    Event e;
    e.step = static_cast<uint32_t>(state_.decisions.size());
    e.actor = a.actor;
    e.process = a.process;
    e.op = a.op.kind;
    e.who = actor_name(a.actor);
    e.what = text(a.actor);
    each_footprint(a, [&](const Footprint& f) { e.footprint.push_back(f); });
    if (a.cause) e.causes.push_back(a.cause);
    e.alternatives = alternatives_.size();
    return e;
  }

  std::vector<std::vector<Op>> programs_;
  std::vector<bool> parked_;
  const bool images_;
  State state_;
  Chooser* chooser_ = nullptr;
  EventSink* sink_ = nullptr;
  Outcome outcome_;
  Limits limits_;
  std::vector<Alternative> alternatives_;
  std::vector<Blocked> blocked_;
  std::vector<uint32_t> position_;
  std::vector<ActorId> offered_woken_;
};

}  // namespace lockstep
