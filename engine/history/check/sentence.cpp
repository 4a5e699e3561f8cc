#include "engine/history/check/sentence.h"

#include <fmt/format.h>

#include <algorithm>

namespace lockstep::history {
namespace {

bool adds(const Op& op) { return op.code == Code::add_counter || op.code == Code::step_counter; }
bool tells(const Op& op) {
  return op.ok &&
         (op.code == Code::read_counter || (op.code == Code::step_counter && op.r != kNull));
}

// False if the sum is too large for any counter.
bool add_to(int64_t& sum, int64_t n) { return !__builtin_add_overflow(sum, n, &sum); }

bool interval_of(const Op& op, std::span<const Op> ops, CounterInterval& i) {
  i = {op.id, op.m, 0, 0, 0, 0};
  bool fits = true;
  for (const Op& other : ops) {
    if (!adds(other) || other.call > op.ret) continue;
    const bool self = other.id == op.id;
    const bool before = self || (other.ok && other.ret < op.call);
    i.before += before && !self;
    i.meanwhile += !before;
    if (before || other.n < 0) fits &= add_to(i.low, other.n);
    if (before || other.n > 0) fits &= add_to(i.high, other.n);
  }
  return fits;
}

}  // namespace

CounterInterval counter_interval(std::span<const Op> ops) {
  CounterInterval found;
  int32_t ended = kNever;
  for (const Op& op : ops) {
    if (!tells(op) || op.ret >= ended) continue;
    CounterInterval i;
    if (!interval_of(op, ops, i) || (op.m >= i.low && op.m <= i.high)) continue;
    found = i;
    ended = op.ret;
  }
  return found;
}

std::string counter_sentence(const History& history, const CounterInterval& i) {
  const auto op = history.describe(history.operations()[i.op]);
  const auto can = i.low == i.high ? fmt::format("only {} is possible", i.low)
                                   : fmt::format("only {} to {} is possible", i.low, i.high);
  return fmt::format("{} returned {}, but {}: {} had ended before it began, {} {} under way", op,
                     i.told, can,
                     i.before == 1 ? "1 addition" : fmt::format("{} additions", i.before),
                     i.meanwhile, i.meanwhile == 1 ? "was" : "were");
}

std::string refused_sentence(const History& history, const Explanation& e) {
  const Refusal* best = nullptr;
  for (const Refusal& r : e.refusals) {
    const bool in_core = std::find(e.core.begin(), e.core.end(), r.op) != e.core.end();
    if (r.op == e.failing_op || (in_core && (!best || best->op != e.failing_op))) best = &r;
  }
  if (!best) return {};
  return fmt::format("{} {}", history.describe(history.operations()[best->op]), best->why);
}

std::string last_sentence(const History& history, const Explanation& e) {
  if (e.failing_op < 0) return {};
  return fmt::format("no order of what came before explains {}",
                     history.describe(history.operations()[e.failing_op]));
}

}  // namespace lockstep::history
