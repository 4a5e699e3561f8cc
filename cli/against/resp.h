// A connection to a real Redis server: its protocol (RESP2), no more of it than is needed to send
// commands and read replies.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "vm/machine/kept_request.h"

namespace lockstep::cli {

class RespConnection {
 public:
  // `where`: the path of a socket, or HOST:PORT. Throws Error(ExitCode::usage) with the system's
  // reason.
  explicit RespConnection(std::string where);
  RespConnection(RespConnection&& other) noexcept;
  RespConnection& operator=(RespConnection&&) = delete;
  ~RespConnection();

  void send(const std::vector<std::string>& words);
  // Null: none came within so many seconds, or ^C did. Throws Error(ExitCode::usage) where the
  // server ends the connection or speaks something else.
  std::optional<vm::KeptReply> read(double seconds);

 private:
  bool fill(double seconds);  // false: nothing came
  std::optional<std::string> line(double seconds);
  [[noreturn]] void fail(const std::string& why) const;

  std::string where_;
  int fd_ = -1;
  std::string read_;  // and not used yet, from `at_` on
  size_t at_ = 0;
};

}  // namespace lockstep::cli
