#include "engine/history/check/picture.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

namespace lockstep::history {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kOpsMax = 3000;      // drawn; a page stays small
constexpr size_t kLongestText = 600;  // of one operation

std::string cut(std::string text) {
  if (text.size() <= kLongestText) return text;
  size_t end = kLongestText;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) end--;  // UTF-8
  return fmt::format("{}... ({} bytes more)", text.substr(0, end), text.size() - end);
}

// What the violation is about, and then what is nearest to its end, of its key first.
std::vector<int32_t> drawn(const History& history, const Picture& p) {
  const auto& ops = history.operations();
  const Explanation& e = p.explanation;
  std::set<int32_t> shown(e.core.begin(), e.core.end());
  for (const Refusal& r : e.refusals) shown.insert(r.op);
  for (const Link& l : p.result.links) shown.insert(l.from), shown.insert(l.to);
  if (e.failing_op >= 0) shown.insert(e.failing_op);
  std::set<Value> keys;
  for (const int32_t id : shown) keys.insert(ops[id].key);
  const auto middle = static_cast<size_t>(e.failing_op >= 0 ? e.failing_op
                                          : shown.empty()   ? 0
                                                            : *shown.rbegin());
  for (const bool same_key : {true, false}) {
    for (size_t away = 0; away < ops.size() && shown.size() < kOpsMax; ++away) {
      for (const size_t i : {middle - away, middle + away})
        if (i < ops.size() && keys.contains(ops[i].key) == same_key)
          shown.insert(static_cast<int32_t>(i));
    }
  }
  return {shown.begin(), shown.end()};
}

class Numbers {
 public:
  int32_t operator()(int64_t what, const std::string& name) {
    const auto [it, fresh] = numbers_.try_emplace(what, static_cast<int32_t>(names_.size()));
    if (fresh) names_.push_back(name);
    return it->second;
  }
  const Json& names() const { return names_; }

 private:
  std::map<int64_t, int32_t> numbers_;
  Json names_ = Json::array();
};

}  // namespace

std::string picture_json(const History& history, const Picture& p) {
  const auto& ops = history.operations();
  const Explanation& e = p.explanation;
  const auto shown = drawn(history, p);
  std::map<int32_t, size_t> place;
  for (size_t i = 0; i < shown.size(); ++i) place[shown[i]] = i;
  Numbers keys, processes;
  Json all = Json::array();
  for (const int32_t id : shown) {
    const Operation& op = ops[id];
    const int32_t key = op.key == kAbsent ? -1
                                          : keys(static_cast<int64_t>(op.key),
                                                 cut(history.values().to_json(op.key)));
    const int32_t process = processes(op.process, std::to_string(history.process_name(op.process)));
    all.push_back({process, op.call, op.ok() ? op.ret : -1, op.call_line, op.ret_line, key,
                   cut(history.describe_short(op))});
  }
  const auto list = [&](const std::vector<int32_t>& ids) {
    Json out = Json::array();
    for (const int32_t id : ids)
      if (const auto it = place.find(id); it != place.end()) out.push_back(it->second);
    return out;
  };
  const auto refusals = [&](const std::vector<Refusal>& all_of_them) {
    Json out = Json::array();
    for (const Refusal& r : all_of_them)
      if (place.contains(r.op)) out.push_back({place[r.op], r.why});
    return out;
  };
  Json orders = Json::array();
  for (const PartialOrder& o : p.orders) {
    // States of those that are drawn only.
    Json states = Json::array();
    for (size_t i = 0; i < o.order.size(); ++i)
      if (place.contains(o.order[i]))
        states.push_back(i < o.first_state ? "" : cut(o.states[i - o.first_state]));
    orders.push_back({{"size", o.order.size()},
                      {"order", list(o.order)},
                      {"states", std::move(states)},
                      {"blocked", refusals(o.blocked)}});
  }
  if (orders.empty() && !e.longest.empty())
    orders.push_back({{"size", e.longest.size()},
                      {"order", list(e.longest)},
                      {"states", Json::array()},
                      {"blocked", refusals(e.refusals)}});
  Json links = Json::array();
  for (const Link& l : p.result.links) links.push_back({place[l.from], place[l.to], l.why});
  Json json{{"title", p.title},
            {"model", p.model},
            {"consistency", consistency_name(p.consistency)},
            {"unit", history.unit()},
            {"verdict", "invalid"},
            {"summary", e.summary},
            {"text", e.text},
            {"failing_op", e.failing_op < 0 ? Json(-1) : Json(place[e.failing_op])},
            {"failing_line", e.failing_line},
            {"minimal", e.minimal},
            {"operations", ops.size()},
            {"left_out", ops.size() - shown.size()},
            {"keys", keys.names()},
            {"processes", processes.names()},
            {"ops", std::move(all)},
            {"core", list(e.core)},
            {"orders", std::move(orders)},
            {"links", std::move(links)}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace lockstep::history
