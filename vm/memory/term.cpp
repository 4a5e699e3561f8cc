// Making, copying and freeing terms.
#include "vm/memory/term.h"

#include <string>

#include "engine/base/error.h"
#include "vm/memory/host.h"

namespace lockstep::vm {
namespace {

Term take_bytes(const char* p, size_t n, Arena& arena) {
  Term t;
  t.tag = static_cast<Tag>(*p);
  switch (t.tag) {
    case Tag::nil:
    case Tag::no:
    case Tag::yes:
      return t;
    case Tag::integer:
    case Tag::real:
    case Tag::light:
    case Tag::image:
    case Tag::cfunction:
      std::memcpy(&t.integer, p + 1, 8);
      return t;
    default:
      break;
  }
  char* room = static_cast<char*>(arena.get(n));
  if (!room) out_of_memory();
  std::memcpy(room, p, n);
  t.size = static_cast<uint32_t>(n);
  t.bytes = room;
  return t;
}

}  // namespace

const char* View::end() const {
  switch (tag()) {
    case Tag::nil:
    case Tag::no:
    case Tag::yes:
      return p + 1;
    case Tag::integer:
    case Tag::real:
    case Tag::light:
    case Tag::image:
    case Tag::cfunction:
      return p + 9;
    case Tag::upref:
      return p + 5;
    case Tag::string:
    case Tag::table:
    case Tag::object:
    case Tag::closure:
      return p + 5 + u32(1);
  }
  LOCKSTEP_ASSERT(!"a term with an unknown tag");
  return p;
}

Term make_term(View view, Arena& arena) {
  return take_bytes(view.p, static_cast<size_t>(view.end() - view.p), arena);
}

Term make_string(std::string_view text, Arena& arena) {
  Term t;
  t.tag = Tag::string;
  t.size = static_cast<uint32_t>(text.size() + 5);
  char* room = static_cast<char*>(arena.get(t.size));
  if (!room) out_of_memory();
  room[0] = static_cast<char>(Tag::string);
  const auto n = static_cast<uint32_t>(text.size());
  std::memcpy(room + 1, &n, 4);
  std::memcpy(room + 5, text.data(), text.size());
  t.bytes = room;
  return t;
}

Term make_tuple(Arena& arena, Bytes& scratch, std::initializer_list<Term> elements) {
  scratch.clear();
  scratch.push_back(static_cast<char>(Tag::table));
  put_bytes<uint32_t>(scratch, 0);
  put_bytes<uint32_t>(scratch, static_cast<uint32_t>(elements.size()));
  put_bytes<uint32_t>(scratch, 0);
  for (const Term& t : elements) append(scratch, t);
  patch_bytes<uint32_t>(scratch, 1, static_cast<uint32_t>(scratch.size() - 5));
  return take_bytes(scratch.data(), scratch.size(), arena);
}

Term copy_term(const Term& term, Arena& arena) {
  if (term.immediate()) return term;
  return take_bytes(term.bytes, term.size, arena);
}

void free_term(Term& term, Arena& arena) {
  if (term.size) arena.put(const_cast<char*>(term.bytes), term.size);
  term = {};
}

View view_of(const Term& t, char* room) {
  if (t.size) return {t.bytes};
  room[0] = static_cast<char>(t.tag);
  std::memcpy(room + 1, &t.integer, 8);
  return {room};
}

void append(Bytes& out, const Term& t) {
  char room[16];
  const View v = view_of(t, room);
  out.insert(out.end(), v.p, v.end());
}

std::string term_bytes(const Term& t) {
  char room[16];
  const View v = view_of(t, room);
  return {v.p, v.end()};
}

}  // namespace lockstep::vm
