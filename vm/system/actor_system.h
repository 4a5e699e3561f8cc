// The actor runtime as a System: one scenario, loaded once, executed as often as the engine likes.
//
// The parts of the machine are made here, and know nothing of it.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "engine/boundary/event.h"
#include "engine/boundary/system.h"
#include "vm/machine/machine.h"

namespace lockstep::vm {

struct LoadContext;
struct MadeParts;

class ActorSystem final : public System, public Machine {
 public:
  // An empty scenario name only loads, to find what the file holds.
  ActorSystem(LoadContext& context, const std::string& scenario, const MachineOptions& options);
  ~ActorSystem() override;

  void begin(uint64_t seed, uint64_t iteration) override;
  const Outcome& run(Chooser& chooser) override;
  std::span<const Decision> decisions() const override {
    return {scheduler_.decisions().data(), world_->steps};
  }
  void record(EventSink* sink) override;
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

 private:
  // Events on their way to the sink, each with a digest of the state after it.
  class Digesting final : public EventSink {
   public:
    explicit Digesting(const ActorSystem& system) : system_(system) {}
    void on_event(Event&& event) override;
    void on_names(const Renamings& names) override;
    EventSink* to = nullptr;

   private:
    const ActorSystem& system_;
  };

  void run_once(Chooser& chooser);
  // In again.cpp.
  void run_again(Chooser& chooser);
  void look_for_change();
  void hunt();

  std::unique_ptr<MadeParts> made_;
  Digesting digesting_{*this};
};

}  // namespace lockstep::vm
