#include "cli/search/identity.h"

#include <fmt/format.h>

#include "cli/terminal/words.h"
#include "engine/base/digest.h"

namespace lockstep::cli {

Identity identity_of(const ScenarioRun& run, uint64_t max_failures) {
  Identity id;
  for (const auto& [name, text] : run.settings.recorded()) id["option " + name] = text;
  id["version"] = tool_version();
  id["scenario"] = run.scenario.name;
  id["option strategy"] = run.settings.strategy;
  id["option seed"] = std::to_string(run.settings.seed);
  id["option max_failures"] = std::to_string(max_failures);
  for (const auto& file : run.program.files())
    id["file " + file.name] = fmt::format("{:016x}", digest_text(file.text));
  return id;
}

std::string difference(const Identity& there, const Identity& here) {
  const auto value = [](const Identity& id, const std::string& name) {
    const auto it = id.find(name);
    return it == id.end() ? std::string("not set") : it->second;
  };
  Identity all = there;
  all.insert(here.begin(), here.end());
  for (const auto& [name, text] : all) {
    const auto a = value(there, name), b = value(here, name);
    if (a == b) continue;
    if (name.starts_with("file ")) return one_line(name.substr(5)) + " is another file there";
    const auto what = name.starts_with("option ") ? name.substr(7) : name;
    return fmt::format("{} is {} there and {} here", what, one_line(a), one_line(b));
  }
  return {};
}

}  // namespace lockstep::cli
