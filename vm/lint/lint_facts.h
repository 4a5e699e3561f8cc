// What the lint's rules ask of a file: who touches which variable, where processes start and which
// functions they run.
#pragma once
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "vm/syntax/lua_syntax.h"

namespace lockstep::vm::lint_facts {

using syntax::Expr;
using syntax::Function;
using syntax::Stat;
using syntax::Variable;

// Where a statement stands: `order` is the order of the text.
struct Place {
  Function* in = nullptr;
  int line = 0;
  int order = 0;
  std::vector<const Stat*> loops;  // of `in`, outermost first
};

// A call that makes another process run a function: spawn, gen_server.start, rpc.call, ...; or
// lockstep.scenario, whose body is the first process.
struct Site : Place {
  std::string callee;  // "spawn", "cluster.spawn", "scenario"
  bool scenario = false;
  bool crashes_allowed = false;        // a scenario with crashes = "allow"
  bool discarded = false;              // nobody keeps what it returns
  const Variable* result = nullptr;    // who keeps it
  std::vector<Function*> literals;     // functions written as its arguments
  std::vector<const Variable*> named;  // and variables given to it
};

enum class Use { value, callee, process, destination };  // destination: of send
struct Reference : Place {
  enum class Kind { read, write, change } kind = Kind::read;  // change: of the table's content
  Variable* variable = nullptr;
  Use use = Use::value;
  int site = -1;  // for Use::process
};
struct GlobalReference : Place {
  Reference::Kind kind = Reference::Kind::read;
  std::string name;
  std::string field;  // for a read of name.field
};
struct Call : Place {
  std::string module, name;  // as callee_of says
  const Expr* expr = nullptr;
};

// A field of the library that is read, by its module ("" for lockstep itself).
struct LibraryField {
  std::string module, name;
  int line = 0;
};

// How a function that is written down comes to run.
struct Literal {
  Use use = Use::value;
  int site = -1;
  Function* in = nullptr;              // where it is written
  const Variable* variable = nullptr;  // that holds it or a table with it
  bool global = false;                 // it is held by a global
  bool protected_call = false;         // an argument of pcall or xpcall
};

// Module and name behind a callee or value: {"", "spawn"} for lockstep.spawn, {"task", "async"},
// {"std", "print"}, {"std.table", "insert"}; empty name if it is none of these.
struct Known {
  std::string module, name;
};
Known known(const Expr* e);
// "", "ets", "task", ... for lockstep and its parts; false if `e` is none of them.
bool lockstep_module(const Expr* e, std::string* name);
// The variable or global that a chain of fields starts from; null if there is none.
const Expr* root(const Expr* e);

// What a variable is given, beside its initializer: by assignments, or as the element that a loop
// over pairs or ipairs is at. Null: something that is not known.
using Values = std::map<const Variable*, std::vector<const Expr*>>;

struct Facts {
  std::unique_ptr<syntax::Tree> tree;
  std::vector<Reference> references;
  std::vector<GlobalReference> globals;
  std::vector<Call> calls;  // of what `known` knows
  std::vector<LibraryField> fields;
  std::set<std::pair<std::string, std::string>> added;  // fields that the file gives the library
  std::vector<Site> sites;
  std::map<const Function*, Literal> literals;
  Values values;

  Function* file() const { return &tree->functions.front(); }
};
Facts gather(std::string_view text);  // throws SyntaxError

// In which processes each function inside `outer` runs: kOwn is the one that runs `outer`, kAny
// stands for whoever gets hold of what the file hands out, from 0 on it is the site that starts it.
constexpr int kOwn = -1, kAny = -2;
using Processes = std::map<const Function*, std::set<int>>;
Processes processes(const Facts& facts, const Function* outer);
bool inside(const Function* f, const Function* outer);

}  // namespace lockstep::vm::lint_facts
