// Text to values, with plain complaints. All throw std::string, "must be ..., got 'x'"; the caller
// puts before it what the text belongs to: a flag, or an option in a scenario's file.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lockstep::cli {

uint64_t parse_count(const std::string& text, uint64_t least, uint64_t most = UINT64_MAX);
double parse_probability(const std::string& text);
double parse_seconds(const std::string& text);  // 5, 5s, 500ms, 2m, 1h
uint64_t parse_bytes(const std::string& text);  // 1048576, 512k, 256M, 1G
uint64_t parse_seed(const std::string& text);   // a number, 0x..., or a 40-digit commit id
bool parse_bool(const std::string& text);       // true, false
std::vector<std::string> split(std::string_view text, char separator);
void check_choice(const char* choices, const std::string& value);  // choices apart by |

}  // namespace lockstep::cli
