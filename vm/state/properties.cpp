// What a scenario says of its executions as a whole: invariants, which hold after every step, and
// what must happen at some time. Evaluated between two steps.
//
// 1. A predicate only looks: it runs on a stack of its own, in nobody's name, and whatever is not a
// read of shared state is refused (misuse, exit code 3).
// 2. What predicates may see is written under a footprint that all such writes share, so that a
// reduction tries both orders of any two of them while there are predicates.
// 3. What a predicate keeps of its own may hang on the order of such steps, which all executions of
// a class share. If it changes after any other step nothing is proved (Guest::keeps).
#include "vm/state/properties.h"

#include <cstring>
#include <utility>

#include "vm/footprints/footprints.h"
#include "vm/guest/calls.h"
#include "vm/guest/guest.h"
#include "vm/guest/interpreter.h"
#include "vm/guest/peek.h"
#include "vm/guest/spin.h"
#include "vm/machine/objects.h"
#include "vm/process/captured.h"
#include "vm/process/timers.h"
#include "vm/recording/recorder.h"
#include "vm/recording/sites.h"

namespace lockstep::vm {
namespace {

// Not objects that a guest has: see events.cpp for the name that people read.
constexpr ObjectId kWatched = watched_object();
ObjectId temporal_object(const Term& name) {
  return make_object(ObjectClass::user, kTemporalContainer,
                     static_cast<uint32_t>(digest(name)) | 1);
}

std::string text(const Term& t) {
  return t.tag == Tag::string ? std::string(View{t.bytes}.string()) : std::string();
}

uint32_t predicates(const World& w) {
  uint32_t n = 0;
  for (const Property& p : w.properties) n += p.kind != PropertyKind::temporal;
  return n;
}

}  // namespace

// ---- declaring ----

// Whether the root's end may come before what is owed is read in the sources, before anything runs.
void Properties::be_known_to_owe(lua_State* L, const char* what) const {
  if (!m_.image().text.may_owe)
    luaL_error(L, "%s has to be called by that name: a proof has to know beforehand", what);
}

void Properties::declare(lua_State* L, Process& p, PropertyKind kind) {
  const char* what = kind == PropertyKind::invariant ? "invariant" : "eventually";
  if (!lua_isfunction(L, 2)) misuse_argument(L, 2, "a function without arguments");
  if (kind == PropertyKind::eventually) be_known_to_owe(L, what);
  World& w = *world_;
  Property property;
  property.kind = kind;
  property.name = m_.calls().encode_argument(L, 1, what);
  Term function = m_.calls().encode_argument(L, 2, what);
  // From now on all that a predicate may see conflicts: before or after others counts.
  m_.footprints().sync_against_all(L, p, what, OpKind::monitor_state, kWatched);
  for (const Property& other : w.properties)
    if (other.kind == kind && equal(other.name, property.name))
      luaL_error(L, "%s '%s' has been declared before", what, lua_tostring(L, 1));
  if (!w.observer) {
    w.observer = m_.interpreter().new_thread(0);
  }
  if (!lua_checkstack(w.observer, 8)) luaL_error(L, "too many properties");
  vm::push(w.observer, function);
  free_term(function, arena_);
  property.function = lua_gettop(w.observer);
  property.site = make_string(guest_site(L), arena_);
  property.process = p.index;
  property.heat = kind == PropertyKind::eventually ? Heat::hot : Heat::cold;
  property.hot_since = w.steps;
  m_.push(w.properties, property);
  w.predicates_due = true;
  slow_ |= kSlowWatch;
  for (Alternative& a : w.alternatives)
    if (a.kind == AltKind::step) m_.peek().mark_watched(a.op);
  for (const Timer& t : w.timers) m_.timers().watch_time(t);
}

void Properties::set_heat(lua_State* L, Process& p, Heat heat) {
  World& w = *world_;
  be_known_to_owe(L, "temporal");
  Term name = m_.calls().encode_argument(L, 1, "temporal");
  m_.sync(L, p, "temporal", OpKind::monitor_state, Access::write, temporal_object(name));
  Property* property = nullptr;
  for (Property& other : w.properties)
    if (other.kind == PropertyKind::temporal && equal(other.name, name)) property = &other;
  if (!property) {
    Property fresh;
    fresh.kind = PropertyKind::temporal;
    fresh.name = name;
    m_.push(w.properties, fresh);
    property = &w.properties.back();
  } else {
    free_term(name, arena_);
  }
  slow_ |= kSlowWatch;
  if (property->heat == heat) return;
  if (m_.recording()) {
    static const char* const names[] = {"cold", "warm", "hot"};
    m_.recorder().note_change(text(property->name) + ": " +
                              names[static_cast<int>(property->heat)] + " -> " +
                              names[static_cast<int>(heat)]);
  }
  if (property->heat == Heat::hot) property->temperature += w.steps - property->hot_since;
  if (heat == Heat::cold) property->temperature = 0;
  if (heat == Heat::hot) {
    property->hot_since = w.steps;
    property->process = p.index;
    property->site = make_string(guest_site(L), arena_);
  }
  property->heat = heat;
}

// ---- predicates ----

bool Properties::holds(const Property& property) {
  World& w = *world_;
  lua_State* O = w.observer;
  Process* const before = w.current;
  // What the predicate looks up is no operation of the process that declared it, which may be about
  // to perform one (table_named).
  Process& owner = *w.processes[property.process];
  const uint64_t table = owner.table;
  const auto keypos = owner.keypos;
  const bool open = m_.recorder().pause(true);
  w.current = nullptr;
  m_.guest().ask(&property);
  peek_raised_.clear();
  slow_ |= kSlowPeek;
  lua_pushvalue(O, property.function);
  struct Call {
    lua_State* O;
    int status;
  } call{O, LUA_OK};
  m_.scheduler().aside(
      [](void* argument) {
        auto& c = *static_cast<Call*>(argument);
        c.status = lua_pcall(c.O, 0, 1, 0);
      },
      &call);
  const int status = call.status;
  slow_ &= ~static_cast<uint32_t>(kSlowPeek);
  m_.guest().ask(nullptr);
  w.current = before;
  if (owner.table != table) owner.table = table;
  if (owner.keypos != keypos) owner.keypos = keypos;
  m_.recorder().pause(!open);
  if (status == LUA_ERRMEM) out_of_memory();
  const bool yes = status == LUA_OK && lua_toboolean(O, -1) != 0;
  if (status != LUA_OK && m_.peek().misuse().empty()) {
    if (lua_type(O, -1) == LUA_TSTRING) {
      peek_raised_ = lua_tostring(O, -1);
    } else {
      if (is_exception(O, -1)) lua_getfield(O, -1, "reason");
      scratch_.clear();
      peek_raised_ = encode(O, -1, scratch_) ? luaL_typename(O, -1) : print(View{scratch_.data()});
    }
  }
  lua_settop(O, static_cast<int>(predicates(*world_)));
  return yes;
}

void Properties::check_predicates() {
  World& w = *world_;
  const bool due = std::exchange(w.predicates_due, false);
  // Who leaves something out has to know.
  const bool look = !due && m_.scheduler().fair_spins() && !m_.guest().kept();
  for (Property& p : w.properties) {
    if (p.kind == PropertyKind::temporal ||
        (p.kind == PropertyKind::eventually && p.heat != Heat::hot))
      continue;
    const uint64_t before = look ? digest_of_captured(w.observer, p.function) : 0;
    const bool yes = holds(p);
    if (look && digest_of_captured(w.observer, p.function) != before)
      m_.guest().keeps(place_of(w.observer, p.function) + ": the predicate of '" + text(p.name) +
                       "' keeps how often it is asked");
    if (!m_.peek().misuse().empty()) {
      Outcome o;
      o.verdict = Verdict::misuse;
      o.site = m_.peek().site();
      o.reason = "the predicate of '" + text(p.name) + "' performs an operation (" +
                 m_.peek().misuse() + "): it may only look at shared state";
      o.detail =
          "read tables, atomics, counters, persistent terms and names in it; let a process do the "
          "rest";
      m_.scheduler().finish(std::move(o));
    }
    if (p.kind == PropertyKind::eventually) {
      if (!peek_raised_.empty())
        fail(Verdict::assertion, p, "",
             "the predicate of eventually '" + text(p.name) + "' raised: " + peek_raised_);
      if (yes) p.heat = Heat::cold;
    } else if (!yes) {
      fail(Verdict::invariant, p, "",
           "invariant '" + text(p.name) + "' does not hold" +
               (peek_raised_.empty() ? "" : ": " + peek_raised_));
    }
  }
}

void Properties::begin_anew() { trail_.reset(); }

// ---- after each step ----

void Properties::took(const Alternative& a) {
  bool& due = world_->predicates_due;
  due = due || a.kind == AltKind::fault || (a.op.flags & (kGlobal | kAtQuiescence)) != 0 ||
        a.op.extra_count == 255;  // no room left to be marked
  for (int i = 0; i < a.op.extra_count && !due; i++) due = a.op.extra[i].object == kWatched;
}

void Properties::after_step() {
  World& w = *world_;
  check_predicates();
  bool hot = false;
  for (const Property& p : w.properties) hot = hot || p.heat == Heat::hot;
  if (!hot) {
    w.hot_from = 0;
    w.anchor.step = 0;
    return;
  }
  if (w.hot_from == 0) {
    w.hot_from = w.steps + 1;
    w.next_anchor = kFirstAnchor;
    w.anchor.step = 0;
  }
  // Fairness owes a step to those who could go on, so nobody else is to blame.
  if (w.held.size != 0 && m_.spins().waits_in_vain()) return;
  look_for_lasso();
  check_temperature();
}

std::string Properties::owed(const Property& p) const {
  const std::string name = text(p.name);
  return p.kind == PropertyKind::eventually ? "eventually '" + name + "' has not come true"
                                            : "'" + name + "' is hot";
}

// Only where the schedule is to blame for nothing: whoever could have run all the time has run.
void Properties::check_temperature() {
  World& w = *world_;
  const uint32_t limit =
      options_.max_temperature ? options_.max_temperature : options_.limits.max_steps / 2;
  for (const Property& p : w.properties) {
    if (p.heat != Heat::hot) continue;
    const uint32_t steps = p.temperature + w.steps - p.hot_since;
    if (steps < limit || w.anchor.step == 0 || w.anchor.owed.size != 0) continue;
    fail(Verdict::liveness, p, "bound",
         owed(p) + " for " + std::to_string(steps) + " steps (--max-temperature)",
         "no state was seen to repeat, so this is the verdict of a bound: it may only be "
         "slow");
  }
}

void Properties::check_at_end() {
  World& w = *world_;
  if (w.properties.size == 0) return;
  check_predicates();
  // Of several the first by name: in which order they were declared may be nobody's business.
  const Property* first = nullptr;
  for (const Property& p : w.properties)
    if (p.heat == Heat::hot && (!first || text(p.name) < text(first->name))) first = &p;
  if (!first) return;
  fail(Verdict::liveness, *first, "",
       owed(*first) + (first->kind == PropertyKind::eventually
                           ? ", and the execution has ended"
                           : " at the end, since step " + std::to_string(first->hot_since)));
}

// `how` keeps signatures of the same property apart: a livelock is not what a bound says.
void Properties::fail(Verdict verdict, const Property& p, const char* how, std::string reason,
                      std::string detail) {
  const World& w = *world_;
  Outcome o;
  o.verdict = verdict;
  o.reason = std::move(reason);
  o.detail = std::move(detail);
  o.site = text(p.site);
  o.object = text(p.name) + (*how ? ": " : "") + how;
  o.too_long = std::strcmp(how, "bound") == 0;
  // An invariant is broken by the step before; what is owed is owed by whoever said so.
  const ActorId last = w.last;
  o.process = m_.recorder().label(
      *w.processes[verdict == Verdict::invariant && last < w.actors.size ? w.actors[last].process
                                                                         : p.process]);
  m_.scheduler().finish(std::move(o));
}

// ---- what happened, against vacuous verdicts ----

void Properties::reach_goal(std::string_view name) {
  World& w = *world_;
  const auto next = static_cast<uint32_t>(goal_names_.size());
  const uint32_t goal = goal_numbers_.try_emplace(std::string(name), next).first->second;
  if (goal == next) goal_names_.emplace_back(name);
  while (w.goal_reached.size <= goal / 64) m_.push(w.goal_reached, uint64_t{0});
  uint64_t& word = w.goal_reached[goal / 64];
  const uint64_t bit = uint64_t{1} << goal % 64;
  if (word & bit) return;
  word |= bit;
  m_.push(w.goals, goal);
}

}  // namespace lockstep::vm
