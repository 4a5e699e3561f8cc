// What a scenario has asked of a simulated server in an execution, for those who ask a real one the
// same (MachineOptions::keep_requests).
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "engine/boundary/system.h"

namespace lockstep::vm {

// A reply in Redis's kinds: its text begins with '$' (string), ':' (integer), '+' (status), '-'
// (error), or is "_" (nothing); or it is a list of such.
struct KeptReply {
  std::string text;  // unless it is a list
  bool list = false;
  std::vector<KeptReply> items;
};

// In the order of the execution. A request that waits has its reply in an entry of its own.
struct KeptRequest {
  std::string server;              // what tostring says of it
  uint64_t connection;             // the same for all of one connection
  uint64_t at;                     // ms of the virtual clock, as its process knows it
  std::string process;             // "P1(worker)"
  std::string site;                // "file.lua:12"
  std::vector<std::string> words;  // empty: the reply to an earlier one
  bool answered;
  KeptReply reply;  // if answered
};

// Of the last recorded execution of a system that make_machine made.
const std::vector<KeptRequest>& kept_requests(const System& system);

}  // namespace lockstep::vm
