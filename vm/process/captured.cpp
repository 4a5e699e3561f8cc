#include "vm/process/captured.h"

#include <unordered_set>

#include "engine/base/digest.h"
#include "engine/base/prng.h"
#include "vm/memory/host.h"

namespace lockstep::vm {
namespace {

class CapturedDigest {
 public:
  explicit CapturedDigest(lua_State* L) : L_(L) {}

  uint64_t variables(int function) {
    uint64_t h = 0;
    if (!lua_checkstack(L_, 4)) return h;
    for (int n = 1; lua_getupvalue(L_, function, n); n++, lua_pop(L_, 1))
      h = mix64(h, value(lua_gettop(L_)));
    return h;
  }

 private:
  uint64_t value(int index) {
    const int type = lua_type(L_, index);
    switch (type) {
      case LUA_TBOOLEAN:
        return mix64(type, static_cast<uint64_t>(lua_toboolean(L_, index)));
      case LUA_TNUMBER: {
        if (lua_isinteger(L_, index))
          return mix64(type, static_cast<uint64_t>(lua_tointeger(L_, index)));
        const lua_Number number = lua_tonumber(L_, index);
        return mix64(type + 100, digest_bytes(&number, sizeof number));
      }
      case LUA_TSTRING: {
        size_t size = 0;
        const char* text = lua_tolstring(L_, index, &size);
        return mix64(type, digest_bytes(text, size));
      }
      case LUA_TTABLE:
      case LUA_TFUNCTION:
        return reached(index, type);
      case LUA_TTHREAD: {
        lua_State* co = lua_tothread(L_, index);
        return mix64(place(co), static_cast<uint64_t>(lua_status(co)) << 32 |
                                    static_cast<uint64_t>(lua_gettop(co)));
      }
      case LUA_TUSERDATA:  // of an iterator: where it is
        return mix64(type, digest_bytes(static_cast<const char*>(lua_touserdata(L_, index)),
                                        lua_rawlen(L_, index)));
      default:
        return mix64(type, place(lua_topointer(L_, index)));
    }
  }

  uint64_t reached(int index, int type) {
    const void* object = lua_topointer(L_, index);
    if (is_of_image(L_, object) || !met_.insert(object).second) return mix64(type, place(object));
    if (type == LUA_TFUNCTION) return variables(index);
    if (!lua_checkstack(L_, 4)) return 0;
    uint64_t sum = 0;
    if (lua_getmetatable(L_, index)) {
      sum = value(lua_gettop(L_));
      lua_pop(L_, 1);
    }
    for (lua_pushnil(L_); lua_next(L_, index); lua_pop(L_, 1)) {
      const int top = lua_gettop(L_);
      sum += mix64(value(top - 1), value(top));
    }
    return mix64(type, sum);
  }

  // Compared within one execution only.
  static uint64_t place(const void* object) { return reinterpret_cast<uintptr_t>(object); }

  lua_State* L_;
  std::unordered_set<const void*> met_;
};

}  // namespace

uint64_t digest_of_captured(lua_State* L, int function) {
  return CapturedDigest(L).variables(function);
}

std::string place_of(lua_State* L, int function) {
  lua_Debug ar;
  lua_pushvalue(L, function);
  lua_getinfo(L, ">S", &ar);
  return std::string(ar.short_src) + ":" + std::to_string(ar.linedefined);
}

}  // namespace lockstep::vm
