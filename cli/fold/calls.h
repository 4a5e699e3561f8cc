// What the library's own messages mean: requests, answers and news of the behaviours, as they are
// printed in events.
#pragma once
#include <string>
#include <string_view>

namespace lockstep::cli {

struct Request {
  enum Kind : uint8_t { none, call, cast, system } kind = none;
  std::string tag;      // of the answer; empty for a cast
  std::string content;  // what the author asked for
};
// {"$gen_call", {P1(client), #Ref<1.1>}, "get"} and its like.
Request request_of(std::string_view message);

// {TAG, Answer}: the answer, printed; false if it is none to `tag`.
bool answer_to(std::string_view tag, std::string_view message, std::string* answer);

// A message as the author knows it: a request without its address, an answer without its tag.
std::string plain_message(std::string_view message);

// The function of the library that a line of source calls: "gen_server.call" of
// `assert(gen_server.call("server", 1))`; empty if it calls none, or several.
std::string called_in(std::string_view line);

// Of a step that stands in the library alone: "lockstep/gen_server.lua:126" is gen_server.
std::string library_of(std::string_view site);

}  // namespace lockstep::cli
