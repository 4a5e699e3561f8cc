#include "vm/machine/history_log.h"

#include <algorithm>

#include "vm/machine/objects.h"

namespace lockstep::vm {
void add_record(Machine& m, HistoryLog& log, const HistoryRecord& record) {
  const auto key = [&m](const HistoryRecord& r) { return m.world().processes[r.process]->key; };
  const uint64_t h =
      mix64(key(record) + record.type,
            mix64(digest(record.f), mix64(digest(record.key), digest(record.value))));
  m.push(log.records, record);
  if (record.type == 0) {
    log.settled = mix64(mix64(log.settled, log.latest), h);
    log.latest = 0;
    return;
  }
  log.latest += h;
  for (uint32_t i = log.records.size; i-- > 1 && log.records[i - 1].type != 0;)
    if (key(log.records[i]) < key(log.records[i - 1]))
      std::swap(log.records[i], log.records[i - 1]);
}

void assert_log(const World& w, const HistoryLog& log) {
  uint32_t invoked = 0, latest = 0;  // steps: of the last invocation, of all so far
  for (uint32_t i = 0; i < log.records.size; i++) {
    const HistoryRecord& r = log.records[i];
    const bool completes = r.type != 0;
    LOCKSTEP_ASSERT(r.step <= w.steps && r.step >= (completes ? invoked : latest));
    latest = std::max(latest, r.step);
    if (!completes) invoked = r.step;
    LOCKSTEP_ASSERT(completes == (r.opened_by != kNone));
    LOCKSTEP_ASSERT(!completes ||
                    (r.opened_by < i && log.records[r.opened_by].process == r.process));
  }
  for (uint32_t i = 0; i < log.open.size; i++)
    for (uint32_t k = 0; k < i; k++) LOCKSTEP_ASSERT(log.open[i].process != log.open[k].process);
}

namespace {

uint32_t number_in(Machine& m, HistoryLog& log, uint32_t process) {
  const Process& p = *m.world().processes[process];
  if (process == 0) return 0;
  if (p.parent == 0) return p.nth;
  uint32_t at = 0;
  while (at < log.later.size && log.later[at] != process) at++;
  if (at == log.later.size) m.push(log.later, process);
  return kLaterProcesses + at;
}

}  // namespace

void stamp(Machine& m, HistoryLog& log, OpenOperation& open) {
  open.record = log.records.size;
  add_record(m, log,
             {0, number_in(m, log, open.process), open.process, kNone, m.world().steps,
              m.world().now, open.f, open.key, open.value});
  m.world().processes[open.process]->histories.unstamped--;
}

OpenOperation* open_of(HistoryLog& log, const Process& p) {
  for (OpenOperation& open : log.open)
    if (open.process == p.index) return &open;
  return nullptr;
}

const char* event_type_name(uint8_t type) {
  static const char* const names[] = {"invoke", "ok", "fail", "info"};
  return names[type & 3];
}

HistoryLog& history_argument(lua_State* L, Machine& m, int index, const char* what) {
  const uint64_t id =
      lua_islightuserdata(L, index) ? reinterpret_cast<uint64_t>(lua_touserdata(L, index)) : 0;
  const World& w = m.world();
  const uint32_t number = light_index(id);
  if (light_class(id) != Light::history || number >= w.histories.size ||
      w.histories[number]->id != id)
    luaL_error(L, "bad argument #%d to '%s' (a history expected, got %s)", index, what,
               luaL_typename(L, index));
  return *w.histories[number];
}

void stamp_invocations(Machine& m, Process& p) {
  for (HistoryLog* log : m.world().histories)
    if (OpenOperation* open = open_of(*log, p); open && open->record == kNone)
      stamp(m, *log, *open);
}

void add_history_footprint(Machine& m, Process& p, Operation& op) {
  p.histories.footprints[0] = {kHistoryObject, p.histories.unstamped ? Access::write : Access::add};
  p.histories.footprints[1] = {clock_object(), Access::read};  // a record has a time
  const size_t more = m.options().racy_timers() ? 2 : 1;
  const size_t n = op.extra_count;
  op.extra_count = static_cast<uint8_t>(n + more);
  if (n == 0) {
    op.extra = p.histories.footprints;
    return;
  }
  auto* all = static_cast<Footprint*>(m.allocate((n + more) * sizeof(Footprint)));
  std::copy(op.extra, op.extra + n, all);
  std::copy_n(p.histories.footprints, more, all + n);
  op.extra = all;
}

uint64_t history_digest(const Machine& m) {
  uint64_t h = 0;
  for (const HistoryLog* log : m.world().histories) {
    h = mix64(h, mix64(log->settled, log->latest));
    for (const OpenOperation& open : log->open)
      h += mix64(m.world().processes[open.process]->key, digest(open.f) + digest(open.value));
  }
  return h;
}

}  // namespace lockstep::vm
