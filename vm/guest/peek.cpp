#include "vm/guest/peek.h"

#include <cstring>

#include "vm/guest/guest.h"
#include "vm/recording/sites.h"

namespace lockstep::vm {
namespace {

// What predicates may see.
bool visible(const Footprint& f) {
  if (f.access == Access::none || f.access == Access::read) return false;
  switch (object_class(f.object)) {
    case ObjectClass::ets:
    case ObjectClass::ets_name:
    case ObjectClass::atomics:
    case ObjectClass::persistent_term:
    case ObjectClass::name:
    case ObjectClass::node:
      return true;
    default:
      return false;
  }
}

// Calls that do without a sync point, or whose sync point says whether they only read.
bool may_look(const char* what) {
  static const char* const allowed[] = {
      "now",         "node",         "nodes",   "self",       "cover",
      "atomics.get", "counters.get", "whereis", "registered", "persistent_term.get"};
  if (std::strncmp(what, "ets.", 4) == 0) return true;
  for (const char* name : allowed)
    if (std::strcmp(what, name) == 0) return true;
  return false;
}

}  // namespace

// Called where no process runs: at file level, or by a predicate.
Process& Peek::nobody_runs(lua_State* L, const char* what) {
  const Property* asked = m_.guest().asked();
  if (!asked)
    luaL_error(L, "'%s' can only be called while a scenario runs, not at file level", what);
  if (!may_look(what)) refuse(L, what);
  return *world_->processes[asked->process];
}

void Peek::refuse(lua_State* L, const char* what) {
  if (misuse_.empty()) {
    misuse_ = what;
    site_ = guest_site(L);
  }
  luaL_error(L, "a predicate may not perform operations (%s): it only looks at shared state", what);
  __builtin_unreachable();
}

bool Peek::mark_watched(Operation& op) {
  if (!world_->observer) return false;  // nothing but what is hot or cold
  bool seen = visible({op.object, op.access});
  for (int i = 0; i < op.extra_count; i++) {
    if (op.extra[i].object == watched_object()) return true;
    seen = seen || visible(op.extra[i]);
  }
  if (!seen || op.extra_count == 255) return false;
  auto* extra = static_cast<Footprint*>(m_.allocate((op.extra_count + 1u) * sizeof(Footprint)));
  for (int i = 0; i < op.extra_count; i++) extra[i] = op.extra[i];
  extra[op.extra_count++] = {watched_object(), Access::write};
  op.extra = extra;
  return true;
}

}  // namespace lockstep::vm
