#include "vm/lint/lint.h"

#include <fmt/format.h>

#include <algorithm>
#include <new>
#include <set>
#include <sstream>
#include <type_traits>
#include <utility>

#include "engine/base/error.h"
#include "engine/base/nearest.h"
#include "vm/lint/lint_facts.h"
#include "vm/loading/library.h"
#include "vm/machine/source.h"
#include "vm/memory/lua_api.h"
#include "vm/sandbox/sandbox.h"

namespace lockstep::vm {
namespace {

using namespace lint_facts;
using RefKind = Reference::Kind;

class Lint {
 public:
  Lint(const std::string& file, Facts facts)
      : file_(file), facts_(std::move(facts)), whole_(processes(facts_, facts_.file())) {}

  std::vector<LintFinding> all() {
    file_level();
    iterators();
    globals();
    captured();
    calls();
    library_fields();
    unseen_crashes();
    std::stable_sort(found_.begin(), found_.end(),
                     [](const auto& a, const auto& b) { return a.line < b.line; });
    const auto same = [](const LintFinding& a, const LintFinding& b) {
      return a.line == b.line && a.rule == b.rule && a.message == b.message;
    };
    found_.erase(std::unique(found_.begin(), found_.end(), same), found_.end());
    return std::move(found_);
  }

 private:
  void report(int line, const char* rule, std::string message, std::string hint) {
    found_.push_back({file_, line, rule, std::move(message), std::move(hint)});
  }

  // Some process runs it, not only the loading of the file.
  bool runs(const Function* f) const {
    const auto it = whole_.find(f);
    if (it == whole_.end()) return false;
    return std::any_of(it->second.begin(), it->second.end(), [](int p) { return p != kOwn; });
  }
  const Site& site(int p) const { return facts_.sites[static_cast<size_t>(p)]; }

  // ---- file-level locals and tables ----

  // What `v` is another name for, if all that it is ever given is (a part of) a table of the
  // file's, as where a loop walks along a list.
  const Variable* behind(const Variable* v) const {
    std::set<const Variable*> asked;
    const Variable* table = nullptr;
    return all_of_file(v, asked, table) && table ? table : v;
  }
  bool all_of_file(const Variable* v, std::set<const Variable*>& asked,
                   const Variable*& table) const {
    if (v->owner == facts_.file()) {
      table = table ? table : v;
      return table == v;
    }
    if (!asked.insert(v).second) return true;
    const auto given = facts_.values.find(v);
    const bool assigned = given != facts_.values.end();
    if (v->parameter || (!v->value && !assigned)) return false;
    const auto part = [&](const Expr* e) {
      while (e && e->kind == Expr::Kind::paren) e = e->a;
      if (!e || (e->kind != Expr::Kind::local && e->kind != Expr::Kind::index)) return false;
      const Expr* start = root(e);
      return start && start->kind == Expr::Kind::local &&
             all_of_file(start->variable, asked, table);
    };
    if (v->value && !part(v->value)) return false;
    return !assigned || std::all_of(given->second.begin(), given->second.end(), part);
  }

  void file_level() {
    const char* hint =
        "keep it in a local variable of the process, or share it through a table, an atomic, a "
        "persistent term or messages";
    for (const Reference& r : facts_.references) {
      if (r.kind == RefKind::read || r.in == facts_.file() || !runs(r.in)) continue;
      const Variable* v = r.kind == RefKind::change ? behind(r.variable) : r.variable;
      if (v->owner != facts_.file()) continue;
      if (r.kind == RefKind::write)
        report(r.line, "file-level-write",
               fmt::format("'{}' (line {}) is a file-level local: it must stay as it was loaded",
                           v->name, v->line),
               hint);
      else
        report(r.line, "file-level-write",
               fmt::format("the table '{}' (line {}) is file-level state: it must stay as it was "
                           "loaded",
                           v->name, v->line),
               hint);
    }
  }

