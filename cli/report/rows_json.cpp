// A folded execution as JSON.
#include <nlohmann/json.hpp>

#include "cli/report/rows.h"

namespace lockstep::cli {

using Json = nlohmann::ordered_json;

Json rows_json(const Trace& trace, const Folded& folded) {
  static constexpr const char* kKinds[] = {"setup",   "call",      "answer",  "cast",    "callback",
                                           "library", "operation", "receive", "arrival", "timer",
                                           "fault",   "choice",    "end"};
  Json rows = Json::array();
  for (const FoldedRow& row : folded.rows) {
    Json steps = Json::array(), changes = Json::array();
    for (const uint32_t event : row.events) steps.push_back(trace.events[event].step);
    for (const FoldedChange& c : row.changes)
      changes.push_back({{"what", c.what}, {"before", c.before}, {"after", c.after}});
    rows.push_back({{"kind", kKinds[row.kind]},
                    {"steps", steps},
                    {"process", row.process},
                    {"who", row.who},
                    {"verb", row.verb},
                    {"incoming", row.incoming},
                    {"other", row.other},
                    {"payload", row.payload},
                    {"result", row.result},
                    {"changes", changes},
                    {"note", row.note},
                    {"site", row.site},
                    {"switched", row.switched},
                    {"preempted", row.preempted},
                    {"failed_here", row.failed_here}});
  }
  return rows;
}

Json waiting_json(const Folded& folded) {
  Json all = Json::array();
  for (const Waiting& w : folded.waiting)
    all.push_back({{"process", w.process},
                   {"who", w.who},
                   {"for", w.pattern},
                   {"site", w.site},
                   {"where", w.where}});
  return all;
}

Json unread_json(const Folded& folded) {
  static constexpr const char* kWhere[] = {"mailbox", "postponed", "on its way", "lost"};
  Json all = Json::array();
  for (const Unread& u : folded.unread)
    all.push_back({{"who", u.who},
                   {"message", u.message},
                   {"from", u.from},
                   {"step", u.step},
                   {"where", kWhere[u.where]}});
  return all;
}

}  // namespace lockstep::cli
