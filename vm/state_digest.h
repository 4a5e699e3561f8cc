// A digest of values, frames and whole processes in which references are numbered in the order in
// which they are met: equal for states that go on alike, though each made references of its own.
#pragma once
#include <cstdint>
#include <vector>

#include "engine/prng.h"
#include "vm/host.h"
#include "vm/layout.h"
#include "vm/term.h"
#include "vm/world.h"

namespace lockstep::vm {

class StateDigest {
 public:
  // `main`: the state's main thread, as room to work in.
  StateDigest(Host& host, lua_State* main) : host_(host), main_(main) {
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
    if (encode(L, -1, bytes_))
      known_ = false;
    else
      view(View{bytes_.data()});
    // Two variables of one table are not two equal tables.
    if (lua_type(L, -1) == LUA_TTABLE) {
      const void* table = lua_topointer(L, -1);
      size_t i = 0;
      while (i < tables_.size() && tables_[i] != table) i++;
      if (i == tables_.size()) tables_.push_back(table);
      number(i);
    }
    lua_pop(L, 1);
  }

  // What a process that is parked, or about to be, has to itself: where it stands, its variables,
  // dictionary and random numbers.
  void own(const Process& p) {
    if (p.seeded) number(digest_bytes(&p.random, sizeof p.random));
    lua_pushfstring(main_, "lockstep.dictionary.%d", static_cast<int>(p.index));
    lua_rawget(main_, LUA_REGISTRYINDEX);
    top(main_);
    frames(p.L);
    if (p.running && p.running != p.L) frames(p.running);
  }

 private:
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
  std::vector<const void*> tables_;
  Bytes bytes_;
};

}  // namespace lockstep::vm
