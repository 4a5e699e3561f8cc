// Where modules and sources are looked for that are not beside the scenario's file.
#pragma once
#include <string>
#include <vector>

namespace lockstep::vm {

class SearchPath {
 public:
  // Folders, or templates with a ? for the module's file name without ".lua", as package.path has
  // them; apart by semicolons. Named by the user alone: a scenario reads nothing else of the disk.
  void add(const std::string& entries);
  // A file that may be meant, with the name under which it is kept.
  struct Candidate {
    std::string path;  // to be read
    std::string name;  // "resty/lock.lua"
  };
  // "resty/lock" for the module resty.lock.
  std::vector<Candidate> module(const std::string& module) const;
  std::vector<Candidate> source(const std::string& name) const;
  bool empty() const { return entries_.empty(); }
  std::string text() const;  // for messages: "/usr/share/lua/5.1, vendor"

 private:
  std::vector<std::string> entries_;
};

// What installs a module or a source that is not there, as far as it is known: a hint, or empty.
std::string install_hint(const std::string& name);

}  // namespace lockstep::vm
