// What a scenario says of its executions as a whole, watched after each step (properties.cpp), and
// loops in which what is owed never comes (lasso.cpp).
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "vm/machine/machine_part.h"

namespace lockstep::vm {

// Steps for which something is owed before the first state is remembered; doubled each time.
inline constexpr uint32_t kFirstAnchor = 16;

class Properties : public MachinePart {
 public:
  using MachinePart::MachinePart;

  // Properties (properties.cpp): the name is at index 1 of L's stack, a predicate at index 2.
  void declare(lua_State* L, Process& p, PropertyKind kind);
  void set_heat(lua_State* L, Process& p, Heat heat);
  // What goes next, while there are any properties.
  void took(const Alternative& a);
  // Properties and lassos, after each step while there are any.
  void after_step();
  std::string owed(const Property& property) const;
  void check_at_end();
  void end_in_rounds();  // nothing can happen any more, but that somebody goes round
  [[noreturn]] void fail(Verdict verdict, const Property& p, const char* how, std::string reason,
                         std::string detail = {});

  // lockstep.cover: the goal of that name has been reached in this execution.
  void reach_goal(std::string_view name);
  const std::string& goal_name(uint32_t goal) const { return goal_names_[goal]; }

  void begin_anew();  // of an execution that goes on from nowhere

 private:
  void be_known_to_owe(lua_State* L, const char* what) const;
  bool holds(const Property& property);  // else peek_raised_ may say why
  void check_predicates();
  void look_for_lasso();
  void check_temperature();
  uint64_t observable_state();  // 0: it cannot be told
  std::string stem_and_loop();
  // The steps since something is owed, while recording: to tell the shortest stem and loop.
  struct Trail {
    struct Step {
      uint32_t step = 0;
      uint64_t state = 0;
      ActorId actor = kNoActor;      // who went
      std::vector<ActorId> enabled;  // who could go then
    };
    std::vector<Step> steps;
  };

  std::string peek_raised_;  // the error that the predicate asked last raised
  std::unique_ptr<Trail> trail_;
  std::vector<std::string> goal_names_;  // met so far in any execution
  std::unordered_map<std::string, uint32_t> goal_numbers_;
};

}  // namespace lockstep::vm
