// A digest of values, frames and whole processes in which references are numbered in the order in
// which they are met: equal for states that go on alike, though each made references of its own.
//
// 1. What a process can tell apart is told apart: also which tables, functions and variables are
// the same one, and whatever it was given that is no value of its own (label, flags, numbers).
// 2. How many references, children and tables it has made counts only once somebody has asked for
// the text of one (World::texts), which says so. Then references are what they are.
#pragma once
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "engine/base/prng.h"
#include "vm/machine/world.h"
#include "vm/memory/host.h"
#include "vm/memory/layout.h"
#include "vm/memory/term.h"

namespace lockstep::vm {

class StateDigest {
 public:
  // `main`: the state's main thread, as room to work in. `surface`: of variables on the stack only
  // those that are no reference to more, of which there may be much.
  StateDigest(Host& host, lua_State* main, const World& world, bool surface = false)
      : host_(host), main_(main), texts_(world.texts), surface_(surface) {
    lua_getglobal(main, "pcall");
    lua_getglobal(main, "xpcall");
    pcall_ = lua_tocfunction(main, -2);
    xpcall_ = lua_tocfunction(main, -1);
    lua_pop(main, 2);
  }

  bool known() const { return known_; }
  uint64_t value() const { return h_ | 1; }

  void number(uint64_t v) { h_ = mix64(h_, v); }
  void ref(uint64_t v) {
    if (texts_) return number(v);
    size_t i = 0;
    while (i < refs_.size() && refs_[i] != v) i++;
    if (i == refs_.size()) refs_.push_back(v);
    number(0x726566 + i);
  }
  void light(uint64_t v) { light_class(v) == Light::ref ? ref(v) : number(v); }
  void term(const Term& t) {
    char room[16];
    view(view_of(t, room));
  }

  void view(View v) {
    number(static_cast<uint64_t>(v.tag()));
    switch (v.tag()) {
      case Tag::light:
        return light(static_cast<uint64_t>(v.i64(1)));
      case Tag::table:
      case Tag::object: {
        const char* end = v.end();
        number(v.array_size());
        number(v.pairs());
        if (v.tag() == Tag::object) number(static_cast<uint64_t>(v.i64(13)));
        for (View x = v.first(); x.p < end; x = x.next()) view(x);
        return;
      }
      case Tag::closure: {
        const char* end = v.end();
        number(static_cast<uint64_t>(v.i64(5)));
        for (View x{v.p + 17}; x.p < end; x = x.next()) view(x);
        return;
      }
      default:
        number(digest_bytes(v.p, static_cast<size_t>(v.end() - v.p)));
    }
  }

  // The value at the top of L's stack, which is taken off.
  void top(lua_State* L) {
    bytes_.clear();
    const int type = lua_type(L, -1);
    if (surface_ && type != LUA_TNIL && type != LUA_TBOOLEAN && type != LUA_TNUMBER &&
        type != LUA_TSTRING && type != LUA_TLIGHTUSERDATA)
      number(static_cast<uint64_t>(type));
    else if (encode(L, -1, bytes_))
      known_ = false;
    else
      view(View{bytes_.data()});
    if (known_ && !surface_) identity(L, -1);
    lua_pop(L, 1);
  }

  // What a process that is parked, or about to be, has to itself: where it stands, its variables,
  // dictionary and random numbers.
  void own(const Process& p) {
    if (p.seeded) number(digest_bytes(&p.random, sizeof p.random));
    term(p.label);
    if (texts_) number(p.refs), number(p.children), number(p.tables_made);
    own_table("dictionary", p);
    top(main_);
    own_table("flags", p);
    top(main_);
    own_table("printed", p);
    number(lua_istable(main_, -1) ? lua_rawlen(main_, -1) : 0);
    lua_pop(main_, 1);
    frames(p);
  }
  void frames(const Process& p) {
    frames(p.L);
    if (p.running && p.running != p.L) frames(p.running);
  }

 private:
  void own_table(const char* what, const Process& p) {
    lua_pushfstring(main_, "lockstep.%s.%d", what, static_cast<int>(p.index));
    lua_rawget(main_, LUA_REGISTRYINDEX);
  }

  // Which of the tables and functions in a value, and of the variables of these, were met before:
  // in a copy each place has its own. Those of the image are where they are.
  void identity(lua_State* L, int index) {
    const int type = lua_type(L, index);
    if (type != LUA_TTABLE && type != LUA_TFUNCTION) return;
    const auto* p = static_cast<const char*>(lua_topointer(L, index));
    if (!fresh(p)) return;
    if (!lua_checkstack(L, 4)) return void(known_ = false);
    index = lua_absindex(L, index);
    if (type == LUA_TFUNCTION) {
      for (int n = 1; !lua_iscfunction(L, index) && lua_getupvalue(L, index, n); n++) {
        if (fresh(static_cast<const char*>(lua_upvalueid(L, index, n)))) identity(L, -1);
        lua_pop(L, 1);
      }
      return;
    }
    for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
      identity(L, -2);
      identity(L, -1);
    }
  }
  bool fresh(const char* p) {
    places_++;
    const char* base = host_.arena->base();
    const bool image = p >= base && p < host_.image_end;
    const auto [at, fresh] = met_.try_emplace(p, places_);
    if (image || !fresh) {
      number(places_);
      number(image ? static_cast<uint64_t>(p - base) : at->second);
    }
    return fresh && !image;
  }

  // All frames of a coroutine.
  void frames(lua_State* L) {
    if (!lua_checkstack(L, 8)) known_ = false;
    lua_Debug ar;
    for (int level = 0; known_ && lua_getstack(L, level, &ar); level++) {
      lua_getinfo(L, "Sf", &ar);
      if (ar.what[0] == 'C') {
        const lua_CFunction f = lua_tocfunction(L, -1);
        if (level > 0 && f != pcall_ && f != xpcall_) known_ = false;
        top(L);
      } else {
        number(static_cast<uint64_t>(layout::load<intptr_t>(ar.i_ci, layout::kCallInfoSavedpc) -
                                     reinterpret_cast<intptr_t>(host_.arena->base())));
        top(L);
      }
      for (int n = 1; known_ && lua_getlocal(L, &ar, n); n++) top(L);
      for (int n = -1; known_ && ar.what[0] != 'C' && lua_getlocal(L, &ar, n); n--) top(L);
    }
  }

  Host& host_;
  lua_State* main_;
  lua_CFunction pcall_ = nullptr, xpcall_ = nullptr;
  uint64_t h_ = 0x6c6173736f;
  bool known_ = true;
  std::vector<uint64_t> refs_;
  bool texts_, surface_;
  uint64_t places_ = 0;  // tables, functions and variables met so far
  std::unordered_map<const char*, uint64_t> met_;
  Bytes bytes_;
};

}  // namespace lockstep::vm
