// From source text to an image: the Lua state, the scenario's modules, and the list of what must
// not change afterwards.
#include <algorithm>
#include <cstring>
#include <fstream>
#include <set>
#include <sstream>

#include "vm/cluster_api.h"
#include "vm/embedded.h"
#include "vm/frozen.h"
#include "vm/labels.h"
#include "vm/layout.h"
#include "vm/machine.h"
#include "vm/sandbox.h"
#include "vm/shared_state.h"
#include "vm/watchdog.h"

namespace lockstep::vm {
namespace {

constexpr uint32_t kSeed = 0x10c557e9;
constexpr const char* kLoaded = "lockstep.loaded";  // registry: name → module
constexpr const char* kScenarios =
    "lockstep.scenarios";  // registry: list of bodies, in order of declaration

const EmbeddedFile* find_embedded(const std::string& name) {
  for (size_t i = 0; i < kEmbeddedCount; i++)
    if (name == kEmbedded[i].name) return &kEmbedded[i];
  return nullptr;
}

bool read_file(const std::string& path, std::string* out) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return false;
  std::ostringstream s;
  s << in.rdbuf();
  *out = s.str();
  return true;
}

// Text of the scenario's own module, from the files known or from its folder; null if there is
// none.
const std::string* module_text(LoadContext& context, const std::string& file) {
  for (const SourceFile& f : *context.files)
    if (f.name == file) return &f.text;
  std::string text;
  if (!context.disk || !read_file(context.folder + "/" + file, &text)) return nullptr;
  context.files->push_back({file, std::move(text)});
  return &context.files->back().text;
}

void run_chunk(lua_State* L, std::string_view text, const std::string& chunk) {
  if (luaL_loadbufferx(L, text.data(), text.size(), chunk.c_str(), "t") != LUA_OK) lua_error(L);
  lua_call(L, 0, 1);
}

int require(lua_State* L) {
  const char* name = luaL_checkstring(L, 1);
  lua_settop(L, 1);
  lua_getfield(L, LUA_REGISTRYINDEX, kLoaded);
  if (lua_getfield(L, 2, name) != LUA_TNIL) return 1;
  Machine& m = machine_of(L);
  if (!m.loading())
    return luaL_error(L, "require '%s': modules are loaded at file level, before a scenario runs",
                      name);
  std::string module = name;
  std::string file = module;
  std::replace(file.begin(), file.end(), '.', '/');
  file += ".lua";
  if (module.compare(0, 8, "lockstep") == 0 && (module.size() == 8 || module[8] == '.')) {
    const EmbeddedFile* e = find_embedded(file);
    if (!e) return luaL_error(L, "module '%s' not found: lockstep has no such part", name);
    run_chunk(L, e->text, "=" + file);
  } else {
    bool inside = !module.empty() && file[0] != '/' && file.find("..") == std::string::npos;
    for (char c : module)
      inside = inside && (std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '.' ||
                          c == '-' || c == '/');
    if (!inside)
      return luaL_error(L,
                        "module '%s': only modules beside the scenario's file, and in folders "
                        "below it, are found",
                        name);
    const std::string* text = module_text(m.load_context(), file);
    if (!text)
      return luaL_error(L, "module '%s' not found: no file '%s' beside the scenario", name,
                        file.c_str());
    run_chunk(L, *text, "@" + file);
  }
  if (lua_isnil(L, -1)) {
    lua_pop(L, 1);
    lua_pushboolean(L, 1);
  }
  lua_pushvalue(L, -1);
  lua_setfield(L, 2, name);
  return 1;
}

// lockstep.gen_server and the like without a require: loaded when first named, which is at file
// level or, since the scenario's text names it, before.
int core_index(lua_State* L) {
  if (lua_type(L, 2) == LUA_TSTRING) {
    const std::string name = std::string("lockstep.") + lua_tostring(L, 2);
    std::string file = name;
    std::replace(file.begin(), file.end(), '.', '/');
    lua_getfield(L, LUA_REGISTRYINDEX, kLoaded);
    if (lua_getfield(L, -1, name.c_str()) != LUA_TNIL) return 1;
    if (machine_of(L).loading() && find_embedded(file + ".lua")) {
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
      lua_pushvalue(L, index);
      std::string s = lua_tostring(L, -1);
      lua_pop(L, 1);
      return s;
    }
    default:
      return {};
  }
}

int load_handler(lua_State* L) {
  luaL_tolstring(L, 1, nullptr);
  return 1;
}
void load_hook(lua_State* L, lua_Debug*) {
  luaL_error(L, "file-level code runs for more than 200 million instructions");
}

}  // namespace

