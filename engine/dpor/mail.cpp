#include "engine/dpor/mail.h"

#include <utility>

namespace lockstep {

void ObservedMail::look(const System& system, size_t steps) {
  system_ = &system;
  mail_ = system.mail();
  arrival_.assign(steps, kNone);
  arrivals_.assign(steps, 0);
  reception_.assign(steps, kNone);
  next_.assign(mail_.receptions.size(), kNone);
  first_.assign(mail_.arrivals.size(), kNone);
  taken_.assign(mail_.arrivals.size(), kNone);
  for (uint32_t r = 0; r < mail_.receptions.size(); r++) {
    reception_[mail_.receptions[r].at] = r;
    if (mail_.receptions[r].took != Reception::kNothing) taken_[mail_.receptions[r].took] = r;
  }
  std::vector<std::pair<ObjectId, uint32_t>> heads;
  const auto head = [&](ObjectId mailbox) -> uint32_t& {
    for (auto& [object, first] : heads)
      if (object == mailbox) return first;
    return heads.emplace_back(mailbox, kNone).second;
  };
  size_t r = mail_.receptions.size();
  for (size_t a = mail_.arrivals.size(); a-- > 0;) {
    const Arrival& arrival = mail_.arrivals[a];
    for (; r > 0 && mail_.receptions[r - 1].at > arrival.at; r--) {
      uint32_t& first = head(mail_.receptions[r - 1].mailbox);
      next_[r - 1] = std::exchange(first, static_cast<uint32_t>(r - 1));
    }
    first_[a] = head(arrival.mailbox);
    arrival_[arrival.at] = static_cast<uint32_t>(a);
    arrivals_[arrival.at]++;
  }
}

uint32_t ObservedMail::arrival(size_t step, ObjectId mailbox) const {
  uint32_t found = kNone;
  for (uint32_t a = arrival_[step], n = arrivals_[step]; n > 0; a++, n--)
    if (mail_.arrivals[a].mailbox == mailbox) {
      if (found != kNone) return kNone;
      found = a;
    }
  return found;
}

bool ObservedMail::indifferent(size_t early, size_t late, ObjectId mailbox) const {
  const uint32_t a = arrival(early, mailbox), b = arrival(late, mailbox);
  const uint32_t r = reception_[early], s = reception_[late];
  if (a != kNone && b != kNone && r == kNone && s == kNone) return teller(a, b) == kNone;
  if (a != kNone && s != kNone && arrivals_[late] == 0 && r == kNone) return !minds(s, a);
  if (b != kNone && r != kNone && arrivals_[early] == 0 && s == kNone) return !minds(r, b);
  return false;
}

bool ObservedMail::equal(size_t early, size_t late, ObjectId mailbox) const {
  const uint32_t a = arrival(early, mailbox), b = arrival(late, mailbox);
  return a != kNone && b != kNone && reception_[early] == kNone && reception_[late] == kNone &&
         mail_.arrivals[a].value == mail_.arrivals[b].value && mail_.arrivals[a].value != 0 &&
         !seen_by_code(a, b);
}

// Code may count what it looks at.
bool ObservedMail::seen_by_code(uint32_t early, uint32_t late) const {
  for (uint32_t r = first_[early]; r != kNone; r = next_[r]) {
    const Reception& reception = mail_.receptions[r];
    if (reception.opaque) return true;
    if (reception.took == early || reception.took == late) return false;
  }
  return false;
}

// The first receive that tells them apart.
uint32_t ObservedMail::teller(uint32_t early, uint32_t late) const {
  for (uint32_t r = first_[early]; r != kNone; r = next_[r]) {
    const Reception& reception = mail_.receptions[r];
    if (reception.took == early) return reception.opaque || system_->accepts(r, late) ? r : kNone;
    if (reception.took == late) return reception.opaque ? r : kNone;
    // Looked at both, and left both.
    if (reception.opaque && mail_.arrivals[late].at < reception.at && late < reception.took)
      return r;
  }
  return kNone;
}

size_t ObservedMail::observer(size_t early, size_t late, ObjectId mailbox) const {
  const uint32_t a = arrival(early, mailbox), b = arrival(late, mailbox);
  if (a == kNone || b == kNone || reception_[early] != kNone || reception_[late] != kNone)
    return late;
  const uint32_t r = teller(a, b);
  return r == kNone ? late : mail_.receptions[r].at;
}

// Would the receive have gone otherwise had the message come at another time?
bool ObservedMail::minds(uint32_t reception, uint32_t arrival) const {
  const Reception& r = mail_.receptions[reception];
  if (r.took == arrival) return true;
  if (r.took == Reception::kNothing) return r.opaque || system_->accepts(reception, arrival);
  return r.opaque && mail_.arrivals[arrival].at < r.at && arrival < r.took;
}

}  // namespace lockstep
