// The base of all verdicts on linearizability: Wing and Gong's depth-first search with Lowe's memo
// (Lowe, "Testing for linearizability", 2017), over a kernel that knows one kind of object.
//
// A node is (completed operations placed so far, state, indeterminate operations used). What keeps
// the tree small; each rule keeps at least one linearization if there is any:
// 1. Reads eagerly: an operation that changes nothing and is possible now is placed now, without a
//    branch. Whatever linearization places it later can place it here as well.
// 2. Of operations with the same effect (kernel class) that are open now, the one that returns
//    first goes first: two of them can swap places, the other has more time.
// 3. Indeterminate operations lazily: only directly before a completed operation that does not
//    commute with them there. Take a linearization with the fewest of them, each as late as
//    possible: it has this form. Equal ones are interchangeable: the one invoked first goes first.
// 4. Dominance: the same completed set and state were reached with a subset of the indeterminate
//    operations used here.
// 5. What the kernel knows: states that no later observation can tell apart are one (`canonical`),
//    operations whose effect nobody will see are placed where the next one overwrites it
//    (`absorbs`), and a step that makes a later observation impossible is not taken (`hopeless`).
// 6. Where a model declares what commutes, only as many orders as that leaves (`keep_persistent`).
#pragma once
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <vector>

#include "engine/history/model/memo.h"
#include "engine/history/model/model.h"
#include "engine/history/model/verdict.h"
#include "engine/history/search/remaining.h"

namespace lockstep::history {

// What a kernel offers (i: a completed operation, j: an indeterminate one, both by index):
//   Kernel(definite, pending, ...), initial(), readonly(i), step(i, state, &next),
//   step_pending(j, state, &next), cls(i), cls_pending(j), class_count(), placed(i), unplaced(i),
//   canonical(state), hopeless(before, after), absorbs(i), absorbable(i)
// With Order::kProgram rule 2 does not hold.
template <typename Kernel, Order kOrder = Order::kRealTime>
class Search {
 public:
  using State = int64_t;

  Search(Kernel& kernel, const std::vector<Op>& definite, const std::vector<Op>& pending,
         const Budget& budget)
      : kernel_(kernel),
        definite_(definite),
        pending_(pending),
        budget_(budget),
        n_(static_cast<int32_t>(definite.size())),
        words_((pending.size() + 63) / 64),
        remaining_(definite, pending),
        memo_(words_),
        used_(words_ + 1),
        best_of_class_(kernel.class_count(), -1) {
    group_pending();
  }

  Verdict run(bool keep_longest = false) {
    keep_longest_ = keep_longest;
    switch (enter(kernel_.initial())) {
      case Entered::done:
        return Verdict::valid;
      case Entered::dead:
        return stopped_ ? Verdict::unknown : Verdict::invalid;
      case Entered::open:
        break;
    }
    while (!frames_.empty()) {
      Frame& frame = frames_.back();
      undo(frame.trail);
      if (frame.at == candidates_.size()) {
        if (!frame.expanded && !pending_.empty()) {
          frame.expanded = true;
          expand_pending(frame.state);
          if (stopped_) return Verdict::unknown;
          if (frame.at < candidates_.size()) continue;
        }
        candidates_.resize(frame.begin);
        chains_.resize(frame.chains);
        frames_.pop_back();
        continue;
      }
      Candidate candidate = candidates_[frame.at++];
      if (!take(candidate, frame.state)) continue;
      Entered entered = enter(candidate.next);
      if (entered == Entered::done) return Verdict::valid;
      if (stopped_) return Verdict::unknown;
    }
    return Verdict::invalid;
  }

  // The linearization found, or the longest one (keep_longest): ids of operations.
  std::vector<int32_t> order() const {
    const std::vector<int32_t>& trail = longest_.empty() ? trail_ : longest_;
    std::vector<int32_t> ids;
    ids.reserve(trail.size());
    for (int32_t t : trail) ids.push_back(t < n_ ? definite_[t].id : pending_[t - n_].id);
    return ids;
  }
  uint64_t nodes() const { return nodes_; }

