#include "engine/explore/audit.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "engine/base/digest.h"
#include "engine/base/prng.h"
#include "engine/relation/announced.h"
#include "engine/relation/dependence.h"
#include "engine/relation/kept.h"
#include "engine/trace/deviation.h"

namespace lockstep {
namespace {

constexpr int kStaleWalks = 30;  // without a new state, after which there are taken to be no more

// An alternative, named so that it is the same wherever it is the same step.
struct NamedStep {
  uint64_t actor = 0;  // key
  AltKind kind = AltKind::step;
  OpKind op = OpKind::none;
  uint8_t flags = 0;
  uint64_t value = 0;
  std::vector<std::pair<ObjectId, Access>> touches;  // sorted
  ActorId id = kNoActor;                             // in this execution only
  std::string who;                                   // for people
  bool operator==(const NamedStep& o) const {
    return actor == o.actor && kind == o.kind && op == o.op && flags == o.flags &&
           value == o.value && touches == o.touches;
  }
};

NamedStep named(const Alternative& a, const System& system) {
  const uint64_t key = system.actor_key(a.actor);
  NamedStep s{key ? key : a.actor + 1,   a.kind, a.op.kind, a.op.flags, a.op.value, {}, a.actor,
              system.actor_name(a.actor)};
  each_footprint(a, [&](const Footprint& f) {
    if (f.object == 0 || f.access == Access::none) return;
    s.touches.emplace_back(system.stable_object(f.object), f.access);
  });
  std::sort(s.touches.begin(), s.touches.end());
  s.touches.erase(std::unique(s.touches.begin(), s.touches.end()), s.touches.end());
  return s;
}

// Creates a process or a table, which are numbered in the order of their creation, and guests hold
// the numbers. (What makes a table is not told from what deletes one.)
bool may_create(const NamedStep& s) {
  if (s.op == OpKind::spawn) return true;
  if (s.op != OpKind::ets) return false;
  return std::any_of(s.touches.begin(), s.touches.end(), [](const auto& touch) {
    return object_class(touch.first) == ObjectClass::ets_name && touch.second == Access::write;
  });
}

std::string text_of(const NamedStep& s) {
  std::string text = fmt::format("{} {}", s.who, op_name(s.op));
  for (const auto& [object, access] : s.touches)
    text += fmt::format(" {}:{:x}/{:x}:{}", static_cast<int>(object_class(object)),
                        object_container(object), object_element(object),
                        std::string_view("-rwaAtp")[static_cast<size_t>(access)]);
  if (s.flags) text += fmt::format(" flags {}", s.flags);
  return text;
}

// Nothing is compared with the root's end: with that the execution ends.
bool independent(const Alternative& a, const Alternative& b) {
  return !ends_all(a) && !ends_all(b) && !dependent(a, b);
}

// Does a reduction let the two commute?
bool equal(const Alternative& a, const Alternative& b, const Reduce& reduce) {
  return (reduce.equal_writes || reduce.equal_messages) && only_equal(a, b) &&
         (a.op.access == Access::write ? reduce.equal_writes : reduce.equal_messages);
}

struct Place {
  std::vector<NamedStep> enabled;  // by actor key
  std::vector<Content> contents;   // where a walk goes on from
  std::vector<Kept> all;
  uint64_t state = 0, digest = 0;
  const NamedStep* find(uint64_t actor) const {
    for (const NamedStep& s : enabled)
      if (s.actor == actor) return &s;
    return nullptr;
  }
  const NamedStep& by_id(ActorId id) const {
    return *std::find_if(enabled.begin(), enabled.end(),
                         [id](const NamedStep& s) { return s.id == id; });
  }
  const Kept* kept(ActorId id) const {
    const auto it =
        std::find_if(all.begin(), all.end(), [id](const Kept& k) { return k.of.actor == id; });
    return it == all.end() ? nullptr : &*it;
  }
};

// Is nothing left but that the root ends, where something is owed at the end?
bool only_root_end(const Place& place) {
  return place.enabled.size() == 1 && place.enabled.front().op == OpKind::exit &&
         (place.enabled.front().flags & kGlobal);
}

using Pairs = std::vector<std::pair<ActorId, ActorId>>;

// Follows a script of actors and looks at where it leads. Which value is chosen depends on who asks
// alone, so it is the same in both orders.
class Scripted final : public Chooser {
 public:
  Scripted(System& system, const AuditOptions& options) : system_(system), options_(options) {
    at_rest_ = states_ = true;
  }

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
      system_.begin(options_.seed, options_.stream);
    const Outcome& outcome = system_.run(*this);
    by_bound = outcome.verdict == Verdict::liveness || outcome.at_bound();
    digest = system_.digest();
    if (outcome.verdict != Verdict::stopped)
      ended = fmt::format("{}: {}", verdict_name(outcome.verdict), outcome.reason);
  }
  void draw(uint64_t walk) { walk_ = walk; }

