#include "cli/mcp/protocol.h"

#include <algorithm>
#include <array>

#include "cli/terminal/words.h"
#include "engine/base/utf8.h"

namespace lockstep::cli::mcp {
namespace {

constexpr const char* kVersionKey = "io.modelcontextprotocol/protocolVersion";
constexpr std::array kModern = {"2026-07-28"};
constexpr std::array kWithHandshake = {"2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"};
constexpr int kHour = 3'600'000;  // ms

constexpr const char* kInstructions =
    "Lockstep finds concurrency bugs that depend on the schedule: scenarios are Lua files. run "
    "looks for a failing schedule; verify proves that there is none, or says what is missing. A "
    "failure has a trace: give it to explain, replay and diff. 'No failure found' is no proof. If "
    "fails_under_every_schedule is true, the scenario itself is likely wrong. After a repair, "
    "replay with the trace and the edited file says whether it is one.";

bool among(const auto& all, const std::string& version) {
  return std::any_of(all.begin(), all.end(), [&](const char* v) { return version == v; });
}

Json server_info() { return {{"name", "lockstep"}, {"version", tool_version()}}; }

bool is_id(const Json& id) { return id.is_string() || id.is_number_integer(); }

}  // namespace

Json Request::progress_token() const {
  const auto meta = params.find("_meta");
  if (meta == params.end() || !meta->is_object()) return nullptr;
  const auto token = meta->find("progressToken");
  return token != meta->end() && is_id(*token) ? *token : Json(nullptr);
}

Request parse_request(const Json& message, Json* id) {
  if (!message.is_object()) throw Refused{kInvalidRequest, "a request is an object"};
  Request r;
  if (const auto it = message.find("id"); it != message.end()) {
    if (!is_id(*it)) throw Refused{kInvalidRequest, "id must be a string or an integer"};
    *id = r.id = *it;
  }
  if (message.value("jsonrpc", Json()) != "2.0")
    throw Refused{kInvalidRequest, "jsonrpc must be \"2.0\""};
  const auto method = message.find("method");
  if (method == message.end() || !method->is_string())
    throw Refused{kInvalidRequest, "method must be a string"};
  r.method = method->get<std::string>();
  if (const auto it = message.find("params"); it != message.end() && !it->is_null()) {
    if (!it->is_object()) throw Refused{kInvalidParams, "params must be an object"};
    r.params = *it;
  }
  const auto meta = r.params.find("_meta");
  if (meta == r.params.end() || !meta->is_object() || !meta->contains(kVersionKey)) return r;
  const Json& version = (*meta)[kVersionKey];
  r.modern = true;
  if (!version.is_string() || !among(kModern, version.get<std::string>()))
    throw Refused{kUnsupportedVersion,
                  "unsupported protocol version",
                  {{"supported", kModern}, {"requested", version}}};
  return r;
}

Json error_answer(const Json& id, const Refused& refused) {
  Json error{{"code", refused.code}, {"message", refused.message}};
  if (!refused.data.is_null()) error["data"] = refused.data;
  return {{"jsonrpc", "2.0"}, {"id", id}, {"error", error}};
}

Json answer(const Request& request, Json result) {
  if (request.modern) result["resultType"] = "complete";
  return {{"jsonrpc", "2.0"}, {"id", request.id}, {"result", std::move(result)}};
}

Json lasting_answer(const Request& request, Json result) {
  if (request.modern) {
    result["ttlMs"] = kHour;
    result["cacheScope"] = "public";
  }
  return answer(request, std::move(result));
}

Json initialize_result(const Request& request) {
  const auto asked = request.params.value("protocolVersion", Json());
  const bool known = asked.is_string() && among(kWithHandshake, asked.get<std::string>());
  return {{"protocolVersion", known ? asked : Json(kWithHandshake[0])},
          {"capabilities", {{"tools", Json::object()}}},
          {"serverInfo", server_info()},
          {"instructions", kInstructions}};
}

Json discover_result() {
  return {{"supportedVersions", kModern},
          {"capabilities", {{"tools", Json::object()}}},
          {"instructions", kInstructions},
          {"_meta", {{"io.modelcontextprotocol/serverInfo", server_info()}}}};
}

Json progress_notification(const Json& token, double done, double total, const std::string& text) {
  return {{"jsonrpc", "2.0"},
          {"method", "notifications/progress"},
          {"params",
           {{"progressToken", token}, {"progress", done}, {"total", total}, {"message", text}}}};
}

std::string line_of(const Json& message) {
  return harmless_json(message.dump(-1, ' ', false, Json::error_handler_t::replace)) + "\n";
}

}  // namespace lockstep::cli::mcp
