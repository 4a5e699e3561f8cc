// Which messages have been told apart: the pairs of steps that meet in a mailbox, and whose order
// some receive has noticed in some execution of the search.
//
// All others are taken to commute, and every execution is looked at for whether they did. Where one
// shows otherwise, the pair is among those that conflict when the search begins anew, which it does
// before it comes to its end. So a search that comes to its end rests on a relation that none of
// its executions contradicts, and then no execution at all does: were there one, let it be cut
// where the receive (or the message that comes after it) first shows it. Up to there all that was
// taken to commute does, so the search has executed one of its class, in which the same shows.
//
// It is what sleep sets go by, which cannot wait for what a later receive will show: of lastzero(7)
// with a message from each there are 320 classes by 320 executions. Of those that are told apart in
// some executions and not in others, ObservedMail says which this one is, when it has ended.
// Searches that begin anew are twice as long each time at least, so what is in vain is less than
// what counts.
//
// Sources: Aronis, Jonsson, Lång, Sagonas, "Optimal dynamic partial order reduction with
// observers", TACAS 2018, for when a receive tells messages apart; Clarke, Grumberg, Jha, Lu,
// Veith, "Counterexample-guided abstraction refinement", CAV 2000, for beginning anew with what was
// learnt.
#pragma once
#include <algorithm>
#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_set>
#include <utility>
#include <vector>

#include "engine/base/digest.h"

namespace lockstep {

struct Step;

class ToldApart {
 public:
  ToldApart() = default;
  explicit ToldApart(const std::vector<uint64_t>& pairs) : pairs_(pairs.begin(), pairs.end()) {}
  bool has(const Step& a, const Step& b) const { return pairs_.contains(key(a, b)); }
  void add(const Step& a, const Step& b) { pairs_.insert(key(a, b)); }
  void add(const ToldApart& others) { pairs_.insert(others.pairs_.begin(), others.pairs_.end()); }
  bool empty() const { return pairs_.empty(); }
  std::vector<uint64_t> sorted() const;  // the same in every process
  template <class A>
  void keep(A& a);  // saved.cpp

 private:
  // Of two actors' operations, and whether they send the same. Equal keys only make more steps
  // dependent.
  static uint64_t key(const Step& a, const Step& b);
  std::unordered_set<uint64_t> pairs_;
};

// What the parts of a search have learnt since it began (anew). Parts may be at work on different
// threads; what they add up to is looked at between their executions.
class Lessons {
 public:
  void add(const ToldApart& told) {
    const std::lock_guard lock(mutex_);
    told_.add(told);
  }
  void add_to(ToldApart& others) const {
    const std::lock_guard lock(mutex_);
    others.add(told_);
  }
  bool empty() const {
    const std::lock_guard lock(mutex_);
    return told_.empty();
  }
  template <class A>
  void keep(A& a) {
    const std::lock_guard lock(mutex_);
    told_.keep(a);
  }
  ToldApart take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(told_, {});
  }

 private:
  mutable std::mutex mutex_;
  ToldApart told_;
};

// The dependence relation of a search: what of dependent() is reduced.
struct Relation {
  bool equal_writes = false;              // writes of one value to one object commute
  bool only_equal = false;                // with `told`: of messages only equal ones may commute
  std::shared_ptr<const ToldApart> told;  // null: messages in one mailbox never commute
};

}  // namespace lockstep
