// dependent() == false is a promise (engine/dependence.h): is it kept, at the states along random
// executions of a program?
#pragma once
#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/dependence.h"
#include "engine/prng.h"
#include "engine/system.h"

namespace lockstep {

// An alternative, named so that it is the same wherever it is the same step.
struct NamedStep {
  uint64_t actor = 0;  // key
  AltKind kind = AltKind::step;
  OpKind op = OpKind::none;
  uint8_t flags = 0;
  uint64_t value = 0;
  std::vector<std::pair<ObjectId, Access>> touches;  // sorted
  ActorId id = kNoActor;                             // in this execution only
  bool operator==(const NamedStep& o) const {
    return actor == o.actor && kind == o.kind && op == o.op && flags == o.flags &&
           value == o.value && touches == o.touches;
  }
};

inline NamedStep named(const Alternative& a, const System& system) {
  NamedStep s{system.actor_key(a.actor), a.kind, a.op.kind, a.op.flags, a.op.value, {}, a.actor};
  // Whom a timer is for is named only as long as there is that timer, by whoever asks for it then.
  const bool timer = a.op.kind == OpKind::timer_cancel || a.op.kind == OpKind::timer_read;
  const auto add = [&](ObjectId object, Access access) {
    if (timer && object_class(object) == ObjectClass::process) return;
    if (object != 0 && access != Access::none)
      s.touches.emplace_back(system.stable_object(object), access);
  };
  add(a.op.object, a.op.access);
  for (int i = 0; i < a.op.extra_count; i++) add(a.op.extra[i].object, a.op.extra[i].access);
  std::sort(s.touches.begin(), s.touches.end());
  s.touches.erase(std::unique(s.touches.begin(), s.touches.end()), s.touches.end());
  return s;
}

// Processes and tables are numbered in the order of creation, and guests hold the numbers: where
// both steps create something, the states are the same but for that, and are not compared. (What
// makes a table is not told from what deletes one.)
inline bool may_create(const NamedStep& s) {
  if (s.op == OpKind::spawn) return true;
  if (s.op != OpKind::ets) return false;
  for (const auto& [object, access] : s.touches)
    if (object_class(object) == ObjectClass::ets_name && access == Access::write) return true;
  return false;
}

inline std::string text_of(const NamedStep& s, const System& system) {
  std::string text = fmt::format("{} {}", system.actor_name(s.id), op_name(s.op));
  for (const auto& [object, access] : s.touches)
    text += fmt::format(" {}:{:x}/{:x}:{}", static_cast<int>(object_class(object)),
                        object_container(object), object_element(object),
                        std::string_view("-rwaAtp")[static_cast<size_t>(access)]);
  if (s.flags) text += fmt::format(" flags {}", s.flags);
  return text;
}

// Follows a script of actors and looks at where it leads.
class Scripted final : public Chooser {
 public:
  explicit Scripted(System& system) : system_(system) { at_rest_ = states_ = true; }
  // An alternative that outlives its choice point.
  struct Kept {
    Alternative of;
    std::vector<Footprint> extra;
    explicit Kept(const Alternative& a) : of(a), extra(a.op.extra, a.op.extra + a.op.extra_count) {}
    Alternative alternative() const {
      Alternative a = of;
      a.op.extra = extra.data();
      return a;
    }
  };
  struct Place {
    std::vector<NamedStep> enabled;  // by actor
    std::vector<Kept> all;
    uint64_t state = 0, digest = 0;
    const NamedStep* find(uint64_t actor) const {
      for (const NamedStep& s : enabled)
        if (s.actor == actor) return &s;
      return nullptr;
    }
  };
  // From the mark, or from the beginning. Fewer places than steps + 1: it could not go on; `ended`
  // tells how the execution ended, if it did.
  void follow(const Mark* from, std::vector<ActorId> script, bool save) {
    script_ = std::move(script);
    places.clear();
    save_ = save;
    ended.clear();
    if (from)
      system_.restore(*from);
    else
      system_.begin(1, 0);
    const Outcome& outcome = system_.run(*this);
    if (outcome.verdict != Verdict::stopped)
      ended = fmt::format("{}: {}", verdict_name(outcome.verdict), outcome.reason);
  }
  size_t choose(const ChoicePoint& point) override {
    if (point.data) return 0;
    const size_t done = places.size();
    Place& place = places.emplace_back();
    for (const Alternative& a : point.alternatives) {
      place.enabled.push_back(named(a, system_));
      place.all.emplace_back(a);
    }
    std::sort(place.enabled.begin(), place.enabled.end(),
              [](const NamedStep& a, const NamedStep& b) { return a.actor < b.actor; });
    place.state = system_.state();
    place.digest = system_.digest();
    if (done == script_.size()) {
      if (save_) {
        mark = system_.save(std::move(mark));
        pairs.clear();
        others.clear();
        for (const Alternative& a : point.alternatives)
          for (const Alternative& b : point.alternatives)
            if (a.actor < b.actor)
              (independent(a, b) ? pairs : others).emplace_back(a.actor, b.actor);
      }
      return kStop;
    }
    for (size_t i = 0; i < point.count; i++)
      if (point.alternatives[i].actor == script_[done]) return i;
    return kStop;
  }

  std::vector<Place> places;
  std::string ended;
  std::unique_ptr<Mark> mark;                       // of the last place
  std::vector<std::pair<ActorId, ActorId>> pairs;   // independent there
  std::vector<std::pair<ActorId, ActorId>> others;  // not independent

  // Nothing is compared with the root's end: with that the execution ends.
  static bool independent(const Alternative& a, const Alternative& b) {
    return !ends_all(a) && !ends_all(b) && !dependent(a, b);
  }

