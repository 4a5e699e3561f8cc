// Messages of the Model Context Protocol, of both its eras: the one of handshakes (until
// 2025-11-25), and the one without state (from 2026-07-28 on), whose requests each carry their
// version. https://modelcontextprotocol.io/specification
#pragma once
#include <nlohmann/json.hpp>
#include <string>

namespace lockstep::cli::mcp {

using Json = nlohmann::ordered_json;

// JSON-RPC 2.0's, and one of the protocol's own.
enum Code : int {
  kParseError = -32700,
  kInvalidRequest = -32600,
  kMethodNotFound = -32601,
  kInvalidParams = -32602,
  kBusy = -32000,
  kUnsupportedVersion = -32022,
};

// A request that is refused. Thrown while it is read; its answer is an error.
struct Refused {
  Code code;
  std::string message;
  Json data = nullptr;
};

struct Request {
  Json id;  // null: a notification, which gets no answer
  std::string method;
  Json params = Json::object();
  bool modern = false;  // of the era without state

  bool wants_answer() const { return !id.is_null(); }
  Json progress_token() const;  // null: none
};

// Throws Refused. *id is set as soon as it is known, for the answer.
Request parse_request(const Json& message, Json* id);

Json error_answer(const Json& id, const Refused& refused);
Json answer(const Request& request, Json result);
// The same where the result is a list, or what does not change: the later era wants to know for how
// long it holds.
Json lasting_answer(const Request& request, Json result);

Json initialize_result(const Request& request);
Json discover_result();
Json progress_notification(const Json& token, double done, double total, const std::string& text);

// One line, whatever is in it.
std::string line_of(const Json& message);

}  // namespace lockstep::cli::mcp
