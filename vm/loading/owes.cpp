#include "vm/loading/owes.h"

#include <string_view>

#include "vm/syntax/lua_lexer.h"
#include "vm/syntax/lua_syntax.h"

namespace lockstep::vm {

bool may_owe(const std::string& text) {
  // A string may be what load() is given.
  const auto owes = [](std::string_view word) {
    return word.find("eventually") != word.npos || word.find("temporal") != word.npos;
  };
  if (text.find("eventually") == std::string::npos && text.find("temporal") == std::string::npos)
    return false;
  try {
    syntax::Lexer lexer(text);
    for (syntax::Token t = lexer.next(); t.kind != syntax::Token::Kind::end; t = lexer.next())
      if (t.kind <= syntax::Token::Kind::string && owes(t.text)) return true;  // a name, a key
  } catch (const syntax::SyntaxError&) {
    return true;
  }
  return false;
}

}  // namespace lockstep::vm
