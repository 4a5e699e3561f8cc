#include "vm/lint/lint_facts.h"

#include <algorithm>

#include "vm/loading/library.h"

namespace lockstep::vm::lint_facts {
namespace {

using Kind = Expr::Kind;

const std::set<std::string> kCoreStarts = {"spawn", "spawn_link", "spawn_monitor", "spawn_opt",
                                           "send",  "send_after", "start_timer"};
// Of these parts, whatever function goes in runs in another process.
const std::set<std::string> kRunElsewhere = {
    "cluster",    "cluster_core", "task",       "task_supervisor",   "agent", "rpc", "erpc",
    "gen_server", "gen_statem",   "supervisor", "dynamic_supervisor"};
const std::set<std::string> kChanges = {"insert", "remove", "sort", "move"};

bool is_string(const Expr* e) { return e && e->kind == Kind::string; }

// What becomes of an expression's value.
struct Fate {
  Use use = Use::value;
  int site = -1;
  const Variable* variable = nullptr;  // held by it
  bool global = false;
  bool protected_call = false;
};

class Gatherer {
 public:
  explicit Gatherer(Facts* facts) : facts_(*facts) {}

  void file() {
    place_.in = facts_.file();
    statements(facts_.file()->body);
  }

 private:
  template <class T>
  T at(int line) {
    T t;
    static_cast<Place&>(t) = place_;
    t.line = line;
    t.order = ++order_;
    return t;
  }
  void touch(const Expr* e, Reference::Kind kind, const Fate& fate = {}) {
    if (e->kind == Kind::global) {
      auto r = at<GlobalReference>(e->line);
      r.kind = kind;
      r.name = e->text;
      facts_.globals.push_back(std::move(r));
      return;
    }
    auto r = at<Reference>(e->line);
    r.kind = kind;
    r.variable = e->variable;
    r.use = fate.use;
    r.site = fate.site;
    if (fate.use == Use::process && fate.site >= 0)
      facts_.sites[static_cast<size_t>(fate.site)].named.push_back(e->variable);
    facts_.references.push_back(std::move(r));
  }

  void function(const Expr* e, const Fate& fate) {
    facts_.literals[e->function] = {fate.use,      fate.site,   place_.in,
                                    fate.variable, fate.global, fate.protected_call};
    if (fate.use == Use::process && fate.site >= 0)
      facts_.sites[static_cast<size_t>(fate.site)].literals.push_back(e->function);
    Place outer;
    outer.in = e->function;
    std::swap(outer, place_);
    statements(e->function->body);
    place_ = std::move(outer);
  }

  void expressions(const std::vector<Expr*>& list, const Fate& fate = {}) {
    for (const Expr* e : list)
      if (e) expression(e, fate);
  }

  void expression(const Expr* e, const Fate& fate = {}) {
    switch (e->kind) {
      case Kind::constant:
      case Kind::string:
        return;
      case Kind::local:
      case Kind::global:
        return touch(e, Reference::Kind::read, fate);
      case Kind::index:
        if (std::string module; is_string(e->b) && lockstep_module(e->a, &module))
          facts_.fields.push_back({module, e->b->text, e->line});
        if (e->a->kind == Kind::global && is_string(e->b)) {
          touch(e->a, Reference::Kind::read);
          facts_.globals.back().field = e->b->text;
          return;
        }
        // A field of a table that is given to a process, or called: so is the table.
        expression(e->a, fate.variable ? Fate{} : fate);
        return expression(e->b);
      case Kind::function:
        return function(e, fate);
      case Kind::table:
        expressions(e->keys);
        return expressions(e->items, fate);
      case Kind::paren:
        return expression(e->a, fate);
      case Kind::op:
        // `x and f or g` hands on what it holds.
        expression(e->a, e->text == "and" || e->text == "or" ? fate : Fate{});
        if (e->b) expression(e->b, e->text == "and" || e->text == "or" ? fate : Fate{});
        return;
      case Kind::method:
        expression(e->a);
        return expressions(e->items);
      case Kind::call:
        return call(e);
    }
  }

  static bool starts_processes(const Known& k) {
    return (k.module.empty() && (k.name == "scenario" || kCoreStarts.count(k.name))) ||
           kRunElsewhere.count(k.module);
  }

