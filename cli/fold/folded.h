// A recorded execution as the author of the scenario would tell it: a row is what the author wrote,
// or what happened to it. A call of a behaviour is one row and not the five steps that the library
// makes of it, what a server does with a message is one row with its state before and after. For
// every report that shows a schedule; knows nothing of how wide it is.
//
// 1. Every shown step is in exactly one row; rows are in the order of their first steps.
// 2. A row has steps of one process. Its later steps come before the next row's first, but for a
//    call's or callback's own ends where nothing shown happened in between but what they led to.
// 3. A process is called the same in all rows: by the name it has at the end (Recorder::label).
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/fold/schedule_view.h"
#include "engine/trace/trace.h"
#include "engine/walk/observed.h"

namespace lockstep::cli {

// What is not the same after a row: "state" or "data" of the server, an object of an operation
// ("counter["n"]").
struct FoldedChange {
  std::string what, before, after;  // printed; empty: there was nothing
};

struct FoldedRow {
  enum Kind : uint8_t {
    setup,      // the beginning of the execution, where nothing could be chosen
    call,       // a request and, if nothing else came between, its answer
    answer,     // ... otherwise: the answer of that call, or that none came
    cast,       // a request without an answer
    callback,   // a behaviour has a message and does with it what its module says
    library,    // another function of the library that the author called
    operation,  // what the author called: send, ets.insert, register
    receive,    // a message taken, or none
    arrival,    // a message comes to the mailbox, and is not taken at once
    timer,
    fault,
    choice,
    end,  // a process ends
  } kind = operation;
  std::vector<uint32_t> events;  // into Trace::events, ascending, at least one
  uint32_t process = 0;          // whose row it is; of an arrival the receiver's
  std::string who;               // its name: "P1(server)"; of a fault "fault"
  std::string verb;              // "gen_server.call", "handle_cast", "ets.insert", "arrives"
  bool incoming = false;         // `other` is where it comes from, else where it goes
  std::string other;             // the other process, or the object: "P0(root)", "counter["n"]"
  std::string payload;           // message, request, arguments
  std::string result;            // answer, reply, value chosen (not its index); empty: none
  std::vector<FoldedChange> changes;
  std::string note;  // "postponed", "postponed until now", "nobody has this name"; may be empty
  std::string site;  // "file.lua:12"; the author's line, empty where there is none
  bool switched = false, preempted = false;  // as of its first step (schedule_view.h)
  bool failed_here = false;
};

// Who cannot go on at the end, and what became of what it waits for.
struct Waiting {
  uint32_t process = 0;
  std::string who, pattern;  // `pattern`: printed; "any message", "lock a"
  std::string site;
  // "never sent", "P2(b) sent {...} at step 7: lost at step 9", "postponed by P1(machine) since
  // step 7", "taken at step 8"; one sentence each.
  std::vector<std::string> where;
};

// A message that nobody took.
struct Unread {
  std::string who, message, from;  // the receiver, the sender
  uint32_t step = 0;               // of its send; of a lost one, when that was; 0: not known
  enum Where : uint8_t { mailbox, postponed, on_its_way, lost } where = mailbox;
};

struct FoldedProcess {
  uint32_t process = 0;
  std::string name;
};

struct Folded {
  std::vector<FoldedRow> rows;
  std::vector<FoldedProcess> processes;  // those of the rows, by number
  std::vector<Waiting> waiting;          // deadlock and liveness: root first
  std::vector<Unread> unread;            // at the end, where the state is known
};

// `view`: which steps are shown. `observed` may be null: then no states of servers, and what is
// unread or waited for only as far as events tell.
Folded fold(const Trace& trace, const ScheduleView& view, const Observed* observed);

// The step numbers of a row: "7", "7-9".
std::string steps_of(const FoldedRow& row, const Trace& trace);

}  // namespace lockstep::cli
