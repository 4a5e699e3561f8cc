#include <algorithm>
#include <map>

#include "cli/fold/calls.h"
#include "cli/fold/folded.h"
#include "cli/fold/printed_term.h"
#include "cli/fold/rows.h"
#include "cli/fold/waiting.h"

namespace lockstep::cli {
namespace {

// How many events at the beginning had no alternative; after them those that start processes, as
// long as nobody else has had a turn: in which order these come nobody can tell.
size_t setup_size(const Trace& trace) {
  const auto& events = trace.events;
  size_t n = 0;
  while (n < events.size() && events[n].alternatives <= 1) n++;
  while (n > 0 && n < events.size() && events[n].op == OpKind::spawn &&
         events[n].process == events[n - 1].process)
    n++;
  return n;
}

// "ets.new counter; spawn P1(increment), P2(increment)"
std::string told(const std::vector<FoldedRow>& rows) {
  std::string out, verb;
  for (const FoldedRow& row : rows) {
    if (row.kind != FoldedRow::operation && row.kind != FoldedRow::library &&
        row.kind != FoldedRow::call && row.kind != FoldedRow::cast)
      continue;  // what follows from these
    if (row.verb == "init") continue;
    const bool names = row.verb == "spawn" || row.verb == "cluster.spawn" ||
                       row.verb == "spawn_link" || row.verb == "spawn_monitor";
    std::string what = row.other;
    if (what.empty() || !names)
      what += (what.empty() || row.payload.empty() ? "" : " ") + row.payload;
    if (row.verb == verb) {
      out += what.empty() ? "" : ", " + what;
    } else {
      verb = row.verb;
      out += (out.empty() ? "" : "; ") + verb + (what.empty() ? "" : " " + what);
    }
  }
  return out;
}

// The beginning in one row, if that makes it shorter.
void fold_setup(const Trace& trace, std::vector<FoldedRow>& rows) {
  const size_t first = setup_size(trace);
  size_t n = 0;
  while (n < rows.size() && rows[n].events.back() < first && !rows[n].failed_here) n++;
  if (n < 2) return;
  const std::vector<FoldedRow> beginning(rows.begin(),
                                         rows.begin() + static_cast<std::ptrdiff_t>(n));
  FoldedRow setup = beginning.front();
  setup.kind = FoldedRow::setup;
  setup.verb = "set-up";
  setup.incoming = false;
  setup.other.clear(), setup.result.clear(), setup.note.clear(), setup.site.clear();
  setup.changes.clear();
  setup.payload = told(beginning);
  for (size_t i = 1; i < n; i++)
    setup.events.insert(setup.events.end(), beginning[i].events.begin(), beginning[i].events.end());
  std::sort(setup.events.begin(), setup.events.end());
  rows.erase(rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(n) - 1);
  rows.front() = std::move(setup);
}

bool begins_callback(const Event& e) {
  return e.op == OpKind::receive && e.what == "recv" && !library_of(e.site).empty();
}

// A server's changes belong to what it was handling: the last message that it had taken.
void put_states(const Trace& trace, const Observed& observed, std::vector<FoldedRow>& rows) {
  const auto& events = trace.events;
  std::map<uint32_t, FoldedRow*> by_event;
  for (FoldedRow& row : rows)
    if (row.kind == FoldedRow::callback)
      for (const uint32_t event : row.events) by_event[event] = &row;
  for (const StateChange& change : observed.changes) {
    if (!change.before || !change.after || change.what.key == "queue") continue;
    if (change.what.key.find(" #") != std::string::npos) continue;  // in another frame again
    const auto whose = without_names(change.what.of);
    const Event* begun = nullptr;
    for (const Event& e : events) {
      if (e.step > change.step) break;
      if (begins_callback(e) && without_names(e.who) == whose) begun = &e;
    }
    if (!begun) continue;
    const auto row = by_event.find(static_cast<uint32_t>(begun - events.data()));
    if (row == by_event.end()) continue;
    if (change.what.key == "postponed")
      row->second->note =
          change.after->size() > change.before->size() ? "postponed" : "retries what was postponed";
    else
      row->second->changes.push_back({change.what.key, *change.before, *change.after});
  }
}

}  // namespace

std::string steps_of(const FoldedRow& row, const Trace& trace) {
  const auto first = trace.events[row.events.front()].step;
  const auto last = trace.events[row.events.back()].step;
  return first == last ? std::to_string(first) : std::to_string(first) + "-" + std::to_string(last);
}

Folded fold(const Trace& trace, const ScheduleView& view, const Observed* observed) {
  Folded folded;
  RowMaker maker(trace);
  for (const ShownStep& shown : view.steps) maker.add(shown);
  folded.rows = std::move(maker).rows();
  if (observed) put_states(trace, *observed, folded.rows);
  fold_setup(trace, folded.rows);
  std::map<uint32_t, std::string> names;
  for (const FoldedRow& row : folded.rows)
    if (row.kind == FoldedRow::fault)
      names.try_emplace(row.process, row.other);
    else
      names[row.process] = row.who;
  for (auto& [process, name] : names) folded.processes.push_back({process, name});
  folded.waiting = who_waits(trace, observed);
  if (observed) folded.unread = what_is_unread(trace, *observed);
  return folded;
}

}  // namespace lockstep::cli
