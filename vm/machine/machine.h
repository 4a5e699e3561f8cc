// The actor runtime as a System: one scenario, loaded once, executed as often as the engine likes.
//
// 1. At most one process runs between two operations; all others are parked just before theirs.
// 2. A parked process whose operation can be performed is exactly the one that is among the
//    alternatives.
// 3. The sync point itself asks the chooser and switches straight to the picked process (D4b); only
//    a chooser that wants everybody at rest is asked from the thread's own stack.
// 4. Nothing here or in the World iterates over anything whose order depends on addresses or time.
//
// The machine itself is what chooses and switches; what else it takes is in its parts
// (machine_part.h), each in the room of its idea.
#pragma once
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/boundary/system.h"
#include "vm/machine/image.h"
#include "vm/machine/program.h"
#include "vm/machine/recorded_history.h"
#include "vm/machine/world.h"
#include "vm/memory/host.h"
#include "vm/memory/memory.h"

namespace lockstep {
class InvariantCheck;
}

namespace lockstep::vm {

struct LoadContext;
class Signals;
class Footprints;
class Cluster;
class Timers;
class Processes;
class Mailboxes;
class Watchdog;
class FrozenState;
class Recorder;
class MachinePart;
class Properties;
class Spins;

// What a sync point has to do beside the hot path.
enum Slow : uint32_t {
  kSlowRecord = 1,
  kSlowSites = 2,
  kSlowMatcher = 4,
  kSlowTrack = 8,  // System::state is asked for
  kSlowHunt = 16,
  kSlowHistory = 32,
  kSlowWatch = 64,  // there are properties
  kSlowPeek = 128   // a predicate is being evaluated
};

class Machine final : public System, public Memory {
 public:
  // An empty scenario name only loads, to find what the file holds.
  Machine(LoadContext& context, const std::string& scenario, const MachineOptions& options);
  ~Machine() override;

  // System
  void begin(uint64_t seed, uint64_t iteration) override;
  const Outcome& run(Chooser& chooser) override;
  std::span<const Decision> decisions() const override {
    return {decisions_.data(), world_->steps};
  }
  void record(EventSink* sink) override { sink_ = sink; }
  std::unique_ptr<Mark> save(std::unique_ptr<Mark> old = nullptr) override;
  void restore(const Mark& mark) override;
  uint64_t digest() const override;
  uint64_t state() const override;
  void contents(std::vector<Content>& out) const override;
  uint64_t actor_key(ActorId actor) const override;
  std::string actor_name(ActorId actor) const override;
  std::string site_name(uint32_t site) const override;
  std::string object_name(ObjectId object) const override;
  ObjectId stable_object(ObjectId object) const override;
  int64_t permits(ObjectId lock) const override;
  bool may_crash() const { return may_crash_; }
  bool may_set_timers() const { return may_set_timers_; }
  bool ends_prevent() const override {
    return may_crash_ || options_.racy_timers() ||
           (options_.timers == TimerMode::simultaneous && may_set_timers_);
  }
  std::span<const Blocked> blocked() override;
  Mail mail() const override;
  bool accepts(size_t reception, size_t arrival) const override;
  std::span<const uint64_t> inputs() const override {
    return {world_->inputs.data, world_->inputs.size};
  }
  void omit(std::span<const uint64_t> inputs) override;
  ExecutionFacts facts() const override;
  bool root_left_others() const;
  std::string goal_name(uint32_t goal) const override { return goal_names_[goal]; }
  void witness(Evidence& evidence) const override;
  Limits& limits() override { return options_.limits; }
  void watch(const StopToken* token) override;
  bool cut() const override;

  // ---- parts ----
  Signals& signals() const { return *signals_; }
  Footprints& footprints() const { return *footprints_; }
  Cluster& cluster() const { return *cluster_; }
  Timers& timers() const { return *timers_; }
  Processes& processes() const { return *processes_; }
  Mailboxes& mailboxes() const { return *mailboxes_; }
  Watchdog& watchdog() const { return *watchdog_; }
  FrozenState& frozen() const { return *frozen_; }
  Recorder& recorder() const { return *recorder_; }
  Properties& properties() const { return *properties_; }
  Spins& spins() const { return *spins_; }

