// The state of one execution, all of it in the arena: plain data, restored by copying bytes, never
// destroyed.
#pragma once
#include <cstdint>

#include "engine/base/prng.h"
#include "engine/boundary/choice.h"
#include "engine/boundary/system.h"
#include "vm/machine/watched.h"
#include "vm/memory/arena.h"
#include "vm/memory/stack.h"
#include "vm/memory/term.h"

struct lua_State;

namespace lockstep::vm {

inline constexpr uint32_t kNone = 0xffffffff;

struct Message {
  Term payload;
  uint32_t from = kNone;  // process index of the sender, kNone for timers and the runtime
  uint32_t sent_at = 0;   // step of the send; in a mailbox that of its arrival, for causes
  uint32_t left_at = 0;   // in a mailbox: step of the send
  uint32_t arrival = 0;   // its number in World::arrivals, while mail is kept
  bool down = false;      // tells of an end to a monitor
};

// Who made a table, an array or a history, and how many of them before: what names it in every
// execution, whatever others make meanwhile.
struct Maker {
  uint32_t process = kNone;
  uint32_t nth = 0;
};

enum class SignalKind : uint8_t {
  message,
  exit,
  link_exit,
  link,
  unlink,
  monitor,
  demonitor,
  down,
  alias
};

struct Signal {
  SignalKind kind = SignalKind::message;
  uint32_t from = kNone;
  uint32_t sent_at = 0;
  uint64_t ref = 0;  // monitor or alias reference
  Term payload;      // message, exit reason, DOWN message
  Term name;         // to whoever has this name when it arrives; nil for most
};

// Signals on their way to a process, in order. One for each receiver under instant delivery, one
// for each pair under async.
struct Channel {
  uint32_t from = kNone, to = kNone;  // to: kNone if nobody had the name that it was sent to
  uint32_t node = 0;                  // where it leads
  ActorId actor = kNoActor;
  struct Queue {
    Vec<Signal> signals;
    uint32_t head = 0;  // signals before it have been handled
  };
  Watched<Queue, Readers::targets> queue;
  Footprint* footprint = nullptr;  // of the arrival of the first
  bool empty() const { return queue->head == queue->signals.size; }
  // Those on their way, first to last.
  const Signal* begin() const { return queue->signals.data + queue->head; }
  const Signal* end() const { return queue->signals.data + queue->signals.size; }
  const Signal& first() const { return *begin(); }
};

enum class TimerKind : uint8_t { message, receive, tick };  // tick: a lost connection is noticed

struct Timer {
  uint64_t due = 0;
  uint32_t owner = kNone;  // process that started it
  ActorId actor = kNoActor;
  uint32_t started_at = 0;
  TimerKind kind = TimerKind::message;
  uint64_t ref = 0;                // message timers
  Term dest;                       // pid or name (resolved when it fires)
  ObjectId object = 0;             // itself, for footprints
  uint32_t released_at = 0;        // step that took away the last of those that it waited for
  Footprint* footprint = nullptr;  // where timers race
  uint32_t footprint_size = 0;
  uint8_t flags = 0;  // of the operation
  Term payload;
};
// Racy timers: one that a process has started and may still be running, as far as it knows. What it
// starts later for the same process, due later, fires after that.
struct EarlierTimer {
  ObjectId object = 0;
  uint64_t due = 0;
  uint32_t target = kNone;
  uint32_t gone_at = 0;  // step that took it away, 0: it is running
};
// Racy timers: from this step on that is the time of the process; of kNone, a timer that fired.
struct ClockChange {
  uint32_t process = kNone;
  uint32_t step = 0;
  uint64_t time = 0;  // ms
};

// Watching another process, kept at the watcher: demonitor finds the target by it.
struct Watch {
  uint64_t ref = 0;
  uint32_t target = kNone;  // process index, kNone if there was none
  bool fired = false;
  Term object, tag;  // for the DOWN that this side makes when the connection is lost
};
// Being watched, kept at the watched process.
struct Watcher {
  uint64_t ref = 0;
  uint32_t process = kNone;
  Term object;        // what the DOWN message names: the pid, or {name, node}
  Term tag;           // "DOWN" unless {tag, T} was asked for; nil means "DOWN"
  bool late = false;  // came when the process had been killed: told of noproc
};

// An active alias, kept at the process that made it.
enum class AliasMode : uint8_t { explicit_unalias, demonitor, reply_demonitor };
struct Alias {
  uint64_t ref = 0;
  AliasMode mode = AliasMode::explicit_unalias;
};

enum class Status : uint8_t {
  starting,  // runs up to its first operation
  ready,     // parked before an operation that can be performed; also while running
  blocked,   // parked in a receive that has nothing to take, or before a lock that is taken
};
enum class Life : uint8_t {
  alive,
  dying,  // its end has taken effect; it has yet to tell others
  ended,
};
enum class Wait : uint8_t { none, any, pattern, predicate, clauses, sleep, lock };

// A deferred target: whom the operation is for is looked up when it takes effect. What it touches
// depends on what others do meanwhile: who gets the name, whether the target ends or is cut off.
// Then its footprint is made anew (footprints.cpp).
enum class DeferredTarget : uint8_t {
  none,
  send,
  signal,
  monitor,
  demonitor,
  link,
  unregister,
  spawn,
  heal,
  alive,
  info
};

// While its operation under way has one.
struct Deferred {
  DeferredTarget kind = DeferredTarget::none;
  uint32_t process = kNone;        // whom the operation is for, unless it is for a name
  uint32_t node = 0;               // where that name is looked up
  const Term* name = nullptr;      // on the process's own stack
  const Signal* signal = nullptr;  // on the process's own stack
  uint64_t ref = 0;
  bool flush = false;  // of a demonitor
  Footprint* footprint = nullptr;
};

// Of a process that ended by an error of its own: strings.
struct Crash {
  Term text, site, trace;
};
struct BadArgument {
  Term text;                    // what its last badarg was about ...
  const void* error = nullptr;  // ... which is this error
};

// Of a process that records operations.
struct OwnHistories {
  uint32_t open = 0;       // histories in which it has an operation open
  uint32_t unstamped = 0;  // of these, those whose invocation is in no log yet
  Footprint footprints[2];
};

// Where a process was when it came to an operation, since it last did more than look.
struct SpinPoint {
  uint64_t place = 0;  // digest of the operation and the call's place
  uint64_t state = 0;  // of all that it had to itself; 0: not asked for
  uint32_t reads = 0;  // looked at before
};
struct SpinRead {
  Footprint what;
  uint32_t since = 0;  // World::written that was looked through
  bool stale = false;  // it was written since
};
// Is it going round, only looking? While a search takes such waits to be fair (spin.cpp).
struct Spin {
  Vec<SpinPoint> points;
  Vec<SpinRead> reads;
  uint32_t written = kNone;  // size of World::written before its operation under way
  OpKind kind = OpKind::none;
  Access access = Access::none;
  bool held = false;  // has come round: not among the alternatives
};

// Whom a timer was started for. That is remembered when there is no such timer any more: what asks
// for it touches the same whenever it is announced.
struct TimerTarget {
  uint64_t ref = 0;
  uint32_t process = kNone;
};

struct Process {
  lua_State* L = nullptr;        // its main coroutine
  lua_State* running = nullptr;  // the coroutine of its own that runs now
  Context context;
  Context* starter = nullptr;  // who runs it up to its first operation, or to the end of a probe
  uint32_t index = 0;          // dense number, 0 is the root
  uint32_t stack = 0;
  ActorId actor = kNoActor;
  ActorId timer_actor = kNoActor;  // of its receive time-outs, made when first needed
  uint64_t key = 0;  // digest of the spawn path: the same in executions that differ elsewhere
  uint64_t pid = 0;  // light value
  uint32_t parent = kNone;
  uint32_t nth = 0;  // which child of its parent, from 1
  uint32_t children = 0;
  uint32_t refs = 0;  // references made so far
  uint32_t timers_made = 0;
  Vec<TimerTarget> timer_targets;    // of timers for other processes, in the order of their start
  uint64_t clock = 0;                // racy timers: ms, as far as it knows
  Vec<EarlierTimer> earlier_timers;  // racy timers: in order of start
  uint32_t limits_made = 0;          // racy timers: time limits of receives
  Footprint* limit_footprint = nullptr;  // the latest of them, as its receive touches it
  uint32_t node = 0;
  uint32_t spawned_at = 0;  // step
  uint32_t ended_at = 0;
  uint32_t woken_by = 0;  // step of what made it able to go on, for causes
  Status status = Status::starting;
  Watched<Life> life;
  Watched<bool> traps{false};
  bool leaving = false;         // has announced its exit
  Watched<bool> killed{false};  // terminated by a signal
  bool matcher_failed = false;  // its matcher raised: it goes on, and raises again in its own time
  bool doomed = false;          // was killed while its own stack performed a delivery
  bool expired = false;         // its receive timed out, unless a message is there when it goes on
  bool gives_up = false;        // ... or not: whatever is there by then
  bool crashed = false;         // ended by an error of its own
  bool seeded = false;          // `random` has been prepared
  bool ran = false;             // was picked for a step of its own
  Wait wait = Wait::none;
  uint32_t awaited = 0;       // Wait::lock: number of the array that counts who may still enter
  bool releasing = false;     // is about to give a lock back, and looks how many may enter then
  const char* what = "";      // the call it is in, as the guest knows it
  Operation blocked_op;       // its operation while it is not among the alternatives
  Watched<ObjectId> lock{0};  // that it is to take, with Wait::lock
  Deferred target;
  Vec<Message> mailbox;
  uint32_t looked = 0;  // messages before it have been looked at by the current receive
  lua_State* receiver =
      nullptr;  // the coroutine that waits in a receive with a matcher, at stack index 1
  Term pattern;
  bool in_clauses = false;  // the pattern is one_of, an element a clause
  uint32_t clause = 0;      // that took the message, from 1; 0: none did
  bool timed = false;       // a receive time-out is running
  uint64_t deadline = 0;
  Watched<Vec<uint32_t>> links;  // process indices
  bool ending = false;           // its announced step is its end
  uint32_t end_tables = 0;       // it lets go of those below that number
  // Came when it had been killed: told of noproc.
  Watched<Vec<uint32_t>, Readers::ends> late_links;
  Watched<Vec<Watch>> watches;
  Watched<Vec<Watcher>, Readers::ends> watchers;
  uint32_t watchers_told = 0;  // of its end, so many of them
  Watched<Vec<Alias>> aliases;
  Term exit_reason;
  Watched<Term, Readers::ends> name;  // registered, or nil
  Prng random;
  Term label;          // for people: set_label, or the first registered name
  uint32_t proto = 0;  // for people: place in the arena of the function it runs, 0 if unknown
  Crash crash;
  BadArgument badarg;
  uint64_t observed = 0;     // digest of what it has seen, while recording
  uint64_t seen = 0;         // the same for System::state (state.cpp), while that is asked for
  bool performing = false;   // ... an operation that has told it nothing yet
  bool shows = false;        // has put what process_info tells others: dictionary, flags
  uint32_t tables_made = 0;  // ETS tables and atomics it has made
  uint64_t table = 0;        // of its operation on a table: which one, 0 if it is by name
  uint32_t keypos = 0;       // ... and where in objects their keys were looked for, 0 if not
  OwnHistories histories;
  uint32_t inputs = 0;  // operations that generators have made for it
  Spin spin;
  uint32_t instructions = 0;  // millions, since its last operation; only while they are counted
};

struct Actor {
  AltKind kind = AltKind::step;
  uint32_t process = 0;
  uint64_t key = 0;
};

struct Name {
  Term name;
  uint32_t process = kNone;
  uint32_t node = 0;
};

// A node of the simulated cluster. Number 0 is where the root runs, "nonode@nohost": it observes,
// is connected to all and listed by none.
struct Node {
  Term name;
  uint32_t key = 0;  // digest of the name
  Watched<bool> up{true};
  uint32_t incarnation = 1;
};
enum class Cut : uint8_t { none, drop, defer };
// The connection of two nodes, a < b.
struct Connection {
  uint32_t a = 0, b = 0;
  Cut ab = Cut::none, ba = Cut::none;  // what happens to signals from a to b, from b to a
  bool connected = true;
  uint32_t generation = 0;  // counts cuts: a tick of an older one does nothing
};
// monitor_node and monitor_nodes.
struct NodeWatch {
  uint32_t process = kNone;
  uint32_t node = kNone;  // kNone: all nodes, ups as well as downs
};
enum class FaultKind : uint8_t { loss, duplicate, crash_process, crash_node, kCount };
struct Fault {
  FaultKind kind = FaultKind::loss;
  ActorId actor = kNoActor;
  uint32_t target = 0;  // channel, process or node
  Footprint* footprint = nullptr;
};

// What a history holds (history_log.h). `type` is a history::EventType.
struct HistoryRecord {
  uint8_t type = 0;
  // Of its process, the same whatever others spawn meanwhile: 0 the root, n its nth child, and of
  // all others which of them came first into this log, from kLaterProcesses on.
  uint32_t number = 0;
  uint32_t process = 0;
  uint32_t opened_by = kNone;  // a completion: the record of its invocation
  uint32_t step = 0;
  uint64_t now = 0;  // ms
  Term f, key, value;
};
// An operation that its process has begun and not completed. Until the process's next step it is in
// no log.
struct OpenOperation {
  uint32_t process = 0;
  uint32_t record = kNone;  // of the invocation
  Term f, key, value;
};
struct HistoryLog {
  uint64_t id = 0;  // light value
  Maker maker;
  bool points = false;
  uint64_t settled = 0;  // digest of the records up to the last invocation
  uint64_t latest = 0;   // sum of those of the completions after that
  Vec<HistoryRecord> records;
  Vec<OpenOperation> open;
  Vec<uint32_t> later;  // processes that are neither the root nor its children, as they came
};
inline constexpr uint32_t kLaterProcesses = 1'000'000;
// What a scenario says of its executions as a whole (properties.cpp).
enum class PropertyKind : uint8_t { invariant, eventually, temporal };
enum class Heat : uint8_t { cold, warm, hot };  // hot: something is owed
struct Property {
  PropertyKind kind = PropertyKind::invariant;
  Heat heat = Heat::cold;
  Term name;
  Term site;                 // where it was declared, or last became hot
  uint32_t process = 0;      // who declared it, or made it hot
  uint32_t hot_since = 0;    // step
  uint32_t temperature = 0;  // steps in hot since it was cold last, before hot_since
  int function = 0;          // its predicate's place on the observer's stack
};
// A state that is remembered, to see whether it comes again while something is owed.
struct Anchor {
  uint64_t state = 0;
  uint32_t step = 0;  // 0: none yet
  uint32_t alternatives = 0;
  Decision decision;
  Vec<ActorId> owed;  // could go ever since, and have not
};

struct EtsTable;
struct AtomicsArray;
struct PersistentEntry {
  Term key, value;
  uint32_t node = 0;
};

struct World {
  // the hot part: touched at every step
  Vec<Alternative> alternatives;
  Vec<uint32_t> position;  // by actor
  Vec<ActorId> woken;
  uint32_t steps = 0;
  ActorId last = kNoActor;
  Process* current = nullptr;
  bool yielded = false;  // the last step achieved nothing but waiting

