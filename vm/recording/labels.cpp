// Names for people, of processes.
#include "vm/recording/labels.h"

#include <cctype>

#include "vm/machine/machine.h"
#include "vm/memory/layout.h"
#include "vm/recording/recorder.h"

namespace lockstep::vm {
namespace {

bool in_name(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '.' || c == ':';
}
std::string_view trimmed(std::string_view s) {
  while (!s.empty() && s.back() == ' ') s.remove_suffix(1);
  while (!s.empty() && s.front() == ' ') s.remove_prefix(1);
  return s;
}

// `function name(`, `local function name(`, `name = function(`; empty if the line has no function
// with a name, or several functions.
std::string name_in(std::string_view line) {
  constexpr std::string_view word = "function";
  const size_t at = line.find(word);
  if (at == std::string_view::npos || line.find(word, at + 1) != std::string_view::npos) return {};
  std::string_view after = trimmed(line.substr(at + word.size()));
  size_t n = 0;
  while (n < after.size() && in_name(after[n])) n++;
  if (n > 0) return std::string(after.substr(0, n));
  std::string_view before = trimmed(line.substr(0, at));
  if (before.empty() || before.back() != '=') return {};
  before = trimmed(before.substr(0, before.size() - 1));
  n = before.size();
  while (n > 0 && in_name(before[n - 1])) n--;
  return std::string(before.substr(n));
}

bool is_library(const char* source) {
  return std::string_view(source).substr(0, 10) == "=lockstep/";
}
const char* source_of(const char* proto) {
  return layout::load<const char*>(proto, layout::kProtoSource) + layout::kStringBytes;
}

// A module of callbacks: its init, which names the module ("server.init"). Allocates nothing.
const void* init_of(lua_State* L, int index) {
  const void* init = nullptr;
  if (!lua_istable(L, index)) return init;
  for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1))
    if (lua_type(L, -2) == LUA_TSTRING && std::string_view(lua_tostring(L, -2)) == "init" &&
        lua_isfunction(L, -1) && !lua_iscfunction(L, -1))
      init = lua_topointer(L, -1);
  return init;
}

}  // namespace

void name_functions(const std::vector<SourceFile>& files,
                    std::map<std::pair<std::string, int>, std::string>& names) {
  for (const SourceFile& file : files) {
    std::string_view text = file.text;
    for (int line = 1; !text.empty(); line++) {
      const size_t end = std::min(text.find('\n'), text.size());
      if (std::string name = name_in(text.substr(0, end)); !name.empty())
        names[{file.name, line}] = std::move(name);
      text.remove_prefix(std::min(end + 1, text.size()));
    }
  }
}

// The function that a new process runs: its own, or what a behaviour or task of the library is to
// run, which is among the arguments, or begins with, where that is a module.
void Recorder::note_function(Process& p) {
  const int top = lua_gettop(p.L);
  const bool room = lua_checkstack(p.L, 3);
  for (int i = 2; i <= top; i++) {
    const bool function = lua_isfunction(p.L, i) && !lua_iscfunction(p.L, i);
    const void* runs = function               ? lua_topointer(p.L, i)
                       : room && p.proto != 0 ? init_of(p.L, i)
                                              : nullptr;
    if (!runs) continue;
    const auto* proto = static_cast<const char*>(layout::proto_of(runs));
    const bool library = is_library(source_of(proto));
    p.proto = static_cast<uint32_t>(proto - arena_.base());
    if (!library) return;
  }
}

// "worker"; "fn:14" for a function without a name in line 14; "gen_server" for one of the
// library's.
std::string Recorder::function_name(uint32_t proto) const {
  if (proto == 0) return {};
  const char* p = arena_.base() + proto;
  const std::string source = source_of(p);
  if (is_library(source.c_str()))
    return source.substr(10, source.find(".lua") - 10);  // after "=lockstep/"
  const int line = layout::load<int>(p, layout::kProtoLine);
  const auto it = function_names_.find({source.substr(1), line});
  if (it == function_names_.end()) return "fn:" + std::to_string(line);
  const std::string& name = it->second;
  constexpr std::string_view init = ".init";  // of a module of callbacks
  return name.size() > init.size() && name.ends_with(init)
             ? name.substr(0, name.size() - init.size())
             : name;
}

void Recorder::know_files(const std::vector<SourceFile>& files) {
  for (const SourceFile& file : files) files_.push_back(file.name);
  name_functions(files, function_names_);
}

std::string Recorder::path(const Process& p) const {
  std::string path;
  for (const Process* q = &p; q->parent != kNone; q = world_->processes[q->parent])
    path.insert(0, std::to_string(q->nth) + (path.empty() ? "" : "."));
  return path.empty() ? "0" : path;
}

std::string Recorder::label(const Process& p, bool given) const {
  std::string name = p.parent == kNone ? "root"
                     : given && p.label.tag == Tag::string
                         ? std::string(View{p.label.bytes}.string())
                         : function_name(p.proto);
  // Whatever a process is called: one line of a report, which does not steer the terminal.
  for (char& c : name)
    if (static_cast<unsigned char>(c) < ' ' || c == 0x7f) c = '?';
  std::string label = "P" + path(p) + (name.empty() ? "" : "(" + name + ")");
  if (m_.recording()) labels_[p.index].insert(label);
  return label;
}

Renamings Recorder::renamings() const {
  Renamings names;
  const auto labels = labels_;
  for (const auto& [index, given] : labels) {
    if (index >= world_->processes.size) continue;
    const std::string now = label(*world_->processes[index]);
    for (const auto& was : given)
      if (was != now && was.back() == ')') names.emplace_back(was, now);
  }
  return names;
}

void Recorder::print_line(const Process& p, const std::string& line) {
  constexpr size_t kMost = 64 << 10;
  if (printed_.size() > kMost) return;
  printed_ += "  step " + std::to_string(world_->steps) + " " + label(p) + ": " + line + "\n";
  if (printed_.size() > kMost) printed_ += "  (no more is shown)\n";
}

}  // namespace lockstep::vm
