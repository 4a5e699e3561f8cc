// The sync point while there is more to do than to park: events, sites, properties, histories; or
// in the name of a predicate or a model, which may only look.
#include "vm/guest/calls.h"

#include <algorithm>
#include <cstring>

#include "vm/guest/frozen.h"
#include "vm/guest/guest.h"
#include "vm/guest/peek.h"
#include "vm/guest/spin.h"
#include "vm/machine/history_log.h"
#include "vm/recording/recorder.h"
#include "vm/recording/sites.h"

namespace lockstep::vm {

void Calls::sync(lua_State* L, Process& p, const char* what, OpKind kind, Access access,
                 ObjectId object, uint64_t value, uint32_t cause) {
  if (slow_ & kSlowPeek) {
    if (access == Access::read) return;
    m_.peek().refuse(L, what);
  }
  if (slow_ & kSlowInside) {
    inside_writes_ += access != Access::read;
    return need_covered(L, what, {object, access});
  }
  Alternative& a = world_->alternatives[world_->position[p.actor]];
  a.op.kind = kind;
  a.op.access = access;
  a.op.extra_count = 0;
  a.op.object = object;
  a.op.value = value;
  a.cause = cause;
  p.what = what;
  before_parking(L, p, a);
  m_.scheduler().park(p);
  granted(p);
}

Process& Calls::not_running(lua_State* L, const char* what) {
  if (slow_ & kSlowMatcher) return matcher_runs(L, what);
  if (slow_ & kSlowInside) return inside_runs(L, what);
  return m_.peek().nobody_runs(L, what);
}

void Calls::look_for_round(lua_State* L, Process& p, const Operation& next) {
  m_.spins().look_for_round(L, p, next);
}

void Calls::announce(lua_State* L, Process& p, const char* what, OpKind kind, Access access,
                     ObjectId object, uint64_t value, const Footprint* extra, size_t extra_count) {
  if (slow_ & kSlowPeek) {
    if (access == Access::read) return;
    m_.peek().refuse(L, what);
  }
  if (slow_ & kSlowInside) {
    bool writes = access != Access::read;
    need_covered(L, what, {object, access});
    for (size_t i = 0; i < extra_count; i++) {
      need_covered(L, what, extra[i]);
      writes = writes || extra[i].access != Access::read;
    }
    inside_writes_ += writes;
    return;
  }
  World& w = *world_;
  Footprint* kept = nullptr;
  if (extra_count) {
    kept = static_cast<Footprint*>(m_.allocate(extra_count * sizeof(Footprint)));
    std::copy(extra, extra + extra_count, kept);
  }
  Alternative& a = w.alternatives[w.position[p.actor]];
  a.op.kind = kind;
  a.op.access = access;
  a.op.extra_count = static_cast<uint8_t>(extra_count);
  a.op.extra = kept;
  a.op.object = object;
  a.op.value = value;
  p.what = what;
  before_parking(L, p, a);
  m_.scheduler().park(p);
  granted(p);
}

void Calls::before_parking(lua_State* L, Process& p, Alternative& a) {
  if (slow_ != 0) slow_sync(L, p, a);
  if (m_.scheduler().fair_spins()) m_.spins().look_for_round(L, p, a.op);
}

// Covered: an object announced, or one of a container announced as a whole; for reading alone
// unless it may be written.
void Calls::need_covered(lua_State* L, const char* what, Footprint f) const {
  if (f.object == 0) return;
  for (const Footprint& a : inside_) {
    const bool same =
        a.object == f.object || (object_element(a.object) == 0 && overlap(a.object, f.object));
    if (same && (a.access == Access::write || f.access == Access::read)) return;
  }
  luaL_error(L,
             "%s: the transaction has not announced that it would %s this; name the key in its "
             "second argument, or \"all\"",
             what, f.access == Access::read ? "read" : "write");
}

Process& Calls::inside_runs(lua_State* L, const char* what) {
  static constexpr std::string_view kLocal[] = {"self",  "node",      "get",         "put",
                                                "erase", "get_keys",  "cover",       "make_ref",
                                                "now",   "exception", "math.random", "random"};
  const std::string_view name = what;
  if (name.substr(0, 4) != "ets." &&
      std::find(std::begin(kLocal), std::end(kLocal), name) == std::end(kLocal))
    luaL_error(L,
               "'%s' may not be called in a transaction: it is one operation, on its table alone",
               what);
  return *world_->current;
}

void Calls::refuse_in_matcher(lua_State* L, const char* what) {
  m_.guest().misused(true);
  luaL_error(L,
             m_.guest().computing()
                 ? "a model may not perform operations (%s): it only computes states"
                 : "a matcher may not perform operations (%s): it only looks at a message",
             what);
}

Process& Calls::matcher_runs(lua_State* L, const char* what) {
  static constexpr std::string_view kLooks[] = {"self",     "node",  "get",
                                                "get_keys", "cover", "exception"};
  static constexpr std::string_view kKeeps[] = {"put",       "erase", "make_ref",
                                                "set_label", "now",   "math.random"};
  const auto among = [what](const auto& all) {
    return std::find(std::begin(all), std::end(all), what) != std::end(all);
  };
  const Process* p = m_.guest().computing() ? world_->current : m_.guest().process();
  if (!p) luaL_error(L, "'%s' can only be called while a scenario runs", what);
  if (!among(kLooks)) {
    // Of a receiver that waits there is nothing to announce an operation by, and who asks a model
    // is in the middle of one. What a model comes to is no matter of when it is asked.
    const bool computing = m_.guest().computing();
    if (!among(kKeeps) || (computing && std::strcmp(what, "now") == 0)) refuse_in_matcher(L, what);
    if (!computing) m_.guest().keeps(guest_site(L) + ": a matcher calls '" + what + "'");
  }
  return *world_->processes[p->index];
}

void Calls::slow_sync(lua_State* L, Process& p, Alternative& a) {
  if (slow_ & kSlowMatcher) {
    LOCKSTEP_ASSERT(L != nullptr);
    refuse_in_matcher(L, p.what);
  }
  if (slow_ & kSlowWatch) m_.peek().mark_watched(a.op);
  if ((slow_ & kSlowHistory) && p.histories.open && !p.killed && !p.leaving)
    add_history_footprint(m_, p, a.op);
  if ((slow_ & kSlowTrack) && p.performing) {
    // The operation before raised an error that nobody has looked at: it may tell anything.
    p.performing = false;
    observe(p, digest_bytes(m_.scheduler().decisions().data(), world_->steps * sizeof(Decision)));
  }
  a.op.site = 0;
  if ((slow_ & kSlowSites) && L) a.op.site = m_.recorder().site(L);
  if (slow_ & kSlowRecord) m_.recorder().note_call(L, p);
  if (slow_ & kSlowHunt) m_.frozen().on_line(L ? L : p.L);
}

void Calls::slow_granted(Process& p) {
  if (slow_ & kSlowTrack) p.performing = !p.leaving;
  if ((slow_ & kSlowHistory) && p.histories.unstamped && !p.killed && !p.leaving)
    stamp_invocations(m_, p);
}

void Calls::done(lua_State* L, Process& p, int results) {
  if (slow_ & kSlowTrack) observe_results(L, p, results);
  if ((slow_ & (kSlowRecord | kSlowPeek | kSlowInside)) == kSlowRecord)
    m_.recorder().note_results(L, p, results);
}

// ---- arguments ----

Term Calls::encode_argument(lua_State* L, int index, const char* function) {
  const char* error = nullptr;
  Term t = make_term(L, index, arena_, scratch_, &error);
  if (error)
    luaL_error(L, "bad argument #%d to '%s' (%s cannot leave a process)", index, function, error);
  return t;
}

uint32_t Calls::choose(Process& p, uint32_t count) {
  if (count <= 1) return 0;
  if (__builtin_expect((slow_ & kSlowPeek) != 0, 0)) m_.peek().refuse(p.L, "choose");
  if (__builtin_expect((slow_ & kSlowMatcher) != 0, 0)) refuse_in_matcher(p.L, "choose");
  const uint32_t value = m_.scheduler().choose_data(p, count);
  observe(p, value);
  Spins::did_more_than_look(p);
  if (slow_ & kSlowRecord) m_.recorder().data_event(p, count, value);
  return value;
}

bool Calls::next_input(Process& p) {
  const uint64_t key = mix64(p.key, 0x696e70757473 + p.inputs++);
  const auto& omitted = options_.omitted;
  if (!omitted.empty() && std::binary_search(omitted.begin(), omitted.end(), key)) return false;
  m_.push(world_->inputs, key);
  return true;
}

// ---- what processes learn ----

void Calls::observe_results(lua_State* L, Process& p, int results) {
  if (slow_ & kSlowPeek) return;
  p.performing = false;
  uint64_t h = static_cast<uint64_t>(results) + 1;
  for (int i = lua_gettop(L) - results + 1; i <= lua_gettop(L); i++) {
    scratch_.clear();
    if (encode(L, i, scratch_)) {  // cannot be told apart: as an error that nobody has looked at
      p.performing = true;
      return;
    }
    h = mix64(h, digest_bytes(scratch_.data(), scratch_.size()));
  }
  observe(p, h);
}

void Calls::observe_raised(lua_State* L) {
  if (!(slow_ & kSlowTrack) || (slow_ & kSlowPeek) || !world_->current) return;
  Process& p = *world_->current;
  // Of the operations inside one each may raise, whatever those before it have told.
  if (!p.performing && !(slow_ & kSlowInside)) return;
  scratch_.clear();
  if (encode(L, -1, scratch_)) return;
  p.performing = false;
  observe(p, digest_bytes(scratch_.data(), scratch_.size(), 0x726169736564));
}

}  // namespace lockstep::vm
