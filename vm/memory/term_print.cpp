// Terms as people read them, in reports and traces.
#include <cinttypes>
#include <cmath>
#include <cstdio>
#include <string>

#include "vm/memory/term.h"

namespace lockstep::vm {
namespace {

bool is_name(std::string_view s) {
  if (s.empty() || (s[0] >= '0' && s[0] <= '9')) return false;
  for (char c : s)
    if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'))
      return false;
  return true;
}

void quote(std::string_view s, std::string& out) {
  out += '"';
  for (char c : s) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (static_cast<unsigned char>(c) < 32 || static_cast<unsigned char>(c) >= 127) {
      char room[8];
      std::snprintf(room, sizeof room, "\\x%02x", static_cast<unsigned char>(c));
      out += room;
    } else {
      out += c;
    }
  }
  out += '"';
}

void number(double d, std::string& out) {
  char room[40];
  std::snprintf(room, sizeof room, "%.14g", d);
  out += room;
  if (std::isfinite(d) && out.find_first_of(".eE", out.size() - std::char_traits<char>::length(
                                                                    room)) == std::string::npos)
    out += ".0";
}

using LightText = std::string (*)(uint64_t);

void print_to(View v, size_t limit, LightText light, std::string& out) {
  if (out.size() > limit) return;
  switch (v.tag()) {
    case Tag::nil:
      out += "nil";
      return;
    case Tag::no:
      out += "false";
      return;
    case Tag::yes:
      out += "true";
      return;
    case Tag::integer:
      out += std::to_string(v.i64(1));
      return;
    case Tag::real:
      number(v.real(), out);
      return;
    case Tag::light:
      out += light(static_cast<uint64_t>(v.i64(1)));
      return;
    case Tag::string: {
      auto s = v.string();
      const bool cut = s.size() > limit;
      quote(cut ? s.substr(0, limit) : s, out);
      if (cut) out += "...";
      return;
    }
    case Tag::image:
      out += "file-level value";
      return;
    case Tag::closure:
    case Tag::cfunction:
      out += "function";
      return;
    case Tag::upref:
      out += "variable";
      return;
    case Tag::table:
    case Tag::object:
      break;
  }
  out += '{';
  View x = v.first();
  const char* separator = "";
  for (uint32_t i = 0; i < v.array_size() && out.size() <= limit; i++, x = x.next()) {
    out += separator;
    print_to(x, limit, light, out);
    separator = ", ";
  }
  if (out.size() <= limit)
    for (uint32_t i = 0; i < v.pairs() && out.size() <= limit; i++) {
      out += separator;
      if (x.tag() == Tag::string && is_name(x.string())) {
        out += x.string();
      } else {
        out += '[';
        print_to(x, limit, light, out);
        out += ']';
      }
      out += " = ";
      x = x.next();
      print_to(x, limit, light, out);
      x = x.next();
      separator = ", ";
    }
  out += out.size() > limit ? ", ...}" : "}";
}

}  // namespace

std::string print(View view, size_t limit) {
  std::string out;
  print_to(view, limit, light_text, out);
  return out;
}
std::string print_for_guest(View view, size_t limit) {
  std::string out;
  print_to(view, limit, light_name, out);
  return out;
}
std::string print(const Term& term, size_t limit) {
  char room[16];
  return print(view_of(term, room), limit);
}

}  // namespace lockstep::vm
