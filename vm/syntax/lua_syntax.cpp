#include "vm/syntax/lua_syntax.h"

#include <algorithm>
#include <map>

namespace lockstep::vm::syntax {
namespace {

constexpr int kMaxDepth = 1000;  // who walks the tree does so on the stack

struct Level {
  int left, right;  // left > right: to the right first
};
const std::map<std::string_view, Level> kBinary = {
    {"or", {1, 1}},  {"and", {2, 2}}, {"<", {3, 3}},   {">", {3, 3}},    {"<=", {3, 3}},
    {">=", {3, 3}},  {"~=", {3, 3}},  {"==", {3, 3}},  {"|", {4, 4}},    {"~", {5, 5}},
    {"&", {6, 6}},   {"<<", {7, 7}},  {">>", {7, 7}},  {"..", {9, 8}},   {"+", {10, 10}},
    {"-", {10, 10}}, {"*", {11, 11}}, {"/", {11, 11}}, {"//", {11, 11}}, {"%", {11, 11}},
    {"^", {14, 13}}};
constexpr int kUnaryLevel = 12;

class Parser {
 public:
  Parser(std::string_view text, Tree* tree) : lexer_(text), tree_(*tree) {
    token_ = lexer_.next();
    ahead_ = lexer_.next();
  }

  void file() {
    function_ = &tree_.functions.emplace_back();
    function_->line = 1;
    function_->body = block();
    if (token_.kind != Token::Kind::end) fail("'<eof>' expected");
  }

 private:
  using Kind = Expr::Kind;

  struct Deeper {  // nesting, bounded
    explicit Deeper(Parser* parser) : p(parser) { p->check_depth(++p->depth_); }
    ~Deeper() { p->depth_--; }
    Parser* p;
  };
  void check_depth(int depth) {
    if (depth > kMaxDepth) fail("nests too deeply to be analysed");
  }
  // Once all below `e` is known.
  Expr* settled(Expr* e) {
    int below = 0;
    for (const Expr* child : {e->a, e->b})
      if (child) below = std::max(below, child->depth);
    for (const auto* list : {&e->items, &e->keys})
      for (const Expr* child : *list)
        if (child) below = std::max(below, child->depth);
    e->depth = std::max(e->depth, below + 1);
    deepest_ = std::max(deepest_, e->depth);
    check_depth(e->depth);
    return e;
  }

  [[noreturn]] void fail(const std::string& what) {
    throw SyntaxError(token_.line, what + " near '" + token_.text + "'");
  }
  void advance() {
    token_ = std::move(ahead_);
    ahead_ = lexer_.next();
  }
  bool accept(std::string_view word) {
    if (!token_.is(word)) return false;
    advance();
    return true;
  }
  void expect(std::string_view word) {
    if (!accept(word)) fail("'" + std::string(word) + "' expected");
  }
  std::string name() {
    if (token_.kind != Token::Kind::name) fail("<name> expected");
    std::string text = token_.text;
    advance();
    return text;
  }

  // ---- names ----

  Variable* declare(const std::string& name, int line) {
    Variable& v = tree_.variables.emplace_back();
    v.name = name;
    v.line = line;
    v.owner = function_;
    v.loops = loops_;
    scope_.push_back(&v);
    return &v;
  }
  Expr* make(Kind kind, int line) {
    Expr& e = tree_.exprs.emplace_back();
    e.kind = kind;
    e.line = line;
    return &e;
  }
  Expr* resolve(const std::string& name, int line) {
    for (size_t i = scope_.size(); i-- > 0;)
      if (scope_[i]->name == name) {
        Expr* e = make(Kind::local, line);
        e->variable = scope_[i];
        e->text = name;
        return e;
      }
    Expr* e = make(Kind::global, line);
    e->text = name;
    return e;
  }
  Expr* string(const std::string& text, int line) {
    Expr* e = make(Kind::string, line);
    e->text = text;
    return e;
  }

  // ---- expressions ----

  Expr* function(int line, const std::string& name, bool self) {
    Deeper deeper(this);
    Expr* e = make(Kind::function, line);
    Function& f = tree_.functions.emplace_back();
    e->function = &f;
    f.parent = function_;
    f.name = name;
    f.line = line;
    function_ = &f;
    const int deepest = deepest_;
    deepest_ = 0;
    const size_t outer = scope_.size();
    std::vector<const Stat*> loops;
    loops.swap(loops_);
    auto parameter = [&](const std::string& text) {
      f.parameters.push_back(declare(text, token_.line));
      f.parameters.back()->parameter = true;
    };
    if (self) parameter("self");
    expect("(");
    while (!token_.is(")")) {
      if (accept("...")) break;
      parameter(this->name());
      if (!accept(",")) break;
    }
    expect(")");
    f.body = block();
    expect("end");
    scope_.resize(outer);
    loops_.swap(loops);
    function_ = f.parent;
    e->depth = deepest_ + 1;
    deepest_ = std::max(deepest, deepest_);
    return settled(e);
  }

