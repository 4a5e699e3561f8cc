// What executions did, so that a clean verdict is not a vacuous one: goals reached, assertions
// evaluated, processes that ran, messages that nobody read.
#pragma once
#include <algorithm>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace lockstep {

// Of one execution, as System::facts() tells them when it has ended.
struct ExecutionFacts {
  uint64_t assertions = 0;  // calls of assert
  uint32_t processes = 0;   // that were started, the root among them
  uint32_t ran = 0;         // of these, how many were picked for at least one step
  uint64_t unread = 0;      // messages in mailboxes when their owners ended, or the execution did
  bool spun = false;        // a process came round to where it was (Chooser::fair_spins)
  bool in_vain = false;     // ... and would have gone on: another execution stands for this one
  bool cut_short = false;   // the root returned while others could go on, faults aside
  uint32_t fired_last = 0;  // timers that fired as time passed, which it did when nothing could go
  std::span<const uint32_t> goals;  // reached: numbers for System::goal_name, each once
  // Something has been seen that footprints do not tell: what, for people; null: nothing.
  const char* kept = nullptr;
};

// Summed over executions. Adding is commutative, so the sum is the same whoever ran what.
struct Activity {
  uint64_t executions = 0;
  uint64_t assertions = 0;
  uint64_t without_assertion = 0;             // executions that evaluated none
  uint32_t processes_most = 0, ran_most = 0;  // in one execution
  uint64_t idle = 0;                          // executions in which some process never ran
  uint64_t unread = 0;                        // messages
  uint64_t with_unread = 0;                   // executions that left some
  uint64_t spun = 0, in_vain = 0;             // executions
  uint64_t cut_short = 0;                     // executions
  uint32_t fired_last = 0;                    // timers, in one execution
  std::map<std::string, uint64_t> goals;      // executions that reached each
  std::string kept;                           // ExecutionFacts::kept, of all the least one

  void add(const Activity& other) {
    executions += other.executions;
    assertions += other.assertions;
    without_assertion += other.without_assertion;
    processes_most = std::max(processes_most, other.processes_most);
    ran_most = std::max(ran_most, other.ran_most);
    idle += other.idle;
    unread += other.unread;
    with_unread += other.with_unread;
    spun += other.spun;
    in_vain += other.in_vain;
    cut_short += other.cut_short;
    fired_last = std::max(fired_last, other.fired_last);
    for (const auto& [name, n] : other.goals) goals[name] += n;
    if (kept.empty() || (!other.kept.empty() && other.kept < kept)) kept = other.kept;
  }
};

// Counts the executions of one System: goals stay numbers until the sum is asked for.
class ActivityCounter {
 public:
  void add(const ExecutionFacts& f) {
    sum_.executions++;
    sum_.assertions += f.assertions;
    sum_.without_assertion += f.assertions == 0;
    sum_.processes_most = std::max(sum_.processes_most, f.processes);
    sum_.ran_most = std::max(sum_.ran_most, f.ran);
    sum_.idle += f.ran < f.processes;
    sum_.unread += f.unread;
    sum_.with_unread += f.unread != 0;
    sum_.spun += f.spun;
    sum_.in_vain += f.in_vain;
    sum_.cut_short += f.cut_short;
    sum_.fired_last = std::max(sum_.fired_last, f.fired_last);
    if (f.kept && (sum_.kept.empty() || f.kept < sum_.kept)) sum_.kept = f.kept;
    for (const uint32_t goal : f.goals) {
      if (goal >= goals_.size()) goals_.resize(goal + 1);
      goals_[goal]++;
    }
  }
  template <class System>
  Activity sum(const System& system) const {
    Activity all = sum_;
    for (uint32_t i = 0; i < goals_.size(); i++)
      if (goals_[i]) all.goals[system.goal_name(i)] = goals_[i];
    return all;
  }
  void clear() {
    sum_ = {};
    goals_.assign(goals_.size(), 0);
  }

 private:
  Activity sum_;
  std::vector<uint64_t> goals_;
};

}  // namespace lockstep