  size_t choose(const ChoicePoint& point) override {
    if (point.data)
      return mix64(walk_, system_.actor_key(point.last) ^ options_.seed) % point.count;
    const size_t done = places.size();
    // The root's end is a step only if others could go on when it came to that.
    if (done == script_.size() && !save_ && point.count == 1 && ends_all(point.alternatives[0]))
      return 0;
    Place& place = places.emplace_back();
    for (const Alternative& a : point.alternatives) {
      place.enabled.push_back(named(a, system_));
      place.all.emplace_back(a);
    }
    std::sort(place.enabled.begin(), place.enabled.end(),
              [](const NamedStep& a, const NamedStep& b) { return a.actor < b.actor; });
    place.state = system_.state();
    place.digest = system_.digest();
    if (save_) look_around(place.contents);
    if (done == script_.size()) {
      if (save_) save(point);
      return kStop;
    }
    for (size_t i = 0; i < point.count; i++)
      if (point.alternatives[i].actor == script_[done]) return i;
    return kStop;
  }

  std::vector<Place> places;
  std::string ended;
  uint64_t digest = 0;         // where it ended
  bool by_bound = false;       // ended by how it got there
  std::unique_ptr<Mark> mark;  // of the last place
  Pairs apart, in_conflict;    // there
  Pairs equal_ones;            // ... of those in conflict

 private:
  void save(const ChoicePoint& point) {
    mark = system_.save(std::move(mark));
    apart.clear();
    in_conflict.clear();
    equal_ones.clear();
    for (const Alternative& a : point.alternatives)
      for (const Alternative& b : point.alternatives) {
        if (a.actor >= b.actor) continue;
        (independent(a, b) ? apart : in_conflict).emplace_back(a.actor, b.actor);
        if (equal(a, b, options_.reduce)) equal_ones.emplace_back(a.actor, b.actor);
      }
  }

  void look_around(std::vector<Content>& contents) {
    system_.contents(contents);
    sort_contents(contents);
  }

  System& system_;
  const AuditOptions& options_;
  std::vector<ActorId> script_;
  bool save_ = false;
  uint64_t walk_ = 0;
};

// The decisions of an execution, then the default scheduler.
class ToTheEnd final : public Chooser {
 public:
  explicit ToTheEnd(const std::vector<Decision>& first) : first_(first) {}
  size_t choose(const ChoicePoint& point) override {
    size_t pick = scheduler_.pick(point);
    if (point.step < first_.size()) {
      const Decision d = first_[point.step];
      if (point.data)
        pick = std::min(d.value(), point.count - 1);
      else if (point.has(d.actor))
        pick = point.position[d.actor];
    }
    scheduler_.took(point, pick);
    return pick;
  }

 private:
  const std::vector<Decision>& first_;
  DefaultScheduler scheduler_;
};

class Auditor {
 public:
  Auditor(System& system, const AuditOptions& options)
      : system_(system), options_(options), walk_(system, options), rng_(options.seed) {}

  AuditReport run() {
    for (uint64_t n = 0; !done(); n++) {
      if (stale_ == kStaleWalks) {
        report_.all = true;
        break;
      }
      stale_++;
      walk_.draw(n);
      one_walk();
    }
    return std::move(report_);
  }

 private:
  bool done() const {
    if (report_.states >= options_.states || report_.found.size() >= options_.max_found)
      return true;
    if (options_.interrupted && *options_.interrupted) return true;
    const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - start_;
    return options_.seconds > 0 && spent.count() > options_.seconds;
  }

  void one_walk() {
    path_.clear();
    walk_.follow(nullptr, {}, true);
    for (uint64_t step = 0; step < options_.max_steps && !walk_.places.empty() && !done(); step++) {
      std::unique_ptr<Mark> mark = std::move(walk_.mark);
      const Place place = std::move(walk_.places.back());
      if (place.state == 0 || seen_.insert(place.state).second) {
        stale_ = 0;
        report_.states++;
        const Pairs apart = std::move(walk_.apart), in_conflict = std::move(walk_.in_conflict),
                    equal_ones = std::move(walk_.equal_ones);
        report_.pairs += both_orders(place, *mark, apart);
        report_.equal += both_orders(place, *mark, equal_ones);
        look_at_conflicts(place, *mark, in_conflict);
      }
      const NamedStep& next =
          place.enabled[rng_.below(static_cast<uint32_t>(place.enabled.size()))];
      walk_.follow(mark.get(), {next.id}, true);
      if (walk_.places.size() < 2) return;
      report_.steps++;
      const std::string what = unannounced(place.kept(next.id)->alternative(), place.contents,
                                           walk_.places.back().contents, system_);
      if (!what.empty()) return disagree(*mark, next, nullptr, what);
      path_ += text_of(next) + "\n";
    }
  }

  // How many pairs were executed in both orders.
  uint64_t both_orders(const Place& place, const Mark& mark, const Pairs& pairs) {
    uint64_t executed = 0;
    for (const auto& [x, y] : pairs) {
      if (done()) break;
      const NamedStep &a = place.by_id(x), &b = place.by_id(y);
      executed++;
      const std::string what = compare_orders(mark, a, b);
      if (!what.empty()) disagree(mark, a, &b, what);
    }
    return executed;
  }

