// An alternative that outlives its choice point.
#pragma once
#include <vector>

#include "engine/boundary/choice.h"

namespace lockstep {

struct Kept {
  Alternative of;
  std::vector<Footprint> extra;
  explicit Kept(const Alternative& a) : of(a), extra(a.op.extra, a.op.extra + a.op.extra_count) {}
  // Valid as long as this one.
  Alternative alternative() const {
    Alternative a = of;
    a.op.extra = extra.data();
    return a;
  }
};

}  // namespace lockstep