// scenario(name, options?, body)
int declare_scenario(lua_State* L) {
  Machine& m = machine_of(L);
  if (!m.loading()) return luaL_error(L, "'scenario' can only be called at file level");
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
        else if (const std::string text = option_text(L, -1);
                 text.empty() && lua_type(L, -1) != LUA_TSTRING)
          problem = std::string("option '") + lua_tostring(L, -2) + "' is a " +
                    luaL_typename(L, -1) + "; a string, number or boolean was expected";
        else
          info.options[lua_tostring(L, -2)] = text;
        lua_pop(L, 1);
      }
    }
    for (const ScenarioInfo& other : *m.load_context().scenarios)
      if (other.name == info.name)
        problem = "a scenario named '" + info.name + "' exists already (line " +
                  std::to_string(other.line) + ")";
    if (problem.empty())
      m.load_context().scenarios->push_back(std::move(info));
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

// ---- memory for Lua ----

void* Machine::allocate_for_lua(void* ud, void* p, size_t old_size, size_t new_size) {
  auto* m = static_cast<Machine*>(ud);
  Arena& a = m->arena_;
  if (new_size == 0) {
    if (p) {
      if (__builtin_expect(m->loading_ != nullptr, 0)) m->blocks_.erase(static_cast<char*>(p));
      a.put(p, old_size);
    }
    return nullptr;
  }
  if (!p) {
    if (__builtin_expect(m->newstate_calls_ < 2, 0)) {
      if (++m->newstate_calls_ == 2)
        m->seed_pinned_ = layout::pin_seed(m->state_block_, m->state_size_,
                                           &Machine::allocate_for_lua, ud, kSeed);
    }
    void* q = a.get(new_size);
    if (m->newstate_calls_ == 1 && !m->state_block_) {
      m->state_block_ = q;
      m->state_size_ = new_size;
    }
    if (__builtin_expect(q == nullptr, 0)) return m->refuse(new_size);
    if (__builtin_expect(m->loading_ != nullptr, 0))
      m->blocks_[static_cast<char*>(q)] = {new_size, static_cast<int>(old_size)};
    return q;
  }
  if (__builtin_expect(m->loading_ != nullptr, 0))
    m->blocks_[static_cast<char*>(p)].size = new_size;
  if (Arena::size_class(old_size) == Arena::size_class(new_size)) return p;
  void* q = a.get(new_size);
  if (!q) {
    if (new_size < old_size) return p;  // Lua counts on shrinking never failing
    return m->refuse(new_size);
  }
  std::memcpy(q, p, std::min(old_size, new_size));
  if (__builtin_expect(m->loading_ != nullptr, 0)) {
    m->blocks_[static_cast<char*>(q)] = {new_size, m->blocks_[static_cast<char*>(p)].kind};
    m->blocks_.erase(static_cast<char*>(p));
  }
  a.put(p, old_size);
  return q;
}

// Lua answers the first refusal with a full collection and asks again; the second ends the
// execution, inside pcall too. String buffers ask only once: what no collection could make room for
// ends it at once.
void* Machine::refuse(size_t size) {
  if (!running_) return nullptr;
  if (refused_ == size || size > options_.limits.max_memory) out_of_memory();
  refused_ = size;
  return nullptr;
}

// ---- objects of the image ----

bool Host::is_library(const void* table) const {
  return std::binary_search(libraries, libraries + library_count, table);
}

void Host::push_image(lua_State* L, size_t offset) const {
  luaL_checkstack(L, 1, "term");
  lua_pushnil(L);
  char* object = arena->base() + offset;
  char* slot = layout::load<char*>(L, layout::kStateTop) - layout::kValueBytes;
  layout::store(slot, 0, object);
  layout::store(slot, 8, layout::collectable_tag(object));
}

