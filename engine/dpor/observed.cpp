// Reduce::unobserved_sends: happens-before as the receives of an execution show it. Which messages
// are told apart is known only when the execution has ended, and a receive may tell apart what came
// long before it: so all of the execution is looked at each time;
// but not of one in which no two steps meet in a mailbox alone (`by_mail`): there nothing is told
// apart.
//
// Sleeping steps are woken by whatever may have to count (DporExecution::order_), which is more
// than needed. What that costs is executions of a class that was executed before: `redundant`.
//
// Reduce::equal_messages: of two equal messages whoever takes one sees the same. But the receive
// comes after what made its sender send, and had it taken the other message, it would not have to.
// So two equal messages count as told apart (told_apart.h) where anything before the one alone
// conflicts with anything after the receive that took it. This is ours; for the idea see "equal
// writes".
#include <algorithm>

#include "engine/dpor/execution.h"

namespace lockstep {

void DporExecution::append_observed(size_t at, size_t count, const Taken& taken,
                                    std::vector<size_t>& races) {
  causes_of(count, taken);
  const Step& step = *taken.step;
  if (at < depth_ && step.op.access == Access::take && mail_.brought(at) < at)
    direct_.push_back(mail_.brought(at));
  const auto ordered = [&](size_t i, const Step& late) {
    const Step& other = *steps_[i].step;
    if (!depends(i, late))
      return at < depth_ ? unordered(unordered_by_mail_, i, at) : conflicts(i, late);
    const ObjectId box = at < depth_ ? only_mailbox(other, step) : 0;
    if (box == 0 || cut_off()) return true;
    return !mail_.indifferent(i, at, box);
  };
  observed_.append(at, count, taken, direct_, steps_, ordered, races);
  leave_out_declarations(step, races);
}

void DporExecution::order_by_mail() {
  mail_.look(*system_, depth_);
  races_.clear();
  unordered_by_mail_.clear();
  for (size_t at = 0; at < depth_; at++) {
    if (cut_off()) return;
    found_.clear();
    append_observed(at, at, steps_[at], found_);
    for (const size_t early : found_) races_.emplace_back(early, at);
  }
}

// Are the messages of the two equal, and can their order decide over nothing but who waits for
// whom?
bool DporExecution::exchangeable(size_t a, size_t b, ObjectId mailbox,
                                 std::span<const DisabledEvent> disabled) const {
  if (!mail_.equal(a, b, mailbox)) return false;
  if (waited_for(a, b, disabled) || waited_for(b, a, disabled)) return false;
  // Where the one waits in the mailbox it keeps its place among the others, and so must the other.
  const auto follows = [&](size_t send, size_t step) {
    const size_t receive = mail_.received(send);
    return order().before(send, step) &&
           (receive == send || (receive != step && !order().before(receive, step)));
  };
  for (size_t i = 0; i < depth_; i++)
    if (i != a && i != b && only_mailbox(*steps_[i].step, *steps_[a].step) != 0 &&
        (order().before(i, a) != order().before(i, b) || follows(a, i) != follows(b, i)))
      return false;
  return true;
}

// Does anything before `send`, and not before `other`, conflict with what follows the receive?
bool DporExecution::waited_for(size_t send, size_t other,
                               std::span<const DisabledEvent> disabled) const {
  const size_t receive = mail_.received(send);
  if (receive == send) return false;
  // One that did not have to wait: with the one message away it would take the other, and what it
  // does without any of them would never be asked for.
  if (steps_[receive].step->op.access != Access::take) return true;
  // A step that ends the execution while others could go on conflicts with all.
  if (path_[depth_ - 1].pending.size() > 1 &&
      (receive == depth_ - 1 || order().before(receive, depth_ - 1)))
    return true;
  const auto conflict = [&](const Step& x, const Step& y, bool is_send) {
    // Messages, too, whether or not anybody has told them apart: they have always come in this
    // order.
    if (x.actor_key == y.actor_key || !dependent(x, y, {relation_.equal_writes, false, nullptr}))
      return false;
    return !is_send || only_mailbox(x, y) == 0;  // in the mailbox the one stands for the other
  };
  for (size_t x = 0; x <= send; x++) {
    if (cut_off()) return true;
    if (x != send && !order().before(x, send)) continue;
    if (order().before(x, other)) continue;
    for (size_t y = receive; y < depth_; y++)
      if ((y == receive || order().before(receive, y)) &&
          conflict(*steps_[x].step, *steps_[y].step, x == send))
        return true;
    for (const DisabledEvent& d : disabled)
      if (conflict(*steps_[x].step, *d.taken.step, false)) return true;
  }
  return false;
}

// Two reversed sends matter only if the receive that told them apart follows. So the sequence goes
// on to it; else a sleeping step that does not conflict with the sends themselves, but does with
// what leads to the receive, would seem to make it redundant.
void DporExecution::show_to_observer(Sequence& v, size_t early, size_t late) {
  const ObjectId box = only_mailbox(*steps_[early].step, *steps_[late].step);
  if (box == 0) return;
  const size_t observer = mail_.observer(early, late, box);
  if (observer == late) return;
  // Now it comes after `late` too. What comes after it still has its old index among those before.
  observed_.restart(depth_ + 1, {late});
  v.push(*steps_[early].step, early, depth_ + 1);
  for (size_t i = early + 1; i < depth_ && i <= observer; i++)
    if (i != late && observed_.before(early, i) && (i == observer || observed_.before(i, observer)))
      v.push(*steps_[i].step, i);
}

ToldApart DporExecution::told_apart(std::span<const DisabledEvent> disabled) {
  ToldApart told;
  if (!relation_.told) return told;
  const std::vector<Pair>& pairs = by_mail_ ? unordered_by_mail_ : unordered_;
  if (!by_mail_ && !pairs.empty()) mail_.look(*system_, depth_);
  for (const auto& [early, late] : pairs) {
    if (cut_off()) return {};
    const Step &a = *steps_[early].step, &b = *steps_[late].step;
    const ObjectId mailbox = only_mailbox(a, b);
    if (reduce_.unobserved_sends && mail_.indifferent(early, late, mailbox)) continue;
    if (reduce_.equal_messages && exchangeable(early, late, mailbox, disabled)) continue;
    told.add(a, b);
  }
  for (const DisabledEvent& d : disabled) {
    if (!d.prevented || d.count == 0) continue;
    const Step &a = *steps_[d.count - 1].step, &b = *d.taken.step;
    if (untold(a, b, relation_)) told.add(a, b);
  }
  return told;
}

void DporExecution::tell_apart(const ToldApart& told) {
  auto all = std::make_shared<ToldApart>(*relation_.told);
  all->add(told);
  relation_.told = std::move(all);
  races_.clear();
  for (size_t at = 0; at < depth_ && !cut_off(); at++) {
    append_to_path(at);
    for (const size_t early : found_) races_.emplace_back(early, at);
  }
}

bool DporExecution::repeats() const {
  for (size_t i = 0; i < depth_ && !cut_off(); i++)
    for (const Step* s : path_[i].sleep.steps) {
      size_t k = i;
      while (k < depth_ && steps_[k].actor_key != s->actor_key) k++;
      if (k == depth_ || steps_[k].step->kind != s->kind) continue;
      size_t before = i;
      while (before < k && !observed_.before(before, k)) before++;
      if (before == k) return true;
    }
  return false;
}

}  // namespace lockstep