 private:
  enum class Entered { done, dead, open };
  struct Frame {
    State state;
    size_t trail;  // length of the trail when the node was entered
    size_t begin;  // its candidates
    size_t at;     // the next one
    size_t chains;
    bool expanded;  // indeterminate operations were tried
  };
  struct Candidate {
    State next;
    int32_t op;
    int32_t rank;         // tried in this order
    int32_t chain_begin;  // indeterminate operations to place first
    int32_t chain_size;
  };
  struct Reached {  // by indeterminate operations alone
    State state;
    int32_t parent;
    int32_t group;
  };
  struct Group {  // interchangeable indeterminate operations, by invocation
    std::vector<int32_t> members;
    int32_t used = 0;
  };

  static constexpr bool kProgramOrder = kOrder == Order::kProgram;

  void group_pending() {
    std::vector<std::pair<int64_t, int32_t>> order;
    for (size_t j = 0; j < pending_.size(); ++j) {
      int64_t cls = kernel_.cls_pending(static_cast<int32_t>(j));
      if (kProgramOrder) cls = static_cast<int64_t>(j);  // they become open in different orders
      order.emplace_back(cls, static_cast<int32_t>(j));
    }
    std::stable_sort(order.begin(), order.end());
    group_of_.resize(pending_.size());
    for (size_t k = 0; k < order.size(); ++k) {
      if (k == 0 || order[k].first != order[k - 1].first) groups_.emplace_back();
      groups_.back().members.push_back(order[k].second);
      group_of_[order[k].second] = static_cast<int32_t>(groups_.size()) - 1;
    }
  }

  void place(int32_t i) {
    remaining_.take(i);
    hash_a_ ^= scatter(2 * static_cast<uint64_t>(i));
    hash_b_ ^= scatter(2 * static_cast<uint64_t>(i) + 1);
    trail_.push_back(i);
    ++placed_;
    kernel_.placed(i);
  }

  void place_pending(int32_t j) {
    used_[j / 64] |= uint64_t{1} << (j % 64);
    ++groups_[group_of_[j]].used;
    trail_.push_back(n_ + j);
  }

  void undo(size_t length) {
    while (trail_.size() > length) {
      int32_t t = trail_.back();
      trail_.pop_back();
      if (t >= n_) {
        int32_t j = t - n_;
        used_[j / 64] &= ~(uint64_t{1} << (j % 64));
        --groups_[group_of_[j]].used;
        continue;
      }
      remaining_.put_back(t);
      hash_a_ ^= scatter(2 * static_cast<uint64_t>(t));
      hash_b_ ^= scatter(2 * static_cast<uint64_t>(t) + 1);
      --placed_;
      kernel_.unplaced(t);
    }
  }

  bool take(const Candidate& candidate, State before) {
    for (int32_t k = 0; k < candidate.chain_size; ++k) {
      place_pending(chains_[candidate.chain_begin + k]);
    }
    if (kernel_.absorbs(candidate.op)) absorb(candidate.op);
    place(candidate.op);
    // The longest linearization shows the contradiction itself, not its first sign.
    return keep_longest_ || !kernel_.hopeless(before, candidate.next);
  }

  // `op` overwrites whatever was there: operations that nobody will observe fit before it.
  void absorb(int32_t op) {
    remaining_.for_open([&](int32_t i) {
      if (i != op && kernel_.absorbable(i)) place(i);
      return true;
    });
  }

  Entered enter(State state) {
    State next;
    remaining_.for_open([&](int32_t i) {
      if (kernel_.readonly(i) && kernel_.step(i, state, &next)) place(i);
      return true;
    });
    if (keep_longest_ && placed_ > longest_placed_) {
      longest_placed_ = placed_;
      longest_ = trail_;
    }
    if (placed_ == n_) {
      longest_.clear();
      return Entered::done;
    }
    if ((++nodes_ & 255) == 0 && out_of_budget()) return Entered::dead;
    state = kernel_.canonical(state);
    uint64_t s = scatter(static_cast<uint64_t>(state) ^ 0x5bf0363546240e6bULL);
    if (!memo_.insert(hash_a_ ^ s, hash_b_ ^ scatter(s), used_.data())) return Entered::dead;
    Frame frame{state,          trail_.size(), candidates_.size(), candidates_.size(),
                chains_.size(), false};
    collect(state);
    frames_.push_back(frame);
    return Entered::open;
  }

