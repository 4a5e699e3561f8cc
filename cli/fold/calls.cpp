#include "cli/fold/calls.h"

#include <cctype>

#include "cli/fold/printed_term.h"

namespace lockstep::cli {
namespace {

constexpr std::string_view kFolder = "lockstep/";

bool is_tag(std::string_view term) {
  if (term.starts_with("#Ref<")) return true;
  const auto parts = elements(term);
  return parts.size() == 2 && parts[0] == "\"ref\"" && parts[1].starts_with("#Ref<");
}

}  // namespace

Request request_of(std::string_view message) {
  const auto parts = elements(message);
  if (parts.size() < 2) return {};
  if (parts[0] == "\"$gen_cast\"") return {Request::cast, "", std::string(parts[1])};
  const bool call = parts[0] == "\"$gen_call\"";
  if (parts.size() < 3 || (!call && parts[0] != "\"system\"")) return {};
  const auto from = elements(parts[1]);
  if (from.size() != 2) return {};
  return {call ? Request::call : Request::system, std::string(from[1]), std::string(parts[2])};
}

bool answer_to(std::string_view tag, std::string_view message, std::string* answer) {
  const auto parts = elements(message);
  if (tag.empty() || parts.empty() || parts.size() > 2 || parts[0] != tag) return false;
  *answer = parts.size() == 2 ? parts[1] : "nil";
  return true;
}

std::string plain_message(std::string_view message) {
  const Request r = request_of(message);
  if (r.kind == Request::call) return "call " + r.content;
  if (r.kind == Request::cast) return "cast " + r.content;
  if (r.kind == Request::system) return "system " + r.content;
  const auto parts = elements(message);
  if (parts.size() == 2 && is_tag(parts[0])) return "answer " + std::string(parts[1]);
  if (parts.size() == 5 && parts[0] == "\"DOWN\"") return "DOWN " + std::string(parts[4]);
  if (parts.size() == 4 && parts[0] == "\"ack\"") return std::string(parts[3]);
  return std::string(message);
}

std::string called_in(std::string_view line) {
  const auto word = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; };
  std::string found;
  for (size_t at = 0; at < line.size(); at++) {
    if (!word(line[at]) || (at > 0 && (word(line[at - 1]) || line[at - 1] == '.'))) continue;
    size_t dot = at;
    while (dot < line.size() && word(line[dot])) dot++;
    if (dot == line.size() || line[dot] != '.') continue;
    size_t end = dot + 1;
    while (end < line.size() && word(line[end])) end++;
    size_t next = end;
    while (next < line.size() && line[next] == ' ') next++;
    const auto module = line.substr(at, dot - at);
    const bool call =
        next < line.size() && (line[next] == '(' || line[next] == '{' || line[next] == '"');
    if (!call || module == "lockstep" || module == "table" || module == "string" ||
        module == "math")
      continue;
    if (!found.empty()) return {};
    found = line.substr(at, end - at);
  }
  return found;
}

std::string library_of(std::string_view site) {
  if (!site.starts_with(kFolder)) return {};
  site.remove_prefix(kFolder.size());
  return std::string(site.substr(0, site.find(".lua")));
}

}  // namespace lockstep::cli
