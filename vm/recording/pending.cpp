// What would happen next, in words: before it has happened there is no event to tell.
#include "vm/machine/lookup.h"
#include "vm/machine/machine.h"
#include "vm/memory/lua_api.h"
#include "vm/recording/recorder.h"
#include "vm/recording/sites.h"

namespace lockstep::vm {
namespace {

constexpr size_t kMostArgument = 60;

std::string signal_text(const Recorder& recorder, const World& w, const Signal& s) {
  constexpr const char* kKinds[] = {"",          "an exit signal", "the exit of a link", "a link",
                                    "an unlink", "a monitor",      "a demonitor",        "",
                                    "an unalias"};
  std::string text = kKinds[static_cast<size_t>(s.kind)];
  if (s.payload.tag != Tag::nil)
    text += (text.empty() ? "" : " ") + print(s.payload, kMostArgument);
  if (s.from != kNone) text += " from " + recorder.label(*w.processes[s.from]);
  return text;
}

}  // namespace

std::string Recorder::pending_call(const Process& p) const {
  if (p.leaving) return "exit";
  std::string text = p.what;
  const Operation& op = m_.scheduler().enabled(p.actor)
                            ? world_->alternatives[world_->position[p.actor]].op
                            : p.blocked_op;
  constexpr std::string_view kMailbox = "mailbox of ";
  std::string object = op.object ? m_.object_name(op.object) : "";
  if (object.starts_with(kMailbox)) object.erase(0, kMailbox.size());
  if (!object.empty() && op.access != Access::take && op.access != Access::poll)
    text += ' ' + object;
  lua_State* L = p.running ? p.running : p.L;
  std::string arguments;
  Bytes bytes;
  for (int i = 1; i <= lua_gettop(L); i++) {
    bytes.clear();
    const char* error = encode(L, i, bytes);
    arguments += (i > 1 ? ", " : "") + (error ? std::string(luaL_typename(L, i))
                                              : print(View{bytes.data()}, kMostArgument));
  }
  return arguments.empty() ? text : text + " (" + arguments + ")";
}

std::string Recorder::pending(const Alternative& a) const {
  const World& w = *world_;
  switch (a.kind) {
    case AltKind::step: {
      const Process& p = *w.processes[a.process];
      const std::string site = p.leaving ? "" : guest_site(p.running ? p.running : p.L);
      return pending_call(p) + (site.empty() ? "" : "  " + site);
    }
    case AltKind::deliver:
      for (const Channel& c : w.channels)
        if (c.actor == a.actor && !c.empty())
          return "arrival of " + signal_text(*this, w, c.first());
      break;
    case AltKind::timer:
      if (a.actor == w.clock) return "time passes";
      for (const Timer& t : w.timers)
        if (t.actor == a.actor)
          return t.kind == TimerKind::receive ? "time-out of its receive"
                 : t.kind == TimerKind::tick  ? "a connection is found lost"
                                              : "timer brings " + print(t.payload, kMostArgument);
      break;
    case AltKind::fault:
      for (const Fault& f : w.faults) {
        if (f.actor != a.actor) continue;
        switch (f.kind) {
          case FaultKind::loss:
            return "message lost: " + signal_text(*this, w, w.channels[f.target].first());
          case FaultKind::duplicate:
            return "message duplicated: " + signal_text(*this, w, w.channels[f.target].first());
          case FaultKind::crash_process:
            return label(*w.processes[f.target]) + " crashes";
          default:
            return "node " + node_name(*world_, f.target) + " crashes";
        }
      }
      break;
    default:
      break;
  }
  return op_name(a.op.kind);
}

}  // namespace lockstep::vm
