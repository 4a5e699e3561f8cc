// One POST through libcurl, opened when it is needed.
#pragma once
#include <string>
#include <vector>

namespace lockstep::cli::llm {

struct Posted {
  long status = 0;      // 0: nothing came, and `problem` says why
  std::string body;     // at most kMostBody
  std::string problem;  // one line
};
inline constexpr size_t kMostBody = size_t{1} << 20;

// Follows no redirect, speaks http and https alone, and ends after `seconds` or at ^C.
Posted post(const std::string& url, const std::vector<std::string>& headers,
            const std::string& body, double seconds);

}  // namespace lockstep::cli::llm
