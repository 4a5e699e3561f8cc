// Loading while it is under way: what file-level code may ask for, and how it is ended.
#pragma once
#include <string>
#include <utility>

#include "vm/machine/machine_part.h"

namespace lockstep::vm {

struct LoadContext;

class FileLevel : public MachinePart {
 public:
  using MachinePart::MachinePart;

  bool under_way() const { return context_ != nullptr; }
  LoadContext& context() { return *context_; }
  // `file`: the scenario's own, for messages. Null: loading is over.
  void begin(LoadContext* context, std::string file) {
    context_ = context;
    file_ = std::move(file);
  }
  void end() { context_ = nullptr; }
  const std::string& file() const { return file_; }

  // Goes back to whoever has called file-level code. Without a problem: somebody wants it to end.
  [[noreturn]] void fail(std::string problem) {
    stopped_ = problem.empty();
    problem_ = std::move(problem);
    m_.scheduler().back_to_main();
  }
  bool stopped() const { return stopped_; }
  const std::string& problem() const { return problem_; }

 private:
  LoadContext* context_ = nullptr;
  std::string file_, problem_;
  bool stopped_ = false;
};

}  // namespace lockstep::vm
