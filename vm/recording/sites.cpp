#include "vm/recording/sites.h"

namespace lockstep::vm {
namespace {

std::string plain_chunk(const lua_Debug& ar) {
  return ar.source[0] == '@' ? ar.source + 1 : ar.short_src;
}

}  // namespace

bool is_library_chunk(const char* source) {
  return source[0] == '=' && std::string_view(source).substr(1, 9) == "lockstep/";
}

std::string guest_site(lua_State* L) {
  lua_Debug ar;
  std::string library;
  for (int level = 0; level < 60 && lua_getstack(L, level, &ar); level++) {
    lua_getinfo(L, "Sl", &ar);
    if (ar.currentline <= 0) continue;
    std::string place = plain_chunk(ar) + ":" + std::to_string(ar.currentline);
    if (!is_library_chunk(ar.source)) return place;
    if (library.empty()) library = place;
  }
  return library;
}

std::string library_call(lua_State* L) {
  lua_Debug ar, called;
  bool library = false;
  for (int level = 0; level < 60 && lua_getstack(L, level, &ar); level++) {
    lua_getinfo(L, "Sl", &ar);
    if (ar.currentline <= 0) continue;
    if (is_library_chunk(ar.source)) {
      called = ar;
      library = true;
      continue;
    }
    if (!library) return {};
    lua_getinfo(L, "n", &called);
    const std::string file = called.source + std::string_view("=lockstep/").size();
    const std::string module = file.substr(0, file.rfind(".lua"));
    // The operations of a module that has a folder bear its name already (ets.operation).
    if (module.find('/') != std::string::npos) return {};
    return called.name ? module + "." + called.name : module;
  }
  return {};
}

bool guest_is_running(lua_State* L) {
  lua_Debug ar;
  for (int level = 0; level < 60 && lua_getstack(L, level, &ar); level++) {
    lua_getinfo(L, "Sl", &ar);
    if (ar.currentline > 0 && !is_library_chunk(ar.source)) return true;
  }
  return false;
}

std::string guest_traceback(lua_State* L) {
  lua_Debug ar;
  std::string out;
  for (int level = 0; level < 40 && lua_getstack(L, level, &ar); level++) {
    lua_getinfo(L, "Sln", &ar);
    if (ar.currentline <= 0) continue;
    if (!out.empty()) out += '\n';
    out += "  at " + plain_chunk(ar) + ":" + std::to_string(ar.currentline);
    if (ar.name) out += std::string(" in ") + ar.name;
  }
  return out;
}

}  // namespace lockstep::vm
