// A part of dpor saved and loaded. What is made anew from the rest, or at the beginning of each
// execution, is left out: images, indices, what a System is asked about.
#include <algorithm>
#include <unordered_set>

#include "engine/dpor/dpor.h"
#include "engine/search/tree_archive.h"

namespace lockstep {

namespace {
// What is followed without a question later on.
void must(bool holds) {
  if (!holds) throw Malformed{"a part of a search does not fit together"};
}
}  // namespace

template <class A>
void field(A& a, Branch& b) {
  fields(a, b.step, b.rest);
  must(b.step != nullptr);
}

template <class A>
void field(A& a, Sleepers& s) {
  fields(a, s.steps, s.inherited);
}

template <class A>
void field(A& a, Pending& p) {
  fields(a, p.step, p.cause, p.index);
}

template <class A>
void field(A& a, Taken& t) {
  fields(a, t.step, t.actor_key, t.cause, t.before, t.nth);
  must(t.step != nullptr);
}

template <class A>
void field(A& a, DisabledEvent& d) {
  fields(a, d.taken, d.count, d.known, d.prevented);
}

template <class A>
void field(A& a, DporNode& n) {
  fields(a, n.data, n.expanded, n.last, n.by_mail, n.crash, n.count, n.chosen, n.actors, n.done,
         n.pending, n.root_end, n.sleep, n.impossible, n.tree, n.tried, n.asker);
}

template <class A>
void field(A& a, WakeupSequence& w) {
  uint64_t depth = w.depth;
  fields(a, depth, w.steps, w.order, w.unsure, w.whole, w.marked);
  w.depth = depth;
  must(!w.steps.empty());
}

template <class A>
void ToldApart::keep(A& a) {
  std::vector<uint64_t> all = sorted();
  fields(a, all);
  pairs_.insert(all.begin(), all.end());
}

template <class A>
void HappensBefore::keep(A& a, size_t rows) {
  for (size_t i = 0; i < rows; i++) {
    std::vector<Word> words(i / 64 + 1);
    if constexpr (!A::kLoads)
      for (size_t w = 0; w < words.size(); w++) words[w] = word(i, w);
    fields(a, words);
    if constexpr (A::kLoads) {
      must(words.size() == i / 64 + 1);
      restart(i, {});
      if (is_long_)
        long_.assign(i, words);
      else
        std::copy(words.begin(), words.end(), row(i));
    }
  }
}

template <class A>
void DisabledEvents::keep(A& a) {
  fields(a, events_, old_, settled_);
}

template <class A>
void WakeupsAbove::keep(A& a) {
  fields(a, all_);
  if constexpr (A::kLoads)
    for (size_t i = 0; i < all_.size(); i++)
      if (!all_[i].whole)
        by_digest_.emplace(mix64(digest_of_steps(all_[i].steps), all_[i].depth), i);
}

template <class A>
void DporExecution::keep(A& a) {
  fields(a, relation_.equal_writes, relation_.only_equal);
  const auto told = [&a](ToldApart& t) { t.keep(a); };
  if constexpr (A::kLoads)
    relation_.told = a.template shared<std::shared_ptr<const ToldApart>>([&] {
      ToldApart t;
      told(t);
      return std::make_shared<const ToldApart>(std::move(t));
    });
  else
    a.shared(relation_.told.get(), [&] {
      ToldApart t = *relation_.told;
      told(t);
    });
  depth_ = a.count(depth_);
  if constexpr (A::kLoads) path_.resize(depth_);
  for (size_t i = 0; i < depth_; i++) fields(a, path_[i]);
  // A part that has not begun has its last step yet to take, and nothing in order.
  bool begun = steps_.size() >= depth_;
  fields(a, begun);
  for (size_t i = 0; i + !begun < depth_; i++) {
    Taken taken = A::kLoads ? Taken() : steps_[i];
    fields(a, taken);
    if constexpr (A::kLoads) steps_.set(i, taken);
  }
  if (begun) order_.keep(a, depth_);
  fields(a, keys_, creator_, by_mail_, meets_by_mail_, races_, unordered_, unordered_by_mail_);
  must(keys_.size() == creator_.size());
}

template <class A>
void Dpor::keep(A& a, std::shared_ptr<Trunk>& trunk) {
  const auto all = [&a](Trunk& t) {
    keep(a, t.above);
    fields(a, t.node, t.weight);
  };
  if constexpr (A::kLoads)
    trunk = a.template shared<std::shared_ptr<Trunk>>([&] {
      auto t = std::make_shared<Trunk>();
      all(*t);
      return t;
    });
  else
    a.shared(trunk.get(), [&] { all(*trunk); });
}

template <class A>
void Dpor::keep(A& a) {
  keep(a, trunk_);
  if constexpr (A::kLoads)
    lessons_ = a.template shared<std::shared_ptr<Lessons>>([&] {
      auto lessons = std::make_shared<Lessons>();
      lessons->keep(a);
      return lessons;
    });
  else
    a.shared(lessons_.get(), [&] { lessons_->keep(a); });
  execution_.keep(a);
  disabled_.keep(a);
  above_.keep(a);
  fields(a, wakeup_, weight, iteration_, blocked_, redundant_, counted_, patience_, discarded_, at_,
         fresh_, ending_, start_, base_);
  size_t above = 0;
  for (const Trunk* t = trunk_.get(); t; t = t->above.get()) above++;
  must(base_ <= execution_.depth() && above == base_ && lessons_);
}

void Dpor::save(TreeSaver& to) { keep(to); }

void Dpor::load(TreeLoader& from) {
  steps_ = PendingSteps(from.pool());
  keep(from);
}

}  // namespace lockstep
