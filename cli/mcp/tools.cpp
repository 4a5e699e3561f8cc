#include "cli/mcp/tools.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "engine/base/nearest.h"

namespace lockstep::cli::mcp {
namespace {

namespace fs = std::filesystem;

enum class Type : uint8_t { path, text, whole, yes_no, time };

struct Param {
  const char* name;
  Type type;
  bool required;
  const char* flag;  // "--seed"; null: stands alone. A scenario's name is the whole name.
  const char* help;
};

struct Tool {
  const char* name;
  const char* help;
  std::vector<const char*> command;  // before the arguments
  std::vector<Param> params;
  bool ends_by_itself;  // --total-time is of the command's own
};

constexpr double kUsualSeconds = 10;
constexpr size_t kMostFiles = 200;  // that list_scenarios looks into
constexpr size_t kLongestText = 4096;

const Param kTime = {"time_ms", Type::time, false, nullptr,
                     "wall time of the call in milliseconds (default 10000)"};
const Param kFile = {"file", Type::path, true, nullptr, "the scenario file, relative to the root"};
const Param kTrace = {"trace", Type::path, true, nullptr, "a trace, as run or verify named it"};
const Param kScenario = {"scenario", Type::text, false, "--only",
                         "name of one scenario of the file (default: all)"};
const Param kSeed = {"seed", Type::whole, false, "--seed", "of the search (default 1)"};

const std::vector<Tool>& tools() {
  static const std::vector<Tool> kTools = {
      {"list_scenarios",
       "The scenarios of a file, or of all .lua files below a folder.",
       {"list", "scenarios"},
       {{"path", Type::path, false, nullptr, "file or folder (default: the root)"}, kTime},
       false},
      {"run",
       "Look for a schedule under which a scenario fails. What is found is shrunk and recorded in "
       "a "
       "trace.",
       {"run", "--trace-dir=traces"},
       {kFile,
        kScenario,
        {"strategy", Type::text, false, "--strategy",
         "auto (default), pos, pct, random, ..., or native: plain runs"},
        {"iterations", Type::whole, false, "--iterations", "executions to make (default 1000)"},
        kSeed,
        {"max_steps", Type::whole, false, "--max-steps", "of one execution (default 10000)"},
        {"keep_going", Type::yes_no, false, "--keep-going", "report each different failure"},
        kTime},
       true},
      {"verify",
       "Prove that no schedule makes a scenario fail, or show one that does, or say what is "
       "missing.",
       {"verify", "--trace-dir=traces"},
       {kFile,
        kScenario,
        {"strategy", Type::text, false, "--strategy", "dpor (default), cache or dfs"},
        kSeed,
        {"max_steps", Type::whole, false, "--max-steps", "of one execution (default 10000)"},
        kTime},
       true},
      {"replay",
       "Run a recorded failure again; with an edited file: is that a repair? It says still fails, "
       "passes, or cannot tell.",
       {"replay"},
       {kTrace, {"scenario_file", Type::path, false, "--scenario", "the edited file"}, kTime},
       false},
      {"explain",
       "Why a recorded execution fails: what decides it, from where on there is no return, and its "
       "steps.",
       {"explain"},
       {kTrace, kTime},
       false},
      {"diff",
       "What tells two traces apart.",
       {"diff"},
       {{"a", Type::path, true, nullptr, "a trace"},
        {"b", Type::path, true, nullptr, "another one"},
        kTime},
       false},
      {"lint",
       "What would misbehave in a scenario file, without running it.",
       {"lint"},
       {kFile, kTime},
       false},
      {"check_history",
       "Check a recorded history (EDN or JSON Lines) against a model.",
       {"check-history"},
       {{"file", Type::path, true, nullptr, "the history, relative to the root"},
        {"model", Type::text, false, "--model", "register, queue, kv, ... (default: inferred)"},
        {"consistency", Type::text, false, "--consistency", "default linearizable"},
        kTime},
       false},
  };
  return kTools;
}

[[noreturn]] void refuse(const std::string& message) { throw Refused{kInvalidParams, message}; }

// ---- paths ----

bool below(const fs::path& path, const fs::path& root) {
  return std::mismatch(root.begin(), root.end(), path.begin(), path.end()).first == root.end();
}

// Relative to the root; never like a flag.
std::string checked_path(const Param& param, const std::string& text, const Bounds& bounds,
                         bool folder) {
  if (text.empty() || text.find('\0') != std::string::npos)
    refuse(fmt::format("{} must be a path", param.name));
  const fs::path root = bounds.root;
  std::error_code error;
  const auto meant = fs::weakly_canonical(root / text, error);
  if (error || !below(meant, root))
    refuse(fmt::format("{}: {} is outside the root", param.name, text));
  const auto status = fs::status(meant, error);
  if (!fs::exists(status)) refuse(fmt::format("{}: there is no {} in the root", param.name, text));
  if (!fs::is_regular_file(status) && !(folder && fs::is_directory(status)))
    refuse(fmt::format("{}: {} is no file", param.name, text));
  const auto relative = meant.lexically_relative(root).string();
  return relative.starts_with('-') ? "./" + relative : relative;
}

// Those below a folder, in the order of their names; hidden folders and links are left out.
std::vector<std::string> lua_files(const std::string& path, const Bounds& bounds) {
  const fs::path root = bounds.root;
  if (!fs::is_directory(root / path)) return {path};
  std::vector<std::string> files;
  std::error_code error;
  auto it = fs::recursive_directory_iterator(root / path,
                                             fs::directory_options::skip_permission_denied, error);
  for (; !error && it != fs::recursive_directory_iterator(); it.increment(error)) {
    const auto name = it->path().filename().string();
    if (it->is_directory(error) && (name.starts_with('.') || it->is_symlink(error)))
      it.disable_recursion_pending();
    else if (it->is_regular_file(error) && !it->is_symlink(error) && name.ends_with(".lua") &&
             !name.ends_with(".d.lua"))
      files.push_back(it->path().lexically_relative(root).lexically_normal().string());
  }
  std::sort(files.begin(), files.end());
  if (files.size() > kMostFiles)
    refuse(fmt::format("{} has more than {} files: name a smaller folder", path, kMostFiles));
  return files;
}

// ---- arguments ----

std::string value_text(const Param& param, const Json& value, const Bounds& bounds) {
  switch (param.type) {
    case Type::path:
      if (!value.is_string()) refuse(fmt::format("{} must be a path", param.name));
      return checked_path(param, value.get<std::string>(), bounds, false);
    case Type::text: {
      if (!value.is_string() || value.get<std::string>().empty())
        refuse(fmt::format("{} must be a text that is not empty", param.name));
      auto text = value.get<std::string>();
      if (text.size() > kLongestText) refuse(fmt::format("{} is too long", param.name));
      if (text.find('\0') != std::string::npos) refuse(fmt::format("{} has a zero", param.name));
      return param.flag == std::string_view("--only") ? "=" + text : text;
    }
    case Type::whole:
      if (!value.is_number_integer() || value < 0)
        refuse(fmt::format("{} must be a whole number from 0 on", param.name));
      return std::to_string(value.get<uint64_t>());
    default:
      if (!value.is_boolean()) refuse(fmt::format("{} must be true or false", param.name));
      return value.get<bool>() ? "" : "no";
  }
}

double seconds_of(const Json& value, const Bounds& bounds) {
  if (!value.is_number() || value.get<double>() < 1) refuse("time_ms must be a number from 1 on");
  const double seconds = value.get<double>() / 1000;
  if (seconds > bounds.seconds_max)
    refuse(fmt::format("time_ms is at most {} here (lockstep mcp --max-time)",
                       static_cast<uint64_t>(bounds.seconds_max * 1000)));
  return seconds;
}

const Tool& find_tool(const std::string& name) {
  std::vector<std::string> names;
  for (const Tool& tool : tools()) {
    if (name == tool.name) return tool;
    names.emplace_back(tool.name);
  }
  const auto near = nearest(name, names);
  refuse(fmt::format("unknown tool: {}{}", name,
                     near.empty() ? "" : fmt::format(" (did you mean {}?)", near)));
}

void check_known(const Tool& tool, const Json& arguments) {
  for (const auto& argument : arguments.items())
    if (std::none_of(tool.params.begin(), tool.params.end(),
                     [&](const Param& p) { return argument.key() == p.name; }))
      refuse(fmt::format("{} takes no argument {}", tool.name, argument.key()));
}

Json schema_of(const Param& param) {
  Json schema{{"type", param.type == Type::whole    ? "integer"
                       : param.type == Type::time   ? "number"
                       : param.type == Type::yes_no ? "boolean"
                                                    : "string"},
              {"description", param.help}};
  if (param.type == Type::whole) schema["minimum"] = 0;
  if (param.type == Type::time) schema["minimum"] = 1;
  return schema;
}

// Of every tool; what else there is depends on what happened.
Json output_schema() {
  return {{"type", "object"},
          {"properties",
           {{"exit_code", {{"type", "integer"}}},
            {"summary", {{"type", "string"}}},
            {"complete", {{"type", "boolean"}}}}},
          {"required", {"exit_code", "summary", "complete"}}};
}

}  // namespace

Json tool_list() {
  Json list = Json::array();
  for (const Tool& tool : tools()) {
    Json properties = Json::object(), required = Json::array();
    for (const Param& param : tool.params) {
      properties[param.name] = schema_of(param);
      if (param.required) required.push_back(param.name);
    }
    Json input{{"type", "object"}, {"properties", properties}, {"additionalProperties", false}};
    if (!required.empty()) input["required"] = required;
    list.push_back({{"name", tool.name},
                    {"description", tool.help},
                    {"inputSchema", input},
                    {"outputSchema", output_schema()}});
  }
  return {{"tools", list}};
}

Call make_call(const std::string& name, const Json& arguments, const Bounds& bounds) {
  const Tool& tool = find_tool(name);
  check_known(tool, arguments);
  Call call{name, {}, std::min(kUsualSeconds, bounds.seconds_max)};
  std::vector<std::string> words(tool.command.begin(), tool.command.end());
  words.emplace_back("--format=ndjson");
  std::vector<std::string> files;
  for (const Param& param : tool.params) {
    const auto it = arguments.find(param.name);
    if (it == arguments.end()) {
      if (param.required) refuse(fmt::format("{} needs the argument {}", name, param.name));
      continue;
    }
    if (param.type == Type::time) {
      call.seconds = seconds_of(*it, bounds);
      continue;
    }
    if (name == "list_scenarios") continue;
    const auto text = value_text(param, *it, bounds);
    if (!param.flag)
      files.push_back(text);
    else if (param.type != Type::yes_no)
      words.push_back(fmt::format("{}={}", param.flag, text));
    else if (text.empty())
      words.emplace_back(param.flag);
  }
  if (tool.ends_by_itself)
    words.push_back(fmt::format("--total-time={}ms", std::max(1.0, call.seconds * 1000)));
  if (name == "list_scenarios") {
    const Json path = arguments.value("path", Json("."));
    if (!path.is_string()) refuse("path must be a path");
    for (auto& file :
         lua_files(checked_path(tool.params[0], path.get<std::string>(), bounds, true), bounds)) {
      call.commands.push_back(words);
      call.commands.back().push_back(std::move(file));
    }
    return call;
  }
  words.insert(words.end(), files.begin(), files.end());
  call.commands.push_back(std::move(words));
  return call;
}

}  // namespace lockstep::cli::mcp
