#include "engine/history/model/value.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>

#include "engine/base/digest.h"
#include "engine/base/probe.h"

namespace lockstep::history {
namespace {

constexpr int64_t kSmallInts = 1 << 20;  // 4 MB at most, and only as far as used

bool is_free(Value slot) { return slot == kAbsent; }

void append_quoted(std::string_view text, std::string& out) {
  out += '"';
  for (char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (c == '\r') {
      out += "\\r";
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += fmt::format("\\u{:04x}", static_cast<int>(c));
    } else {
      out += c;
    }
  }
  out += '"';
}

void append_character(std::string_view c, std::string& out) {
  for (auto [text, name] :
       {std::pair{" ", "space"}, {"\n", "newline"}, {"\t", "tab"}, {"\r", "return"}}) {
    if (c == text) return void(out += std::string("\\") + name);
  }
  out += '\\';
  if (c.size() == 1 && (static_cast<unsigned char>(c[0]) < 0x20 || c[0] == 0x7f)) {
    out += fmt::format("u{:04x}", static_cast<int>(c[0]));
  } else {
    out += c;
  }
}

}  // namespace

ValueTable::ValueTable() : slots_(64, kAbsent) {
  add({0, 0, Kind::null}, mix64(1, 0));
  add({0, 0, Kind::boolean}, mix64(2, 0));
  add({1, 0, Kind::boolean}, mix64(3, 0));
}

Value ValueTable::add(Entry entry, uint64_t hash) {
  Value id = static_cast<Value>(entries_.size());
  entries_.push_back(entry);
  hashes_.push_back(hash);
  if (entries_.size() * 2 > slots_.size()) grow();
  slots_[probe(slots_, hash, is_free)] = id;
  return id;
}

void ValueTable::grow() {
  slots_.assign(slots_.size() * 2, kAbsent);
  for (Value id = 0; id + 1 < static_cast<Value>(entries_.size()); ++id)
    slots_[probe(slots_, hashes_[id], is_free)] = id;
}

template <typename Same>
Value ValueTable::intern(uint64_t hash, const Same& same, Value* found) const {
  return *found = slots_[probe(slots_, hash, [&](Value id) {
    return id == kAbsent || (hashes_[id] == hash && same(entries_[id]));
  })];
}

Value ValueTable::integer(int64_t number) {
  bool small = number >= 0 && number < kSmallInts;
  if (small && number < static_cast<int64_t>(small_ints_.size()) && small_ints_[number] >= 0) {
    return small_ints_[number];
  }
  uint64_t hash = mix64(static_cast<uint64_t>(number), 11);
  Value id;
  intern(
      hash, [&](const Entry& e) { return e.kind == Kind::integer && e.number == number; }, &id);
  if (id == kAbsent) id = add({number, 0, Kind::integer}, hash);
  if (small) {
    if (number >= static_cast<int64_t>(small_ints_.size())) {
      size_t wanted = std::max<size_t>(number + 1, small_ints_.size() * 2);
      small_ints_.resize(std::min<size_t>(wanted, kSmallInts), kAbsent);
    }
    small_ints_[number] = id;
  }
  return id;
}

Value ValueTable::real(double number) {
  if (std::trunc(number) == number && number >= -0x1p63 && number < 0x1p63) {
    return integer(static_cast<int64_t>(number));
  }
  int64_t bits = std::bit_cast<int64_t>(number);
  uint64_t hash = mix64(static_cast<uint64_t>(bits), 13);
  Value id;
  intern(
      hash, [&](const Entry& e) { return e.kind == Kind::real && e.number == bits; }, &id);
  return id != kAbsent ? id : add({bits, 0, Kind::real}, hash);
}

Value ValueTable::string(std::string_view text) { return written(text, Kind::string); }

// What a double holds exactly is that real, however it is written; other integers are their digits.
Value ValueTable::digits(std::string_view text) {
  int64_t small = 0;
  const char* end = text.data() + text.size();
  if (std::from_chars(text.data(), end, small).ec == std::errc()) return integer(small);
  double number = 0;
  if (std::from_chars(text.data(), end, number).ec == std::errc() &&
      fmt::format("{:.0f}", number) == text)
    return real(number);
  return written(text, Kind::digits);
}

Value ValueTable::written(std::string_view text, Kind kind) {
  uint64_t hash = digest_text(text, kind == Kind::string ? 17 : 1000 + uint64_t(kind));
  Value id;
  intern(
      hash,
      [&](const Entry& e) {
        return e.kind == kind && std::string_view(text_).substr(e.number, e.length) == text;
      },
      &id);
  if (id != kAbsent) return id;
  int64_t offset = static_cast<int64_t>(text_.size());
  text_.append(text);
  return add({offset, static_cast<uint32_t>(text.size()), kind}, hash);
}

Value ValueTable::find_string(std::string_view text) const {
  Value id;
  return intern(
      digest_text(text, 17),
      [&](const Entry& e) {
        return e.kind == Kind::string && std::string_view(text_).substr(e.number, e.length) == text;
      },
      &id);
}

Value ValueTable::array(std::span<const Value> items) { return listed(items, Kind::array); }

Value ValueTable::set(std::span<const Value> items) {
  std::vector<Value> sorted(items.begin(), items.end());
  std::sort(sorted.begin(), sorted.end());
  return listed(sorted, Kind::set);
}

Value ValueTable::tagged(Value tag, Value value) {
  return listed(std::array{tag, value}, Kind::tagged);
}

Value ValueTable::listed(std::span<const Value> items, Kind kind) {
  uint64_t hash = digest_bytes(reinterpret_cast<const char*>(items.data()),
                               items.size() * sizeof(Value), 2000 + uint64_t(kind));
  Value id;
  intern(
      hash,
      [&](const Entry& e) {
        return e.kind == kind && e.length == items.size() &&
               std::equal(items.begin(), items.end(), items_.begin() + e.number);
      },
      &id);
  if (id != kAbsent) return id;
  int64_t offset = static_cast<int64_t>(items_.size());
  std::vector<Value> copy(items.begin(), items.end());  // items may point into items_
  items_.insert(items_.end(), copy.begin(), copy.end());
  return add({offset, static_cast<uint32_t>(copy.size()), kind}, hash);
}

Value ValueTable::object(std::span<const Value> members) {
  std::vector<std::pair<Value, Value>> pairs;
  for (size_t i = 0; i + 1 < members.size(); i += 2) {
    auto same = [&](const auto& pair) { return pair.first == members[i]; };
    auto at = std::find_if(pairs.begin(), pairs.end(), same);
    if (at == pairs.end()) {
      pairs.emplace_back(members[i], members[i + 1]);
    } else {
      at->second = members[i + 1];
    }
  }
  std::sort(pairs.begin(), pairs.end());
  std::vector<Value> flat;
  for (auto [name, value] : pairs) {
    flat.push_back(name);
    flat.push_back(value);
  }
  uint64_t hash =
      digest_bytes(reinterpret_cast<const char*>(flat.data()), flat.size() * sizeof(Value), 23);
  Value id;
  intern(
      hash,
      [&](const Entry& e) {
        return e.kind == Kind::object && e.length == flat.size() &&
               std::equal(flat.begin(), flat.end(), items_.begin() + e.number);
      },
      &id);
  if (id != kAbsent) return id;
  int64_t offset = static_cast<int64_t>(items_.size());
  items_.insert(items_.end(), flat.begin(), flat.end());
  return add({offset, static_cast<uint32_t>(flat.size()), Kind::object}, hash);
}

std::string_view ValueTable::as_string(Value value) const {
  const Entry& e = entries_[value];
  return std::string_view(text_).substr(e.number, e.length);
}

std::span<const Value> ValueTable::items(Value value) const {
  const Entry& e = entries_[value];
  return {items_.data() + e.number, e.length};
}

std::string_view ValueTable::as_name(Value value) const {
  bool name = kind(value) == Kind::string || kind(value) == Kind::keyword;
  return name ? as_string(value) : std::string_view();
}

std::string ValueTable::to_json(Value value) const {
  std::string out;
  append_json(value, out);
  return out;
}

void ValueTable::append_json(Value value, std::string& out) const {
  if (value == kAbsent) {
    out += "null";
    return;
  }
  const Entry& e = entries_[value];
  switch (e.kind) {
    case Kind::null:
      out += "null";
      break;
    case Kind::boolean:
      out += e.number ? "true" : "false";
      break;
    case Kind::integer:
      out += std::to_string(e.number);
      break;
    case Kind::real:
      out += fmt::format("{}", std::bit_cast<double>(e.number));
      break;
    case Kind::digits:
    case Kind::symbol:
    case Kind::ratio:
    case Kind::floating:
    case Kind::decimal:
      out += as_string(value);
      break;
    case Kind::keyword:
      out += ':';
      out += as_string(value);
      break;
    case Kind::character:
      append_character(as_string(value), out);
      break;
    case Kind::instant:
    case Kind::uuid:
      out += e.kind == Kind::uuid ? "#uuid " : "#inst ";
      append_quoted(as_string(value), out);
      break;
    case Kind::tagged:
      out += '#';
      append_json(items_[e.number], out);
      out += ' ';
      append_json(items_[e.number + 1], out);
      break;
    case Kind::set:
      out += "#{";
      for (uint32_t i = 0; i < e.length; ++i) {
        if (i > 0) out += ' ';
        append_json(items_[e.number + i], out);
      }
      out += '}';
      break;
    case Kind::string:
      append_quoted(as_string(value), out);
      break;
    case Kind::array:
    case Kind::object: {
      bool object = e.kind == Kind::object;
      out += object ? '{' : '[';
      for (uint32_t i = 0; i < e.length; ++i) {
        bool after_name = object && i % 2 == 1;
        bool json = after_name && kind(items_[e.number + i - 1]) == Kind::string;
        if (i > 0) out += json ? ':' : after_name ? ' ' : ',';
        append_json(items_[e.number + i], out);
      }
      out += object ? '}' : ']';
      break;
    }
  }
}

}  // namespace lockstep::history