  Expr* table() {
    Expr* e = make(Kind::table, token_.line);
    expect("{");
    while (!token_.is("}")) {
      Expr* key = nullptr;
      if (token_.is("[")) {
        advance();
        key = expression();
        expect("]");
        expect("=");
      } else if (token_.kind == Token::Kind::name && ahead_.is("=")) {
        key = string(token_.text, token_.line);
        advance();
        advance();
      }
      e->keys.push_back(key);
      e->items.push_back(expression());
      if (!accept(",") && !accept(";")) break;
    }
    expect("}");
    return settled(e);
  }

  std::vector<Expr*> arguments() {
    if (token_.kind == Token::Kind::string) {
      Expr* e = string(token_.text, token_.line);
      advance();
      return {e};
    }
    if (token_.is("{")) return {table()};
    expect("(");
    std::vector<Expr*> list;
    if (!token_.is(")")) list = expressions();
    expect(")");
    return list;
  }

  Expr* suffixed() {
    Expr* e;
    const int line = token_.line;
    if (accept("(")) {
      e = make(Kind::paren, line);
      e->a = expression();
      expect(")");
      settled(e);
    } else {
      const std::string text = name();
      e = resolve(text, line);
    }
    while (true) {
      const int at = token_.line;
      if (token_.is(".") || token_.is("[")) {
        const bool dot = accept(".");
        if (!dot) advance();
        Expr* index = make(Kind::index, at);
        index->a = e;
        index->b = dot ? string(token_.text, at) : expression();
        if (dot)
          name();
        else
          expect("]");
        e = settled(index);
      } else if (accept(":")) {
        Expr* call = make(Kind::method, at);
        call->a = e;
        call->text = name();
        call->items = arguments();
        e = settled(call);
      } else if (token_.is("(") || token_.is("{") || token_.kind == Token::Kind::string) {
        Expr* call = make(Kind::call, at);
        call->a = e;
        call->items = arguments();
        e = settled(call);
      } else {
        return e;
      }
    }
  }

  Expr* simple() {
    const int line = token_.line;
    if (token_.kind == Token::Kind::string) {
      Expr* e = string(token_.text, line);
      advance();
      return e;
    }
    if (token_.kind == Token::Kind::number || token_.is("nil") || token_.is("true") ||
        token_.is("false") || token_.is("...")) {
      Expr* e = make(Kind::constant, line);
      e->text = token_.text;
      advance();
      return e;
    }
    if (token_.is("{")) return table();
    if (accept("function")) return function(line, "", false);
    return suffixed();
  }

  Expr* expression(int limit = 0) {
    Deeper deeper(this);
    Expr* e;
    const int line = token_.line;
    if (token_.is("not") || token_.is("-") || token_.is("#") || token_.is("~")) {
      e = make(Kind::op, line);
      e->text = token_.text;
      advance();
      e->a = expression(kUnaryLevel);
      settled(e);
    } else {
      e = simple();
    }
    while (true) {
      const auto it = token_.kind == Token::Kind::symbol || token_.kind == Token::Kind::keyword
                          ? kBinary.find(token_.text)
                          : kBinary.end();
      if (it == kBinary.end() || it->second.left <= limit) return e;
      Expr* op = make(Kind::op, token_.line);
      op->text = token_.text;
      advance();
      op->a = e;
      op->b = expression(it->second.right);
      e = settled(op);
    }
  }

  std::vector<Expr*> expressions() {
    std::vector<Expr*> list = {expression()};
    while (accept(",")) list.push_back(expression());
    return list;
  }

  // ---- statements ----

  bool block_ends() const {
    return token_.kind == Token::Kind::end || token_.is("end") || token_.is("else") ||
           token_.is("elseif") || token_.is("until");
  }
  std::vector<Stat*> statements() {
    std::vector<Stat*> list;
    while (!block_ends()) {
      if (accept(";")) continue;
      const bool last = token_.is("return");
      list.push_back(statement());
      if (last) break;
    }
    return list;
  }
  std::vector<Stat*> block() {
    Deeper deeper(this);
    const size_t outer = scope_.size();
    auto list = statements();
    scope_.resize(outer);
    return list;
  }

  static void initialize(Variable* variable, Expr* value) {
    variable->value = value;
    if (value->kind == Kind::function && value->function->name.empty())
      value->function->name = variable->name;
  }

