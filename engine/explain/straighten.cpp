#include "engine/explain/straighten.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "engine/relation/slice.h"

namespace lockstep {
namespace {

constexpr size_t kMostStates = 4000;  // that the search looks at
constexpr size_t kMostEvents = 2000;  // of an execution that is looked at at all

// What is done at once: a decision, and the values that are chosen before anything else can happen.
struct Unit {
  std::vector<uint32_t> events;
  uint32_t thread = 0;           // its actor, densely numbered
  bool step = false;             // of a process: what switches are counted between
  std::vector<uint32_t> before;  // units that have to come first, its thread's own last one aside
};

struct Poset {
  std::vector<uint32_t> left_out;  // events that the last one does not come after
  std::vector<Unit> units;
  std::vector<std::vector<uint32_t>> threads;  // units, in order
  std::vector<bool> steps;                     // by thread: a process's
};

// False if events do not tell of every decision.
bool make_poset(const Recording& r, bool only_before_last, Poset* out) {
  const auto& events = r.events;
  if (events.empty() || events.size() != r.decisions.size() || events.size() > kMostEvents)
    return false;
  for (uint32_t i = 0; i < events.size(); i++)
    if (events[i].step != i + 1) return false;
  if (events[0].kind == AltKind::data) return false;
  const auto before = happens_before(events);
  std::vector<uint32_t> unit_of(events.size());
  std::vector<Unit> units;
  std::map<ActorId, uint32_t> threads;
  for (uint32_t i = 0; i < events.size(); i++) {
    const Event& e = events[i];
    if (e.kind != AltKind::data) {
      units.emplace_back();
      const auto thread = threads.try_emplace(e.actor, static_cast<uint32_t>(threads.size()));
      units.back().thread = thread.first->second;
      units.back().step = e.kind == AltKind::step;
    }
    Unit& unit = units.back();
    unit_of[i] = static_cast<uint32_t>(units.size() - 1);
    unit.events.push_back(i);
    const auto add = [&](uint32_t b) {
      if (unit_of[b] != unit_of[i]) unit.before.push_back(unit_of[b]);
    };
    for (const uint32_t b : before[i]) add(b);
    if (e.at_quiescence)
      for (uint32_t b = 0; b < i; b++) add(b);
  }
  std::vector<bool> kept(units.size(), !only_before_last);
  kept.back() = true;
  for (size_t u = units.size(); u-- > 0;)
    if (kept[u])
      for (const uint32_t b : units[u].before) kept[b] = true;
  // Whatever a thread did before is before what it does.
  std::vector<bool> later(threads.size());
  for (size_t u = units.size(); u-- > 0;) {
    if (later[units[u].thread] && !kept[u]) {
      kept[u] = true;
      for (const uint32_t b : units[u].before) kept[b] = true;
    }
    if (kept[u]) later[units[u].thread] = true;
  }
  std::vector<uint32_t> number(units.size());
  out->threads.resize(threads.size());
  out->steps.resize(threads.size());
  for (size_t u = 0; u < units.size(); u++) {
    if (!kept[u]) {
      out->left_out.insert(out->left_out.end(), units[u].events.begin(), units[u].events.end());
      continue;
    }
    number[u] = static_cast<uint32_t>(out->units.size());
    Unit unit = std::move(units[u]);
    for (uint32_t& b : unit.before) b = number[b];
    std::sort(unit.before.begin(), unit.before.end());
    unit.before.erase(std::unique(unit.before.begin(), unit.before.end()), unit.before.end());
    out->threads[unit.thread].push_back(number[u]);
    out->steps[unit.thread] = unit.step;
    out->units.push_back(std::move(unit));
  }
  return true;
}

// How far each thread has come.
using Cut = std::vector<uint32_t>;

class Linearisation {
 public:
  explicit Linearisation(const Poset& poset) : poset_(poset) {
    index_.resize(poset.units.size());
    for (const auto& thread : poset.threads)
      for (uint32_t i = 0; i < thread.size(); i++) index_[thread[i]] = i;
  }

