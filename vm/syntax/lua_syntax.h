// Lua 5.4 as a tree with every name resolved: local, captured or global. Nothing is executed. For
// the lint, which asks who writes what.
#pragma once
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "vm/syntax/lua_lexer.h"

namespace lockstep::vm::syntax {

struct Function;
struct Stat;

struct Variable {
  std::string name;
  int line = 0;
  Function* owner = nullptr;
  std::vector<const Stat*> loops;      // of the owner, around the declaration, outermost first
  const struct Expr* value = nullptr;  // its initializer, if it has one of its own
  bool parameter = false;
  int assignments = 0;  // after its declaration
};

struct Expr {
  enum class Kind {
    constant,  // nil, false, true, a number, ...
    string,    // text
    local,     // variable
    global,    // text
    index,     // a[b]; a.b has a string as b
    call,      // a(items)
    method,    // a:text(items)
    function,
    table,  // keys[i] = items[i]; keys[i] null for a list element
    paren,  // (a)
    op      // a text b, or text a
  } kind = Kind::constant;
  int line = 0;
  int depth = 1;  // of the tree below, functions' bodies included
  std::string text;
  Variable* variable = nullptr;
  Function* function = nullptr;
  Expr* a = nullptr;
  Expr* b = nullptr;
  std::vector<Expr*> items;
  std::vector<Expr*> keys;
};

struct Stat {
  enum class Kind {
    local,   // variables = values; `local function` too
    assign,  // targets = values; `function a.b()` too
    call,    // values[0]
    scope,   // do, while, repeat, for, if: values are the conditions or bounds, blocks the bodies
    exit     // return, break, goto, label
  } kind = Kind::exit;
  bool loop = false;
  int line = 0;
  std::vector<Variable*> variables;
  std::vector<Expr*> targets;
  std::vector<Expr*> values;
  std::vector<std::vector<Stat*>> blocks;
};

struct Function {
  Function* parent = nullptr;  // null: the file itself
  std::string name;            // as written where it is defined; empty if it has none
  int line = 0;
  std::vector<Variable*> parameters;
  std::vector<Stat*> body;
};

// Owns every node of one file.
struct Tree {
  std::deque<Expr> exprs;
  std::deque<Stat> stats;
  std::deque<Function> functions;  // the first is the file
  std::deque<Variable> variables;
};

// Throws SyntaxError. What Lua 5.4 accepts is accepted, except expressions that nest deeper than a
// thousand; of what it refuses some is accepted (goto without a label, break outside a loop).
std::unique_ptr<Tree> parse(std::string_view text);

}  // namespace lockstep::vm::syntax
