// ETS tables. Rows are flat terms in one array sorted by key, so every traversal has an order that
// depends on the keys alone, neither on the schedule nor on addresses; scenario tables are small,
// and a binary search over a few rows beats hashing them.
//
// 1. The rows of one key are neighbours, in the order in which they came.
// 2. ordered_set orders keys by value (1 and 1.0 are one key); the other types tell apart what is
// not the same bytes.
// 3. Whether a table exists and who may touch it is found out when the effect happens, never when
// it is announced.
// 4. A table stays in World::tables after its deletion, without rows: its number and its name are
// not used again.
// 5. An operation's object is (container, element): the container comes from the table's name, or
// from who made it,
//    never from the order of creation; the element is a hash under which 1 and 1.0 are one. A table
//    that gets another name gets that one's container, for those too who are about to use it.
#pragma once
#include <string>

#include "vm/machine/machine.h"

namespace lockstep::vm {

enum class EtsType : uint8_t { set, ordered_set, bag, duplicate_bag };
enum class EtsProtection : uint8_t { open, guarded, closed };  // public, protected, private

struct Row {
  const char* bytes = nullptr;  // the whole tuple
  uint32_t size = 0;
  uint32_t key_at = 0;  // offset of the key
  uint32_t hash = 0;    // of the bytes: a bag with many rows of one key looks for its like
  View view() const { return {bytes}; }
  View key() const { return {bytes + key_at}; }
};

struct EtsFix {
  uint32_t process = kNone;
  uint32_t count = 0;
};

struct EtsTable {
  uint64_t id = 0;
  Watched<uint32_t, Readers::ends> container{0};
  Watched<uint32_t, Readers::ends> owner{kNone};
  Maker maker;
  uint32_t node = 0;
  uint32_t keypos = 1;
  uint32_t nth_of_name = 1;  // for people: the second unnamed table called "t" is t#2
  EtsType type = EtsType::set;
  EtsProtection protection = EtsProtection::guarded;
  Watched<bool, Readers::ends> alive{true};
  Watched<uint32_t, Readers::ends> deleted_by{kNone};  // the process, once it is not alive
  bool named = false;
  bool read_concurrency = false, write_concurrency = false, decentralized_counters = false,
       compressed = false;
  Term name;
  Watched<uint64_t, Readers::ends> heir{0};  // pid, 0 for none
  Term heir_data;
  Vec<Row> rows;
  Vec<uint32_t> hashes;  // of a bag with many rows: how many have a hash, by its low bits
  Watched<Vec<EtsFix>, Readers::ends> fixes;
  Vec<Term> ghosts;  // keys deleted while fixed: `next` still knows them
  bool ordered() const { return type == EtsType::ordered_set; }
  bool single() const { return type == EtsType::set || type == EtsType::ordered_set; }
};

struct Span {
  uint32_t first = 0, last = 0;
  bool empty() const { return first == last; }
};

// ---- storage (ets_table.cpp) ----

int order_keys(bool by_value, View a, View b);
void assert_rows(const EtsTable& t);  // invariants 1, 2 and 4
Span find_rows(const EtsTable& t, View key);
uint32_t row_after(const EtsTable& t, View key);  // first row with a greater key
bool row_key(Row& row,
             uint32_t keypos);  // sets key_at; false if the tuple is too short or the key a NaN
bool holds_nan(View v);
void put_row(Machine& m, EtsTable& t, Row row);  // takes the bytes
void remove_rows(Machine& m, EtsTable& t, Span span);
void clear_rows(Machine& m, EtsTable& t);
void drop_row(Machine& m, Row row);
Row keep_row(Machine& m, const char* bytes, size_t size);
inline void drop_row(Machine& m, const Term& t) { drop_row(m, Row{t.bytes, t.size, 0}); }
EtsTable* find_named(const World& w, uint32_t node, std::string_view name);
uint32_t name_container(uint32_t node, std::string_view name);
// The table has that name now: operations that are about to be performed on it go with it.
void table_named(Machine& m, EtsTable& t, uint32_t container);
void delete_table(Machine& m, EtsTable& t, const Process& by);

// ---- arguments and operations (ets_args.cpp) ----

inline constexpr uint32_t kWholeTable = 0;
inline constexpr uint32_t kTableFacts =
    1;  // name, owner, type: read by info, changed only with the whole table
uint32_t key_element(View key);  // neither of the above

// A key on its way into an operation: plain, and small ones inside, since it lives across the sync
// point.
struct Key {
  View view{nullptr};
  uint32_t element = 0;
  uint32_t owned = 0;  // bytes in the arena, 0 if inside
  char buffer[64];
};
void take_key(lua_State* L, Machine& m, int index, const char* function, Key& key);
inline void drop_key(Machine& m, const Key& key) {
  if (key.owned) m.arena().put(const_cast<char*>(key.view.p), key.owned);
}

// A table as it was named by the caller; resolved again when the operation takes effect.
struct Target {
  uint64_t id = 0;             // 0: by name
  const char* name = nullptr;  // anchored by the Lua stack
  size_t length = 0;
  EtsTable* table = nullptr;  // at the time of the announcement, or null
  uint32_t container = 0;
  // Of the table's objects, or what is most likely of one that is not there yet.
  uint32_t keypos() const { return table ? table->keypos : 1; }
};
Target table_argument(lua_State* L, Machine& m, Process& p, int index = 1);

// The set of all tables, as ets.all sees it: each table is an element of it.
inline Footprint in_set_of_tables(uint32_t node, uint32_t container, Access access) {
  return {make_object(ObjectClass::ets_name, node, container + 1), access};
}

// Announces and waits. The element is one of the above.
void begin(lua_State* L, Machine& m, Process& p, const char* what, Access access,
           const Target& target, uint32_t element, uint64_t value = 0);
// The same with several keys; more than a handful is the whole table.
void begin_keys(lua_State* L, Machine& m, Process& p, const char* what, Access access,
                const Target& target, const uint32_t* elements, size_t count, uint64_t value = 0);

enum class Need : uint8_t { nothing, read, write, owner };
EtsTable* resolve(Machine& m, const Process& p, const Target& target);  // null if there is none
EtsTable& granted(lua_State* L, Machine& m, const Process& p, const Target& target,
                  Need need);  // badarg if not

void need_argument(lua_State* L, int index, const char* expected);  // misuse if it is not there
bool take_row(lua_State* L, Machine& m, int index, const char* function,
              Row& row);  // false if it is no tuple
bool is_row_list(lua_State* L, int index);
void push_row(lua_State* L, const Row& row);
void push_rows(lua_State* L, const EtsTable& t, Span span);
void push_element(lua_State* L, const Row& row, uint32_t position);  // from 1
bool shares_variables(View v);  // holds functions that cannot be taken out of their term

// ---- for people (ets_names.cpp) ----

std::string table_text(const EtsTable& t);
void note_key(Machine& m, const EtsTable& t, View key);
void note_table(Machine& m, const EtsTable& t);
void note_rows(Machine& m, const EtsTable& t, View key, const std::string& before);
std::string rows_text(const EtsTable& t, View key);

// ---- the functions, by file ----

struct EtsFunction {
  const char* name;
  int (*call)(lua_State*);
};
void open_ets_transaction(lua_State* L);  // into the table on top of the stack
// Each list ends with a null name.
extern const EtsFunction kEtsAdmin[], kEtsUpdate[], kEtsWalk[], kEtsSelect[];

}  // namespace lockstep::vm
