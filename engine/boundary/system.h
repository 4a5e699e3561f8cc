// The whole boundary between the engine and what it explores. vm::Machine is a System; the tests
// have a toy of thirty lines.
#pragma once
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/boundary/activity.h"
#include "engine/boundary/choice.h"
#include "engine/boundary/event.h"
#include "engine/boundary/evidence.h"
#include "engine/boundary/outcome.h"

namespace lockstep {

// A saved state. Owned by the System that made it; freed with the handle.
class Mark {
 public:
  virtual ~Mark() = default;
  virtual size_t bytes() const = 0;
};

struct Limits {
  uint32_t max_steps = 10000;               // decisions in one execution, else step_bound
  uint64_t max_memory = 256ull << 20;       // bytes of guest memory, else memory_bound
  uint64_t max_instructions = 100'000'000;  // between two operations, else runaway
  // ... as are so many seconds of CPU: one instruction may call what takes for ever.
  double max_compute = 10;
  bool count_instructions = false;  // count exactly (slower): how a suspect is judged
};

// A message that entered a mailbox, or would have if its owner had not ended.
struct Arrival {
  uint32_t at = 0;  // the decision that brought it
  ObjectId mailbox = 0;
  uint64_t value = 0;  // digest of the message
};
// A receive that took a message, or found none and went on; or somebody who looked at all messages.
struct Reception {
  static constexpr uint32_t kNothing = 0xffffffff;
  uint32_t at = 0;  // the decision
  ObjectId mailbox = 0;
  uint32_t took = kNothing;  // number of the arrival
  bool opaque = false;       // its matcher is code, so what else it would take is not known
};
// What went through mailboxes in one execution, both in the order in which it happened; mailboxes
// as stable_object() names them.
struct Mail {
  std::span<const Arrival> arrivals;
  std::span<const Reception> receptions;
};

struct Content {
  ObjectId object = 0;
  uint64_t digest = 0;
  const char* what = "";  // "mailbox", "row": for people
  // Comes and goes with that one: whoever would see the change touches it too (0: none).
  ObjectId with = 0;
  // This process's own steps change it unannounced: who reads it conflicts with each of them
  // (kAgainstSteps).
  uint32_t process = kNobody;
  static constexpr uint32_t kNobody = 0xffffffff;
};

// A part of the state in words, for people who look at a state or compare two.
struct Shown {
  std::string what;     // what kind of thing: "process", "mailbox", "table"
  std::string of;       // which one: "P1(worker)", "counter"; empty where there is only one
  std::string key;      // which part of it: "waits", "\"n\"", "3"; the three together are unique
  std::string value;    // one line
  ObjectId object = 0;  // as footprints name it; 0: nobody but its process can see it
};

// When to stop: at once if the flag is set, or at a time. Asked in signal handlers.
struct StopToken {
  const std::atomic<bool>* interrupted = nullptr;
  std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::time_point::max();
  bool asks() const {
    return (interrupted && interrupted->load(std::memory_order_relaxed)) ||
           (deadline != std::chrono::steady_clock::time_point::max() &&
            std::chrono::steady_clock::now() > deadline);
  }
};

class System {
 public:
  virtual ~System() = default;

  // Back to the state after loading. The execution that follows is a function of (seed, iteration)
  // and the decisions.
  virtual void begin(uint64_t seed, uint64_t iteration) = 0;

  // Runs from the current state until the execution ends or the chooser stops it.
  virtual const Outcome& run(Chooser& chooser) = 0;

  // The decisions since begin(); after restore(), those up to the mark and then the new ones.
  virtual std::span<const Decision> decisions() const = 0;

  // Where events go while running; null (the default) records nothing. Set before begin().
  virtual void record(EventSink* sink) = 0;

  // Only from Chooser::choose of a chooser with at_rest(), or between begin() and run(). restore()
  // only between runs: run() then asks for the same choice point again. `old`: a mark of this
  // system that nobody needs any more, whose memory is used again.
  virtual std::unique_ptr<Mark> save(std::unique_ptr<Mark> old = nullptr) = 0;
  virtual void restore(const Mark& mark) = 0;

