// Tables in reports, and in the digest of a state.
#include <unordered_map>

#include "vm/recording/recorder.h"
#include "vm/tables/ets.h"
#include "vm/tables/shared_state_parts.h"

namespace lockstep::vm {
namespace {

// The names of elements that were touched while recording: an object that a report names may be
// gone from its table, or never have been in it. Objects mean the same in every execution, so the
// names may outlive one. Only for people.
thread_local std::unordered_map<ObjectId, std::string> t_names;

std::string key_text(const EtsTable& t, View key) {
  return table_text(t) + "[" + print(key, 40) + "]";
}

}  // namespace

std::string table_text(const EtsTable& t) {
  std::string name(View{t.name.bytes}.string());
  if (!t.named && t.nth_of_name > 1) name += "#" + std::to_string(t.nth_of_name);
  return name;
}

void note_key(Machine& m, const EtsTable& t, View key) {
  std::string text = key_text(t, key);
  t_names[make_object(ObjectClass::ets, t.container, key_element(key))] = text;
  t_names[make_object(ObjectClass::ets, t.container)] = table_text(t);
  m.recorder().note_target(std::move(text));
}

void note_table(Machine& m, const EtsTable& t) {
  t_names[make_object(ObjectClass::ets, t.container)] = table_text(t);
  m.recorder().note_target(table_text(t));
}

std::string rows_text(const EtsTable& t, View key) {
  const Span s = find_rows(t, key);
  if (s.empty()) return "none";
  std::string out;
  for (uint32_t i = s.first; i < s.last && i < s.first + 4; i++)
    out += (i > s.first ? ", " : "") + print(t.rows[i].view(), 60);
  if (s.last - s.first > 4) out += ", ...";
  return out;
}

void note_rows(Machine& m, const EtsTable& t, View key, const std::string& before) {
  note_key(m, t, key);
  const std::string after = rows_text(t, key);
  if (after != before) m.recorder().note_change(key_text(t, key) + ": " + before + " -> " + after);
}

std::string ets_object_name(const Machine& m, ObjectId object) {
  const uint32_t container = object_container(object), element = object_element(object);
  if (object_class(object) == ObjectClass::ets_name) return "the tables of the node";
  const EtsTable* found = nullptr;
  for (const EtsTable* t : m.world().tables) {
    if (t->container != container) continue;
    found = t;
    if (element > kTableFacts)
      for (uint32_t i = 0; i < t->rows.size; i++)
        if (key_element(t->rows[i].key()) == element) return key_text(*t, t->rows[i].key());
  }
  if (const auto it = t_names.find(object); it != t_names.end()) return it->second;
  const auto whole = t_names.find(make_object(ObjectClass::ets, container));
  const std::string table = found                    ? table_text(*found)
                            : whole != t_names.end() ? whole->second
                                                     : "table";
  return element <= kTableFacts ? table : table + "[...]";
}

std::string ets_table_name(const Machine& m, uint64_t id) {
  for (const EtsTable* t : m.world().tables)
    if (t && t->id == id) return table_text(*t);
  return {};
}

const Maker* ets_maker(const Machine& m, uint64_t id) {
  const auto& tables = m.world().tables;
  const uint32_t i = light_index(id);
  return i < tables.size && tables[i]->id == id ? &tables[i]->maker : nullptr;
}

uint64_t ets_digest(const Machine& m) {
  const World& w = m.world();
  uint64_t sum = 0;
  for (const EtsTable* t : w.tables) {
    if (!t->alive) continue;
    uint64_t h = mix64(light_low(t->id), w.processes[t->owner]->key);
    h = mix64(h, static_cast<uint64_t>(t->type) << 8 | static_cast<uint64_t>(t->protection) << 4 |
                     t->named);
    h = mix64(mix64(h, digest(t->name)), mix64(t->heir, digest(t->heir_data)));
    h = mix64(h, mix64(t->fixes.size(), t->ghosts.size));
    for (uint32_t i = 0; i < t->rows.size; i++)
      h = mix64(h, digest_bytes(t->rows[i].bytes, t->rows[i].size));
    sum += h;
  }
  return sum;
}

}  // namespace lockstep::vm
