// Recording and names: everything that is only for people, off while exploring.
#include <algorithm>

#include "engine/boundary/site.h"
#include "engine/relation/dependence.h"
#include "vm/memory/layout.h"
#include "vm/recording/recorder.h"
#include "vm/recording/sites.h"

namespace lockstep::vm {
namespace {

// Which call it is that is under way, of those that share a line: the positions in the innermost
// guest function and in those of the library that it called.
uint64_t call_position(lua_State* L) {
  lua_Debug ar;
  uint64_t position = 0;
  for (int level = 1; level < 12 && lua_getstack(L, level, &ar); level++) {
    lua_getinfo(L, "S", &ar);
    if (ar.what[0] == 'C') continue;
    position = mix64(position, layout::position_in_function(ar.i_ci));
    if (!is_library_chunk(ar.source)) break;
  }
  return position;
}

}  // namespace

bool Recorder::is_file(std::string_view name) const {
  const std::string_view end = name.starts_with("...") ? name.substr(3) : std::string_view();
  const auto is = [&](std::string_view known) {
    return known == name || (!end.empty() && known.ends_with(end));
  };
  return std::any_of(files_.begin(), files_.end(), is);
}

size_t Recorder::place_in_front(std::string_view text) const {
  const size_t name = text.find(".lua:");
  if (name == std::string_view::npos) return 0;
  const size_t line = name + 5, end = text.find(": ", line);
  if (end == std::string_view::npos || end == line) return 0;
  for (size_t i = line; i < end; i++)
    if (text[i] < '0' || text[i] > '9') return 0;
  return is_file(text.substr(0, line - 1)) ? end : 0;
}

// The place of the call that is under way: the innermost guest frame. 3 ns if it is a plain Lua
// function, by its program counter; the name is looked up once.
uint32_t Recorder::site(lua_State* L) {
  lua_Debug ar;
  uint64_t place = 0;
  for (int level = 1; level < 12 && lua_getstack(L, level, &ar); level++) {
    const uint64_t pc =
        static_cast<uint64_t>(layout::load<intptr_t>(ar.i_ci, layout::kCallInfoSavedpc) -
                              reinterpret_cast<intptr_t>(arena_.base()));
    place = mix64(place, pc);
    lua_Debug info = ar;
    lua_getinfo(L, "S", &info);
    if (info.what[0] != 'C' && !is_library_chunk(info.source)) break;
  }
  const char* what = world_->current->what;
  auto [it, fresh] = sites_.try_emplace({place, what}, 0);
  if (fresh) {
    const std::string name = guest_site(L) + " " + what;
    // Digests, so that a site means the same in another process.
    const uint32_t id = make_site(digest_text(name), call_position(L));
    it->second = id;
    names_by_site_.try_emplace(id, name);
  }
  return it->second;
}

std::string Recorder::site_name(uint32_t site) const {
  const auto it = names_by_site_.find(site);
  return it == names_by_site_.end() ? std::string() : it->second;
}

std::string Recorder::actor_name(ActorId actor) const {
  const World& w = *world_;
  if (actor >= w.actors.size) return "?";
  const Actor& a = w.actors[actor];
  std::string who = label(*w.processes[a.process]);
  switch (a.kind) {
    case AltKind::deliver:
      return "signals to " + who;
    case AltKind::timer:
      return actor == w.clock ? "clock" : "timer of " + who;
    case AltKind::fault:
      return "fault";
    default:
      return who;
  }
}

// ---- events ----

void Recorder::open_event(Process* p, const Alternative& a, size_t alternatives) {
  close_event();
  const World& w = *world_;
  Event& e = draft_.event;
  e = {};
  draft_.open = true;
  e.step = w.steps;
  e.kind = a.kind;
  e.op = a.op.kind;
  e.actor = a.actor;
  e.alternatives = static_cast<uint32_t>(alternatives);
  e.acquires = (a.op.flags & kAcquire) != 0;
  each_footprint(a, [&](const Footprint& f) { e.footprint.push_back(f); });
  const uint32_t process = w.actors[a.actor].process;
  e.process = process;
  e.who = a.kind == AltKind::step || a.kind == AltKind::data ? label(*w.processes[process])
                                                             : actor_name(a.actor);
  e.what = op_name(a.op.kind);
  if (p) {
    e.what = p->what;
    if (process < args_.size()) e.args = args_[process];
    lua_State* L = p->running ? p->running : p->L;
    if (!p->leaving) {
      e.site = guest_site(L);
      e.call = library_call(L);
    }
    if (p->woken_by != 0) {
      e.causes.push_back(p->woken_by);
      p->woken_by = 0;
    }
  }
}

void Recorder::close_event() {
  if (!draft_.open || !m_.recording()) return;
  draft_.open = false;
  Event& e = draft_.event;
  std::sort(e.causes.begin(), e.causes.end());
  e.causes.erase(std::unique(e.causes.begin(), e.causes.end()), e.causes.end());
  while (!e.causes.empty() && (e.causes.back() >= e.step)) e.causes.pop_back();
  while (!e.causes.empty() && e.causes.front() == 0) e.causes.erase(e.causes.begin());
  m_.sink()->on_event(std::move(e));
  e = {};
}

void Recorder::note_target(std::string text) {
  if (draft_.open) draft_.event.target = std::move(text);
}
void Recorder::note_change(std::string text) {
  if (draft_.open) draft_.event.change = std::move(text);
}
void Recorder::note_args(std::string text) {
  if (draft_.open) draft_.event.args = std::move(text);
}
void Recorder::note_cause(uint32_t step) {
  if (draft_.open) draft_.event.causes.push_back(step);
}
void Recorder::note_quiescence(uint64_t due) {
  if (draft_.open) draft_.event.at_quiescence = due + 1;
}

namespace {
std::string text_of(lua_State* L, int from, int to, Bytes& scratch) {
  std::string out;
  for (int i = from; i <= to; i++) {
    if (!out.empty()) out += ", ";
    scratch.clear();
    const char* error = encode(L, i, scratch);
    out += error ? std::string(luaL_typename(L, i)) : print(View{scratch.data()});
  }
  return out;
}
}  // namespace

// The call that the process is about to make, with its arguments.
void Recorder::note_call(lua_State* L, const Process& p) {
  if (args_.size() <= p.index) args_.resize(p.index + 1);
  args_[p.index] = L ? text_of(L, 1, lua_gettop(L), scratch_) : std::string();
  if (draft_.open && draft_.event.kind == AltKind::step && draft_.event.process == p.index)
    close_event();
}

void Recorder::note_results(lua_State* L, Process& p, int results) {
  if (!draft_.open) return;
  const int top = lua_gettop(L);
  draft_.event.result = text_of(L, top - results + 1, top, scratch_);
  p.observed = mix64(p.observed, digest_text(draft_.event.what, digest_text(draft_.event.result)));
  close_event();
}

void Recorder::data_event(Process& p, uint32_t count, uint32_t value) {
  Alternative choice(p.actor, AltKind::data, p.index, {});
  choice.op.kind = OpKind::choose;
  open_event(&p, choice, count);
  draft_.event.what = "choose";
  // The list whose elements there are to choose from; of choose(n) their number.
  lua_State* L = p.running ? p.running : p.L;
  draft_.event.args = lua_istable(L, 1) ? text_of(L, 1, 1, scratch_) : std::to_string(count);
  draft_.event.result = std::to_string(value + 1);
  close_event();
}

// ---- a deadlock's story ----

std::string Recorder::waits(const Process& p) const {
  const std::string site = guest_site(p.running ? p.running : p.L);
  std::string s = "waits";
  if (p.wait == Wait::pattern)
    s += " for " + print(p.pattern);
  else if (p.wait == Wait::any)
    s += " for any message";
  else if (p.wait == Wait::predicate || p.wait == Wait::clauses)
    s += p.wait == Wait::clauses ? " for a message that a clause accepts"
                                 : " for a message that its matcher accepts";
  else if (p.wait == Wait::lock)
    s += " for " + m_.object_name(p.blocked_op.object);
  if (!site.empty()) s += " at " + site;
  if (const auto raised = matchers_raised_.find(p.index);
      raised != matchers_raised_.end() && (p.wait == Wait::predicate || p.wait == Wait::clauses))
    s += " (its matcher raised, which is no match: " + raised->second + ")";
  return s;
}

std::string Recorder::deadlock_story(const Process& root) const {
  const World& w = *world_;
  auto mailbox = [&](const Process& p) {
    if (p.mailbox.empty()) return std::string("mailbox empty");
    std::string s = "mailbox holds ";
    for (uint32_t i = 0; i < p.mailbox.size && i < 5; i++)
      s += (i ? ", " : "") + print(p.mailbox[i].payload, 60);
    if (p.mailbox.size > 5) s += " and " + std::to_string(p.mailbox.size - 5) + " more";
    return s;
  };
  std::string out = label(root) + " " + waits(root) + "; " + mailbox(root) + "\n";
  // Who could have sent it: everybody else who is or was there, and why each will not.
  for (const Process* p : w.processes) {
    if (p == &root) continue;
    out += label(*p);
    if (p->life == Life::ended) {
      out += " has ended (" + print(p->exit_reason, 60) + ") at step " +
             std::to_string(p->ended_at) + "\n";
    } else {
      out += " " + waits(*p) + "; " + mailbox(*p) + "\n";
    }
  }
  if (w.processes.size == 1)
    out += "there is no other process that could send it anything\n";
  else
    out +=
        "no process can run, no signal is in flight and no timer is set, so nobody is left to send "
        "it\n";
  return out;
}

}  // namespace lockstep::vm
