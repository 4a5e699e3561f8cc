#include "vm/frozen.h"

#include <algorithm>
#include <cstring>

#include "vm/layout.h"

namespace lockstep::vm {
namespace {
constexpr int kLineMask = LUA_MASKLINE;
void line_hook(lua_State* L, lua_Debug*) { machine_of(L).on_line(L); }

// Follows a recorded schedule; stops where it no longer fits.
class Follow final : public Chooser {
 public:
  explicit Follow(std::vector<Decision> schedule) : schedule_(std::move(schedule)) {}
  size_t choose(const ChoicePoint& point) override {
    if (point.step >= schedule_.size()) return kStop;
    const Decision d = schedule_[point.step];
    if (point.data) return d.kind() == AltKind::data && d.value() < point.count ? d.value() : kStop;
    return point.has(d.actor) ? point.position[d.actor] : kStop;
  }

 private:
  std::vector<Decision> schedule_;
};
}  // namespace

uint32_t Machine::Frozen::changed(const char* memory, const char* image) const {
  uint64_t difference = 0;
  for (const uint32_t w : words)
    difference |= layout::load<uint64_t>(memory, w) ^ layout::load<uint64_t>(image, w);
  for (const uint32_t v : variables) {
    difference |= layout::load<uint64_t>(memory, v) ^ layout::load<uint64_t>(image, v);
    difference |= layout::load<uint8_t>(memory, v + 8) ^ layout::load<uint8_t>(image, v + 8);
  }
  bool any = difference != 0;
  for (const Range& r : ranges)
    if (std::memcmp(memory + r.offset, image + r.offset, r.size) != 0) {
      any = true;
      break;
    }
  if (!any) return kNone;
  for (const Range& r : detail)
    if (std::memcmp(memory + r.offset, image + r.offset, r.size) != 0) return r.owner;
  return kNone;
}

void Machine::check_frozen() {
  const uint32_t owner = frozen_->changed(arena_.base(), image_.data());
  if (__builtin_expect(owner == kNone, 1)) return;
  Outcome o;
  o.verdict = Verdict::misuse;
  o.object = frozen_->names[owner];
  o.reason =
      "the scenario changed " + o.object +
      " while it ran: file-level state is shared by all processes and must stay as it was loaded";
  o.detail =
      "keep it in a local variable of the process, or share it through a table, an atomic, a "
      "persistent term or messages";
  if (slow_ & kSlowHunt) {
    outcome_ = std::move(o);
    return;
  }
  outcome_ = o;
  hunt();
  Outcome found = outcome_;
  outcome_ = std::move(o);
  outcome_.site = found.site;
  outcome_.process = found.process;
}

// The same schedule once more, with a look after every line.
void Machine::hunt() {
  const std::vector<Decision> schedule(decisions_.begin(), decisions_.begin() + world_->steps);
  const uint64_t seed = world_->seed, iteration = world_->iteration;
  Chooser* chooser = chooser_;
  EventSink* sink = sink_;
  sink_ = nullptr;
  slow_ = kSlowHunt;
  begin(seed, iteration);
  lua_sethook(L_, line_hook, kLineMask, 0);
  last_line_.clear();
  Follow follow(schedule);
  run(follow);
  // What was executed is the whole schedule, though the hunt stopped at the line.
  std::copy(schedule.begin(), schedule.end(), decisions_.begin());
  world_->steps = static_cast<uint32_t>(schedule.size());
  slow_ = 0;
  lua_sethook(L_, nullptr, 0, 0);
  sink_ = sink;
  chooser_ = chooser;
}

void Machine::on_line(lua_State* L) {
  const uint32_t owner = frozen_->changed(arena_.base(), image_.data());
  if (owner != kNone) {
    Outcome o;
    o.verdict = Verdict::misuse;
    o.site = last_line_;
    if (world_->current) o.process = label(*world_->current);
    finish(std::move(o));
  }
  const std::string here = guest_site(L);
  if (!here.empty()) last_line_ = here;
}

}  // namespace lockstep::vm