  void call(const Expr* e) {
    const Known k = known(e->a);
    Fate callee;
    callee.use = Use::callee;
    expression(e->a, callee);
    if (k.name.empty()) return expressions(e->items);
    auto call = at<Call>(e->line);
    call.module = k.module;
    call.name = k.name;
    call.expr = e;
    facts_.calls.push_back(std::move(call));
    Fate fate;
    if (starts_processes(k)) {
      fate.use = Use::process;
      fate.site = site(e, k);
    }
    fate.protected_call = k.module == "std" && (k.name == "pcall" || k.name == "xpcall");
    for (size_t i = 0; i < e->items.size(); i++) {
      Fate own = fate;
      if (i == 0 && k.module.empty() && k.name == "send") own = {Use::destination};
      expression(e->items[i], own);
    }
    if (fate.site >= 0) facts_.sites[static_cast<size_t>(fate.site)].order = ++order_;
    const bool changes = (k.module == "std.table" && kChanges.count(k.name)) ||
                         (k.module == "std" && (k.name == "rawset" || k.name == "setmetatable"));
    if (changes && !e->items.empty()) {
      const bool to = k.name == "move" && e->items.size() > 4;
      if (const Expr* changed = root(e->items[to ? 4 : 0])) touch(changed, Reference::Kind::change);
    }
  }

  int site(const Expr* e, const Known& k) {
    auto s = at<Site>(e->line);
    s.callee = k.module.empty() ? k.name : k.module + "." + k.name;
    s.scenario = k.module.empty() && k.name == "scenario";
    for (const Expr* item : e->items)
      if (s.scenario && item->kind == Kind::table)
        for (size_t i = 0; i < item->items.size(); i++)
          s.crashes_allowed |= is_string(item->keys[i]) && item->keys[i]->text == "crashes" &&
                               is_string(item->items[i]) && item->items[i]->text == "allow";
    facts_.sites.push_back(std::move(s));
    site_of_[e] = static_cast<int>(facts_.sites.size()) - 1;
    return site_of_[e];
  }
  Site* site_of(const Expr* e) {
    const auto it = site_of_.find(e);
    return it == site_of_.end() ? nullptr : &facts_.sites[static_cast<size_t>(it->second)];
  }

  // The value of `v`, or of something in it.
  Fate held_by(const Variable* v) {
    Fate fate;
    fate.variable = v;
    return fate;
  }

  void assign(const Stat* s) {
    for (const Expr* target : s->targets)
      if (target->kind == Kind::index) {
        if (std::string module; is_string(target->b) && lockstep_module(target->a, &module))
          facts_.added.emplace(module, target->b->text);
        if (target->a->kind == Kind::index || !root(target)) expression(target->a);
        expression(target->b);
      }
    for (size_t i = 0; i < s->values.size(); i++) {
      Fate fate;
      if (const Expr* r = i < s->targets.size() ? root(s->targets[i]) : nullptr) {
        fate.variable = r->kind == Kind::local ? r->variable : nullptr;
        fate.global = r->kind == Kind::global;
      }
      expression(s->values[i], fate);
      if (Site* started = site_of(s->values[i]); started && s->targets.size() == 1)
        started->result = s->targets[0]->variable;
    }
    for (size_t i = 0; i < s->targets.size(); i++)
      if (const Variable* v = s->targets[i]->variable)
        facts_.values[v].push_back(i < s->values.size() ? s->values[i] : nullptr);
    for (const Expr* target : s->targets)
      if (const Expr* r = root(target))
        touch(r, target == r ? Reference::Kind::write : Reference::Kind::change);
  }

  void statement(const Stat* s) {
    switch (s->kind) {
      case Stat::Kind::local:
        for (size_t i = 0; i < s->values.size(); i++) {
          expression(s->values[i], i < s->variables.size() ? held_by(s->variables[i]) : Fate{});
          if (Site* started = site_of(s->values[i]); started && i < s->variables.size())
            started->result = s->variables[i];
        }
        return;
      case Stat::Kind::assign:
        return assign(s);
      case Stat::Kind::call:
        expression(s->values[0]);
        if (Site* started = site_of(s->values[0])) started->discarded = true;
        return;
      case Stat::Kind::exit:
        return expressions(s->values);
      case Stat::Kind::scope:
        break;
    }
    if (const Expr* of = s->loop ? elements_of(s) : nullptr)
      facts_.values[s->variables[1]].push_back(of);
    if (s->loop) place_.loops.push_back(s);
    if (s->loop && s->variables.empty()) {  // while and repeat: the condition is in the loop
      expressions(s->values);
    } else {
      std::vector<const Stat*> around = place_.loops;
      if (s->loop) place_.loops.pop_back();
      expressions(s->values);
      place_.loops = std::move(around);
    }
    for (const auto& block : s->blocks) statements(block);
    if (s->loop) place_.loops.pop_back();
  }
  // The table whose elements the second variable of a loop is, in turn; null if it is another loop.
  static const Expr* elements_of(const Stat* s) {
    if (s->variables.size() != 2 || s->values.size() != 1 || s->values[0]->kind != Kind::call)
      return nullptr;
    const Expr* call = s->values[0];
    const Known k = known(call->a);
    const bool walks = k.module == "std" && (k.name == "pairs" || k.name == "ipairs");
    return walks && call->items.size() == 1 ? call->items[0] : nullptr;
  }
  void statements(const std::vector<Stat*>& list) {
    for (const Stat* s : list) statement(s);
  }