  // ---- iterators and coroutines of the file's ----

  // What makes something that keeps where it is: "an iterator of string.gmatch", or null.
  static const char* keeper(const Expr* e) {
    while (e && e->kind == Expr::Kind::paren) e = e->a;
    if (!e) return nullptr;
    if (e->kind == Expr::Kind::method)
      return e->text == "gmatch" ? "an iterator of string.gmatch" : nullptr;
    if (e->kind != Expr::Kind::call) return nullptr;
    const Known k = known(e->a);
    if (k.module == "std.string" && k.name == "gmatch") return "an iterator of string.gmatch";
    if (k.module == "std.coroutine" && (k.name == "wrap" || k.name == "create"))
      return "a coroutine";
    return nullptr;
  }

  void iterators() {
    for (const Reference& r : facts_.references) {
      const Variable* v = r.variable;
      if (r.kind != RefKind::read || r.in == facts_.file() || !runs(r.in) ||
          v->owner != facts_.file())
        continue;
      const char* what = keeper(v->value);
      if (const auto given = facts_.values.find(v); given != facts_.values.end())
        for (const Expr* e : given->second) what = what ? what : keeper(e);
      if (what)
        report(
            r.line, "file-level-iterator",
            fmt::format("'{}' (line {}) is {} made at file level: processes would share where it "
                        "is",
                        v->name, v->line, what),
            "make it in the process that uses it");
    }
  }

  // ---- globals ----

  using Names = std::map<std::string, std::set<std::string>>;

  void globals() {
    const char* hint =
        "make it a local variable of the process, or share it through a table, an atomic or "
        "messages";
    for (const Variable& v : facts_.tree->variables)
      if (v.name == "_ENV") return;  // globals are whatever it holds
    std::set<std::string> defined;
    for (const GlobalReference& r : facts_.globals)
      if (r.kind == RefKind::write) defined.insert(r.name);
    for (const GlobalReference& r : facts_.globals) {
      const bool at_run = r.in != facts_.file() && runs(r.in);
      if (r.kind == RefKind::write && at_run)
        report(r.line, "global-write",
               fmt::format("writes the global '{}': globals are read-only once a scenario runs",
                           r.name),
               hint);
      else if (r.kind == RefKind::change && at_run)
        report(r.line, "global-write",
               fmt::format("changes '{}', which all processes share: it must stay as it was loaded",
                           r.name),
               hint);
      else if (r.kind == RefKind::read && !defined.count(r.name))
        unknown_name(r);
    }
  }

  void unknown_name(const GlobalReference& r) {
    static const Names kNames = sandbox_names();
    const auto library = kNames.find(r.name);
    if (library == kNames.end()) {
      const char* why = absent_reason(r.name);
      if (!why && own_modules()) return;  // may define it
      report(r.line, "outside-sandbox",
             why ? fmt::format("'{}' is not available in a scenario", r.name)
                 : fmt::format("nothing defines the global '{}'", r.name),
             why ? std::string(why)
                 : meant(r.name, "", kNames,
                         "a scenario sees Lua's own library without what would let runs differ"));
    } else if (!r.field.empty() && !library->second.empty() && r.name != "_G" &&
               !library->second.count(r.field)) {
      const char* why = absent_reason(r.name + "." + r.field);
      report(r.line, "outside-sandbox",
             fmt::format("'{}.{}' is not available in a scenario", r.name, r.field),
             why ? std::string(why)
                 : meant(r.field, r.name + ".", library->second,
                         fmt::format("Lua's '{}' has no such function here", r.name)));
    }
  }

  // "did you mean string.upper?" or what else there is to say.
  template <class Set>
  static std::string meant(const std::string& word, const std::string& before, const Set& known,
                           std::string otherwise) {
    std::vector<std::string> names;
    for (const auto& entry : known) {
      if constexpr (std::is_same_v<Set, Names>)
        names.push_back(entry.first);
      else
        names.push_back(entry);
    }
    const std::string near = nearest(word, names);
    return near.empty() ? otherwise : "did you mean " + before + near + "?";
  }

