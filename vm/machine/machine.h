// What the parts of the runtime, and the functions that guests call, share of one execution.
//
// 1. At most one process runs between two operations; all others are parked just before theirs.
// 2. A parked process whose operation can be performed is exactly the one that is among the
//    alternatives.
// 3. The sync point itself asks the chooser and switches straight to the picked process (D4b); only
//    a chooser that wants everybody at rest is asked from the thread's own stack.
// 4. Nothing here or in the World iterates over anything whose order depends on addresses or time.
//
// The machine is what guests' calls come through (sync_point.h), and the way to its parts
// (parts.h), each of which is in the room of its idea and has the state that it alone needs. As a
// whole they are the System that the engine knows: vm/system/actor_system.h.
#pragma once
#include <string>

#include "engine/boundary/system.h"
#include "vm/machine/image.h"
#include "vm/machine/options.h"
#include "vm/machine/sync_point.h"
#include "vm/memory/host.h"
#include "vm/memory/memory.h"

namespace lockstep::vm {

class Machine : public Memory, public SyncPoint {
 public:
  const MachineOptions& options() const { return options_; }
  Image& image() { return image_; }
  const Image& image() const { return image_; }
  // File-level state, which all processes share and none may write.
  bool is_shared(const void* p) const { return image_.is_shared(arena_.base(), p); }
  bool recording() const { return sink_ != nullptr; }
  EventSink* sink() const { return sink_; }
  // For people; of whatever shared state it is (System::object_name).
  virtual std::string object_name(ObjectId object) const = 0;

  static Machine* take_thread(Machine* m);  // it is current_machine(); returns who was

 protected:
  explicit Machine(MachineOptions options);
  ~Machine();

  MachineOptions options_;
  Host host_;
  lua_State* L_ = nullptr;  // the state's main thread: runs no guest code after loading
  Image image_;
  EventSink* sink_ = nullptr;

 private:
  friend class Interpreter;  // which makes L_
  friend class MachinePart;
};

// The machine that runs on this thread, for code that has no other way to it. Null between runs.
Machine* current_machine();

}  // namespace lockstep::vm