  // ---- for the functions that guests call ----
  World& world() const { return *world_; }
  Bytes& scratch() { return scratch_; }
  const MachineOptions& options() const { return options_; }
  Process& self() { return *world_->current; }
  // The running process; raises if nothing runs (file-level code).
  Process& process(lua_State* L, const char* what) {
    if (__builtin_expect(world_->current == nullptr, 0)) return nobody_runs(L, what);
    return *world_->current;
  }
  bool loading() const { return loading_ != nullptr; }
  LoadContext& load_context() { return *loading_; }
  // "ok", kept by the image: pushed without a look-up.
  const void* ok_string() const { return ok_string_; }
  uint64_t fingerprint();
  void push_closure(lua_State* L, size_t proto, int upvalues);

  // The sync point: announces the operation and returns when it may take effect. Does not return if
  // the execution ends or the process is killed first. `what` is a string literal: the call as the
  // guest knows it.
  void sync(lua_State* L, Process& p, const char* what, OpKind kind, Access access, ObjectId object,
            uint64_t value = 0, uint32_t cause = 0) {
    if (__builtin_expect(slow_ != 0, 0)) {
      sync_slowly(L, p, what, kind, access, object, value, cause);
      return;
    }
    Alternative& a = world_->alternatives[world_->position[p.actor]];
    a.op.kind = kind;
    a.op.access = access;
    a.op.extra_count = 0;
    a.op.object = object;
    a.op.value = value;
    a.cause = cause;
    p.what = what;
    if (__builtin_expect(fair_spins_, 0)) look_for_round(L, p, a.op);
    park(p);
  }
  // As sync(), for an operation that touches further objects.
  void announce(lua_State* L, Process& p, const char* what, OpKind kind, Access access,
                ObjectId object, uint64_t value, const Footprint* extra, size_t extra_count);
  // To be called with the results on top of the stack when the effect has happened: `return
  // m.done(L, p, n)`.
  int done(lua_State* L, Process& p, int results) {
    if (__builtin_expect(slow_ != 0, 0)) slow_done(L, p, results);
    return results;
  }
  // While System::state is asked for: what the process learns otherwise than by a result, and that
  // the value on top of L's stack is raised.
  void observe(Process& p, uint64_t what) {
    if (__builtin_expect((slow_ & kSlowTrack) != 0, 0)) p.seen = mix64(p.seen, what);
  }
  void observe_raised(lua_State* L);
  // What the process does just now is not seen from its operation: no round without effect.
  void did_more_than_look(Process& p) { p.spin.written = kNone; }
  // Reading the clock is an operation of its own: time may pass at any moment.
  bool clock_races() const {
    return options_.racy_timers() && !(slow_ & (kSlowMatcher | kSlowPeek));
  }
  // The only way to what footprints are computed from (watched.h).
  template <class T, Readers kReaders>
  T& change(Watched<T, kReaders>& what) {
    note_stale(kReaders);
    return what.value_;
  }
  void note_stale(Readers of) { world_->stale |= 1U << static_cast<unsigned>(of); }

  bool recording() const { return sink_ != nullptr; }
  EventSink* sink() const { return sink_; }

  // lockstep.cover: the goal of that name has been reached in this execution.
  void reach_goal(std::string_view name);

  // A data choice of the running process: 0 .. count-1.
  uint32_t choose_data(Process& p, uint32_t count);
  // An operation that a generator has made for the process; false if it is to be left out.
  bool next_input(Process& p);

  // Locks (locks.cpp): array `number` counts how many may still enter. take_lock waits until there
  // is one and takes it off; lock_changed() lets those go on who can, and holds the others back.
  void take_lock(lua_State* L, Process& p, const char* what, uint32_t number);
  void lock_changed(uint32_t number);

  void table_named(EtsTable& t, uint32_t container);  // ets_table.cpp

  // Ends the execution here and now; does not return. Frames are abandoned.
  [[noreturn]] void finish(Outcome outcome);
  [[noreturn]] void stop(Verdict verdict) {
    Outcome o;
    o.verdict = verdict;
    finish(std::move(o));
  }
  [[noreturn]] void fail(Verdict verdict, const Process& p, std::string reason,
                         std::string site = {}, std::string object = {}, std::string detail = {});

