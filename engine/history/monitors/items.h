// The items of a queue or a stack: who put each in, who saw it, who took it.
#pragma once
#include <algorithm>
#include <vector>

#include "engine/history/monitors/monitors.h"

namespace lockstep::history {

// Item has `insert`, `take` and `peeks`. Items that may never have been there, since nobody saw
// them, are left out. Unknown: a value was put in twice. Invalid: one was seen that nobody put in,
// or before that, or was taken twice.
template <class Item>
Verdict collect_items(const Part& part, std::vector<Item>* items,
                      std::vector<const Op*>* pending_takes, std::vector<const Op*>* empties) {
  Value most = 0;
  for (const auto* ops : {&part.definite, &part.pending}) {
    for (const Op& op : *ops) most = std::max({most, op.a, op.r});
  }
  std::vector<int32_t> number(static_cast<size_t>(most) + 1, -1);
  std::vector<const Op*> takes;
  for (const auto* ops : {&part.definite, &part.pending}) {
    for (const Op& op : *ops) {
      if (op.code == Code::insert) {
        if (number[op.a] >= 0) return Verdict::unknown;
        number[op.a] = static_cast<int32_t>(items->size());
        items->emplace_back().insert = &op;
      } else if (!op.ok) {
        if (op.code == Code::take) pending_takes->push_back(&op);
      } else if (op.r == kNull) {
        empties->push_back(&op);
      } else {
        takes.push_back(&op);
      }
    }
  }
  for (const Op* op : takes) {
    if (number[op->r] < 0) return Verdict::invalid;
    Item& item = (*items)[number[op->r]];
    if (op->ret < item.insert->call) return Verdict::invalid;
    if (op->code == Code::peek) {
      item.peeks.push_back(op);
    } else {
      if (item.take) return Verdict::invalid;
      item.take = op;
    }
  }
  std::erase_if(*items, [](const Item& item) {
    return !item.insert->ok && !item.take && item.peeks.empty();
  });
  return Verdict::valid;
}

}  // namespace lockstep::history