  // The open completed operations that change the state, one for each class.
  void gather() {
    open_.clear();
    remaining_.for_open([&](int32_t i) {
      if (kernel_.readonly(i)) return true;
      if (kProgramOrder) {
        open_.push_back(i);
        return true;
      }
      int32_t& best = best_of_class_[kernel_.cls(i)];
      if (best < 0) {
        best = static_cast<int32_t>(open_.size());
        open_.push_back(i);
      } else if (definite_[i].ret < definite_[open_[best]].ret) {
        open_[best] = i;
      }
      return true;
    });
    if (kProgramOrder) return;
    for (int32_t i : open_) best_of_class_[kernel_.cls(i)] = -1;
  }

  // Partial-order reduction by persistent sets (Godefroid, "Partial-Order Methods for the
  // Verification of Concurrent Systems", 1996): T holds the operation that returns first, and with
  // each of its members whatever does not commute with it and may come before it. In any
  // linearization what stands before the first member of T commutes with that member, which can
  // therefore go first: only members of T need be tried. Left alone where an indeterminate
  // operation does not commute with T.
  void keep_persistent() {
    if constexpr (requires(Kernel & kernel) { kernel.commutes(0, 0); }) {
      if (kProgramOrder || keep_longest_ || !kernel_.declares_commuting()) return;
      persistent_.assign(1, remaining_.first_to_return());
      in_persistent_.resize(static_cast<size_t>(n_), 0);
      ++mark_;
      in_persistent_[persistent_[0]] = mark_;
      for (size_t k = 0; k < persistent_.size(); ++k) {
        const int32_t t = persistent_[k];
        remaining_.for_called_before(definite_[t].ret, [&](int32_t u) {
          if (in_persistent_[u] == mark_ || kernel_.commutes(t, u)) return;
          in_persistent_[u] = mark_;
          persistent_.push_back(u);
        });
        for (size_t j = 0; j < pending_.size() && pending_[j].call < definite_[t].ret; ++j) {
          bool used = (used_[j / 64] >> (j % 64) & 1) != 0;
          if (!used && !kernel_.commutes_pending(t, static_cast<int32_t>(j))) return;
        }
      }
      std::erase_if(open_, [&](int32_t i) { return in_persistent_[i] != mark_; });
    }
  }

  void collect(State state) {
    gather();
    keep_persistent();
    // The one that must come before anything that is not open yet.
    int32_t first = kProgramOrder ? 0 : remaining_.first_to_return();
    bool waits = !kProgramOrder && kernel_.readonly(first);
    size_t begin = candidates_.size();
    for (int32_t i : open_) {
      State next, ignored;
      if (!kernel_.step(i, state, &next)) continue;
      bool helps = !waits || kernel_.step(first, next, &ignored);
      candidates_.push_back({next, i, helps ? 0 : 1, 0, 0});
    }
    std::sort(candidates_.begin() + begin, candidates_.end(),
              [&](const Candidate& x, const Candidate& y) {
                if (x.rank != y.rank) return x.rank < y.rank;
                return definite_[x.op].ret < definite_[y.op].ret;
              });
  }

  int32_t next_of_group(int32_t group, int32_t taken) const {
    const Group& g = groups_[group];
    size_t at = static_cast<size_t>(g.used) + static_cast<size_t>(taken);
    if (at >= g.members.size()) return -1;
    return remaining_.is_open_pending(g.members[at]) ? g.members[at] : -1;
  }

  int32_t taken_in_chain(int32_t element, int32_t group) const {
    int32_t taken = 0;
    for (; element > 0; element = reached_[element].parent)
      taken += reached_[element].group == group;
    return taken;
  }

