#include "engine/relation/announced.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/relation/dependence.h"

namespace lockstep {
namespace {

bool is_new(const std::vector<Content>& before, ObjectId object) {
  switch (object_class(object)) {
    case ObjectClass::monitor:
    case ObjectClass::timer:
      return true;
    case ObjectClass::mailbox:
    case ObjectClass::process:
    case ObjectClass::ets:
    case ObjectClass::atomics:
      return std::none_of(before.begin(), before.end(), [&](const Content& c) {
        return object_class(c.object) == object_class(object) &&
               object_container(c.object) == object_container(object);
      });
    default:
      return false;
  }
}

bool announces(const Alternative& step, ObjectId object) {
  bool found = false;
  each_footprint(step, [&](const Footprint& f) {
    found = found ||
            (f.access > Access::read && (f.object == kEverything || overlap(f.object, object)));
  });
  return found;
}

}  // namespace

void sort_contents(std::vector<Content>& contents) {
  std::sort(contents.begin(), contents.end(),
            [](const Content& a, const Content& b) { return a.object < b.object; });
  size_t n = 0;
  for (const Content& c : contents)
    if (n != 0 && contents[n - 1].object == c.object)
      contents[n - 1].digest += c.digest;
    else
      contents[n++] = c;
  contents.resize(n);
}

std::string unannounced(const Alternative& step, const std::vector<Content>& before,
                        const std::vector<Content>& after, const System& system) {
  // What comes when nothing else can go conflicts with all that could come then.
  if (at_quiescence(step.op)) return {};
  std::string what;
  const bool own = step.kind == AltKind::step || step.kind == AltKind::data;
  const auto changed = [&](const Content& c, const char* how) {
    if (own && c.process == step.process) return;
    if (!announces(step, c.object) && !(c.with != 0 && announces(step, c.with)))
      what += fmt::format("{} {}, which it does not announce: {}\n", how, c.what,
                          system.object_name(c.object));
  };
  auto i = before.begin();
  for (const Content& c : after) {
    while (i != before.end() && i->object < c.object) changed(*i++, "takes away");
    if (i == before.end() || i->object != c.object) {
      if (!is_new(before, c.object) && !(c.with != 0 && is_new(before, c.with)))
        changed(c, "makes");
      continue;
    }
    if (i->digest != c.digest) changed(c, "changes");
    ++i;
  }
  while (i != before.end()) changed(*i++, "takes away");
  return what;
}

}  // namespace lockstep
