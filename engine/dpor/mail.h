// Which messages of an execution some receive can tell apart.
// Aronis, Jonsson, Lång, Sagonas, "Optimal dynamic partial order reduction with observers", TACAS
// 2018.
#pragma once
#include <cstdint>
#include <vector>

#include "engine/boundary/system.h"
#include "engine/dpor/trail.h"

namespace lockstep {

// Of two messages in one mailbox, the earlier m and the later n, a receive tells that m came first
// if it took m while n had not been taken yet and it would have taken n too, whether n was there by
// then or not. A receive whose matcher is code counts as taking anything, and as noticing the order
// in which it looks.
class ObservedMail {
 public:
  // The execution of so many steps that has just ended; asks the System while it is used.
  void look(const System& system, size_t steps);

  // May the two steps, which are dependent by that mailbox alone (only_mailbox), change places with
  // nobody noticing? `early` came first.
  bool indifferent(size_t early, size_t late, ObjectId mailbox) const;

  // The step of the first receive that tells the messages of the two steps apart; `late` if there
  // is none, or if the steps bring more than messages.
  size_t observer(size_t early, size_t late, ObjectId mailbox) const;

  // Do the two steps bring equal messages, so that whoever takes either sees the same?
  bool equal(size_t early, size_t late, ObjectId mailbox) const;

  // The step that received the message that this one brought; `step` itself if there is none.
  size_t received(size_t step) const {
    const uint32_t r = arrivals_[step] == 1 ? taken_[arrival_[step]] : kNone;
    return r == kNone ? step : mail_.receptions[r].at;
  }
  // The step that brought the message that this one received; `step` itself if there is none.
  size_t brought(size_t step) const {
    const uint32_t r = reception_[step];
    return r == kNone || mail_.receptions[r].took == Reception::kNothing
               ? step
               : mail_.arrivals[mail_.receptions[r].took].at;
  }

 private:
  static constexpr uint32_t kNone = Reception::kNothing;
  uint32_t teller(uint32_t early, uint32_t late) const;
  bool seen_by_code(uint32_t early, uint32_t late) const;
  bool minds(uint32_t reception, uint32_t arrival) const;
  // Number of the only message that the step brought into that mailbox; kNone if there is none, or
  // if there are several.
  uint32_t arrival(size_t step, ObjectId mailbox) const;

  const System* system_ = nullptr;
  Mail mail_;
  // By step: the first arrival, how many there are, the reception.
  std::vector<uint32_t> arrival_, arrivals_, reception_;
  std::vector<uint32_t> next_;   // by reception: the next one at its mailbox
  std::vector<uint32_t> taken_;  // by arrival: the reception that took it
  std::vector<uint32_t> first_;  // by arrival: the first reception at its mailbox that comes later
};

}  // namespace lockstep
