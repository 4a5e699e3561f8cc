// Programs: a scenario's sources, and the machines made of them.
#include "vm/system/program.h"

#include <algorithm>

#include "engine/base/files.h"
#include "vm/loading/loading.h"
#include "vm/system/actor_system.h"

namespace lockstep::vm {

namespace {
void load_program(LoadContext context, const StopToken* stop) {
  context.files->reserve(64);
  MachineOptions options;
  options.stop = stop;
  ActorSystem machine(context, "", options);
}
}  // namespace

Program Program::from_file(const std::string& path, const StopToken* stop,
                           const std::vector<std::string>& search) {
  Program p;
  p.path_ = path;
  SourceFile file;
  std::string problem;
  if (!read_source(path, &file.text, &problem))
    throw Error(ExitCode::usage, "cannot read scenario file '" + path + "': " + problem,
                "give the path of a Lua file with a lockstep.scenario in it");
  const size_t slash = path.rfind('/');
  file.name = slash == std::string::npos ? path : path.substr(slash + 1);
  p.files_.push_back(std::move(file));
  LoadContext context{slash == std::string::npos ? "." : path.substr(0, slash), true, &p.files_,
                      &p.scenarios_};
  for (const auto& entry : search) context.search.add(entry);
  load_program(std::move(context), stop);
  return p;
}

Program Program::from_sources(std::vector<SourceFile> files, const StopToken* stop) {
  Program p;
  if (files.empty()) throw Error(ExitCode::scenario, "a program without files");
  p.path_ = files.front().name;
  p.files_ = std::move(files);
  load_program({"", false, &p.files_, &p.scenarios_}, stop);
  return p;
}

std::unique_ptr<System> make_machine(const Program& program, const std::string& scenario,
                                     const MachineOptions& options) {
  std::vector<SourceFile> files = program.files();
  std::vector<ScenarioInfo> scenarios;
  LoadContext context{"", false, &files, &scenarios};
  return std::make_unique<ActorSystem>(context, scenario, options);
}

// Order of the keys of a table and the border of an array with holes: what a scenario could notice
// of the interpreter.
uint64_t lua_fingerprint() {
  static const uint64_t value = [] {
    const char* text =
        "local lockstep = require 'lockstep' lockstep.scenario('x', function() end) "
        "local t, out = {}, {} for i = 1, 64 do t['key' .. i] = i t[i * 7] = i t[i + 0.5] = i end "
        "for k in pairs(t) do out[#out + 1] = tostring(k) end "
        "local a = {} for i = 1, 40 do a[i * 3 % 41] = i; out[#out + 1] = #a end "
        "lockstep_fingerprint = table.concat(out, ' ')";
    std::vector<SourceFile> files{{"fingerprint.lua", text}};
    std::vector<ScenarioInfo> scenarios;
    auto digest_of = [&] {
      scenarios.clear();
      LoadContext context{"", false, &files, &scenarios};
      ActorSystem m(context, "", {});
      return m.loading().fingerprint();
    };
    const uint64_t a = digest_of(), b = digest_of();
    if (a != b)
      throw Error(ExitCode::internal,
                  "two states of the Lua library order the same table differently, so runs would "
                  "not repeat",
                  "use Debian's liblua5.4 (5.4.4)");
    return a;
  }();
  return value;
}

}  // namespace lockstep::vm
