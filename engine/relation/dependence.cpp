#include "engine/relation/dependence.h"

#include <algorithm>

namespace lockstep {

bool dependent_slow(const Alternative& a, const Alternative& b) {
  bool found = false;
  each_footprint(a, [&](const Footprint& f) {
    each_footprint(b, [&](const Footprint& g) { found = found || conflicting(f, g); });
  });
  return found;
}

bool share_an_object_slow(const Alternative& a, const Alternative& b) {
  bool found = false;
  each_footprint(a, [&](const Footprint& f) {
    if (is_order_alone(f.object) && f.object != kEverything) return;
    each_footprint(b, [&](const Footprint& g) { found = found || conflicting(f, g); });
  });
  return found;
}

bool only_equal(const Alternative& a, const Alternative& b) {
  if (!same_write(a.op, b.op) && !same_message(a.op, b.op)) return false;
  bool elsewhere = false;
  each_footprint(a, [&](const Footprint& f) {
    each_footprint(b, [&](const Footprint& g) {
      elsewhere =
          elsewhere || (conflicting(f, g) && !(f.object == a.op.object && g.object == a.op.object));
    });
  });
  return !elsewhere;
}

bool conflicts_with_all(const Event& e) {
  return std::any_of(e.footprint.begin(), e.footprint.end(), [](const Footprint& f) {
    return f.object == kEverything && f.access == Access::write;
  });
}

bool may_end(const Event& e) {
  return !asks(e) && std::any_of(e.footprint.begin(), e.footprint.end(), [](const Footprint& f) {
    return object_class(f.object) == ObjectClass::steps && f.access == Access::add;
  });
}

}  // namespace lockstep