  void look_at_conflicts(const Place& place, const Mark& mark, const Pairs& in_conflict) {
    for (const auto& [x, y] : in_conflict) {
      if (done()) return;
      const NamedStep &a = place.by_id(x), &b = place.by_id(y);
      report_.conflicts++;
      std::string what = conflict_stays(place, mark, a, b);
      if (what.empty()) what = conflict_stays(place, mark, b, a);
      if (!what.empty()) disagree(mark, a, &b, what);
    }
  }

  // What is wrong with the order of the two; empty: nothing.
  std::string compare_orders(const Mark& mark, const NamedStep& a, const NamedStep& b) {
    Place last[2];
    std::string ended[2];
    for (const bool turned : {false, true}) {
      const NamedStep &first = turned ? b : a, &second = turned ? a : b;
      walk_.follow(&mark, {first.id, second.id}, false);
      if ((walk_.places.size() < 2 && !walk_.ended.empty()) || walk_.by_bound) return {};
      const auto say = [&](const std::string& what) {
        return fmt::format("{} after\n  {}\n", what, text_of(first));
      };
      if (walk_.places.size() < 2) return say("not possible: " + text_of(second));
      const NamedStep* now = walk_.places[1].find(second.actor);
      if (!now) return say("not possible: " + text_of(second));
      if (!(*now == second))
        return say("becomes another\n  " + text_of(second) + "\n  " + text_of(*now));
      ended[turned] = walk_.ended;
      if (walk_.places.size() == 3)
        last[turned] = std::move(walk_.places[2]);
      else
        last[turned].digest = walk_.digest;
    }
    // The root's return is a step of its own only where something else can still go.
    for (const bool turned : {false, true})
      if (ended[!turned].starts_with(verdict_name(Verdict::passed)) && ended[turned].empty() &&
          only_root_end(last[turned]))
        return {};
    if (ended[0] != ended[1])
      return fmt::format("ends otherwise\n  {}\n  {}\n", ended[0].empty() ? "goes on" : ended[0],
                         ended[1].empty() ? "goes on" : ended[1]);
    std::string what;
    const bool both_create = may_create(a) && may_create(b);
    if (!both_create && last[0].state != last[1].state) what += "the states differ\n";
    if (!both_create && last[0].digest != last[1].digest) what += "the digests differ\n";
    if (both_create)
      for (Place& place : last)
        for (NamedStep& s : place.enabled) s.value = 0;  // may hold the numbers
    for (const int i : {0, 1})
      for (const NamedStep& s : last[i].enabled) {
        const NamedStep* other = last[1 - i].find(s.actor);
        if (!other)
          what += fmt::format("only if {} comes first: {}\n", i ? "the second" : "the first",
                              text_of(s));
        else if (i == 0 && !(*other == s))
          what +=
              fmt::format("in the other order another\n  {}\n  {}\n", text_of(s), text_of(*other));
      }
    return what;
  }

  // Two steps that conflict do so still when one has changed what the other touches: else their
  // race would not be seen. Empty: they do, or the other one is gone.
  std::string conflict_stays(const Place& place, const Mark& mark, const NamedStep& first,
                             const NamedStep& second) {
    walk_.follow(&mark, {first.id}, false);
    if (walk_.places.size() < 2) return {};
    const Kept *before = place.kept(first.id), *then = place.kept(second.id);
    const Kept* after = walk_.places[1].kept(second.id);
    if (!after || after->of.kind != then->of.kind || after->of.op.kind != then->of.op.kind ||
        after->of.cause != then->of.cause)
      return {};
    if (!independent(before->alternative(), after->alternative())) return {};
    return fmt::format("no conflict any more after\n  {}\n  {}\n", text_of(first),
                       text_of(*walk_.places[1].find(second.actor)));
  }

  void disagree(const Mark& mark, const NamedStep& a, const NamedStep* b, const std::string& what) {
    Disagreement d{text_of(a), b ? text_of(*b) : "", what, path_, {}};
    for (const bool turned : {false, true}) {
      if (turned && !b) break;
      std::vector<ActorId> script{a.id};
      if (b) script.insert(turned ? script.begin() : script.end(), b->id);
      walk_.follow(&mark, std::move(script), false);
      const auto path = system_.decisions();
      d.orders[turned].assign(path.begin(), path.end());
    }
    for (auto& order : d.orders) {
      if (order.empty()) continue;
      const std::vector<Decision> first = order;
      ToTheEnd chooser(first);
      system_.begin(options_.seed, options_.stream);
      system_.run(chooser);
      order.assign(system_.decisions().begin(), system_.decisions().end());
    }
    report_.found.push_back(std::move(d));
  }

  System& system_;
  const AuditOptions& options_;
  Scripted walk_;
  Prng rng_;
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  AuditReport report_;
  std::unordered_set<uint64_t> seen_;  // System::state() of the states looked at
  std::string path_;
  int stale_ = 0;
};

}  // namespace

AuditReport audit(System& system, const AuditOptions& options) {
  return Auditor(system, options).run();
}

}  // namespace lockstep
