// A violation of a history as data, for pages: one JSON object. Texts are as the history has them.
//
// {"title", "model", "consistency", "unit", "verdict", "summary", "text", "failing_op" (or -1),
//  "failing_line", "minimal", "operations": how many, "left_out": of these not drawn,
//  "keys": [...], "processes": [...],
//  "ops": [[process, call, ret or -1, line, line or 0, key or -1, words], ...],
//  "core": [op, ...],
//  "orders": [{"size", "order": [op, ...], "states": [...], "blocked": [[op, why], ...]}],
//  "links": [[from, to, why], ...]}
// An op is an index of "ops", process and key are of those lists; call and ret are positions of
// events.
#pragma once
#include <string>
#include <string_view>

#include "engine/history/check/orders.h"

namespace lockstep::history {

struct Picture {
  std::string title;
  std::string_view model;
  Consistency consistency = Consistency::linearizable;
  const Result& result;            // an invalid one
  const Explanation& explanation;  // of it
  std::vector<PartialOrder> orders;
};

std::string picture_json(const History& history, const Picture& picture);

}  // namespace lockstep::history
