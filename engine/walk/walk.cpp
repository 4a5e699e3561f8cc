#include "engine/walk/walk.h"

#include <algorithm>
#include <map>

#include "engine/base/error.h"
#include "engine/contrast/keeper.h"

namespace lockstep {
namespace {

// Where few executions fit, images of each line would fill the memory: those of the last few stay.
constexpr size_t kLinesWithImages = 4;

std::string identity(const Shown& s) {
  return s.what + '\n' + without_names(s.of) + '\n' + without_names(s.key);
}

}  // namespace

Walk::Walk(System& system, uint64_t seed, uint64_t iteration, Recording recorded)
    : system_(system),
      seed_(seed),
      iteration_(iteration),
      failure_(recorded.outcome),
      exact_(recorded.outcome.verdict == Verdict::runaway) {
  auto path = std::make_unique<Path>(system, seed, iteration, recorded.decisions, exact_);
  lines_.emplace_back(std::move(recorded), std::move(path), 0, 0);
}

Place Walk::place(size_t line, uint32_t step) {
  Place place;
  Path& path = *lines_[line].path;
  path.look(step, [&](uint32_t at, const ChoicePoint* point) {
    if (!point) return void(place.ended = true);
    const auto taken = [&](const Decision& d) {
      return at < path.size() && path.decisions()[at] == d;
    };
    place.data = point->data;
    for (uint32_t i = 0; point->data && i < point->count; i++) {
      const Decision d = Decision::make(point->last, AltKind::data, i);
      place.options.push_back(
          {system_.actor_name(point->last), std::to_string(i + 1), d, taken(d)});
    }
    for (const Alternative& a : point->alternatives) {
      const Decision d = Decision::make(a.actor, a.kind, static_cast<uint32_t>(a.op.kind));
      place.options.push_back({system_.actor_name(a.actor), system_.pending(a), d, taken(d)});
    }
  });
  if (!place.data)
    std::sort(place.options.begin(), place.options.end(),
              [](const Option& a, const Option& b) { return a.decision.actor < b.decision.actor; });
  return place;
}

std::vector<Shown> Walk::state(size_t line, uint32_t step) {
  std::vector<Shown> state;
  lines_[line].path->look(step, [&](uint32_t, const ChoicePoint*) { system_.show(state); });
  return state;
}

void Walk::states(size_t number,
                  const std::function<void(uint32_t step, const std::vector<Shown>& state)>& see) {
  const Line& line = lines_[number];
  std::vector<Shown> state;
  line.path->look(0, line.size(), [&](uint32_t step, const ChoicePoint*) {
    system_.show(state);
    see(step, state);
  });
}

std::vector<Difference> compare(const std::vector<Shown>& before, const std::vector<Shown>& after) {
  std::map<std::string, const Shown*> then;
  for (const Shown& s : before) then[identity(s)] = &s;
  std::vector<Difference> out;
  for (const Shown& s : after) {
    const auto it = then.find(identity(s));
    if (it == then.end()) {
      out.push_back({s, {}, s.value});
      continue;
    }
    if (without_names(it->second->value) != without_names(s.value))
      out.push_back({s, it->second->value, s.value});
    then.erase(it);
  }
  for (const Shown& s : before)
    if (then.contains(identity(s))) out.push_back({s, s.value, {}});
  return out;
}

std::vector<Difference> Walk::difference(size_t line, uint32_t a, uint32_t b) {
  return compare(state(line, a), state(line, b));
}

std::vector<Write> Walk::writes(size_t number, const std::function<bool(const Shown&)>& wanted) {
  const Line& line = lines_[number];
  std::vector<std::vector<Shown>> states;
  std::vector<Shown> all;
  line.path->look(0, line.size(), [&](uint32_t, const ChoicePoint*) {
    system_.show(all);
    auto& kept = states.emplace_back();
    for (Shown& s : all)
      if (wanted(s)) kept.push_back(std::move(s));
  });
  // By name, an object that has been there: what is written may be gone, or not there yet.
  std::map<ObjectId, Shown> objects;
  for (const auto& state : states)
    for (const Shown& s : state)
      if (s.object) objects.try_emplace(s.object, s);
  std::vector<Write> out;
  for (uint32_t step = 1; step < states.size(); step++) {
    const auto differences = compare(states[step - 1], states[step]);
    for (const Difference& d : differences) out.push_back({step, d.what, d.before, d.after});
    for (const Event& e : line.recording.events) {
      if (e.step != step) continue;
      for (const Footprint& f : e.footprint) {
        if (f.access != Access::write && f.access != Access::add) continue;
        const auto it = objects.find(f.object);
        if (it == objects.end()) continue;
        const auto same = [&](const Shown& s) { return s.object == f.object; };
        if (std::any_of(differences.begin(), differences.end(),
                        [&](const Difference& d) { return same(d.what); }))
          continue;
        const auto now = std::find_if(states[step].begin(), states[step].end(), same);
        const bool there = now != states[step].end();
        Write w{step, there ? *now : it->second, {}, {}};
        if (there) w.before = w.after = now->value;
        out.push_back(std::move(w));
      }
    }
  }
  return out;
}

size_t Walk::add(size_t parent, uint32_t after, std::vector<Decision> decisions) {
  Recording recording = record_schedule(system_, seed_, iteration_, decisions);
  // Every line can be followed again (invariant 2).
  LOCKSTEP_ASSERT(
      recording.decisions.size() <= decisions.size() &&
      std::equal(recording.decisions.begin(), recording.decisions.end(), decisions.begin()));
  auto path = std::make_unique<Path>(system_, seed_, iteration_, recording.decisions, exact_);
  const bool ended = recording.outcome.verdict != Verdict::stopped;
  // A line by hand goes on as the same one.
  const bool longer = parent != 0 && !lines_[parent].ended && after == lines_[parent].size();
  if (longer) {
    Line& line = lines_[parent];
    line.recording = std::move(recording), line.path = std::move(path), line.ended = ended;
    return parent;
  }
  lines_.emplace_back(std::move(recording), std::move(path), parent, after).ended = ended;
  if (lines_.size() > kLinesWithImages) lines_[lines_.size() - 1 - kLinesWithImages].path->forget();
  return lines_.size() - 1;
}

size_t Walk::take(size_t line, uint32_t step, const Option& option) {
  const Line& l = lines_[line];
  const auto all = l.path->decisions();
  if (step < l.size() && all[step] == option.decision) return line;
  std::vector<Decision> decisions(all.begin(), all.begin() + step);
  decisions.push_back(option.decision);
  return add(line, step, std::move(decisions));
}

size_t Walk::adopt(size_t line, uint32_t step, std::vector<Decision> decisions) {
  return add(line, step, std::move(decisions));
}

size_t Walk::onward(size_t line, uint32_t step, Onward how, uint64_t number) {
  const Line& l = lines_[line];
  if (how == Onward::random) {
    Continuations continuations(system_, failure_, seed_);
    Tally tally;
    const auto mark = l.path->mark(step);
    if (!mark) return line;
    continuations.from(*mark, number, &tally);
    if (tally.tried == 0) return line;  // cut off
  } else {
    const CountInstructions counting(system_, exact_);
    const auto tape_of = [&](const Line& of) {
      const Tape none;
      Keeper keeper(none);
      system_.begin(seed_, iteration_);
      keeper.begin(system_, of.path->decisions());
      const Outcome outcome = system_.run(keeper);
      return keeper.take(system_, outcome);
    };
    const Tape parent = tape_of(lines_[l.parent]);
    Keeper keeper(parent);
    system_.begin(seed_, iteration_);
    keeper.begin(system_, {}, {}, Manner::follow, 0);
    keeper.lead(l.path->decisions().first(step));
    const Outcome outcome = system_.run(keeper);
    if (outcome.verdict == Verdict::stopped) return line;
  }
  const auto decisions = system_.decisions();
  return add(line, step, {decisions.begin(), decisions.end()});
}

Sample Walk::sample(size_t line, uint32_t step, uint64_t n, uint64_t first) {
  Sample sample;
  Continuations continuations(system_, failure_, seed_);
  const CountInstructions counting(system_, exact_);
  const auto mark = lines_[line].path->mark(step);
  for (uint64_t i = first; mark && i < first + n; i++) {
    const Tally before = sample.tally;
    continuations.from(*mark, i, &sample.tally);
    if (system_.cut()) {
      sample.cut = true;
      break;
    }
    const auto keep = [&](std::vector<Decision>* where) {
      const auto decisions = system_.decisions();
      if (where->empty()) where->assign(decisions.begin(), decisions.end());
    };
    if (sample.tally.failed != before.failed) keep(&sample.failing);
    if (sample.tally.passed() != before.passed()) keep(&sample.passing);
  }
  return sample;
}

}  // namespace lockstep
