// From source text to a Lua state: the scenario's modules and what its file declares.
#include "vm/loading/loading.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <exception>
#include <new>
#include <set>

#include "vm/core/cluster_api.h"
#include "vm/guest/file_level.h"
#include "vm/guest/frozen.h"
#include "vm/guest/guest.h"
#include "vm/guest/interpreter.h"
#include "vm/guest/watchdog.h"
#include "vm/history/history_api.h"
#include "vm/loading/embedded.h"
#include "vm/loading/library.h"
#include "vm/loading/modules.h"
#include "vm/loading/owes.h"
#include "vm/memory/layout.h"
#include "vm/recording/recorder.h"
#include "vm/recording/sites.h"
#include "vm/sandbox/sandbox.h"
#include "vm/tables/shared_state.h"

namespace lockstep::vm {
namespace {

// Of the library, what is written in C++.
const struct {
  const char* name;
  void (*open)(lua_State*);
} kParts[] = {{"ets", open_ets},
              {"atomics", open_atomics},
              {"counters", open_counters},
              {"persistent_term", open_persistent_term},
              {"threads_core", open_locks},
              {"host_core", open_host},
              {"cluster_core", open_cluster},
              {"history_core", open_history},
              {"checker_core", open_checker}};

// lockstep.gen_server and the like without a require: loaded when first named, which is at file
// level or, since the scenario's text names it, before.
int core_index(lua_State* L) {
  if (lua_type(L, 2) == LUA_TSTRING) {
    const std::string name = std::string("lockstep.") + lua_tostring(L, 2);
    std::string file = name;
    std::replace(file.begin(), file.end(), '.', '/');
    lua_getfield(L, LUA_REGISTRYINDEX, kLoaded);
    if (lua_getfield(L, -1, name.c_str()) != LUA_TNIL) return 1;
    if (machine_of(L).file_level().under_way() && find_embedded(file + ".lua")) {
      lua_pushcfunction(L, require);
      lua_pushstring(L, name.c_str());
      lua_call(L, 1, 1);
      return 1;
    }
  }
  lua_pushnil(L);
  return 1;
}

std::string option_text(lua_State* L, int index) {
  switch (lua_type(L, index)) {
    case LUA_TBOOLEAN:
      return lua_toboolean(L, index) ? "true" : "false";
    case LUA_TSTRING:
    case LUA_TNUMBER: {
      int whole = 0;
      const lua_Integer n = lua_tointegerx(L, index, &whole);
      if (whole && lua_type(L, index) == LUA_TNUMBER)
        lua_pushinteger(L, n);  // 1e3 too
      else
        lua_pushvalue(L, index);
      std::string s = lua_tostring(L, -1);
      lua_pop(L, 1);
      return s;
    }
    case LUA_TTABLE: {  // a list of strings: one a line
      std::string s;
      const auto n = static_cast<lua_Integer>(lua_rawlen(L, index));
      for (lua_Integer i = 1; i <= n; i++) {
        const bool ok = lua_rawgeti(L, index, i) == LUA_TSTRING;
        if (ok) s += (i > 1 ? "\n" : "") + std::string(lua_tostring(L, -1));
        lua_pop(L, 1);
        if (!ok) return {};
      }
      return s;
    }
    default:
      return {};
  }
}

// Lua puts the place in front of texts alone; of other values it is where error() was called.
int load_handler(lua_State* L) {
  luaL_where(L, lua_isstring(L, 1) || luaL_getmetafield(L, 1, "__tostring") ? 0 : 2);
  push_text(L, 1);
  const char* text = lua_tostring(L, -1);
  if (lua_isstring(L, 1) && text && !std::strchr(text, ':')) {  // of limits Lua gives no place
    const std::string site = guest_site(L);
    if (!site.empty()) lua_pushfstring(L, "%s: %s", site.c_str(), text);
    return 1;
  }
  lua_concat(L, 2);
  return 1;
}

constexpr int kLoadPeriod = 1'000'000;
constexpr int kLoadPeriods = 200;

// Not as an error of Lua, which file-level code might catch, again and again: the state is given up
// as it is.
void load_hook(lua_State* L, lua_Debug*) {
  if (++machine_of(L).file_level().context().periods < kLoadPeriods) return;
  luaL_where(L, 0);
  throw Error(ExitCode::scenario,
              lua_tostring(L, -1) +
                  std::string("file-level code runs for more than 200 million instructions"));
}

constexpr std::string_view kPrelude = "lockstep/prelude.lua";

// What of lockstep itself is written in Lua: it is given the core's table.
void run_prelude(lua_State* L, int core) {
  const EmbeddedFile* prelude = find_embedded(std::string(kPrelude));
  LOCKSTEP_ASSERT(prelude != nullptr);
  if (luaL_loadbufferx(L, prelude->text.data(), prelude->text.size(), "=lockstep/prelude.lua",
                       "t") != LUA_OK ||
      (lua_pushvalue(L, core), lua_pcall(L, 1, 0, 0)) != LUA_OK)
    throw Error(ExitCode::internal, std::string("lockstep/prelude.lua: ") + lua_tostring(L, -1));
}

// require and lockstep's own index, for a state that nothing is ever run in: modules by name in the
// table at upvalue 1.
int require_to_look(lua_State* L) {
  lua_settop(L, 1);
  const char* name = luaL_checkstring(L, 1);
  lua_pushvalue(L, lua_upvalueindex(1));
  if (lua_getfield(L, 2, name) != LUA_TNIL) return 1;
  std::string file = name;
  std::replace(file.begin(), file.end(), '.', '/');
  const EmbeddedFile* e = find_embedded(file + ".lua");
  if (!e) return 1;
  run_chunk(L, e->text, "=" + file);
  lua_pushvalue(L, -1);
  lua_setfield(L, 2, name);
  return 1;
}

}  // namespace

static std::map<std::string, std::set<std::string>> look_up_library() {
  std::map<std::string, std::set<std::string>> names;
  lua_State* L = luaL_newstate();
  if (!L) throw std::bad_alloc();
  *static_cast<void**>(lua_getextraspace(L)) = nullptr;  // no machine
  open_sandbox(L);
  lua_newtable(L);
  lua_pushglobaltable(L);  // raw: who writes a global the ordinary way asks a machine
  lua_pushliteral(L, "require");
  lua_pushvalue(L, 1);
  lua_pushcclosure(L, require_to_look, 1);
  lua_rawset(L, 2);
  lua_settop(L, 1);
  open_core(L);
  lua_pushvalue(L, -1);
  lua_setfield(L, 1, "lockstep");
  for (const auto& part : kParts) {
    part.open(L);
    lua_setfield(L, 1, (std::string("lockstep.") + part.name).c_str());
  }
  run_prelude(L, lua_gettop(L));
  for (size_t i = 0; i < kEmbeddedCount; i++) {
    const std::string file = kEmbedded[i].name;
    if (file == kPrelude) continue;
    std::string module = file.substr(0, file.size() - 4);
    std::replace(module.begin(), module.end(), '/', '.');
    lua_getglobal(L, "require");
    lua_pushstring(L, module.c_str());
    if (lua_pcall(L, 1, 0, 0) != LUA_OK)
      throw Error(ExitCode::internal, module + ": " + lua_tostring(L, -1));
  }
  lua_settop(L, 1);
  auto& core = names[""];
  for (lua_pushnil(L); lua_next(L, 1); lua_pop(L, 1)) {
    const std::string_view name = lua_tostring(L, -2);
    if (!lua_istable(L, -1)) continue;
    const std::string module(name.substr(std::min(name.size(), sizeof "lockstep")));
    if (!module.empty()) core.insert(module);
    auto& fields = names[module];
    for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1))
      if (lua_type(L, -2) == LUA_TSTRING) fields.insert(lua_tostring(L, -2));
  }
  lua_close(L);
  return names;
}

