#include "vm/guest/frozen.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "vm/guest/guest.h"
#include "vm/guest/watchdog.h"
#include "vm/memory/layout.h"
#include "vm/recording/recorder.h"
#include "vm/recording/sites.h"

namespace lockstep::vm {
namespace {
constexpr int kLineMask = LUA_MASKLINE;
void line_hook(lua_State* L, lua_Debug*) { machine_of(L).frozen().on_line(L); }

// What string.gmatch gave at file level: where it is in its text is shared.
int file_level_iterator(lua_State* L) {
  Machine& m = machine_of(L);
  const Process* p = m.guest().process();
  lua_Debug ar;
  lua_getstack(L, 0, &ar);
  lua_getinfo(L, "f", &ar);
  m.scheduler().finish(
      {Verdict::misuse,
       "the scenario called " + m.frozen().keeper_name(lua_topointer(L, -1)) +
           "an iterator of string.gmatch that was made at file level: processes would share where "
           "it is, unseen",
       guest_site(L), "file-level iterator", "make it in the process that calls it",
       p ? m.recorder().label(*p) : ""});
}
}  // namespace

void FrozenState::refuse_iterator(void* function) {
  if (layout::load<uint8_t>(function, 8) == layout::kCClosureTag &&
      layout::load<lua_CFunction>(function, layout::kCClosureFunction) == gmatch_)
    layout::store(function, layout::kCClosureFunction, &file_level_iterator);
}

// ---- names ----

std::string FrozenState::path(uint32_t owner) const {
  constexpr size_t kFirst = 6, kLast = 2;  // of a long way only its ends are told
  std::vector<const std::string*> steps;
  for (; owner != 0; owner = owners_[owner].parent) steps.push_back(&owners_[owner].step);
  std::string s;
  for (size_t i = 0; i < steps.size(); i++) {
    if (steps.size() > kFirst + kLast + 1 && i == kFirst) {
      s += "(...)";
      i = steps.size() - kLast;
    }
    s += *steps[steps.size() - 1 - i];
  }
  return s;
}

std::string FrozenState::name(uint32_t owner, bool variable) const {
  if (owner == kUnnamed) return "what was made at file level";
  // A variable's step holds the quote that ends its name.
  if (variable) return "the file-level local '" + path(owner) + ")";
  return "the file-level table '" + path(owner) + "'";
}

std::string FrozenState::keeper_name(const void* object) const {
  const auto at =
      keepers_.find(static_cast<size_t>(static_cast<const char*>(object) - arena_.base()));
  if (at == keepers_.end() || at->second == kUnnamed) return "";
  const std::string way = path(at->second);
  return "'" + way + (way.find("' (") != std::string::npos ? "), " : "', ");
}

std::string FrozenState::name_at(size_t offset) const {
  auto at = std::upper_bound(blocks_.begin(), blocks_.end(), offset,
                             [](size_t o, const Block& b) { return o < b.offset; });
  if (at != blocks_.begin() && (--at)->offset <= offset && offset < at->offset + at->size)
    return name(at->owner, at->variable);
  return name(kUnnamed, false);
}

uint32_t FrozenState::changed() const {
  const char *memory = arena_.base(), *image = m_.image().data();
  uint64_t difference = 0;
  for (const Header& h : headers_)
    difference |=
        layout::load<uint64_t>(memory, h.offset) ^ layout::load<uint64_t>(image, h.offset);
  if (difference == 0) return kNone;
  for (const Header& h : headers_)
    if (layout::load<uint64_t>(memory, h.offset) != layout::load<uint64_t>(image, h.offset))
      return h.owner;
  return kNone;
}

// ---- what happens to who writes there ----

void FrozenState::shared_write(const void* what) {
  m_.watchdog().leave_alone();
  const auto offset = static_cast<size_t>(static_cast<const char*>(what) - arena_.base());
  uint32_t header = kUnnamed;
  for (const Header& h : headers_)
    if (h.offset == offset + layout::kTableMetatable) header = h.owner;
  Outcome o = changed_outcome(header != kUnnamed ? name(header, false) : name_at(offset));
  if (const Process* p = m_.guest().process()) o.process = m_.recorder().label(*p);
  if (lua_State* L = m_.guest().state()) o.site = guest_site(L);
  shared_written_ = true;
  m_.scheduler().finish(std::move(o));
}

Outcome FrozenState::changed_outcome(std::string object) const {
  Outcome o;
  o.verdict = Verdict::misuse;
  o.object = std::move(object);
  o.reason =
      "the scenario changed " + o.object +
      " while it ran: file-level state is shared by all processes and must stay as it was loaded";
  o.detail =
      "keep it in a local variable of the process, or share it through a table, an atomic, a "
      "persistent term or messages";
  return o;
}

std::optional<Outcome> FrozenState::change() const {
  const uint32_t owner = changed();
  if (__builtin_expect(owner == kNone && !shared_written_, 1)) return std::nullopt;
  return shared_written_ ? m_.scheduler().outcome() : changed_outcome(name(owner));
}

// Only with a look after every line does Lua keep account of where it is.
void FrozenState::hunt(bool on) {
  lua_sethook(L_, on ? line_hook : nullptr, on ? kLineMask : 0, 0);
  if (on) last_line_.clear();
}

void FrozenState::on_line(lua_State* L) {
  const uint32_t owner = changed();
  if (owner != kNone) {
    Outcome o;
    o.verdict = Verdict::misuse;
    o.site = last_line_;
    if (world_->current) o.process = m_.recorder().label(*world_->current);
    m_.scheduler().finish(std::move(o));
  }
  const std::string here = guest_site(L);
  if (!here.empty()) last_line_ = here;
}

}  // namespace lockstep::vm