  Facts& facts_;
  Place place_;
  int order_ = 0;
  std::map<const Expr*, int> site_of_;
};

}  // namespace

const Expr* root(const Expr* e) {
  while (e->kind == Kind::index || e->kind == Kind::paren) e = e->a;
  return e->kind == Kind::local || e->kind == Kind::global ? e : nullptr;
}

bool lockstep_module(const Expr* e, std::string* name) {
  switch (e->kind) {
    case Kind::local:
      return e->variable->assignments == 0 && e->variable->value && e->variable->value != e &&
             lockstep_module(e->variable->value, name);
    case Kind::call:
      if (e->a->kind != Kind::global || e->a->text != "require" || e->items.size() != 1 ||
          !is_string(e->items[0]))
        return false;
      if (e->items[0]->text == "lockstep") {
        name->clear();
        return true;
      }
      if (!e->items[0]->text.starts_with("lockstep.")) return false;
      *name = e->items[0]->text.substr(9);
      return true;
    case Kind::index: {
      std::string outer;
      if (!is_string(e->b) || !lockstep_module(e->a, &outer) || !outer.empty()) return false;
      if (!library_names().count(e->b->text)) return false;
      *name = e->b->text;
      return true;
    }
    default:
      return false;
  }
}

Known known(const Expr* e) {
  std::string module;
  switch (e->kind) {
    case Kind::paren:
      return known(e->a);
    case Kind::global:
      return {"std", e->text};
    case Kind::local:
      if (e->variable->assignments > 0 || !e->variable->value) return {};
      return e->variable->value->kind == Kind::local || e->variable->value->kind == Kind::index ||
                     e->variable->value->kind == Kind::global
                 ? known(e->variable->value)
                 : Known{};
    case Kind::index:
      if (!is_string(e->b)) return {};
      if (lockstep_module(e->a, &module)) return {module, e->b->text};
      if (e->a->kind == Kind::global) return {"std." + e->a->text, e->b->text};
      return {};
    default:
      return {};
  }
}

Facts gather(std::string_view text) {
  Facts facts;
  facts.tree = syntax::parse(text);
  Gatherer(&facts).file();
  return facts;
}

bool inside(const Function* f, const Function* outer) {
  while (f && f != outer) f = f->parent;
  return f != nullptr;
}

Processes processes(const Facts& facts, const Function* outer) {
  const bool whole = outer == facts.file();
  std::map<const Variable*, std::vector<const Reference*>> reads;
  for (const Reference& r : facts.references)
    if (r.kind == Reference::Kind::read) reads[r.variable].push_back(&r);
  // Who runs f: sites, and the functions in whose process it runs.
  Processes result;
  std::map<const Function*, std::vector<const Function*>> run_by;
  result[outer].insert(kOwn);
  auto add = [&](const Function* f, Use use, int site, const Function* in, bool handed_out) {
    if (use == Use::process)
      result[f].insert(site);
    else if (whole && in == outer && handed_out)
      result[f].insert(kAny);
    else if (inside(in, outer))
      run_by[f].push_back(in);
    else
      result[f].insert(kOwn);
  };
  for (const auto& [f, l] : facts.literals) {
    if (f == outer || !inside(f, outer)) continue;
    if (l.global) result[f].insert(whole ? kAny : kOwn);
    if (!l.variable && !l.global)
      add(f, l.use, l.site, l.in, l.use != Use::callee && !l.protected_call);
    for (const Reference* r : reads[l.variable])
      add(f, r->use, r->site, r->in, r->use != Use::callee);
    // A method or a callback of a table that is changed where it was handed in.
    if (l.variable && l.variable->parameter) result[f].insert(whole ? kAny : kOwn);
  }
  for (bool again = true; again;) {
    again = false;
    for (const auto& [f, callers] : run_by)
      for (const Function* caller : callers)
        for (const int p : std::set<int>(result[caller])) again |= result[f].insert(p).second;
  }
  return result;
}

}  // namespace lockstep::vm::lint_facts