  void use_histories() {
    world_->histories_used = true;
    slow_ |= kSlowHistory;
  }
  // While a model of the scenario's computes states: it may not perform operations, and what would
  // end the execution raises an error first, so that the check can put its own memory away.
  void checking(bool on) {
    checking_ = on;
    slow_ = on ? slow_ | kSlowMatcher : slow_ & ~static_cast<uint32_t>(kSlowMatcher);
  }
  bool checking() const { return checking_; }
  bool in_matcher() const { return (slow_ & kSlowMatcher) != 0; }
  void refuse_in_matcher(lua_State* L, const char* what);  // raises an error of Lua's
  const RecordedCheck& failed_check() const { return failed_check_; }
  void keep_failed_check(RecordedCheck check) { failed_check_ = std::move(check); }
  // The coroutine in which guest code runs just now, and for whom; null if none does.
  lua_State* guest() const;
  // Of a process's coroutines the one that runs; null: its first one.
  lua_State*& running_coroutine() {
    return world_->current ? world_->current->running : file_level_;
  }
  const Process* guest_process() const;

  // ---- for the parts ----
  // Between the announcement of an operation and park(), and after it.
  void before_parking(lua_State* L, Process& p, Alternative& a);
  void granted(lua_State* L, Process& p) {
    if (slow_ != 0) slow_granted(L, p);
  }
  void park(Process& p);
  void start(Process& p);                // runs it from here on; comes back where it parks
  [[noreturn]] void leave_stack();       // of a process that has ended
  lua_State* new_thread(uint32_t slot);  // kept from the collector until it is forgotten
  void forget_thread(uint32_t slot);
  bool on_main() const { return on_main_; }  // nobody's own stack
  int body_ref() const { return body_ref_; }
  bool has_liveness() const { return may_owe_; }
  // Steps that cannot come any more, since something was in their way (System::blocked).
  void never_comes(const Blocked& b) { blocked_.push_back(b); }
  std::vector<Blocked>& disabled_events() { return blocked_; }
  bool running() const { return running_; }
  bool at_file_level() const { return file_level_ != nullptr; }
  // Guest code may be under way, on whatever stack.
  bool guest_may_run() const { return (running_ || file_level_) && !on_main_; }
  uint64_t execution() const { return runs_; }  // how many have begun
  void hurry() { alarm_ = 0; }
  [[noreturn]] void end_loading(lua_State* L);
  [[noreturn]] void fail_loading(std::string problem);
  Image& image() { return image_; }
  const Image& image() const { return image_; }
  void forget_block(void* p, size_t size) {  // while loading
    noted_->erase(static_cast<char*>(p));
    arena_.put(p, size);
  }
  ActorId make_actor(AltKind kind, uint32_t process, uint64_t key);
  void enable(ActorId actor, AltKind kind, uint32_t process, const Operation& op,
              uint32_t cause = 0);
  void disable(ActorId actor);
  bool enabled(ActorId actor) const { return world_->position[actor] != kNone; }
  // Calls `what(argument)` on a stack of its own: what runs in the name of a process that is not
  // the one whose stack this is has a budget of nested calls of its own.
  void aside(void (*what)(void*), void* argument);

  Term encode_argument(lua_State* L, int index,
                       const char* function);  // raises if it cannot be sent
  void on_line(lua_State* L);                  // from the line hook
  char* fault_stack_top() const { return arena_.stack_top(Arena::Own::fault); }

 private:
  friend void build_state(Machine& m);
  friend void aside_entry();
  friend void out_of_memory();
  friend class MachinePart;