  // ---- fields that the library does not have ----

  void library_fields() {
    if (facts_.fields.empty()) return;
    const Names& library = library_names();
    for (const LibraryField& f : facts_.fields) {
      const auto module = library.find(f.module);
      if (module == library.end() || module->second.count(f.name) ||
          facts_.added.count({f.module, f.name}))
        continue;
      const std::string whole = f.module.empty() ? "lockstep." : "lockstep." + f.module + ".";
      const std::string meaning = meant(f.name, whole, proposed(module->second), "");
      report(f.line, "unknown-field",
             fmt::format("the library has no '{}{}'{}", whole, f.name,
                         meaning.empty() ? "" : ": " + meaning),
             "lua/README.md lists what there is");
    }
  }
  static std::set<std::string> proposed(std::set<std::string> names) {
    std::erase_if(names, is_inner_module);
    return names;
  }

  bool own_modules() const {
    return std::any_of(facts_.calls.begin(), facts_.calls.end(), [](const Call& c) {
      if (c.module != "std" || c.name != "require") return false;
      const auto& items = c.expr->items;
      return items.empty() || items[0]->kind != Expr::Kind::string ||
             (items[0]->text != "lockstep" && !items[0]->text.starts_with("lockstep."));
    });
  }

  // ---- captured variables ----

  // One is enough for each variable: the first that would misbehave.
  void captured() {
    std::map<const Variable*, std::vector<const Reference*>> by_variable;
    for (const Reference& r : facts_.references)
      if (r.variable->owner != facts_.file()) by_variable[r.variable].push_back(&r);
    std::map<const Function*, Processes> inner;
    for (const syntax::Variable& v : facts_.tree->variables) {
      const auto& refs = by_variable[&v];
      const bool candidate =
          std::any_of(refs.begin(), refs.end(), [&](auto* r) { return r->in != v.owner; }) &&
          std::any_of(refs.begin(), refs.end(), [&](auto* r) { return r->kind != RefKind::read; });
      if (!candidate) continue;
      auto it = inner.find(v.owner);
      if (it == inner.end()) it = inner.emplace(v.owner, processes(facts_, v.owner)).first;
      captured(v, refs, it->second);
    }
  }

  // Whether `r`, by the process that made the variable, may come after the other one was started.
  static bool after(const Reference& r, const Site& s, const Variable& v) {
    if (r.in != s.in) return true;
    return r.order > s.order || common_loop(r, s, v);
  }
  static bool common_loop(const Place& a, const Place& b, const Variable& v) {
    if (a.in != b.in) return false;
    for (size_t i = a.in == v.owner ? v.loops.size() : 0; i < a.loops.size() && i < b.loops.size();
         i++)
      if (a.loops[i] == b.loops[i]) return true;
    return false;
  }
  // Starts more than one process with the same variable.
  static bool repeats(const Site& s, const Variable& v) {
    return s.in == v.owner && s.loops.size() > v.loops.size();
  }
  static bool lasting(const Site& s) {
    const auto name = s.callee.substr(s.callee.rfind('.') + 1);
    return name.starts_with("spawn") || name.starts_with("start") || name.starts_with("async");
  }