const std::map<std::string, std::set<std::string>>& library_names() {
  static const auto names = look_up_library();
  return names;
}

// scenario(name, options?, body)
int declare_scenario(lua_State* L) {
  Machine& m = machine_of(L);
  if (!m.file_level().under_way())
    return luaL_error(L, "'scenario' can only be called at file level");
  const char* name = luaL_checkstring(L, 1);
  int options = 0, body = 2;
  if (lua_istable(L, 2)) {
    options = 2;
    body = 3;
  }
  if (!lua_isfunction(L, body))
    return luaL_error(L, "bad argument #%d to 'scenario' (the body, a function, expected, got %s)",
                      body, luaL_typename(L, body));
  {
    ScenarioInfo info;
    info.name = name;
    lua_Debug ar;
    for (int level = 1; lua_getstack(L, level, &ar); level++) {
      lua_getinfo(L, "Sl", &ar);
      if (ar.currentline > 0 && ar.source[0] == '@') {
        info.file = ar.source + 1;
        info.line = ar.currentline;
        break;
      }
    }
    std::string problem;
    if (options) {
      lua_pushnil(L);
      while (lua_next(L, options)) {
        if (lua_type(L, -2) != LUA_TSTRING)
          problem = "option names are strings";
        else if (const std::string text = option_text(L, lua_gettop(L));
                 text.empty() && lua_type(L, -1) != LUA_TSTRING)
          problem = std::string("option '") + lua_tostring(L, -2) + "' is a " +
                    luaL_typename(L, -1) +
                    "; a string, a number, a boolean or a list of strings was expected";
        else
          info.options[lua_tostring(L, -2)] = text;
        lua_pop(L, 1);
      }
    }
    auto& declared = m.file_level().context().declared;
    if (const auto other = declared.find(info.name); other != declared.end())
      problem = "a scenario named '" + info.name + "' exists already (line " +
                std::to_string(other->second) + ")";
    else if (problem.empty())
      declared[info.name] = info.line;
    if (problem.empty())
      m.file_level().context().scenarios->push_back(std::move(info));
    else
      lua_pushlstring(L, problem.data(), problem.size());
    if (!problem.empty()) body = 0;
  }
  if (body == 0) return luaL_error(L, "scenario '%s': %s", name, lua_tostring(L, -1));
  lua_getfield(L, LUA_REGISTRYINDEX, kScenarios);
  lua_pushvalue(L, body);
  lua_rawseti(L, -2, static_cast<lua_Integer>(lua_rawlen(L, -2)) + 1);
  return 0;
}