  Vec<Actor> actors;
  Vec<Process*> processes;
  Vec<uint32_t> free_stacks;
  uint32_t stacks_used = 0;
  uint64_t now = 0;         // ms; with racy timers the latest that has been due
  Vec<Timer> timers;        // running ones, in order of start
  Vec<ClockChange> clocks;  // racy timers: in order of steps
  // Simultaneous timers: whose step it is that time passes, how many of them may fire since, and
  // the step at which it passed last.
  ActorId clock = kNoActor;
  uint32_t timers_due = 0;
  uint32_t passed_at = 0;
  uint32_t fired_last = 0;  // timers that fired since nothing else could go
  Vec<Channel> channels;
  Vec<uint32_t> instant_channel;  // by process: index into channels, kNone until needed
  Watched<Vec<Name>> names;
  Vec<EtsTable*> tables;       // by table number, deleted ones too
  Vec<AtomicsArray*> atomics;  // by array number
  Vec<uint32_t> takers;        // processes before an operation that takes a lock
  uint32_t deferred = 0;       // processes before an operation with a deferred target
  uint32_t ending = 0;         // processes that have announced their end
  uint8_t stale = 0;           // a bit for each of Readers: what those look at has changed
  Vec<Footprint> written;      // with fair spins: what was written so far; object 0: anything
  bool spun = false;           // somebody was held
  bool steps_watched = false;  // somebody has looked at what another process's own steps change
  Vec<uint32_t> held;          // processes that go round, or were killed while they did
  Vec<PersistentEntry> persistent;
  Vec<HistoryLog*> histories;
  Vec<uint64_t> inputs;         // keys of the operations that generators made, in order
  bool histories_used = false;  // an operation has been open: sync points look after histories
  uint64_t seed = 0, iteration = 0;
  Vec<Node> nodes;
  Watched<Vec<Connection>> connections;
  Watched<Vec<NodeWatch>, Readers::targets> node_watches;
  Vec<Fault> faults;
  uint32_t fault_budget[static_cast<size_t>(FaultKind::kCount)] = {};
  uint64_t net_ticktime = 15000;  // ms
  uint64_t assertions = 0;        // calls of assert
  Vec<Arrival> arrivals;          // with MachineOptions::keep_mail, all of this execution
  Vec<Term> arrived;              // the messages, copied
  Vec<Reception> receptions;
  Vec<Term> wanted;            // by reception: its pattern, copied
  uint64_t unread = 0;         // messages in mailboxes of processes that have ended
  Vec<uint32_t> goals;         // reached: lockstep.cover
  Vec<uint64_t> goal_reached;  // the same, a bit for each
  Vec<Property> properties;
  lua_State* observer = nullptr;  // holds the predicates
  bool predicates_due = false;    // something that they may see has changed
  bool kept = false;              // Guest::keeps
  bool clock_read = false;        // a process or predicate knows what time it is
  bool texts = false;             // ... the text of a reference, pid or table: see state_digest.h
  uint32_t hot_from = 0;          // 1 + the step since when something is owed without a pause
  uint32_t next_anchor = 0;       // hot steps at which the next state is remembered
  Anchor anchor;
  bool root_ended = false;
  bool over = false;
  uint32_t pending_data = 0;  // at rest: a data choice with that many values is open
  uint32_t data_answer = 0;
};

}  // namespace lockstep::vm
