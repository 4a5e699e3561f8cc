// From source text to the image of a machine: what runs once, before any execution.
#pragma once
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "vm/loading/loader.h"
#include "vm/machine/machine_part.h"

namespace lockstep::vm {

class Loading : public MachinePart {
 public:
  using MachinePart::MachinePart;

  // Throws Error for what is wrong with the program. An empty scenario name only loads.
  void load(LoadContext& context, const std::string& scenario);
  bool under_way() const { return context_ != nullptr; }
  LoadContext& context() { return *context_; }
  // The coroutine that runs guest code at file level, null if none does.
  lua_State*& file_level() { return file_level_; }
  bool at_file_level() const { return file_level_ != nullptr; }
  [[noreturn]] void end(lua_State* L);          // it took too long
  [[noreturn]] void fail(std::string problem);  // empty: it is to end (MachineOptions::stop)
  void forget_block(void* p, size_t size) {
    blocks_.erase(static_cast<char*>(p));
    arena_.put(p, size);
  }

  // What the program's text may do, read before anything runs.
  struct Text {
    bool may_go_round = false;    // it has loops
    bool may_crash = false;       // it may declare faults
    bool may_set_timers = false;  // which end with whom they are for
    bool may_owe = false;         // it may say that something has to happen
  };
  const Text& text() const { return text_; }
  // Whether code of that name runs; of names above 59 bytes Lua shows the end, "...end.lua".
  bool is_file(std::string_view name) const;
  int body_ref() const { return body_ref_; }  // of the scenario
  uint64_t fingerprint();                     // of what lua_fingerprint() loads

 private:
  void run_file_level(const std::function<void()>& what);
  void freeze();
  void find_mutable();

  LoadContext* context_ = nullptr;
  lua_State* file_level_ = nullptr;
  std::string problem_;
  bool stopped_ = false;
  std::map<char*, Memory::Block> blocks_;  // there when a program had been loaded
  std::vector<std::string> files_;         // names of the scenario's file and its modules
  Text text_;
  int body_ref_ = 0;
};

}  // namespace lockstep::vm