  // The order of processes' turns with the fewest switches; where that takes too long to find one
  // with few.
  std::vector<uint32_t> turns() const {
    std::vector<Node> nodes;
    std::set<Cut> seen;
    nodes.push_back({Cut(poset_.threads.size()), 0, 0});
    others(nodes[0].cut);
    for (size_t n = 0; n < nodes.size() && nodes.size() < kMostStates; n++) {
      if (ended(nodes[n].cut)) return back(nodes, n);
      for (uint32_t t = 0; t < poset_.threads.size(); t++) {
        if (!poset_.steps[t] || !ready(nodes[n].cut, t)) continue;
        Cut cut = nodes[n].cut;
        run(cut, t);
        if (seen.insert(cut).second) nodes.push_back({std::move(cut), n, t});
      }
    }
    return furthest_first();
  }

  // Units in order: processes by turns, and what is no process's as late as it can be.
  std::vector<uint32_t> units(const std::vector<uint32_t>& turns) const {
    std::vector<uint32_t> order;
    std::vector<bool> done(poset_.units.size());
    Cut cut(poset_.threads.size());
    others(cut);
    Cut at(poset_.threads.size());
    for (const uint32_t turn : turns) {
      run(cut, turn);
      for (; at[turn] < cut[turn]; at[turn]++) emit(poset_.threads[turn][at[turn]], done, order);
    }
    for (uint32_t u = 0; u < poset_.units.size(); u++) emit(u, done, order);
    return order;
  }

 private:
  struct Node {
    Cut cut;
    size_t parent;
    uint32_t turn;
  };
  static std::vector<uint32_t> back(const std::vector<Node>& nodes, size_t n) {
    std::vector<uint32_t> all;
    for (; n != 0; n = nodes[n].parent) all.push_back(nodes[n].turn);
    std::reverse(all.begin(), all.end());
    return all;
  }
  std::vector<uint32_t> furthest_first() const {
    std::vector<uint32_t> all;
    Cut now(poset_.threads.size());
    others(now);
    while (!ended(now)) {
      uint32_t most = 0, turn = 0;
      Cut next;
      for (uint32_t t = 0; t < poset_.threads.size(); t++) {
        if (!poset_.steps[t] || !ready(now, t)) continue;
        Cut cut = now;
        if (const uint32_t came = run(cut, t); came > most)
          most = came, next = std::move(cut), turn = t;
      }
      if (most == 0) return {};
      all.push_back(turn);
      now = std::move(next);
    }
    return all;
  }
  bool ended(const Cut& cut) const {
    for (uint32_t t = 0; t < cut.size(); t++)
      if (cut[t] < poset_.threads[t].size()) return false;
    return true;
  }
  bool ready(const Cut& cut, uint32_t thread) const {
    if (cut[thread] >= poset_.threads[thread].size()) return false;
    const Unit& unit = poset_.units[poset_.threads[thread][cut[thread]]];
    return std::all_of(unit.before.begin(), unit.before.end(),
                       [&](uint32_t b) { return index_[b] < cut[poset_.units[b].thread]; });
  }
  // What no process does, as far as it can happen: it costs nothing.
  void others(Cut& cut) const {
    for (bool more = true; more;) {
      more = false;
      for (uint32_t t = 0; t < cut.size(); t++)
        for (; !poset_.steps[t] && ready(cut, t); more = true) cut[t]++;
    }
  }
  // A turn of the process: how many steps it makes.
  uint32_t run(Cut& cut, uint32_t thread) const {
    const uint32_t from = cut[thread];
    while (ready(cut, thread)) {
      cut[thread]++;
      others(cut);
    }
    return cut[thread] - from;
  }
  void emit(uint32_t unit, std::vector<bool>& done, std::vector<uint32_t>& order) const {
    if (done[unit]) return;
    done[unit] = true;
    const Unit& u = poset_.units[unit];
    if (index_[unit] > 0) emit(poset_.threads[u.thread][index_[unit] - 1], done, order);
    for (const uint32_t b : u.before) emit(b, done, order);
    order.push_back(unit);
  }

