// How a table holds its rows.
#include <cmath>

#include "engine/base/error.h"
#include "vm/machine/lookup.h"
#include "vm/tables/ets.h"

namespace lockstep::vm {
namespace {

// First row whose key is not below (or, if `above`, is greater than) the key.
uint32_t bound(const EtsTable& t, View key, bool above) {
  uint32_t low = 0, count = t.rows.size;
  while (count > 0) {
    const uint32_t half = count / 2;
    const int c = order_keys(t.ordered(), t.rows[low + half].key(), key);
    if (c < 0 || (above && c == 0)) {
      low += half + 1;
      count -= half + 1;
    } else {
      count = half;
    }
  }
  return low;
}

void insert_at(Machine& m, EtsTable& t, uint32_t at, const Row& row) {
  m.push(t.rows, row);
  if (at + 1 == t.rows.size) return;
  std::memmove(static_cast<void*>(&t.rows[at + 1]), &t.rows[at],
               (t.rows.size - at - 1) * sizeof(Row));
  t.rows[at] = row;
}

}  // namespace

// Erlang has no NaN, and a key that equals nothing could never be found again.
bool holds_nan(View v) {
  if (v.tag() == Tag::real) return std::isnan(v.real());
  if (v.tag() != Tag::table && v.tag() != Tag::object) return false;
  View x = v.first();
  for (uint32_t i = 0; i < v.array_size() + 2 * v.pairs(); i++, x = x.next())
    if (holds_nan(x)) return true;
  return false;
}

int order_keys(bool by_value, View a, View b) {
  const Tag tag = a.tag();
  if (tag == b.tag()) {
    if (tag == Tag::integer) {
      const int64_t x = a.i64(1), y = b.i64(1);
      return x < y ? -1 : y < x ? 1 : 0;
    }
    if (tag == Tag::string) return a.string().compare(b.string());
  }
  const int c = compare(a, b);
  if (c != 0 || by_value) return c;
  // Of equal value: 1 before 1.0, true before "true".
  const auto n = static_cast<size_t>(a.end() - a.p), k = static_cast<size_t>(b.end() - b.p);
  const int bytes = std::memcmp(a.p, b.p, n < k ? n : k);
  return bytes ? bytes : n < k ? -1 : k < n ? 1 : 0;
}

namespace {

// The usual keys, compared in place.
struct IntegerKey {
  int64_t key;
  bool same_kind(View v) const { return v.tag() == Tag::integer; }
  int order(View v) const {
    const int64_t x = v.i64(1);
    return x < key ? -1 : x > key ? 1 : 0;
  }
};
struct StringKey {
  std::string_view key;
  bool same_kind(View v) const { return v.tag() == Tag::string; }
  int order(View v) const { return v.string().compare(key); }
};

// After the rows with that key, the first of which is there if there is one. They are few mostly.
uint32_t end_of(const EtsTable& t, uint32_t at, View key) {
  for (uint32_t n = 0; n < (t.single() ? 1 : 8); n++, at++)
    if (at == t.rows.size || order_keys(t.ordered(), t.rows[at].key(), key) != 0) return at;
  return t.single() ? at : bound(t, key, true);
}

template <class K>
Span find_usual(const EtsTable& t, K usual, View key) {
  uint32_t low = 0, count = t.rows.size;
  while (count > 0) {
    const uint32_t half = count / 2;
    const View k = t.rows[low + half].key();
    const int c = usual.same_kind(k) ? usual.order(k) : order_keys(t.ordered(), k, key);
    if (c == 0 && t.single()) return {low + half, low + half + 1};
    if (c < 0) {
      low += half + 1;
      count -= half + 1;
    } else {
      count = half;
    }
  }
  return t.single() ? Span{low, low} : Span{low, end_of(t, low, key)};
}

}  // namespace

Span find_rows(const EtsTable& t, View key) {
  if (key.tag() == Tag::integer) return find_usual(t, IntegerKey{key.i64(1)}, key);
  if (key.tag() == Tag::string) return find_usual(t, StringKey{key.string()}, key);
  const uint32_t first = bound(t, key, false);
  return {first, end_of(t, first, key)};
}

void assert_rows(const EtsTable& t) {
  LOCKSTEP_ASSERT(t.alive || t.rows.size == 0);
  for (uint32_t i = 0; i < t.rows.size; i++) {
    const Row& row = t.rows[i];
    LOCKSTEP_ASSERT(row.key().p ==
                    (t.keypos == 1 ? row.view().first().p : row.view().element(t.keypos - 1).p));
    const int order = i == 0 ? -1 : order_keys(t.ordered(), t.rows[i - 1].key(), row.key());
    LOCKSTEP_ASSERT(order < 0 || (order == 0 && !t.single()));
  }
}

uint32_t row_after(const EtsTable& t, View key) { return bound(t, key, true); }

bool row_key(Row& row, uint32_t keypos) {
  const View v = row.view();
  if (v.array_size() < keypos) return false;
  const View key = keypos == 1 ? v.first() : v.element(keypos - 1);
  row.key_at = static_cast<uint32_t>(key.p - row.bytes);
  return key.tag() <= Tag::integer || key.tag() == Tag::string || !holds_nan(key);
}

Row keep_row(Machine& m, const char* bytes, size_t size) {
  auto* buffer = static_cast<char*>(m.allocate(size));
  std::memcpy(buffer, bytes, size);
  return {buffer, static_cast<uint32_t>(size), 0, static_cast<uint32_t>(digest_bytes(bytes, size))};
}
void drop_row(Machine& m, Row row) { m.arena().put(const_cast<char*>(row.bytes), row.size); }

namespace {

// Whether a bag has a row already is asked at each insert: where many have the same key, looking at
// all of them would be quadratic.
bool may_hold(const EtsTable& t, uint32_t hash) {
  return t.hashes.size == 0 || t.hashes[hash & (t.hashes.size - 1)] != 0;
}

// Of a row that is in the table by now.
void count_hash(Machine& m, EtsTable& t, uint32_t hash) {
  constexpr uint32_t kMany = 64, kSpare = 8;  // counters a row, after they were made anew
  if (t.rows.size < kMany) return;
  if (t.hashes.size >= 2 * t.rows.size) {
    t.hashes[hash & (t.hashes.size - 1)]++;
    return;
  }
  uint32_t size = 1;
  while (size < kSpare * t.rows.size) size *= 2;
  m.release(t.hashes);
  t.hashes.data = static_cast<uint32_t*>(m.allocate(size * sizeof(uint32_t)));
  t.hashes.size = t.hashes.capacity = size;
  std::fill_n(t.hashes.data, size, 0U);
  for (const Row& row : t.rows) t.hashes[row.hash & (size - 1)]++;
}

}  // namespace

void put_row(Machine& m, EtsTable& t, Row row) {
  const Span s = find_rows(t, row.key());
  if (t.single()) {
    if (s.empty()) {
      insert_at(m, t, s.first, row);
    } else {
      drop_row(m, t.rows[s.first]);
      t.rows[s.first] = row;
    }
    return;
  }
  if (t.type == EtsType::bag && may_hold(t, row.hash))
    for (uint32_t i = s.first; i < s.last; i++)
      if (t.rows[i].hash == row.hash && equal(t.rows[i].view(), row.view())) {
        drop_row(m, row);
        return;
      }
  insert_at(m, t, s.last, row);
  if (t.type == EtsType::bag) count_hash(m, t, row.hash);
}

void remove_rows(Machine& m, EtsTable& t, Span s) {
  if (s.empty()) return;
  for (uint32_t i = s.first; i < s.last; i++) {
    if (!t.fixes.empty()) m.push(t.ghosts, make_term(t.rows[i].key(), m.arena()));
    if (t.hashes.size != 0) t.hashes[t.rows[i].hash & (t.hashes.size - 1)]--;
    drop_row(m, t.rows[i]);
  }
  std::memmove(static_cast<void*>(&t.rows[s.first]), t.rows.data + s.last,
               (t.rows.size - s.last) * sizeof(Row));
  t.rows.size -= s.last - s.first;
}

void clear_rows(Machine& m, EtsTable& t) { remove_rows(m, t, {0, t.rows.size}); }

EtsTable* find_named(const World& w, uint32_t node, std::string_view name) {
  for (EtsTable* t : w.tables)
    if (t->alive && t->named && t->node == node && t->name.size == name.size() + 5 &&
        std::memcmp(t->name.bytes + 5, name.data(), name.size()) == 0)
      return t;
  return nullptr;
}

uint32_t name_container(uint32_t node, std::string_view name) {
  return static_cast<uint32_t>(digest_text(name, node + 1)) & 0xffffff;
}

// The table has that name now. Operations that are about to be performed on it go with it; those by
// name may find it, and keys elsewhere in its objects than they thought.
void table_named(Machine& m, EtsTable& t, uint32_t container) {
  const uint32_t from = t.container;
  m.change(t.container) = container;
  const auto move = [&](ObjectId& object) {
    if (object_class(object) == ObjectClass::ets && object_container(object) == from)
      object = make_object(ObjectClass::ets, container, object_element(object));
    else if (object == in_set_of_tables(t.node, from, Access::write).object)
      object = in_set_of_tables(t.node, container, Access::write).object;
  };
  for (Process* q : m.world().processes) {
    if (q == m.world().current || !alive(*q)) continue;
    Operation& op = m.scheduler().enabled(q->actor)
                        ? m.world().alternatives[m.world().position[q->actor]].op
                        : q->blocked_op;
    if (op.kind != OpKind::ets) continue;
    if (q->table == t.id && from != container) {
      move(op.object);
      auto* extra = const_cast<Footprint*>(op.extra);
      const bool renames = std::strcmp(q->what, "ets.rename") == 0;
      for (int i = 0; i < op.extra_count; i++)
        if (!renames || object_element(extra[i].object) != kWholeTable)  // else the other name
          move(extra[i].object);
    }
    if (q->table == 0 && q->keypos != 0 && q->keypos != t.keypos &&
        object_class(op.object) == ObjectClass::ets && object_container(op.object) == container)
      op.object = make_object(ObjectClass::ets, container);
  }
}

// Who has fixed it is kept: what the end of a process would have touched before, it touches still
// (ets_exit_footprint).
void delete_table(Machine& m, EtsTable& t, const Process& by) {
  clear_rows(m, t);
  for (Term& g : t.ghosts) free_term(g, m.arena());
  t.ghosts.size = 0;
  free_term(t.heir_data, m.arena());
  m.change(t.alive) = false;
  m.change(t.deleted_by) = by.index;
}

}  // namespace lockstep::vm