  void captured(const Variable& v, const std::vector<const Reference*>& refs,
                const Processes& who) {
    const auto of = [&](const Reference* r) -> std::set<int> {
      const auto it = who.find(r->in);
      return it == who.end() ? std::set<int>{} : it->second;
    };
    const char* hint =
        "a process works on its own copy of what its function captures: send the value, or share "
        "it through a table, an atomic or messages";
    const auto say = [&](const Reference& r, const std::string& how) {
      report(r.line, "captured-write",
             fmt::format("{} its own copy of '{}' (line {}): {}",
                         r.kind == RefKind::write ? "writes" : "changes", v.name, v.line, how),
             hint);
    };
    for (const Reference* w : refs) {
      if (w->kind == RefKind::read) continue;
      for (const int p : of(w)) {
        if (p == kOwn) continue;
        for (const Reference* r : refs) {
          if (r == w) continue;
          for (const int q : of(r)) {
            if (q == kOwn && after(*r, site(p), v))
              return say(*w, fmt::format("line {} does not see it", r->line));
            if (q != kOwn && q != p)
              return say(*w,
                         fmt::format("the process started in line {} has another", site(q).line));
          }
        }
        const bool read = std::any_of(refs.begin(), refs.end(), [&](const Reference* r) {
          return r->kind == RefKind::read && of(r).count(p);
        });
        if (read && repeats(site(p), v))
          return say(*w, fmt::format("each process started in line {} has one", site(p).line));
      }
    }
    for (const Reference* w : refs) {
      if (w->kind == RefKind::read || w->in != v.owner || !of(w).count(kOwn)) continue;
      for (const Reference* r : refs)
        for (const int p : of(r)) {
          if (p == kOwn || !lasting(site(p)) || r->kind == RefKind::write) continue;
          if (site(p).in != w->in || w->order < site(p).order || common_loop(*w, site(p), v))
            continue;
          report(w->line, "captured-write",
                 fmt::format("{} '{}' (line {}) after line {} started a process with a copy of it: "
                             "line {} sees the value of then",
                             w->kind == RefKind::write ? "writes" : "changes", v.name, v.line,
                             site(p).line, r->line),
                 hint);
          return;
        }
    }
  }

  // ---- calls that the sandbox refuses ----

  void calls() {
    for (const Call& c : facts_.calls) {
      if (c.module != "std") continue;
      const auto& items = c.expr->items;
      if (c.name == "require" && c.in != facts_.file() && runs(c.in))
        report(c.line, "late-require", "require inside a function that a scenario runs",
               "modules are loaded at file level, before a scenario runs");
      if (c.name != "setmetatable" || items.size() < 2 || items[1]->kind != Expr::Kind::table)
        continue;
      for (const Expr* key : items[1]->keys)
        if (key && key->kind == Expr::Kind::string &&
            (key->text == "__gc" || key->text == "__mode"))
          report(c.line, "outside-sandbox",
                 fmt::format("a metatable with {} is refused in a scenario", key->text),
                 "it depends on when garbage is collected, which a scenario cannot see");
    }
  }

  // ---- crashes ----

  // With crashes = "allow" a crash is no failure: somebody must see it, or it is lost.
  void unseen_crashes() {
    for (const Site& s : facts_.sites) {
      if (!s.scenario || !s.crashes_allowed) continue;
      const std::set<const Function*> reached = reachable(s);
      for (const Site& start : facts_.sites)
        if (reached.count(start.in) && unseen(start))
          report(start.line, "unseen-crash",
                 fmt::format("nobody would see a crash of the process started here: line {} allows "
                             "crashes, and it is neither linked, monitored nor supervised",
                             s.line),
                 "spawn_link, spawn_monitor or a supervisor; or leave out crashes = \"allow\", so "
                 "that a crash is a failure");
    }
  }

  // All functions that may run once `s` is called.
  std::set<const Function*> reachable(const Site& s) const {
    std::set<const Function*> reached(s.literals.begin(), s.literals.end());
    std::set<const Variable*> used(s.named.begin(), s.named.end());
    for (bool again = true; again;) {
      again = false;
      for (const Reference& r : facts_.references)
        if (reached.count(r.in)) again |= used.insert(r.variable).second;
      for (const auto& [f, l] : facts_.literals)
        if (reached.count(l.variable ? nullptr : l.in) || (l.variable && used.count(l.variable)))
          again |= reached.insert(f).second;
    }
    return reached;
  }

