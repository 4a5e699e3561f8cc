// Parts of one search saved and loaded: what they share is there once, and so is each step.
#pragma once
#include <vector>

#include "engine/base/archive.h"
#include "engine/search/steps.h"

namespace lockstep {

class TreeSaver : public SaveArchive {};

class TreeLoader : public LoadArchive {
 public:
  // `values`, `step_bytes`: as for the steps' pool.
  TreeLoader(const std::string& text, bool values, uint64_t step_bytes)
      : LoadArchive(text), pool_(values, step_bytes) {}
  StepPool& pool() { return pool_; }

 private:
  StepPool pool_;
};

template <class A>
void field(A& a, Footprint& f) {
  fields(a, f.object, f.access);
}

// Operation::site is of no step, and `extra` is among the footprints.
template <class A>
void field(A& a, Step& s) {
  fields(a, s.actor_key, s.op.kind, s.op.access, s.op.flags, s.op.object, s.op.value, s.kind,
         s.final, s.simple, s.harmless, s.last, s.caused, s.value, s.permits, s.touched);
}

template <class A>
void field(A& a, const Step*& step) {
  const auto both = [&a](Step& s, std::vector<Footprint>& footprints) { fields(a, s, footprints); };
  if constexpr (A::kLoads) {
    step = a.template shared<const Step*>([&] {
      Step s;
      std::vector<Footprint> footprints;
      both(s, footprints);
      s.footprints = footprints;
      return a.pool().keep(s);
    });
  } else {
    a.shared(step, [&] {
      Step s = *step;
      std::vector<Footprint> footprints(s.footprints.begin(), s.footprints.end());
      both(s, footprints);
    });
  }
}

}  // namespace lockstep