 private:
  System& system_;
  std::vector<ActorId> script_;
  bool save_ = false;
};

struct CommuteCount {
  uint64_t states = 0, pairs = 0;
  std::vector<std::string> broken;  // promises, told
};

// What is wrong with the order of the two at the scripted chooser's mark; empty: nothing.
inline std::string compare_orders(Scripted& walk, const Mark& mark, const NamedStep& a,
                                  const NamedStep& b, System& system) {
  Scripted::Place last[2];
  std::string ended[2];
  for (const bool turned : {false, true}) {
    const NamedStep &first = turned ? b : a, &second = turned ? a : b;
    walk.follow(&mark, {first.id, second.id}, false);
    const auto say = [&](const std::string& what) {
      return fmt::format("{} after\n  {}", what, text_of(first, system));
    };
    if (walk.places.size() < 2) {
      // The root's error ends it all; there dpor gives all others a turn first.
      if (walk.ended.starts_with("assertion")) return {};
      return say("the execution ends (" + walk.ended + ")") + "\n";
    }
    const NamedStep* now = walk.places[1].find(second.actor);
    if (!now) return say("not possible: " + text_of(second, system) + "\n");
    if (!(*now == second))
      return say("becomes another\n  " + text_of(second, system) + "\n  " + text_of(*now, system) +
                 "\n");
    ended[turned] = walk.ended;
    if (walk.places.size() == 3) last[turned] = std::move(walk.places[2]);
  }
  std::string why;
  if (ended[0] != ended[1]) return ended[0] + " / " + ended[1];
  const bool both_create = may_create(a) && may_create(b);
  if (!both_create && last[0].state != last[1].state) why += "the states differ\n";
  if (!both_create && last[0].digest != last[1].digest) why += "the digests differ\n";
  for (int i : {0, 1})
    for (const NamedStep& s : last[i].enabled) {
      const NamedStep* other = last[1 - i].find(s.actor);
      if (!other)
        why += fmt::format("only if {} comes first: {}\n", i ? "b" : "a", text_of(s, system));
      else if (i == 0 && !(*other == s))
        why += fmt::format("in the other order another\n  {}\n  {}\n", text_of(s, system),
                           text_of(*other, system));
    }
  return why;
}

// Two steps that conflict do so still when one has changed what the other touches: else their race
// would not be seen. Empty: they do, or the other one is gone.
inline std::string conflict_stays(Scripted& walk, const Mark& mark, const Scripted::Place& place,
                                  const NamedStep& first, const NamedStep& second, System& system) {
  walk.follow(&mark, {first.id}, false);
  if (walk.places.size() < 2) return {};
  const auto of = [](const Scripted::Place& where, ActorId id) {
    return std::find_if(where.all.begin(), where.all.end(),
                        [id](const auto& k) { return k.of.actor == id; });
  };
  const auto before = of(place, first.id), then = of(place, second.id);
  const auto after = of(walk.places[1], second.id);
  if (after == walk.places[1].all.end() || after->of.kind != then->of.kind ||
      after->of.op.kind != then->of.op.kind || after->of.cause != then->of.cause)
    return {};
  if (!Scripted::independent(before->alternative(), after->alternative())) return {};
  return fmt::format("no conflict any more after\n  {}\n  {}\n  {}\n", text_of(first, system),
                     text_of(second, system), text_of(*walk.places[1].find(second.actor), system));
}

// Walks at random, `walks` times; at each state looks at up to `most` pairs.
inline CommuteCount check_commuting(System& system, Prng& rng, int walks, size_t most) {
  CommuteCount count;
  Scripted walk(system);
  for (int i = 0; i < walks; i++) {
    std::string path;
    walk.follow(nullptr, {}, true);
    for (int step = 0; step < 400 && !walk.places.empty() && walk.ended.empty(); step++) {
      count.states++;
      std::unique_ptr<Mark> mark = std::move(walk.mark);
      const Scripted::Place place = std::move(walk.places.back());
      auto pairs = std::move(walk.pairs), others = std::move(walk.others);
      const auto by_id = [&](ActorId id) -> const NamedStep& {
        return *std::find_if(place.enabled.begin(), place.enabled.end(),
                             [&](const NamedStep& s) { return s.id == id; });
      };
      for (size_t n = 0; n < most && !pairs.empty(); n++) {
        const size_t at = rng.below(static_cast<uint32_t>(pairs.size()));
        const NamedStep &a = by_id(pairs[at].first), &b = by_id(pairs[at].second);
        pairs.erase(pairs.begin() + static_cast<ptrdiff_t>(at));
        count.pairs++;
        const std::string why = compare_orders(walk, *mark, a, b, system);
        if (!why.empty())
          count.broken.push_back(fmt::format("a {}\nb {}\n{}after:{}", text_of(a, system),
                                             text_of(b, system), why, path));
      }
      for (size_t n = 0; n < most && !others.empty(); n++) {
        const size_t at = rng.below(static_cast<uint32_t>(others.size()));
        const NamedStep &a = by_id(others[at].first), &b = by_id(others[at].second);
        others.erase(others.begin() + static_cast<ptrdiff_t>(at));
        for (const bool turned : {false, true}) {
          const std::string why = turned ? conflict_stays(walk, *mark, place, b, a, system)
                                         : conflict_stays(walk, *mark, place, a, b, system);
          if (!why.empty()) count.broken.push_back(why + "after:" + path);
        }
      }
      const NamedStep& next = place.enabled[rng.below(static_cast<uint32_t>(place.enabled.size()))];
      path += "\n  " + text_of(next, system);
      walk.follow(mark.get(), {next.id}, true);
      walk.mark = walk.mark ? std::move(walk.mark) : std::move(mark);
      if (walk.places.size() < 2) break;
    }
  }
  return count;
}

}  // namespace lockstep