  bool unseen(const Site& s) const {
    if (s.callee != "spawn" && s.callee != "cluster.spawn") return false;
    if (!s.discarded) {
      if (!s.result) return false;
      for (const Reference& r : facts_.references)
        if (r.variable == s.result && r.kind == RefKind::read && r.use != Use::destination)
          return false;
    }
    // A function that nobody here has written, or that links, monitors or registers, may be seen.
    std::vector<const Function*> started(s.literals.begin(), s.literals.end());
    for (const auto& [f, l] : facts_.literals)
      if (l.variable && std::count(s.named.begin(), s.named.end(), l.variable))
        started.push_back(f);
    if (started.empty()) return false;
    static const std::set<std::string> kTies = {"link", "monitor", "register", "exit"};
    return std::none_of(facts_.calls.begin(), facts_.calls.end(), [&](const Call& c) {
      return c.module.empty() && kTies.count(c.name) &&
             std::any_of(started.begin(), started.end(),
                         [&](const Function* f) { return inside(c.in, f); });
    });
  }

  const std::string& file_;
  Facts facts_;
  Processes whole_;
  std::vector<LintFinding> found_;
};

// What Lua itself says of the text: the exact message, and a bound on nesting.
void check_syntax(const std::string& file, const std::string& text) {
  lua_State* L = luaL_newstate();
  if (!L) throw std::bad_alloc();
  const std::string chunk = "@" + file;
  const auto lua = lua_text(text);
  const bool good = luaL_loadbufferx(L, lua.data(), lua.size(), chunk.c_str(), "t") == LUA_OK;
  std::string message = good ? "" : lua_tostring(L, -1);
  if (message.find(':') == std::string::npos) message = file + ": " + message;  // no place: a limit
  lua_close(L);
  if (!good) throw Error(ExitCode::scenario, message, "the file is not valid Lua 5.4");
}

// "-- lint: allow RULE" at the end of a line.
constexpr std::string_view kAllow = "-- lint: allow ";

std::set<std::pair<int, std::string>> allowed_rules(const std::string& text) {
  std::set<std::pair<int, std::string>> allowed;
  std::istringstream lines(text);
  std::string line;
  for (int number = 1; std::getline(lines, line); number++) {
    const size_t at = line.find(kAllow);
    if (at == std::string::npos) continue;
    std::istringstream words(line.substr(at + kAllow.size()));
    for (std::string rule; words >> rule;) allowed.insert({number, rule});
  }
  return allowed;
}

}  // namespace

const std::vector<LintRule>& lint_rules() {
  static const std::vector<LintRule> kRules = {
      {"captured-write",
       "a captured variable is written by one process and used by another; each has a copy"},
      {"file-level-write", "a file-level local or table is changed while a scenario runs"},
      {"file-level-iterator",
       "an iterator or a coroutine made at file level is used while a scenario runs"},
      {"global-write", "a global is written while a scenario runs"},
      {"outside-sandbox", "a name that scenarios do not have"},
      {"unknown-field", "a field of the library that it does not have"},
      {"late-require", "a module is required while a scenario runs"},
      {"unseen-crash", "crashes are allowed, and nobody would see this process crash"}};
  return kRules;
}

std::vector<LintFinding> lint(const std::string& file_name, const std::string& text) {
  check_syntax(file_name, text);
  return lint_valid(file_name, text);
}

std::vector<LintFinding> lint_valid(const std::string& file_name, const std::string& text) {
  try {
    auto findings = Lint(file_name, gather(text)).all();
    if (!findings.empty() && text.find(kAllow) != std::string::npos) {
      const auto allowed = allowed_rules(text);
      std::erase_if(findings, [&](const LintFinding& f) {
        return allowed.contains({f.line, f.rule});
      });
    }
    return findings;
  } catch (const syntax::SyntaxError& e) {
    throw Error(ExitCode::scenario, fmt::format("{}:{}: {}", file_name, e.line, e.what()));
  }
}

}  // namespace lockstep::vm
