// Values of JSON and EDN as small integers: equal values have equal ids, so models compare and hash
// ints.
//
// Invariants
// 1. Two ids of one table are equal iff the values are equal, as JSON values (1, "1" and true
//    differ, 1 and 1.0 do not, objects ignore the order of their members) or as the EDN
//    specification says (:a, "a", a and \a differ, 1, 1.0 and 1.0M do, sets have no order).
// 2. Ids are dense and given in the order of first use, so what iterates over ids is deterministic.
// 3. An id and what it refers to never change; views stay valid until the next insertion.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lockstep::history {

using Value = int32_t;
inline constexpr Value kNull = 0;
inline constexpr Value kFalse = 1;
inline constexpr Value kTrue = 2;
inline constexpr Value kAbsent = -1;  // no value at all: the key of an operation without one

class ValueTable {
 public:
  enum class Kind : uint8_t {
    null,
    boolean,
    integer,
    real,
    digits,
    string,
    array,
    object,
    // EDN alone. Those of a text are equal iff their texts are.
    keyword,  // without its colon
    symbol,
    character,  // as UTF-8
    ratio,      // in lowest terms: "1/2"
    floating,   // never equal to an integer: "1.0"
    decimal,    // "1.0M"; other digits, other value
    instant,    // #inst, in UTC
    uuid,       // #uuid, in small letters
    set,        // items() in the order of their ids
    tagged,     // items(): the tag, a symbol, and its value
  };

  ValueTable();
  Value integer(int64_t number);
  Value real(double number);
  // An integer of any size, as it is written (no leading zeros).
  Value digits(std::string_view text);
  Value string(std::string_view text);
  Value array(std::span<const Value> items);
  // `members`: name, value, name, value ...; names are string values. The last of equal names wins.
  Value object(std::span<const Value> members);

  // A value of EDN that is equal to another of its kind iff the text is.
  Value text(Kind kind, std::string_view text) { return written(text, kind); }
  Value set(std::span<const Value> items);  // in any order, none twice
  Value tagged(Value tag, Value value);

  // The id of a string that is already there, or kAbsent. For models that look up names.
  Value find_string(std::string_view text) const;

  Kind kind(Value value) const { return entries_[value].kind; }
  int64_t as_integer(Value value) const { return entries_[value].number; }
  std::string_view as_string(Value value) const;    // of whatever is a text
  std::span<const Value> items(Value value) const;  // of an array, object, set or tagged value
  // A string or keyword, as names are written in JSON and in EDN; empty for others.
  std::string_view as_name(Value value) const;
  size_t size() const { return entries_.size(); }

  // Compact JSON, members in the order of their names' ids; EDN for what JSON does not have.
  std::string to_json(Value value) const;
  void append_json(Value value, std::string& out) const;

 private:
  Value written(std::string_view text, Kind kind);
  Value listed(std::span<const Value> items, Kind kind);
  struct Entry {
    int64_t number;  // integer; bits of a real; offset into text_ or items_
    uint32_t length;
    Kind kind;
  };
  template <typename Same>
  Value intern(uint64_t hash, const Same& same, Value* found) const;
  Value add(Entry entry, uint64_t hash);
  void grow();

  std::vector<Entry> entries_;
  std::vector<uint64_t> hashes_;
  std::vector<Value> slots_;       // open addressing, kAbsent is free
  std::vector<Value> small_ints_;  // integers 0.. below kSmallInts: no hashing
  std::string text_;
  std::vector<Value> items_;
};

}  // namespace lockstep::history