  // Digest of everything that another process, or the future, can observe. Equal executions have
  // equal digests.
  virtual uint64_t digest() const = 0;

  // Digest of all that the future depends on, the choices aside: two states of one program with one
  // digest (but for chance, 2^-64) can go on in the same ways, whatever led to them. 0: cannot be
  // told. Only where a chooser with states() is asked; every process is parked.
  virtual uint64_t state() const { return 0; }

  // What more than one actor can see, by the objects of footprints, in no order; an object may come
  // several times. What is listed for the first time has just been made. With a chooser with
  // at_rest(). (audit.h)
  virtual void contents(std::vector<Content>& out) const { out.clear(); }

  // The same for people, and what processes have to themselves, in an order that is a function of
  // the state. With a chooser with at_rest(), or after run().
  virtual void show(std::vector<Shown>& out) { out.clear(); }
  // What the alternative would do, in words, its actor aside: "ets.insert counter["n"]", "arrival
  // of "done"". While its choice point is asked about.
  virtual std::string pending(const Alternative& alternative) const {
    return op_name(alternative.op.kind);
  }

  // A name for an actor that means the same in executions that differ elsewhere: the hash of its
  // spawn path, of its channel's ends, of its timer's owner and number. 0 if there is none.
  virtual uint64_t actor_key(ActorId actor) const = 0;
  virtual std::string actor_name(ActorId actor) const = 0;  // for people
  virtual std::string site_name(uint32_t site) const = 0;   // "file.lua:12 send"; empty for 0
  virtual std::string object_name(ObjectId object) const = 0;

  // The same object named so that its name does not depend on who created what first: class and
  // element stay, the container becomes a hash of where it comes from (collisions only cost
  // reductions).
  virtual ObjectId stable_object(ObjectId object) const { return object; }

  // How many may take a lock, which kAcquire is about, before the first has to wait.
  virtual int64_t permits(ObjectId lock) const { return (void)lock, 1; }

  // May the end of a process make a step of somebody else impossible: a fault that would end it, a
  // timer that would fire for it before nothing else can happen?
  virtual bool ends_prevent() const { return false; }

  // What waited to the end of the execution, or to the end of its chance, and may conflict with
  // what was done: a lock's acquire, the limit of a receive that has its message, and a crash
  // that could still come where nothing else could. A receive that waits for a message conflicts
  // with nothing, so it need not be named. Asked after run().
  virtual std::span<const Blocked> blocked() { return {}; }

  // Every arrival and every receive of the execution that has just ended, for reductions that ask
  // which messages a receive can tell apart; valid until begin(). accepts(): whether the receive
  // would take the message, if it were the only one; both by number.
  virtual Mail mail() const { return {}; }
  virtual bool accepts(size_t reception, size_t arrival) const {
    return (void)reception, (void)arrival, true;
  }

  // Inputs of the last execution that it could do without: operations that a generator made, each
  // by a key that means the same in executions that differ elsewhere. omit() has executions from
  // the next begin() on go without some, until the next omit().
  virtual std::span<const uint64_t> inputs() const { return {}; }
  virtual void omit(std::span<const uint64_t>) {}
  // Adds the execution that came to its end to what there is. Asked after run().
  virtual void witness(Evidence& evidence) const { (void)evidence; }

  // What the execution that has just ended did, against vacuous verdicts. Valid until begin().
  virtual ExecutionFacts facts() const { return {}; }
  virtual std::string goal_name(uint32_t goal) const { return std::to_string(goal); }

  virtual Limits& limits() = 0;
  // From now on an execution under way is cut off soon after `token` asks for it, wherever it is;
  // null: after that one asks which the system was made with, if any. It ends as Verdict::stopped,
  // cut() is true until the next begins, and nothing is known of it. A System that does not know
  // how ends when it ends.
  virtual void watch(const StopToken* token) { (void)token; }
  virtual bool cut() const { return false; }
  // Asks the token at once, for who computes for long between two choices or after the end: if it
  // asks for the end, the execution is cut off, also one that has ended.
  virtual bool cut_if_asked() { return cut(); }
};

}  // namespace lockstep
