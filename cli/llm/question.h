// Whom to ask, what, and what came back.
#pragma once
#include <string>
#include <vector>

#include "cli/settings/options.h"

namespace lockstep::cli::llm {

struct Endpoint {
  std::string url, model, key;
  bool completions = false;  // the format of .../chat/completions, else Anthropic's messages
};

// Flags first, then LOCKSTEP_LLM_URL, LOCKSTEP_LLM_MODEL, and the key from LOCKSTEP_LLM_KEY or
// ANTHROPIC_API_KEY (sent to api.anthropic.com only). Throws Error(ExitCode::usage), also if
// LOCKSTEP_LLM_OFF is set to anything but 0.
Endpoint endpoint_of(const Options& options);

// The JSON that is sent: instructions, the report, and the source. At most about 100 kB of them;
// what is cut says so.
struct SourceFile {
  std::string name, text;
};
std::string body_of(const Endpoint& endpoint, const std::string& report,
                    const std::vector<SourceFile>& sources);
std::vector<std::string> headers_of(const Endpoint& endpoint);  // "name: value", the key among them

// The text of an answer, whatever is in it. False: there is none, and *problem says why.
bool answer_text(const Endpoint& endpoint, long status, const std::string& body, std::string* text,
                 std::string* problem);

}  // namespace lockstep::cli::llm
