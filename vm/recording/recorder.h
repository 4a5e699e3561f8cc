// What people read of an execution: its events, its places, and what they call things by. Off while
// exploring, but for names.
#pragma once
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/boundary/event.h"
#include "vm/machine/kept_request.h"
#include "vm/machine/machine_part.h"
#include "vm/machine/recorded_history.h"
#include "vm/machine/source.h"

namespace lockstep::vm {

class Recorder : public MachinePart {
 public:
  using MachinePart::MachinePart;

  void begin() {  // of an execution that is recorded
    args_.clear();
    printed_.clear();
    matchers_raised_.clear();
    labels_.clear();
    requests_.clear();
    draft_ = {};
  }
  const std::string& printed() const { return printed_; }
  void know_files(const std::vector<SourceFile>& files);                   // of the program
  void know_file(std::string name) { files_.push_back(std::move(name)); }  // of the library

  // The event's other end, what it changes, its causes. No-ops else (check recording() before
  // building text).
  void note_target(std::string text);
  void note_change(std::string text);
  void note_args(std::string text);
  void note_cause(uint32_t step);
  void note_quiescence(uint64_t due);
  // "P0(root)", "P1(worker)": the name that it was given, else its function's.
  std::string label(const Process& p, bool given = true) const;
  // Of those that were called something else before, while recording.
  Renamings renamings() const;
  std::string actor_name(ActorId actor) const;
  std::string path(const Process& p) const;  // "0", "1", "1.2": of its spawns
  // While recording: what the guest printed, shown with the failure.
  void print_line(const Process& p, const std::string& line);
  void note_matcher(const Process& p, std::string error) {
    matchers_raised_[p.index] = std::move(error);
  }
  // The place of the call that is under way, as strategies know it, and its name.
  uint32_t site(lua_State* L);
  std::string site_name(uint32_t site) const;
  // The size of the place, "file.lua:12", that Lua has put in front of a message; 0: there is none.
  // Only files of the program and the library have places: whatever else looks like one is text.
  size_t place_in_front(std::string_view text) const;
  std::string deadlock_story(const Process& root) const;
  std::string waits(const Process& p) const;  // "waits for {"ok"} at file.lua:12"
  // What a process that is parked is about to call, with its arguments; what an alternative would
  // do.
  std::string pending_call(const Process& p) const;
  std::string pending(const Alternative& alternative) const;
  // A step: of the process, or of none. What the guest calls meanwhile and gets is noted.
  void open_event(Process* p, const Alternative& a, size_t alternatives);
  void note_call(lua_State* L, const Process& p);
  void note_results(lua_State* L, Process& p, int results);
  void note_raised() {
    if (draft_.open && draft_.event.result.empty()) draft_.event.result = "raised";
  }
  void data_event(Process& p, uint32_t count, uint32_t value);
  // While a predicate is asked nothing belongs to the event under way. Returns whether there is
  // one.
  bool pause(bool yes) { return std::exchange(draft_.open, !yes); }
  void close_event();
  void note_function(Process& p);
  // What of a checker that failed is shown afterwards.
  const RecordedCheck& failed_check() const { return failed_check_; }
  void keep_failed_check(RecordedCheck check) { failed_check_ = std::move(check); }
  // What simulated servers were asked, if that is kept.
  void keep_request(KeptRequest request) { requests_.push_back(std::move(request)); }
  const std::vector<KeptRequest>& kept_requests() const { return requests_; }

 private:
  std::string function_name(uint32_t proto) const;
  // Whether code of that name runs; of names above 59 bytes Lua shows the end, "...end.lua".
  bool is_file(std::string_view name) const;

  struct Draft {
    Event event;
    bool open = false;
  };
  Draft draft_;
  std::vector<std::string> args_;  // by process, while recording: of the pending call, printed
  mutable std::map<uint32_t, std::set<std::string>> labels_;  // all that each has been called
  std::map<uint32_t, std::string> matchers_raised_;  // the last error of each process's matcher
  std::vector<std::string> files_;  // names of the scenario's file, its modules and the library's
  std::string printed_;             // by the guest, while recording
  // Names of the functions that the sources define, by file and line.
  std::map<std::pair<std::string, int>, std::string> function_names_;
  std::map<std::pair<uint64_t, const char*>, uint32_t> sites_;  // by place in the arena and call
  std::map<uint32_t, std::string> names_by_site_;
  RecordedCheck failed_check_;
  std::vector<KeptRequest> requests_;
};

}  // namespace lockstep::vm