  // Whether the chain of `small` uses no more of any group than the chain of `large` and `extra`.
  bool chain_within(int32_t small, int32_t large, int32_t extra) const {
    for (int32_t e = small; e > 0; e = reached_[e].parent) {
      int32_t group = reached_[e].group;
      if (taken_in_chain(small, group) > taken_in_chain(large, group) + (group == extra)) {
        return false;
      }
    }
    return true;
  }

  void expand_pending(State state) {
    reached_.clear();
    reached_.push_back({state, -1, -1});
    gather_all();
    for (size_t at = 0; at < reached_.size(); ++at) {
      if ((at & 255) == 255 && out_of_budget()) return;
      int32_t element = static_cast<int32_t>(at);
      if (at > 0) offer(element);
      for (int32_t g = 0; g < static_cast<int32_t>(groups_.size()); ++g) {
        int32_t j = next_of_group(g, taken_in_chain(element, g));
        State next;
        if (j < 0 || !kernel_.step_pending(j, reached_[at].state, &next)) continue;
        next = kernel_.canonical(next);
        bool known = false;
        for (size_t e = 0; e < reached_.size() && !known; ++e) {
          known = reached_[e].state == next && chain_within(static_cast<int32_t>(e), element, g);
        }
        if (!known) reached_.push_back({next, element, g});
      }
    }
  }

  // As gather, but reads too: an indeterminate operation may be what a read waits for.
  void gather_all() {
    gather();
    remaining_.for_open([&](int32_t i) {
      if (kernel_.readonly(i)) open_.push_back(i);
      return true;
    });
  }

  void offer(int32_t element) {
    const Reached& here = reached_[element];
    State before = reached_[here.parent].state;
    int32_t last = groups_[here.group].members[0];  // all have the same effect
    for (int32_t i : open_) {
      State next, other, swapped;
      if (!kernel_.step(i, here.state, &next)) continue;
      if (kernel_.step(i, before, &other)) {
        if (other == next) continue;  // rule 3: it would not be missed
        if (kernel_.step_pending(last, other, &swapped) && swapped == next) continue;
      }
      int32_t begin = static_cast<int32_t>(chains_.size());
      for (int32_t e = element; e > 0; e = reached_[e].parent) {
        int32_t group = reached_[e].group;
        chains_.push_back(next_of_group(group, taken_in_chain(reached_[e].parent, group)));
      }
      std::reverse(chains_.begin() + begin, chains_.end());
      candidates_.push_back({next, i, 0, begin, static_cast<int32_t>(chains_.size()) - begin});
    }
  }

  bool out_of_budget() {
    if (stopped_) return true;
    size_t bytes = memo_.bytes() + kernel_.bytes() + frames_.capacity() * sizeof(Frame) +
                   candidates_.capacity() * sizeof(Candidate);
    if (bytes > budget_.bytes_max || nodes_ > budget_.nodes_max) stopped_ = true;
    if (budget_.ended()) stopped_ = true;
    return stopped_;
  }

  Kernel& kernel_;
  const std::vector<Op>& definite_;  // by invocation
  const std::vector<Op>& pending_;   // by invocation
  Budget budget_;
  int32_t n_;
  size_t words_;
  Remaining<kOrder> remaining_;
  Memo memo_;
  std::vector<uint64_t> used_;
  std::vector<Group> groups_;
  std::vector<int32_t> group_of_;
  std::vector<int32_t> best_of_class_;
  std::vector<int32_t> open_;
  std::vector<int32_t> persistent_;
  std::vector<uint64_t> in_persistent_;  // the mark of the set that it was in last
  uint64_t mark_ = 0;
  std::vector<int32_t> trail_;  // i, or n_ + j
  std::vector<int32_t> longest_;
  std::vector<Frame> frames_;
  std::vector<Candidate> candidates_;
  std::vector<int32_t> chains_;
  std::vector<Reached> reached_;
  uint64_t hash_a_ = 0, hash_b_ = 0;
  uint64_t nodes_ = 0;
  int32_t placed_ = 0, longest_placed_ = -1;
  bool keep_longest_ = false;
  bool stopped_ = false;
};

}  // namespace lockstep::history
