// replay --against: what a recorded execution asks of simulated Redis servers is sent to real ones,
// in its order, and the replies are compared.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "vm/machine/kept_request.h"

namespace lockstep::cli {

struct ReplyDifference {
  size_t number = 0;  // of the request, from 1
  vm::KeptRequest request;
  std::string real;  // what the real server replied; of ours `request` says it
};

struct AgainstResult {
  uint64_t sent = 0, equal = 0;
  uint64_t reordered = 0;        // ... of these, but for the order of a list
  uint64_t times = 0;            // not compared: they tell the time
  uint64_t left_out = 0;         // not sent: subscriptions
  uint64_t after_fail_over = 0;  // not sent: no real server can be told to fail over
  std::vector<ReplyDifference> differ;
};

// `servers`: where each of those in `requests` has a real one, in the order in which they come.
// Each has to be empty; its scripts are flushed. Waits as long as the virtual clock does, ten
// minutes at most. Throws Error(ExitCode::usage), and ExitCode::interrupted at ^C.
AgainstResult send_requests(const std::vector<vm::KeptRequest>& requests,
                            const std::vector<std::string>& servers);

std::string reply_text(const vm::KeptReply& reply);  // one line

// As text, and as one line of NDJSON.
std::string against_text(const std::string& trace, const std::vector<std::string>& servers,
                         const AgainstResult& result);
std::string against_ndjson(const std::string& trace, const std::vector<std::string>& servers,
                           const AgainstResult& result);

}  // namespace lockstep::cli
