// JSON values as small integers: equal values have equal ids, so models compare and hash ints.
//
// Invariants
// 1. Two ids of one table are equal iff the values are equal as JSON values: 1, "1" and true
// differ,
//    1 and 1.0 do not, objects ignore the order of their members.
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
  enum class Kind : uint8_t { null, boolean, integer, real, digits, string, array, object };

  ValueTable();
  Value integer(int64_t number);
  Value real(double number);
  // An integer of any size, as it is written (no leading zeros).
  Value digits(std::string_view text);
  Value string(std::string_view text);
  Value array(std::span<const Value> items);
  // `members`: name, value, name, value ...; names are string values. The last of equal names wins.
  Value object(std::span<const Value> members);

  // The id of a string that is already there, or kAbsent. For models that look up names.
  Value find_string(std::string_view text) const;

  Kind kind(Value value) const { return entries_[value].kind; }
  int64_t as_integer(Value value) const { return entries_[value].number; }
  std::string_view as_string(Value value) const;
  std::span<const Value> items(Value value) const;  // of an array or object
  size_t size() const { return entries_.size(); }

  // Compact JSON, members in the order of their names' ids.
  std::string to_json(Value value) const;
  void append_json(Value value, std::string& out) const;

 private:
  Value written(std::string_view text, Kind kind);
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