void Host::push_closure(lua_State* L, size_t proto, int upvalues) const {
  machine->push_closure(L, proto, upvalues);
}

void Machine::push_closure(lua_State* L, size_t proto, int upvalues) {
  // A closure over as many fresh variables, made by a factory of ours, whose prototype is then the
  // wanted one.
  lua_rawgeti(L, LUA_REGISTRYINDEX, templates_ref_);
  if (lua_rawgeti(L, -1, static_cast<lua_Integer>(upvalues) + 1) == LUA_TNIL) {
    lua_pop(L, 1);
    std::string names;
    for (int i = 1; i <= upvalues; i++) names += (i > 1 ? ",u" : "u") + std::to_string(i);
    const std::string text = upvalues ? "return function() local " + names +
                                            " return function() return " + names + " end end"
                                      : "return function() return function() end end";
    luaL_loadbufferx(L, text.data(), text.size(), "=lockstep/closure", "t");
    lua_call(L, 0, 1);
    lua_pushvalue(L, -1);
    lua_rawseti(L, -3, static_cast<lua_Integer>(upvalues) + 1);
  }
  lua_remove(L, -2);
  lua_call(L, 0, 1);
  void* closure = const_cast<void*>(lua_topointer(L, -1));
  layout::store(closure, layout::kClosureProto, static_cast<const void*>(arena_.base() + proto));
}

void Host::join_image_variable(lua_State* L, int closure, int n, size_t offset) const {
  void* c = const_cast<void*>(lua_topointer(L, closure));
  layout::store(c, layout::kClosureUpvalues + 8 * static_cast<size_t>(n - 1),
                arena->base() + offset);
}

// ---- loading ----

void build_state(Machine& m) {
  m.arena_.reset();
  m.world_ = new (m.arena_.get(sizeof(World))) World();
  m.L_ = lua_newstate(&Machine::allocate_for_lua, &m);
  if (!m.L_ || !m.seed_pinned_)
    throw Error(
        ExitCode::internal,
        "the hash seed of the Lua library could not be pinned, so runs would not repeat",
        "use Debian's liblua5.4 (5.4.4), or rebuild lockstep with the library that is installed");
  *static_cast<Host**>(lua_getextraspace(m.L_)) = &m.host_;
  luaL_checkstack(m.L_, 40, nullptr);
}

