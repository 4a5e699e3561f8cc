#include "vm/process/uncaught.h"

#include <cstring>
#include <string>

#include "vm/guest/guest.h"
#include "vm/process/misspelt.h"
#include "vm/recording/recorder.h"
#include "vm/recording/sites.h"
#include "vm/sandbox/sandbox.h"

namespace lockstep::vm {
namespace {

std::string text_of(const Term& t) {
  return t.tag == Tag::string ? std::string(View{t.bytes}.string()) : std::string();
}

}  // namespace

int on_uncaught(lua_State* L) {
  Machine& m = machine_of(L);
  Process& p = m.guest().self();
  const char* cls = "error";
  const bool ours = is_exception(L, 1);
  if (ours) {
    lua_getfield(L, 1, "class");
    cls = lua_tostring(L, -1);
    if (!cls) cls = "error";
    lua_getfield(L, 1, "reason");
  } else {
    lua_pushvalue(L, 1);
  }
  const int reason = lua_gettop(L);
  const char* error = nullptr;
  Term r = make_term(L, reason, m.arena(), m.scratch(), &error);
  if (error) {
    push_text(L, reason);
    size_t n;
    const char* told = lua_tolstring(L, -1, &n);
    r = make_string({told, n}, m.arena());
  }
  const bool is_exit = std::strcmp(cls, "exit") == 0;
  if (!is_exit || !(r.tag == Tag::string && View{r.bytes}.string() == "normal")) {
    std::string site = guest_site(L), text;
    if (ours) {  // it may have been caught and raised again since
      lua_getfield(L, 1, "where");
      if (const char* where = lua_tostring(L, -1); where && *where) site = where;
      lua_pop(L, 1);
    }
    if (r.tag == Tag::string)
      text = std::string(View{r.bytes}.string());
    else
      text = print(r);
    // Lua puts one place in front, that of error(), and what follows is the message: it may begin
    // with another place.
    if (!site.empty() && text.compare(0, site.size() + 1, site + ":") == 0)
      text = text.substr(site.size() + 2);
    else if (r.tag == Tag::string && !ours)
      if (const size_t size = m.recorder().place_in_front(text); size != 0) {
        const std::string place = text.substr(0, size);
        const bool cut = place.starts_with("...") && site.ends_with(place.substr(3));
        if (!cut) site = place;  // of names above 59 bytes Lua shows the end
        text = text.substr(size + 2);
      }
    if (ours) {  // what is said of it besides: a callback that a module lacks
      lua_getfield(L, 1, "missing");
      if (const char* missing = lua_tostring(L, -1)) text += std::string(": ") + missing;
      lua_pop(L, 1);
      if (p.badarg.error && p.badarg.error == lua_topointer(L, 1))
        text += ": " + text_of(p.badarg.text);
    }
    if (is_exit)
      text = "exit: " + text;
    else if (std::strcmp(cls, "throw") == 0)
      text = "uncaught throw: " + text;
    p.crash.text = make_string(text, m.arena());
    p.crash.site = make_string(site, m.arena());
    if (m.recording() && !(ours && p.crash.trace.tag != Tag::nil &&
                           !guest_is_running(L)))  // raised again by the library
      p.crash.trace = make_string(told_trace(L, text), m.arena());
    p.crashed = true;
  }
  if (is_exit) {
    p.exit_reason = r;
  } else {
    if (std::strcmp(cls, "throw") == 0)
      r = make_tuple(m.arena(), m.scratch(), {make_string("nocatch", m.arena()), r});
    Term stack = make_tuple(m.arena(), m.scratch(), {p.crash.site});
    p.exit_reason = make_tuple(m.arena(), m.scratch(), {r, stack});
  }
  return 0;
}

}  // namespace lockstep::vm
