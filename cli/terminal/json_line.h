// One JSON object a line, as scripts read them.
#pragma once
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "engine/base/utf8.h"

namespace lockstep::cli {

using Json = nlohmann::ordered_json;

// Payloads may hold any bytes; what is not UTF-8 is replaced rather than refused, and what steers a
// terminal is escaped.
inline std::string json_line(const Json& json) {
  return harmless_json(json.dump(-1, ' ', false, Json::error_handler_t::replace)) + "\n";
}

// Integers that a double cannot hold are strings.
inline Json json_number(uint64_t n) {
  constexpr uint64_t kExactInDouble = 1ull << 53;
  return n <= kExactInDouble ? Json(n) : Json(std::to_string(n));
}

}  // namespace lockstep::cli
