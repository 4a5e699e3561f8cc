// string.format with addresses kept out of it, which can be left where it is while it is at work on
// long texts. Lua's own asks the C library for memory now and then, and so cannot: it is called
// for one number, or short text, at a time, and long texts are put in here.
#include <algorithm>
#include <cctype>
#include <cstring>
#include <string>

#include "vm/sandbox/sandbox.h"

namespace lockstep::vm {
namespace {

constexpr size_t kLong = 1 << 16;  // of format and texts together

// The end of the conversion that begins at `i` ("%-5.2f"): its letter's place, or n.
size_t letter_of(const char* format, size_t i, size_t n) {
  for (i++; i < n && std::strchr("-+ #0123456789.", format[i]);) i++;
  return i;
}

// As Lua's %q writes a string.
void add_quoted(luaL_Buffer* b, const char* s, size_t n) {
  luaL_addchar(b, '"');
  for (size_t i = 0; i < n; i++) {
    const char c = s[i];
    if (c == '"' || c == '\\' || c == '\n') {
      luaL_addchar(b, '\\');
      luaL_addchar(b, c);
    } else if (std::iscntrl(static_cast<unsigned char>(c))) {
      const unsigned code = static_cast<unsigned char>(c);
      const bool digit_follows =
          i + 1 < n && std::isdigit(static_cast<unsigned char>(s[i + 1])) != 0;
      luaL_addchar(b, '\\');
      if (digit_follows || code >= 100) luaL_addchar(b, static_cast<char>('0' + code / 100));
      if (digit_follows || code >= 10) luaL_addchar(b, static_cast<char>('0' + code / 10 % 10));
      luaL_addchar(b, static_cast<char>('0' + code % 10));
    } else {
      luaL_addchar(b, c);
    }
  }
  luaL_addchar(b, '"');
}

// One conversion of argument `arg`, by Lua's own function, which is on the stack at `lua_format`.
void add_converted(lua_State* L, luaL_Buffer* b, int lua_format, const char* spec, size_t n,
                   int arg) {
  lua_pushvalue(L, lua_format);
  lua_pushlstring(L, spec, n);
  lua_pushvalue(L, arg);
  lua_call(L, 2, 1);
  luaL_addvalue(b);
}

// (Lua's format, format, ...), whose arguments are numbers, texts and the like.
int long_format(lua_State* L) {
  size_t n;
  const char* format = lua_tolstring(L, 2, &n);
  const int top = lua_gettop(L);  // what a long buffer is kept in comes on top of it
  luaL_Buffer b;
  luaL_buffinit(L, &b);
  int arg = 2;
  for (size_t i = 0; i < n; i++) {
    if (format[i] != '%') {
      luaL_addchar(&b, format[i]);
      continue;
    }
    if (i + 1 < n && format[i + 1] == '%') {
      luaL_addchar(&b, format[++i]);
      continue;
    }
    const size_t end = letter_of(format, i, n);
    const char letter = end == i + 1 && end < n ? format[end] : '\0';  // without modifiers
    if (++arg > top) return luaL_argerror(L, arg - 1, "no value");
    if ((letter == 's' || letter == 'q') && lua_type(L, arg) == LUA_TSTRING) {
      size_t length;
      const char* s = lua_tolstring(L, arg, &length);
      if (letter == 's')
        luaL_addlstring(&b, s, length);
      else
        add_quoted(&b, s, length);
    } else {
      add_converted(L, &b, 1, format + i, std::min(end + 1, n) - i, arg);
    }
    i = end;
  }
  luaL_pushresult(&b);
  return 1;
}

}  // namespace

// Its upvalue is Lua's own.
int safe_format(lua_State* L) {
  size_t n;
  const char* format = luaL_checklstring(L, 1, &n);
  for (size_t i = 0; i + 1 < n; i++) {
    if (format[i] != '%') continue;
    i = letter_of(format, i, n);
    if (i < n && format[i] == 'p')
      return luaL_error(L, "string.format: %%p is an address, which differs from run to run");
  }
  const int top = lua_gettop(L);
  size_t length = n;
  for (int i = 2; i <= top; i++) {
    const int t = lua_type(L, i);
    if (t == LUA_TTABLE || t == LUA_TFUNCTION || t == LUA_TTHREAD || t == LUA_TUSERDATA ||
        t == LUA_TLIGHTUSERDATA) {
      push_text(L, i);
      lua_replace(L, i);
    }
    if (lua_type(L, i) == LUA_TSTRING) length += lua_rawlen(L, i);
  }
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_insert(L, 1);
  if (length > kLong) {
    lua_pushcfunction(L, long_format);
    lua_insert(L, 1);
    lua_call(L, top + 1, 1);
  } else {
    lua_call(L, top, 1);
  }
  return 1;
}

lua_CFunction format_of_long_texts() { return long_format; }

}  // namespace lockstep::vm