// On a stack that has an end, and under the watchdog.
void Loading::run_file_level(const std::function<void()>& what) {
  struct Call {
    const std::function<void()>& what;
    std::exception_ptr raised;
  } call{what, nullptr};
  Machine* const before = Machine::take_thread(&m_);
  m_.scheduler().take_main();
  m_.watchdog().begin_loading();
  m_.guest().run_file_level(L_);
  m_.scheduler().aside(
      [](void* argument) {
        auto& c = *static_cast<Call*>(argument);
        try {
          c.what();
        } catch (...) {
          c.raised = std::current_exception();
        }
      },
      &call);
  m_.guest().run_file_level(nullptr);
  m_.watchdog().end_loading();
  m_.scheduler().drop_main();
  Machine::take_thread(before);
  const FileLevel& level = m_.file_level();
  if (level.stopped()) {
    const bool asked = options_.stop->interrupted && *options_.stop->interrupted;
    throw LoadingStopped(asked ? ExitCode::interrupted : ExitCode::incomplete,
                         level.file() + (asked ? ": interrupted while it was loaded"
                                               : ": the time was up before it was loaded"));
  }
  if (!level.problem().empty()) throw Error(ExitCode::scenario, level.problem());
  if (call.raised) std::rethrow_exception(call.raised);
}