void Machine::load(LoadContext& context) {
  static const char* const layout_problem = layout::self_test();
  if (layout_problem)
    throw Error(
        ExitCode::internal,
        std::string("the Lua library lays out its objects differently than lockstep knows: ") +
            layout_problem,
        "use Debian's liblua5.4 (5.4.4)");
  loading_ = &context;
  build_state(*this);
  lua_State* L = L_;
  for (const char* name : {kLoaded, kScenarios}) {
    lua_newtable(L);
    lua_setfield(L, LUA_REGISTRYINDEX, name);
  }
  lua_createtable(L, 16, 0);
  threads_ref_ = luaL_ref(L, LUA_REGISTRYINDEX);
  lua_createtable(L, 16, 0);
  templates_ref_ = luaL_ref(L, LUA_REGISTRYINDEX);
  ok_string_ = lua_pushliteral(L, "ok") - layout::kStringHeader;
  luaL_ref(L, LUA_REGISTRYINDEX);
  open_sandbox(L);
  lua_register(L, "require", require);
  lua_getfield(L, LUA_REGISTRYINDEX, kLoaded);
  const int loaded = lua_gettop(L);
  open_core(L);
  const int core = lua_gettop(L);
  static const struct {
    const char* name;
    void (*open)(lua_State*);
  } parts[] = {{"ets", open_ets},
               {"atomics", open_atomics},
               {"counters", open_counters},
               {"persistent_term", open_persistent_term},
               {"cluster_core", open_cluster}};
  for (const auto& part : parts) {
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
  if (const EmbeddedFile* prelude = find_embedded("lockstep/prelude.lua")) {
    lua_settop(L, core);
    if (luaL_loadbufferx(L, prelude->text.data(), prelude->text.size(), "=lockstep/prelude.lua",
                         "t") != LUA_OK ||
        (lua_pushvalue(L, core), lua_pcall(L, 1, 0, 0)) != LUA_OK)
      throw Error(ExitCode::internal, std::string("lockstep/prelude.lua: ") + lua_tostring(L, -1));
  }
  lua_settop(L, 0);

  lua_sethook(L, load_hook, LUA_MASKCOUNT, 200'000'000);
  arena_.set_limit(256u << 20);
  auto fail = [&](int status) {
    std::string message = lua_tostring(L, -1) ? lua_tostring(L, -1) : "error";
    if (status == LUA_ERRMEM) message = "file-level code needs more than 256 MiB";
    throw Error(ExitCode::scenario, message,
                status == LUA_ERRSYNTAX ? "the file is not valid Lua 5.4" : "");
  };
  // Parts of the library that the text names are loaded even if nothing at file level touches them.
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
  const std::string main_name = context.files->front().name;
  const std::string main_text = context.files->front().text;
  int status =
      luaL_loadbufferx(L, main_text.data(), main_text.size(), ("@" + main_name).c_str(), "t");
  if (status != LUA_OK) fail(status);
  lua_pushvalue(L, -1);
  luaL_ref(L, LUA_REGISTRYINDEX);  // keeps every prototype of the file
  status = lua_pcall(L, 0, 0, 1);
  if (status != LUA_OK) fail(status);
  if (context.scenarios->empty())
    throw Error(ExitCode::scenario, main_name + ": no scenario in this file",
                "declare one with lockstep.scenario(name, function() ... end)");
  lua_sethook(L, nullptr, 0, 0);
  name_functions(*context.files, function_names_);
  if (!scenario_.empty()) {
    size_t index = 0;
    while (index < context.scenarios->size() && (*context.scenarios)[index].name != scenario_)
      index++;
    if (index == context.scenarios->size())
      throw Error(ExitCode::scenario, main_name + ": no scenario named '" + scenario_ + "'");
    lua_getfield(L, LUA_REGISTRYINDEX, kScenarios);
    lua_rawgeti(L, -1, static_cast<lua_Integer>(index) + 1);
    body_ref_ = luaL_ref(L, LUA_REGISTRYINDEX);
  }
  lua_settop(L, 0);
  for (int n = 0; n <= 4; n++) {  // factories that most scenarios need, made once
    push_closure(L, 0, n);
    layout::store(const_cast<void*>(lua_topointer(L, -1)), layout::kClosureProto,
                  static_cast<const void*>(nullptr));
    lua_settop(L, 0);
  }
  freeze();
  loading_ = nullptr;
  find_mutable();
  blocks_.clear();
}

// Everything that guests can reach is now as it must stay.
void Machine::freeze() {
  lua_State* L = L_;
  lua_gc(L, LUA_GCCOLLECT);
  // The first collection of an execution starts when ten times the loaded heap is in use: most
  // never get there.
  lua_gc(L, LUA_GCINC, 1000, 400, 0);
  lua_gc(L, LUA_GCCOLLECT);
  auto grow_to = [&](auto& v, uint32_t capacity) {
    while (v.capacity < capacity) grow(v);
  };
  World& w = *world_;
  grow_to(w.alternatives, 16);
  grow_to(w.position, 64);
  grow_to(w.actors, 64);
  grow_to(w.woken, 32);
  grow_to(w.processes, 16);
  frozen_ = std::make_unique<Frozen>();
  Frozen& f = *frozen_;
  const char* base = arena_.base();
  std::vector<const void*> libraries;
  std::set<const void*> seen;
  auto range = [&](const void* p, size_t size, const std::string& owner) {
    if (!size || !arena_.contains(p)) return;
    f.detail.push_back({static_cast<uint32_t>(static_cast<const char*>(p) - base),
                        static_cast<uint32_t>(size), static_cast<uint32_t>(f.names.size())});
    f.names.push_back(owner);
  };
  // Depth first from the globals, the modules and the scenarios; names are the first path found.
  std::vector<std::string> path;
  auto visit = [&](auto&& self, int index, const std::string& name, int depth) -> void {
    const int type = lua_type(L, index);
    if ((type != LUA_TTABLE && type != LUA_TFUNCTION) || depth > 100) return;
    const void* p = lua_topointer(L, index);
    if (type == LUA_TFUNCTION &&
        (lua_iscfunction(L, index) && lua_getupvalue(L, index, 1) == nullptr))
      return;
    if (type == LUA_TFUNCTION && lua_iscfunction(L, index)) lua_pop(L, 1);
    if (!seen.insert(p).second) return;
    luaL_checkstack(L, 8, nullptr);
    index = lua_absindex(L, index);
    if (type == LUA_TFUNCTION) {
      if (lua_iscfunction(L, index)) return;
      for (int i = 1;; i++) {
        const char* variable = lua_getupvalue(L, index, i);
        if (!variable) break;
        const void* cell = lua_upvalueid(L, index, i);
        if (seen.insert(cell).second && layout::upval_closed(cell)) {
          lua_Debug ar;
          lua_pushvalue(L, index);
          lua_getinfo(L, ">S", &ar);
          range(static_cast<const char*>(cell) + layout::kUpvalValue, 9,
                std::string("the file-level local '") + variable + "' (" +
                    (ar.source[0] == '@' ? ar.source + 1 : ar.short_src) + ")");
        }
        self(self, -1, std::strcmp(variable, "_ENV") == 0 ? "_G" : variable, depth + 1);
        lua_pop(L, 1);
      }
      return;
    }
    const std::string owner = "the file-level table '" + name + "'";
    const auto flags = layout::load<uint8_t>(p, 10);
    size_t array = layout::load<uint32_t>(p, layout::kTableAlimit);
    if (flags & 0x80) {  // the limit is not the real size: that is the next power of two
      size_t real = 1;
      while (real < array) real *= 2;
      array = real;
    }
    range(static_cast<const char*>(p) + layout::kTableArray, 16, owner);
    range(static_cast<const char*>(p) + layout::kTableMetatable, 8, owner);
    range(layout::load<const void*>(p, layout::kTableArray), array * layout::kValueBytes, owner);
    if (layout::load<const void*>(p, layout::kTableLastfree))
      range(layout::load<const void*>(p, layout::kTableNode),
            (size_t{1} << layout::load<uint8_t>(p, layout::kTableLsizenode)) * layout::kNodeBytes,
            owner);
    bool library = false;
    if (lua_getmetatable(L, index)) {
      library = true;
      self(self, -1, name + "'s metatable", depth + 1);
      lua_pop(L, 1);
    }
    lua_pushnil(L);
    while (lua_next(L, index)) {
      if (lua_isfunction(L, -1)) library = true;
      lua_pushvalue(L, -2);
      const char* key = lua_tostring(L, -1);
      const std::string inner = key ? (name.empty() ? key : name + "." + key) : name + "[...]";
      lua_pop(L, 1);
      self(self, -1, inner, depth + 1);
      lua_pop(L, 1);
    }
    if (library) libraries.push_back(p);
  };
  lua_getfield(L, LUA_REGISTRYINDEX, kScenarios);
  const lua_Integer scenarios = static_cast<lua_Integer>(lua_rawlen(L, -1));
  for (lua_Integer i = 1; i <= scenarios; i++) {
    lua_rawgeti(L, 1, i);
    visit(visit, -1, "", 0);
    lua_pop(L, 1);
  }
  lua_settop(L, 0);
  lua_getfield(L, LUA_REGISTRYINDEX, kLoaded);
  lua_pushnil(L);
  while (lua_next(L, 1)) {
    const std::string name = lua_tostring(L, -2);
    visit(visit, -1, name, 0);
    lua_pop(L, 1);
  }
  lua_settop(L, 0);
  lua_pushglobaltable(L);
  visit(visit, -1, "_G", 0);
  lua_settop(L, 0);
  std::sort(libraries.begin(), libraries.end());
  libraries_ = std::move(libraries);
  host_.libraries = libraries_.data();
  host_.library_count = libraries_.size();
  for (const Frozen::Range& r : f.detail) {
    if (r.size % 8 == 0 && r.size <= 32)
      for (uint32_t i = 0; i < r.size; i += 8) f.words.push_back(r.offset + i);
    else
      f.ranges.push_back(r);
  }
  std::sort(f.ranges.begin(), f.ranges.end(),
            [](const auto& a, const auto& b) { return a.offset < b.offset; });
  arena_.head().top = arena_.base() + ((arena_.used() + 127) &
                                       ~size_t{127});  // whole lines, so that copying has no tail
  arena_.seal();
  image_.assign(base, base + arena_.used());
  host_.image_end = base + arena_.used();
}

void Machine::find_mutable() {
  // Kinds of Lua's own (lobject.h) after those of the API.
  constexpr int kUpvalue = LUA_NUMTYPES, kPrototype = LUA_NUMTYPES + 1;
  const char* base = arena_.base();
  std::set<const char*> fixed;  // blocks that do not change
  for (const auto& [p, block] : blocks_) {
    if (block.kind == LUA_TSTRING || block.kind == LUA_TFUNCTION || block.kind == kUpvalue)
      fixed.insert(p);
    if (block.kind != kPrototype) continue;
    fixed.insert(p);
    // Whatever array it points to is its code, its constants or its line numbers.
    for (size_t i = 0; i + 8 <= block.size; i += 8) {
      const auto it = blocks_.find(layout::load<char*>(p, i));
      if (it != blocks_.end() && it->second.kind == 0) fixed.insert(it->first);
    }
  }
  for (const Frozen::Range& r : frozen_->detail) fixed.insert(base + r.offset);  // whole arrays
  std::vector<Piece> pieces;
  auto piece = [&](const char* p, size_t size) {
    const auto from = static_cast<uint32_t>(p - base) & ~31u;
    const auto to = std::min((static_cast<uint32_t>(p - base + size) + 31) & ~31u,
                             static_cast<uint32_t>(image_.size()));
    pieces.push_back({from, to - from});
  };
  piece(base, reinterpret_cast<const char*>(world_) + sizeof(World) - base);
  for (const auto& [p, block] : blocks_)
    if (!fixed.contains(p)) piece(p, block.size);
  std::sort(pieces.begin(), pieces.end(),
            [](const Piece& a, const Piece& b) { return a.offset < b.offset; });
  for (const Piece& p : pieces) {
    if (!mutable_.empty() && p.offset <= mutable_.back().offset + mutable_.back().size + 32)
      mutable_.back().size =
          std::max(mutable_.back().size, p.offset + p.size - mutable_.back().offset);
    else
      mutable_.push_back(p);
  }
}

// ---- programs ----

namespace {
void load_program(Program& p, const std::string& folder, bool disk, std::vector<SourceFile>& files,
                  std::vector<ScenarioInfo>& scenarios) {
  (void)p;
  LoadContext context{folder, disk, &files, &scenarios};
  files.reserve(64);
  Machine machine(context, "", {});
}
}  // namespace

Program Program::from_file(const std::string& path) {
  Program p;
  p.path_ = path;
  SourceFile file;
  std::ifstream probe(path, std::ios::binary);
  if (!probe || !read_file(path, &file.text) || (probe.peek(), probe.bad()))
    throw Error(ExitCode::usage, "cannot read scenario file '" + path + "'",
                "give the path of a Lua file with a lockstep.scenario in it");
  const size_t slash = path.rfind('/');
  file.name = slash == std::string::npos ? path : path.substr(slash + 1);
  p.files_.push_back(std::move(file));
  load_program(p, slash == std::string::npos ? "." : path.substr(0, slash), true, p.files_,
               p.scenarios_);
  return p;
}

Program Program::from_sources(std::vector<SourceFile> files) {
  Program p;
  if (files.empty()) throw Error(ExitCode::scenario, "a program without files");
  p.path_ = files.front().name;
  p.files_ = std::move(files);
  load_program(p, "", false, p.files_, p.scenarios_);
  return p;
}

std::unique_ptr<System> make_machine(const Program& program, const std::string& scenario,
                                     const MachineOptions& options) {
  std::vector<SourceFile> files = program.files();
  std::vector<ScenarioInfo> scenarios;
  LoadContext context{"", false, &files, &scenarios};
  return std::make_unique<Machine>(context, scenario, options);
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
      Machine m(context, "", {});
      return m.fingerprint();
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

uint64_t Machine::fingerprint() {
  lua_getglobal(L_, "lockstep_fingerprint");
  const char* s = lua_tostring(L_, -1);
  const uint64_t h = digest_text(s ? s : "");
  lua_settop(L_, 0);
  return h;
}

}  // namespace lockstep::vm
