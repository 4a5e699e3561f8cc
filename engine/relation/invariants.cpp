#include "engine/relation/invariants.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "engine/base/error.h"
#include "engine/relation/announced.h"
#include "engine/relation/dependence.h"

namespace lockstep {
namespace {

std::vector<Footprint> footprints(const Alternative& a) {
  std::vector<Footprint> all;
  each_footprint(a, [&](const Footprint& f) {
    if (f.object != 0 && f.access != Access::none) all.push_back(f);
  });
  return all;
}

[[noreturn]] void broken(int invariant, const std::string& what) {
  const std::string text = fmt::format(
      "invariant {} of engine/relation/dependence.h does not hold: {}", invariant, what);
  internal_error(__FILE__, __LINE__, text.c_str());
}

void check_pairs(std::span<const Alternative> alternatives, const System& system) {
  std::vector<std::vector<Footprint>> all;
  all.reserve(alternatives.size());
  for (const Alternative& a : alternatives) all.push_back(footprints(a));
  for (size_t i = 0; i < alternatives.size(); i++)
    for (size_t k = 0; k < i; k++) {
      const Alternative &a = alternatives[i], &b = alternatives[k];
      const auto pair = [&] {
        return footprint_text(a, system) + " | " + footprint_text(b, system);
      };
      const bool answer = dependent(a, b);
      if (answer != dependent(b, a)) broken(4, "not symmetric: " + pair());
      if (answer != conflicting(all[i], all[k]))
        broken(1, fmt::format("{}dependent, and footprints say otherwise: {}", answer ? "" : "in",
                              pair()));
    }
}

}  // namespace

bool same_footprints(const Alternative& one, const Alternative& other) {
  std::vector<Footprint> a = footprints(one), b = footprints(other);
  const auto before = [](const Footprint& x, const Footprint& y) {
    return x.object != y.object ? x.object < y.object : x.access < y.access;
  };
  const auto equal = [](const Footprint& x, const Footprint& y) {
    return x.object == y.object && x.access == y.access;
  };
  for (auto* list : {&a, &b}) {
    std::sort(list->begin(), list->end(), before);
    list->erase(std::unique(list->begin(), list->end(), equal), list->end());
  }
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), equal);
}

std::string footprint_text(const Alternative& a, const System& system) {
  std::string text = fmt::format("{} {}", system.actor_name(a.actor), op_name(a.op.kind));
  for (const Footprint& f : footprints(a))
    text += fmt::format(" {}:{}", system.object_name(f.object),
                        std::string_view("-rwaAtp")[static_cast<size_t>(f.access)]);
  return text;
}

void InvariantCheck::took(const Alternative& step) {
  const auto it = std::find_if(pending_.begin(), pending_.end(),
                               [&](const Kept& k) { return k.of.actor == step.actor; });
  taken_ = it != pending_.end();
  step_ = static_cast<size_t>(it - pending_.begin());
}

void InvariantCheck::before_choice(std::span<const Alternative> alternatives,
                                   const System& system) {
  check_pairs(alternatives, system);
  system.contents(now_);
  sort_contents(now_);
  if (taken_) {
    const Alternative step = pending_[step_].alternative();
    const std::string what = unannounced(step, contents_, now_, system);
    if (!what.empty()) broken(5, footprint_text(step, system) + ": " + what);
    for (const Kept& kept : pending_) {
      const Alternative before = kept.alternative();
      if (before.actor == step.actor || ends_all(step) || dependent(step, before)) continue;
      const auto now = std::find_if(alternatives.begin(), alternatives.end(),
                                    [&](const Alternative& a) { return a.actor == before.actor; });
      if (now == alternatives.end())
        broken(2, footprint_text(step, system) + " disables " + footprint_text(before, system));
      if (!same_footprints(before, *now))
        broken(3, fmt::format("{} turns {} into {}", footprint_text(step, system),
                              footprint_text(before, system), footprint_text(*now, system)));
    }
  }
  pending_.clear();
  for (const Alternative& a : alternatives) pending_.emplace_back(a);
  contents_.swap(now_);
  taken_ = false;
}

}  // namespace lockstep