void Loading::load(LoadContext& context, const std::string& scenario) {
  static const char* const layout_problem = layout::self_test();
  if (layout_problem)
    throw Error(
        ExitCode::internal,
        std::string("the Lua library lays out its objects differently than lockstep knows: ") +
            layout_problem,
        "use Debian's liblua5.4 (5.4.4)");
  m_.file_level().begin(&context, context.files->front().name);
  m_.note(&blocks_);
  m_.interpreter().open();
  lua_State* L = L_;
  for (const char* name : {kLoaded, kScenarios}) {
    lua_newtable(L);
    lua_setfield(L, LUA_REGISTRYINDEX, name);
  }
  m_.interpreter().make_tables();
  open_sandbox(L);
  m_.frozen().know_iterators(gmatch_iterator(L));
  m_.watchdog().know_library(long_calls(L));
  lua_register(L, "require", require);
  lua_getfield(L, LUA_REGISTRYINDEX, kLoaded);
  const int loaded = lua_gettop(L);
  open_core(L);
  const int core = lua_gettop(L);
  for (const auto& part : kParts) {
    part.open(L);
    lua_pushvalue(L, -1);
    lua_setfield(L, loaded, (std::string("lockstep.") + part.name).c_str());
    lua_setfield(L, core, part.name);
  }
  lua_pushvalue(L, core);
  lua_setfield(L, loaded, "lockstep");
  lua_newtable(L);
  lua_pushcfunction(L, core_index);
  lua_setfield(L, -2, "__index");
  lua_setmetatable(L, core);
  run_prelude(L, core);
  lua_settop(L, 0);

  lua_sethook(L, load_hook, LUA_MASKCOUNT, kLoadPeriod);
  arena_.set_limit(256u << 20);
  auto fail = [&](int status) {
    std::string message = lua_tostring(L, -1) ? lua_tostring(L, -1) : "error";
    if (status == LUA_ERRMEM) message = "file-level code needs more than 256 MiB";
    if (message.find(':') == std::string::npos)  // of limits Lua gives no place
      message = context.files->front().name + ": " + message;
    throw Error(ExitCode::scenario, message,
                status == LUA_ERRSYNTAX ? "the file is not valid Lua 5.4" : "");
  };
  const std::string main_name = context.files->front().name;
  run_file_level([&] {
    // Parts of the library that the text names are loaded even if nothing at file level touches
    // them.
    lua_pushcfunction(L, load_handler);
    for (size_t i = 0; i < context.files->size(); i++)
      for (size_t k = 0; k < kEmbeddedCount; k++) {
        const std::string name = std::string(kEmbedded[k].name).substr(9);
        const std::string module = name.substr(0, name.size() - 4);
        if (module == "prelude" || (*context.files)[i].text.find("." + module) == std::string::npos)
          continue;
        lua_pushcfunction(L, require);
        std::string dotted = "lockstep." + module;
        std::replace(dotted.begin(), dotted.end(), '/', '.');
        lua_pushstring(L, dotted.c_str());
        if (const int status = lua_pcall(L, 1, 0, 1); status != LUA_OK) fail(status);
      }
    const std::string_view main_text = lua_text(context.files->front().text);
    const std::string chunk = "@" + main_name;
    m_.watchdog().compiling(true);
    int status = luaL_loadbufferx(L, main_text.data(), main_text.size(), chunk.c_str(), "t");
    m_.watchdog().compiling(false);
    if (status != LUA_OK) fail(status);
    lua_pushvalue(L, -1);
    luaL_ref(L, LUA_REGISTRYINDEX);  // keeps every prototype of the file
    status = lua_pcall(L, 0, 0, 1);
    if (status != LUA_OK) fail(status);
  });
  if (context.scenarios->empty())
    throw NoScenario(ExitCode::scenario, main_name + ": no scenario in this file",
                     "declare one with lockstep.scenario(name, function() ... end)");
  lua_sethook(L, nullptr, 0, 0);
  m_.recorder().know_files(*context.files);
  for (size_t i = 0; i < kEmbeddedCount; i++) m_.recorder().know_file(kEmbedded[i].name);
  Image::Text& text = m_.image().text;
  for (const SourceFile& file : *context.files) {
    text.may_owe = text.may_owe || may_owe(file.text);
    text.may_have_nodes = text.may_have_nodes || file.text.find("cluster") != std::string::npos;
    text.may_crash = text.may_crash || file.text.find("faults") != std::string::npos;
    for (const char* word : {"timer", "send_after", "statem"})  // of modules that set them, too
      text.may_set_timers = text.may_set_timers || file.text.find(word) != std::string::npos;
  }
  if (!scenario.empty()) {
    size_t index = 0;
    while (index < context.scenarios->size() && (*context.scenarios)[index].name != scenario)
      index++;
    if (index == context.scenarios->size())
      throw Error(ExitCode::scenario, main_name + ": no scenario named '" + scenario + "'");
    lua_getfield(L, LUA_REGISTRYINDEX, kScenarios);
    lua_rawgeti(L, -1, static_cast<lua_Integer>(index) + 1);
    m_.image().body_ref = luaL_ref(L, LUA_REGISTRYINDEX);
  }
  lua_settop(L, 0);
  for (int n = 0; n <= 4; n++) {  // factories that most scenarios need, made once
    m_.interpreter().push_closure(L, 0, n);
    layout::store(const_cast<void*>(lua_topointer(L, -1)), layout::kClosureProto,
                  static_cast<const void*>(nullptr));
    lua_settop(L, 0);
  }
  freeze();
  m_.file_level().end();
  m_.note(nullptr);
  find_mutable();
  blocks_.clear();
  char* const shared = arena_.base() + m_.image().shared.offset;
  arena_.make_read_only(shared, shared + m_.image().shared.size);
}

uint64_t Loading::fingerprint() {
  lua_getglobal(L_, "lockstep_fingerprint");
  const char* s = lua_tostring(L_, -1);
  const uint64_t h = digest_text(s ? s : "");
  lua_settop(L_, 0);
  return h;
}

}  // namespace lockstep::vm