  const Poset& poset_;
  std::vector<uint32_t> index_;  // of each unit in its thread
};

// Follows steps by who does them: actors have other numbers where things are made in another order.
class Follower : public Chooser {
 public:
  struct Step {
    uint64_t key;
    AltKind kind;
    uint32_t value;
  };
  Follower(const System& system, std::vector<Step> steps) : steps_(std::move(steps)) {
    encoder_.begin(system);
  }
  size_t choose(const ChoicePoint& point) override {
    const size_t index = at_ < steps_.size() ? find(point, steps_[at_]) : kStop;
    if (index == kStop) return kStop;
    at_++;
    encoder_.took(point, index, encoder_.default_pick(point));
    return index;
  }
  const ShrinkSize& size() const { return encoder_.size(); }

 private:
  size_t find(const ChoicePoint& point, const Step& step) {
    if (point.data)
      return step.kind == AltKind::data && step.value < point.count ? step.value : kStop;
    for (size_t i = 0; i < point.alternatives.size(); i++) {
      const Alternative& a = point.alternatives[i];
      if (a.kind == step.kind && encoder_.keys()(a.actor) == step.key) return i;
    }
    return kStop;
  }
  DeviationEncoder encoder_;
  std::vector<Step> steps_;
  size_t at_ = 0;
};

bool has_a_last_step(Verdict v) {
  return v == Verdict::assertion || v == Verdict::crash || v == Verdict::invariant ||
         v == Verdict::not_linearizable;
}

}  // namespace

Straightened straighten(System& system, uint64_t seed, uint64_t iteration, const Recording& failing,
                        const ShrinkSize& size) {
  Straightened best;
  best.size = size;
  const Verdict verdict = failing.outcome.verdict;
  const bool cone = has_a_last_step(verdict);
  if (!cone && verdict != Verdict::deadlock) return best;
  // Who is who in it.
  const Encoding names = encode_schedule(system, seed, iteration, failing.decisions);
  best.attempts++;
  if (!names.followed) return best;
  for (const bool only_before_last : {true, false}) {
    if (only_before_last && !cone) continue;
    Poset poset;
    if (!make_poset(failing, only_before_last, &poset)) return best;
    const Linearisation linear(poset);
    const auto turns = linear.turns();
    if (turns.empty()) continue;
    std::vector<uint32_t> order;
    for (const uint32_t unit : linear.units(turns))
      order.insert(order.end(), poset.units[unit].events.begin(), poset.units[unit].events.end());
    const auto run = [&](const std::vector<uint32_t>& events, ShrinkSize* size_of_it) {
      std::vector<Follower::Step> steps;
      for (const uint32_t event : events) {
        const Decision d = failing.decisions[event];
        steps.push_back({names.keys[event], d.kind(), d.value()});
      }
      system.begin(seed, iteration);
      Follower follower(system, std::move(steps));
      const Outcome outcome = system.run(follower);
      best.attempts++;
      *size_of_it = follower.size();
      return outcome.failed() && outcome.signature() == failing.outcome.signature();
    };
    const auto made = [&] {
      const auto decisions = system.decisions();
      return std::vector<Decision>(decisions.begin(), decisions.end());
    };
    ShrinkSize now, all;
    if (!run(order, &now) ||
        std::tie(now.switches, now.steps) >= std::tie(best.size.switches, best.size.steps))
      continue;
    std::vector<Decision> decisions = made();
    std::vector<Decision> whole = decisions;
    if (!poset.left_out.empty()) {
      const size_t last = poset.units.back().events.size();
      auto longer = order;
      longer.insert(longer.end() - static_cast<std::ptrdiff_t>(last), poset.left_out.begin(),
                    poset.left_out.end());
      whole = run(longer, &all) ? made() : std::vector<Decision>{};
    }
    best.better = true;
    best.size = now;
    best.decisions = std::move(decisions);
    best.whole = std::move(whole);
    break;
  }
  return best;
}

}  // namespace lockstep
