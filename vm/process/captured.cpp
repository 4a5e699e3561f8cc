#include "vm/process/captured.h"

#include <unordered_map>
#include <vector>

#include "engine/base/digest.h"
#include "engine/base/prng.h"
#include "vm/memory/host.h"
#include "vm/memory/layout.h"

namespace lockstep::vm {
namespace {

// Objects are numbered as they are met, and looked at one after the other: a list may be longer
// than a stack is deep.
class CapturedDigest {
 public:
  explicit CapturedDigest(lua_State* L) : L_(L) {}

  uint64_t reached_from(int function) {
    if (!lua_checkstack(L_, 6)) return 0;
    uint64_t h = variables(function);
    for (size_t next = 0; next < objects_.size(); next++) {
      lua_pushnil(L_);
      layout::put_object(L_, objects_[next]);
      const int index = lua_gettop(L_);
      h = mix64(h, lua_isfunction(L_, index) ? variables(index) : contents(index));
      lua_pop(L_, 1);
    }
    return h;
  }

 private:
  uint64_t variables(int function) {
    uint64_t h = 0;
    for (int n = 1; lua_getupvalue(L_, function, n); n++, lua_pop(L_, 1))
      h = mix64(h, value(lua_gettop(L_)));
    return h;
  }
  uint64_t contents(int table) {
    uint64_t sum = 0;
    if (lua_getmetatable(L_, table)) {
      sum = value(lua_gettop(L_));
      lua_pop(L_, 1);
    }
    for (lua_pushnil(L_); lua_next(L_, table); lua_pop(L_, 1)) {
      const int top = lua_gettop(L_);
      const uint64_t key = value(top - 1);
      sum += mix64(key, value(top));
    }
    return sum;
  }

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
      case LUA_TFUNCTION:
        if (lua_iscfunction(L_, index)) {
          if (!lua_getupvalue(L_, index, 1)) break;  // no object
          lua_pop(L_, 1);
        }
        [[fallthrough]];
      case LUA_TTABLE:
        return reached(lua_topointer(L_, index), type);
      case LUA_TTHREAD: {
        lua_State* co = lua_tothread(L_, index);
        return mix64(place(co), static_cast<uint64_t>(lua_status(co)) << 32 |
                                    static_cast<uint64_t>(lua_gettop(co)));
      }
      case LUA_TUSERDATA:  // of an iterator: where it is
        return mix64(type, digest_bytes(static_cast<const char*>(lua_touserdata(L_, index)),
                                        lua_rawlen(L_, index)));
      default:
        break;
    }
    return mix64(type, place(lua_topointer(L_, index)));
  }
  uint64_t reached(const void* object, int type) {
    if (is_of_image(L_, object)) return mix64(type, place(object));
    const auto [at, fresh] = met_.try_emplace(object, objects_.size());
    if (fresh) objects_.push_back(object);
    return mix64(type + 200, at->second);
  }

  // Compared within one execution only.
  static uint64_t place(const void* object) { return reinterpret_cast<uintptr_t>(object); }

  lua_State* L_;
  std::vector<const void*> objects_;  // tables and functions, in the order in which they were met
  std::unordered_map<const void*, size_t> met_;
};

}  // namespace

uint64_t digest_of_captured(lua_State* L, int function) {
  return CapturedDigest(L).reached_from(function);
}

std::string place_of(lua_State* L, int function) {
  lua_Debug ar;
  lua_pushvalue(L, function);
  lua_getinfo(L, ">S", &ar);
  return std::string(ar.short_src) + ":" + std::to_string(ar.linedefined);
}

}  // namespace lockstep::vm
