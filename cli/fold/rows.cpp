#include "cli/fold/rows.h"

#include <algorithm>

#include "cli/fold/calls.h"
#include "cli/fold/printed_term.h"

namespace lockstep::cli {
namespace {

// Without the handle that the target names already: of `#Tid<0>, {"n", 1}` on counter["n"] the
// object is left.
std::string args_of(const Event& e) {
  if (e.target.empty() || e.args.empty()) return e.args;
  const auto args = arguments_of(e.args);
  if (args.empty() || (args[0][0] != '#' && args[0] != e.target)) return e.args;
  if (args.size() == 1) return {};
  return e.args.substr(static_cast<size_t>(args[1].data() - e.args.data()));
}

// Functions are the names of what runs them.
std::string spawn_args(const Event& e) {
  std::string out;
  for (const auto arg : arguments_of(e.args))
    if (arg != "file-level value" && arg != "function" && arg != "\"\"")
      out += (out.empty() ? "" : ", ") + std::string(arg);
  return out;
}

// What came back, unless that only repeats what is there, or says no more than that it was done.
std::string result_of(const Event& e) {
  if (e.result == e.args || e.result == e.target || e.result == "true" || e.result == "\"ok\"")
    return {};
  return e.result;
}

// Steps of the library that say nothing to who called it.
bool is_plumbing(const Event& e) {
  switch (e.op) {
    case OpKind::monitor:
    case OpKind::demonitor:
    case OpKind::link:
    case OpKind::unlink:
    case OpKind::flag:
    case OpKind::whereis:
    case OpKind::now:
    case OpKind::alive:
    case OpKind::timer_start:
    case OpKind::timer_cancel:
    case OpKind::process_info:
      return true;
    default:
      return false;
  }
}

// ... and from which nothing follows.
bool is_clean_up(const Event& e) {
  return e.op == OpKind::demonitor || e.op == OpKind::unlink || e.op == OpKind::timer_cancel;
}

void set_change(FoldedRow& row, const std::string& change) {
  const auto colon = change.find(": ");
  if (colon == std::string::npos) return;
  const auto arrow = change.find(" -> ", colon);
  if (arrow == std::string::npos) return;
  row.changes.push_back({change.substr(0, colon), change.substr(colon + 2, arrow - colon - 2),
                         change.substr(arrow + 4)});
}

constexpr std::string_view kChannel = "signals to ";
std::string receiver(const Event& e) {
  return e.who.starts_with(kChannel) ? e.who.substr(kChannel.size()) : e.who;
}

}  // namespace

const Event* RowMaker::at_step(uint32_t step) const {
  const auto& events = trace_.events;
  const auto it = std::lower_bound(events.begin(), events.end(), step,
                                   [](const Event& e, uint32_t s) { return e.step < s; });
  return it != events.end() && it->step == step ? &*it : nullptr;
}

// A call at the end of another function of the library has left no name; the source says it.
std::string RowMaker::call_of(const Event& e) const {
  if (e.call.find('.') != std::string::npos) return e.call;
  const auto told = called_in(source_line(trace_, e.site));
  return told.empty() ? e.call : told;
}

FoldedRow& RowMaker::start(const ShownStep& shown, FoldedRow::Kind kind, std::string verb) {
  const Event& e = trace_.events[shown.event];
  FoldedRow row;
  row.kind = kind;
  row.events = {shown.event};
  row.process = e.process;
  row.who = e.who;
  row.verb = std::move(verb);
  if (library_of(e.site).empty()) row.site = e.site;
  row.switched = shown.switched;
  row.preempted = shown.preempted;
  row.failed_here = shown.failed_here;
  rows_.push_back(std::move(row));
  return rows_.back();
}

void RowMaker::join(size_t index, const ShownStep& shown) {
  FoldedRow& row = rows_[index];
  row.events.push_back(shown.event);
  row.failed_here |= shown.failed_here;
  const Event& e = trace_.events[shown.event];
  if (row.site.empty() && library_of(e.site).empty()) row.site = e.site;
}

// All rows since the unit's are what its request led to: its arrival, and what its server did.
bool RowMaker::only_led_to(const Unit& unit) const {
  if (unit.row == kNone) return false;
  const auto begin = rows_.begin() + static_cast<std::ptrdiff_t>(unit.row) + 1;
  return std::all_of(begin, rows_.end(), [&](const FoldedRow& row) {
    return row.kind == FoldedRow::callback || row.kind == FoldedRow::arrival
               ? row.who == unit.peer || row.other == unit.peer
               : row.who == unit.peer;
  });
}

bool RowMaker::only_own_since(size_t index, uint32_t process) const {
  if (index == kNone) return false;
  const auto begin = rows_.begin() + static_cast<std::ptrdiff_t>(index) + 1;
  return std::all_of(begin, rows_.end(), [&](const FoldedRow& r) { return r.process == process; });
}

void RowMaker::add(const ShownStep& shown) {
  const Event& e = trace_.events[shown.event];
  // By ets.operation: it says more than the library's function that performs it.
  const bool named = e.op == OpKind::ets && !e.what.starts_with("ets.");
  if (e.kind == AltKind::data) {
    FoldedRow& row = start(shown, FoldedRow::choice, "choose");
    row.payload = elements(e.args).empty() ? "1 to " + e.args : e.args;
    row.result = chosen(e);
  } else if (e.kind == AltKind::fault) {
    FoldedRow& row = start(shown, FoldedRow::fault, "fault");
    row.other = e.target;
    row.payload = e.args;
  } else if (e.kind == AltKind::deliver) {
    arrival(shown);
  } else if (e.kind == AltKind::timer) {
    timer(shown);
  } else if (e.op == OpKind::exit) {
    end(shown);
  } else if (takes_arrival(shown)) {
    return;
  } else if (!e.call.empty() && !named) {
    library(shown, units_[e.process]);
  } else if (!library_of(e.site).empty() && !named) {
    behaviour(shown, units_[e.process]);
  } else {
    operation(shown);
  }
}

void RowMaker::arrival(const ShownStep& shown) {
  const Event& e = trace_.events[shown.event];
  FoldedRow& row = start(shown, FoldedRow::arrival, "arrives");
  row.who = e.target.empty() ? receiver(e) : e.target;
  row.incoming = true;
  for (const uint32_t cause : e.causes) {
    const Event* sent = at_step(cause);
    if (!sent) continue;
    row.other = sent->who;
    row.payload = sent->op == OpKind::send ? plain_message(sent->args)
                  : sent->op == OpKind::exit
                      ? sent->args
                      : sent->what + (sent->args.empty() ? "" : " ") + args_of(*sent);
    break;
  }
  arrivals_[e.process] = rows_.size() - 1;
}

// A receive right after the arrival of what it takes is one row with it.
bool RowMaker::takes_arrival(const ShownStep& shown) {
  const Event& e = trace_.events[shown.event];
  const auto arrived = arrivals_.find(e.process);
  if (e.op != OpKind::receive || arrived == arrivals_.end()) return false;
  const size_t index = arrived->second;
  arrivals_.erase(arrived);
  if (!nothing_since(index)) return false;
  const Event& arrival = trace_.events[rows_[index].events.front()];
  const bool same = std::any_of(e.causes.begin(), e.causes.end(), [&](uint32_t cause) {
    return cause == arrival.step ||
           std::find(arrival.causes.begin(), arrival.causes.end(), cause) != arrival.causes.end();
  });
  if (!same) return false;
  const FoldedRow before = std::move(rows_.back());
  rows_.pop_back();
  const size_t size = rows_.size();
  add(shown);
  // In front of the receive's row; an answer that joined its call took the arrival with it.
  const size_t at = rows_.size() > size ? rows_.size() - 1 : units_[e.process].row;
  if (at >= rows_.size() || rows_[at].events.empty()) {  // it is no row of its own
    rows_.push_back(before);
    return true;
  }
  FoldedRow& row = rows_[at];
  row.events.insert(row.events.end() - 1, before.events.begin(), before.events.end());
  row.preempted |= before.preempted;
  row.switched |= before.switched;
  return true;
}

void RowMaker::timer(const ShownStep& shown) {
  const Event& e = trace_.events[shown.event];
  FoldedRow& row = start(shown, FoldedRow::timer, e.args.empty() ? "time-out" : "timer");
  constexpr std::string_view kTimer = "timer of ";
  row.who = !e.target.empty()           ? e.target
            : e.who.starts_with(kTimer) ? e.who.substr(kTimer.size())
                                        : e.who;
  row.payload = e.args;
  timeouts_[e.process] = rows_.size() - 1;
}

void RowMaker::end(const ShownStep& shown) {
  const Event& e = trace_.events[shown.event];
  Unit& unit = units_[e.process];
  const bool joins = nothing_since(unit.row) && rows_[unit.row].kind == FoldedRow::end;
  if (joins)
    join(unit.row, shown);
  else
    start(shown, FoldedRow::end, "ends"), unit = {}, unit.row = rows_.size() - 1;
  FoldedRow& row = rows_[unit.row];
  if (e.target.empty())
    row.payload = e.args;
  else
    row.note += (row.note.empty() ? "" : "; ") + e.target + " gets " + e.args;
}

void RowMaker::operation(const ShownStep& shown) {
  const Event& e = trace_.events[shown.event];
  if (const auto due = timeouts_.find(e.process); due != timeouts_.end()) {
    const size_t index = due->second;
    timeouts_.erase(due);
    if (nothing_since(index) && (e.op == OpKind::receive || e.op == OpKind::sleep)) {
      FoldedRow& row = rows_[index];
      join(index, shown);
      row.verb = e.what;
      row.who = e.who;
      row.result = e.result.empty() ? "time-out" : e.result;
      return;
    }
  }
  const bool receives = e.op == OpKind::receive;
  FoldedRow& row = start(shown, receives ? FoldedRow::receive : FoldedRow::operation, e.what);
  row.incoming = receives;
  row.other = e.target;
  if (receives)  // a pattern says no more than what it took
    row.payload = e.target.empty() ? e.args : "", row.result = plain_message(e.result);
  else if (e.op == OpKind::spawn)
    row.payload = spawn_args(e);
  else
    row.payload = args_of(e), row.result = result_of(e);
  if (receives && row.result.empty() && !e.args.empty() && !e.target.empty()) row.result = e.args;
  set_change(row, e.change);
}

// A step of a function of the library that the author called.
void RowMaker::library(const ShownStep& shown, Unit& unit) {
  const Event& e = trace_.events[shown.event];
  timeouts_.erase(e.process);
  const bool again = e.what == unit.first && (unit.sent || unit.received);
  // A function that ends by calling another one has lost its name.
  const bool named =
      unit.call.find('.') != std::string::npos && e.call.find('.') != std::string::npos;
  const bool fresh =
      unit.site != e.site || unit.call.empty() || (named && unit.call != e.call) || again;
  if (fresh) {
    unit = {};
    unit.call = e.call, unit.site = e.site, unit.first = e.what;
  }
  const Request request = e.op == OpKind::send ? request_of(e.args) : Request{};
  const bool answered = e.op == OpKind::receive;
  std::string answer = answered ? plain_message(e.result) : std::string();
  if (answered) answer_to(unit.tag, e.result, &answer);
  bool joins =
      !fresh && (nothing_since(unit.row) || is_clean_up(e) || (answered && only_led_to(unit)));
  if (joins && answered && unit.received && !is_plumbing(e)) joins = nothing_since(unit.row);
  if (joins) {
    join(unit.row, shown);
  } else {
    FoldedRow& row =
        start(shown, answered && unit.sent ? FoldedRow::answer : FoldedRow::library, call_of(e));
    if (row.kind == FoldedRow::answer) row.incoming = true, row.other = unit.peer;
    unit.row = rows_.size() - 1;
  }
  FoldedRow& row = rows_[unit.row];
  if (request.kind != Request::none) {
    row.kind = request.kind == Request::cast ? FoldedRow::cast : FoldedRow::call;
    row.other = e.target.empty() ? "nobody" : e.target;
    row.payload = request.content;
    row.result.clear();
    unit.tag = request.tag, unit.peer = e.target, unit.sent = true;
  } else if (answered) {
    if (unit.opens) row.payload.clear();
    row.result = answer;
    unit.received = true;
  } else if (!is_plumbing(e)) {
    if (row.other.empty()) row.other = e.target;
    if (e.op == OpKind::spawn)
      row.payload = "";
    else if (e.op != OpKind::send || unit.first == "send")
      row.payload = args_of(e);
    unit.peer = e.target, unit.sent = true;
    if (e.op != OpKind::spawn && e.op != OpKind::send) row.result = result_of(e);
  } else if (row.events.size() == 1) {
    row.other = e.target;
    row.payload = (e.op == OpKind::whereis ? "looks up " : e.what + " ") + args_of(e);
    if (e.op == OpKind::whereis) row.result = e.result;
  }
  unit.opens = row.events.size() == 1 && is_plumbing(e);
  set_change(row, e.change);
}

// A step of a process that runs in the library alone: the loop of a behaviour, or its beginning.
void RowMaker::behaviour(const ShownStep& shown, Unit& unit) {
  const Event& e = trace_.events[shown.event];
  if (e.op == OpKind::receive && e.what == "recv") return handles(shown, unit);
  std::string answer;
  const bool replies = e.op == OpKind::send && unit.serves && answer_to(unit.tag, e.args, &answer);
  const bool tells = e.op == OpKind::send && !replies && plain_message(e.args) == e.args &&
                     !elements(e.args).empty();
  const bool quiet =
      is_plumbing(e) || replies || (e.op == OpKind::send && !tells) || (e.op == OpKind::receive);
  if (quiet && (nothing_since(unit.row) || only_own_since(unit.row, e.process) ||
                (is_clean_up(e) && unit.row != kNone))) {
    join(unit.row, shown);
    if (replies) rows_[unit.row].result = answer;
    return;
  }
  FoldedRow& row = start(shown, FoldedRow::library, quiet && !unit.serves ? "init" : e.what);
  row.other = e.target;
  row.incoming = e.op == OpKind::receive;
  if (replies)
    row.verb = "reply", row.payload = answer;
  else if (e.op == OpKind::spawn)
    row.payload = "";
  else if (row.verb != "init")
    row.payload = plain_message(args_of(e)), row.result = result_of(e);
  if (e.op == OpKind::receive) row.payload.clear(), row.result = plain_message(e.result);
  set_change(row, e.change);
  if (quiet || unit.row == kNone) unit.row = rows_.size() - 1;
}

void RowMaker::handles(const ShownStep& shown, Unit& unit) {
  const Event& e = trace_.events[shown.event];
  const Request request = request_of(e.result);
  static constexpr const char* kOf[] = {"info", "call", "cast", "system"};
  const auto library = library_of(e.site);
  const std::string verb = library == "gen_statem" ? "event " : "handle_";
  unit = {};
  unit.serves = true;
  unit.tag = request.tag;
  unit.peer = e.target;
  FoldedRow& row = start(shown, FoldedRow::callback, verb + kOf[request.kind]);
  row.incoming = true;
  row.other = e.target;
  row.payload = request.kind == Request::none ? plain_message(e.result) : request.content;
  unit.row = rows_.size() - 1;
}

}  // namespace lockstep::cli