  void local(Stat* s) {
    s->kind = Stat::Kind::local;
    if (accept("function")) {
      const int line = token_.line;
      const std::string text = name();
      s->variables = {declare(text, line)};
      s->values = {function(s->line, text, false)};
      initialize(s->variables[0], s->values[0]);
      return;
    }
    std::vector<std::pair<std::string, int>> names;
    do {
      const int line = token_.line;
      names.emplace_back(name(), line);
      if (accept("<")) {
        name();
        expect(">");
      }
    } while (accept(","));
    if (accept("=")) s->values = expressions();
    for (const auto& [text, line] : names) s->variables.push_back(declare(text, line));
    for (size_t i = 0; i < s->values.size() && i < s->variables.size(); i++)
      initialize(s->variables[i], s->values[i]);
  }

  void assigned(Expr* target) {
    if (target->kind == Kind::local) target->variable->assignments++;
  }

  void named_function(Stat* s) {
    s->kind = Stat::Kind::assign;
    const int line = token_.line;
    std::string text = name();
    Expr* target = resolve(text, line);
    bool self = false;
    while (token_.is(".") || token_.is(":")) {
      self = token_.is(":");
      text += token_.text;
      advance();
      Expr* index = make(Kind::index, token_.line);
      index->a = target;
      text += token_.text;
      index->b = string(name(), index->line);
      target = index;
      if (self) break;
    }
    assigned(target);
    s->targets = {target};
    s->values = {function(s->line, text, self)};
  }

  void expression_statement(Stat* s) {
    Expr* e = suffixed();
    if (token_.is("=") || token_.is(",")) {
      s->kind = Stat::Kind::assign;
      s->targets = {e};
      while (accept(",")) s->targets.push_back(suffixed());
      expect("=");
      s->values = expressions();
      for (Expr* target : s->targets) {
        if (target->kind != Kind::local && target->kind != Kind::global &&
            target->kind != Kind::index)
          fail("syntax error");
        assigned(target);
      }
      return;
    }
    if (e->kind != Kind::call && e->kind != Kind::method) fail("syntax error");
    s->kind = Stat::Kind::call;
    s->values = {e};
  }

  void body_of_loop(Stat* s, const std::vector<std::pair<std::string, int>>& names = {}) {
    s->loop = true;
    loops_.push_back(s);
    const size_t outer = scope_.size();
    for (const auto& [text, line] : names) s->variables.push_back(declare(text, line));
    s->blocks.push_back(block());
    scope_.resize(outer);
    loops_.pop_back();
  }

  void for_loop(Stat* s) {
    std::vector<std::pair<std::string, int>> names;
    do {
      const int line = token_.line;
      names.emplace_back(name(), line);
    } while (accept(","));
    if (!accept("=")) expect("in");
    s->values = expressions();
    expect("do");
    body_of_loop(s, names);
    expect("end");
  }

  void if_chain(Stat* s) {
    do {
      s->values.push_back(expression());
      expect("then");
      s->blocks.push_back(block());
    } while (accept("elseif"));
    if (accept("else")) s->blocks.push_back(block());
    expect("end");
  }

  void repeat_loop(Stat* s) {
    s->loop = true;
    loops_.push_back(s);
    const size_t outer = scope_.size();
    s->blocks.push_back(statements());
    expect("until");
    s->values = {expression()};  // sees the body's locals
    scope_.resize(outer);
    loops_.pop_back();
  }

  Stat* statement() {
    Deeper deeper(this);
    Stat* s = &tree_.stats.emplace_back();
    s->line = token_.line;
    s->kind = Stat::Kind::scope;
    if (accept("local")) {
      local(s);
    } else if (accept("function")) {
      named_function(s);
    } else if (accept("if")) {
      if_chain(s);
    } else if (accept("while")) {
      s->values = {expression()};
      expect("do");
      body_of_loop(s);
      expect("end");
    } else if (accept("for")) {
      for_loop(s);
    } else if (accept("repeat")) {
      repeat_loop(s);
    } else if (accept("do")) {
      s->blocks.push_back(block());
      expect("end");
    } else if (accept("return")) {
      s->kind = Stat::Kind::exit;
      if (!block_ends() && !token_.is(";")) s->values = expressions();
      accept(";");
      if (!block_ends()) fail("'<eof>' expected");
    } else if (accept("break")) {
      s->kind = Stat::Kind::exit;
    } else if (accept("goto")) {
      s->kind = Stat::Kind::exit;
      name();
    } else if (accept("::")) {
      s->kind = Stat::Kind::exit;
      name();
      expect("::");
    } else {
      expression_statement(s);
    }
    return s;
  }

  Lexer lexer_;
  Tree& tree_;
  Token token_, ahead_;
  Function* function_ = nullptr;
  std::vector<Variable*> scope_;
  std::vector<const Stat*> loops_;
  int depth_ = 0;    // of the parser's own recursion
  int deepest_ = 0;  // expression so far in this function
};

}  // namespace

std::unique_ptr<Tree> parse(std::string_view text) {
  auto tree = std::make_unique<Tree>();
  Parser(text, tree.get()).file();
  return tree;
}

}  // namespace lockstep::vm::syntax
