// The state of Lua: where its memory comes from, its coroutines, closures over objects of the
// image.
#pragma once
#include "vm/machine/machine_part.h"

namespace lockstep::vm {

class Interpreter : public MachinePart {
 public:
  using MachinePart::MachinePart;

  void open();         // throws Error if the library is not the one that is known
  void make_tables();  // that the runtime keeps in the registry
  void begin() {
    refused_ = 0;
    refused_at_.clear();
  }
  const std::string& refused_at() const { return refused_at_; }

  lua_State* new_thread(uint32_t slot);  // kept from the collector until it is forgotten
  void forget_thread(uint32_t slot);
  void push_closure(lua_State* L, size_t proto, int upvalues);
  // "ok", kept by the image: pushed without a look-up.
  const void* ok_string() const { return ok_string_; }
  int threads_ref() const { return threads_ref_; }
  int templates_ref() const { return templates_ref_; }

 private:
  static void* allocate(void* ud, void* p, size_t old_size, size_t new_size);
  void* refuse(size_t size);

  // Size of the last allocation refused to Lua: it collects garbage and asks once more.
  size_t refused_ = 0;
  std::string refused_at_;  // the source line
  int newstate_calls_ = 0;  // allocations while the state is made
  void* state_block_ = nullptr;
  size_t state_size_ = 0;
  bool seed_pinned_ = false;
  const void* ok_string_ = nullptr;
  int threads_ref_ = 0, templates_ref_ = 0;
};

}  // namespace lockstep::vm
