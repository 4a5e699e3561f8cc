// Where commands come from: a person at a terminal, or a file, a pipe, another program.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace lockstep::cli {

class Input {
 public:
  virtual ~Input() = default;
  // The next line, without its end; false at the end of the input.
  virtual bool next(std::string* line) = 0;
};

// Words that may stand in place of the last one of the line so far.
using Completion = std::function<std::vector<std::string>(const std::string& beginning)>;

// With editing, a history of the session and completion (libedit). The terminal is as before
// whenever it does not wait for a line.
std::unique_ptr<Input> terminal_input(const std::string& prompt, Completion complete);
// Standard input as it is.
std::unique_ptr<Input> plain_input();

}  // namespace lockstep::cli