  void run_once(Chooser& chooser);
  void run_again(Chooser& chooser);
  Process* pick(Process* on);  // next process to run; performs what is not a process's step; null:
                               // the execution is over
  void set_alarm(uint32_t steps);
  void late();
  void sync_slowly(lua_State* L, Process& p, const char* what, OpKind kind, Access access,
                   ObjectId object, uint64_t value, uint32_t cause);
  Process& nobody_runs(lua_State* L, const char* what);
  void look_for_round(lua_State* L, Process& p, const Operation& next);
  void check_choice();  // checks.cpp
  void perform(const Alternative& alternative);
  void decide_end();    // nothing can happen any more: passed or deadlock
  void check_frozen();  // file-level state must be as loaded
  void slow_sync(lua_State* L, Process& p, Alternative& a);
  void slow_granted(lua_State* L, Process& p);
  void observe_results(lua_State* L, Process& p, int results);
  void slow_done(lua_State* L, Process& p, int results);
  void load(LoadContext& context);
  void make_parts();
  void freeze();
  void find_mutable();
  static Machine* take_thread(Machine* m);  // it is current_machine(); returns who was
  void load_file_level(const std::function<void()>& what);
  static void* allocate_for_lua(void* ud, void* p, size_t old_size, size_t new_size);
  void* refuse(size_t size);
  void hunt();  // run again with a line hook: which line changed file-level state
  void to_process(Context& from, Process& q);
  Context& here() { return world_->current && !on_main_ ? world_->current->context : main_; }

  Host host_;
  World* world_ = nullptr;
  lua_State* L_ = nullptr;  // the state's main thread: runs no guest code after loading
  MachineOptions options_;
  Image image_;
  Chooser* chooser_ = nullptr;
  EventSink* sink_ = nullptr;
  uint32_t slow_ = 0;  // bits of Slow: what a sync point has to do beside the hot path
  bool at_rest_ = false;
  std::vector<Blocked> blocked_;
  bool may_go_round_ = false;       // the program has loops
  bool may_crash_ = false;          // ... and may declare faults
  bool may_set_timers_ = false;     // ... and may set timers, which end with whom they are for
  bool may_owe_ = false;            // ... and may say that something has to happen
  bool fair_spins_ = false;         // waits that spin are taken to be fair, in this execution
  std::atomic<uint32_t> alarm_{0};  // steps at which late() is called; the watchdog sets 0
  Context main_;
  std::vector<Decision> decisions_;
  Outcome outcome_;
  Bytes scratch_;
  std::string scenario_;
  bool running_ = false, on_main_ = true;
  uint64_t runs_ = 0;              // for the watchdog: which execution it saw
  std::map<char*, Block> blocks_;  // there when a program had been loaded
  bool checking_ = false;
  RecordedCheck failed_check_;
  bool light_ = false;  // the last execution changed only what Image::changing holds
  bool changed_little() const;
  void take_from_image(const Image::Piece& piece);
  void take_all_from_image();
  // Size of the last allocation refused to Lua: it collects garbage and asks once more.
  size_t refused_ = 0;
  int newstate_calls_ = 0;  // allocations while the state is made
  void* state_block_ = nullptr;
  size_t state_size_ = 0;
  bool seed_pinned_ = false;
  LoadContext* loading_ = nullptr;
  const void* ok_string_ = nullptr;
  int body_ref_ = 0, threads_ref_ = 0, templates_ref_ = 0;
  std::string last_line_;  // before which file-level state was as it was, while that is hunted
  const Context* aside_from_ = nullptr;
  void (*aside_what_)(void*) = nullptr;
  void* aside_argument_ = nullptr;
  std::vector<std::string> goal_names_;  // met so far in any execution
  std::unordered_map<std::string, uint32_t> goal_numbers_;
  std::unique_ptr<InvariantCheck> invariants_;  // with MachineOptions::check
  lua_State* file_level_ = nullptr;             // runs guest code while loading
  std::string load_problem_;
  // The parts of it, each with the state that it alone has.
  std::unique_ptr<Signals> signals_;
  std::unique_ptr<Footprints> footprints_;
  std::unique_ptr<Cluster> cluster_;
  std::unique_ptr<Timers> timers_;
  std::unique_ptr<Processes> processes_;
  std::unique_ptr<Mailboxes> mailboxes_;
  std::unique_ptr<Watchdog> watchdog_;
  std::unique_ptr<FrozenState> frozen_;
  std::unique_ptr<Recorder> recorder_;
  std::unique_ptr<Properties> properties_;
  std::unique_ptr<Spins> spins_;
};

// The machine that runs on this thread, for code that has no other way to it. Null between runs.
Machine* current_machine();

}  // namespace lockstep::vm
