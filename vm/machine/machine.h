// The actor runtime as a System: one scenario, loaded once, executed as often as the engine likes.
//
// 1. At most one process runs between two operations; all others are parked just before theirs.
// 2. A parked process whose operation can be performed is exactly the one that is among the
//    alternatives.
// 3. The sync point itself asks the chooser and switches straight to the picked process (D4b); only
//    a chooser that wants everybody at rest is asked from the thread's own stack.
// 4. Nothing here or in the World iterates over anything whose order depends on addresses or time.
//
// The machine itself is the System, what guests' calls come through (sync_point.h), and the way to
// its parts (parts.h), each of which is in the room of its idea and has the state that it alone
// needs.
#pragma once
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/boundary/system.h"
#include "vm/machine/image.h"
#include "vm/machine/program.h"
#include "vm/machine/sync_point.h"
#include "vm/memory/host.h"
#include "vm/memory/memory.h"

namespace lockstep::vm {

struct LoadContext;

class Machine final : public System, public Memory, public SyncPoint {
 public:
  // An empty scenario name only loads, to find what the file holds.
  Machine(LoadContext& context, const std::string& scenario, const MachineOptions& options);
  ~Machine() override;

  // ---- System ----
  void begin(uint64_t seed, uint64_t iteration) override;
  const Outcome& run(Chooser& chooser) override;
  std::span<const Decision> decisions() const override {
    return {scheduler_.decisions().data(), world_->steps};
  }
  void record(EventSink* sink) override { sink_ = sink; }
  std::unique_ptr<Mark> save(std::unique_ptr<Mark> old = nullptr) override;
  void restore(const Mark& mark) override;
  uint64_t digest() const override;
  uint64_t state() const override;
  void contents(std::vector<Content>& out) const override;
  void show(std::vector<Shown>& out) override;
  std::string pending(const Alternative& alternative) const override;
  uint64_t actor_key(ActorId actor) const override;
  std::string actor_name(ActorId actor) const override;
  std::string site_name(uint32_t site) const override;
  std::string object_name(ObjectId object) const override;
  ObjectId stable_object(ObjectId object) const override;
  int64_t permits(ObjectId lock) const override;
  bool ends_prevent() const override;
  std::span<const Blocked> blocked() override;
  Mail mail() const override;
  bool accepts(size_t reception, size_t arrival) const override;
  std::span<const uint64_t> inputs() const override {
    return {world_->inputs.data, world_->inputs.size};
  }
  void omit(std::span<const uint64_t> inputs) override;
  ExecutionFacts facts() const override;
  std::string goal_name(uint32_t goal) const override;
  void witness(Evidence& evidence) const override;
  Limits& limits() override { return options_.limits; }
  void watch(const StopToken* token) override;
  bool cut() const override;
  bool cut_if_asked() override;

  // ---- for the parts, and for the functions that guests call ----
  const MachineOptions& options() const { return options_; }
  Image& image() { return image_; }
  bool recording() const { return sink_ != nullptr; }
  EventSink* sink() const { return sink_; }

  static Machine* take_thread(Machine* m);  // it is current_machine(); returns who was

 private:
  friend class Interpreter;  // which makes L_
  friend class MachinePart;

  void run_once(Chooser& chooser);
  void run_again(Chooser& chooser);

  MachineOptions options_;
  Host host_;
  lua_State* L_ = nullptr;  // the state's main thread: runs no guest code after loading
  Image image_;
  EventSink* sink_ = nullptr;
};

// The machine that runs on this thread, for code that has no other way to it. Null between runs.
Machine* current_machine();

}  // namespace lockstep::vm
