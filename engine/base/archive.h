// Saving and loading what a long search has done: one function for both directions,
//   template <class A> void fields(A& a, Thing& t) { fields(a, t.one, t.other); }
// over cereal's portable binary, little-endian. Loads are of our own for everything that has a
// length, since cereal resizes first and reads later. Whoever reads a file checks its checksum
// before.
#pragma once
#include <cereal/archives/portable_binary.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

namespace lockstep {

// The bytes are not what any version of this program has saved.
struct Malformed {
  std::string what;
};

class SaveArchive {
 public:
  static constexpr bool kLoads = false;
  template <class T>
  void number(T& n) {
    archive_(n);
  }
  void bytes(std::string& s) { archive_(cereal::binary_data(s.data(), s.size())); }
  uint64_t count(uint64_t n) { return archive_(n), n; }
  std::string text() const { return out_.str(); }

  // 0 for null, else a number for what is there, the same each time; `write` is called the first.
  template <class Write>
  void shared(const void* there, const Write& write) {
    const auto [it, fresh] = numbers_.try_emplace(there, numbers_.size() + 1);
    uint64_t n = there ? it->second : 0;
    if (!there) numbers_.erase(it);
    archive_(n);
    if (there && fresh) write();
  }

 private:
  std::ostringstream out_;
  cereal::PortableBinaryOutputArchive archive_{out_};
  std::unordered_map<const void*, uint64_t> numbers_;
};

// Throws Malformed, and cereal::Exception where the bytes end.
class LoadArchive {
 public:
  static constexpr bool kLoads = true;
  explicit LoadArchive(const std::string& text) : in_(text) {}
  template <class T>
  void number(T& n) {
    archive_(n);
  }
  void bytes(std::string& s) { archive_(cereal::binary_data(s.data(), s.size())); }
  // Of items that take at least a byte each.
  uint64_t count(uint64_t) {
    uint64_t n = 0;
    archive_(n);
    if (n > static_cast<uint64_t>(in_.rdbuf()->in_avail())) throw Malformed{"a list is too long"};
    return n;
  }
  bool at_end() { return in_.rdbuf()->in_avail() <= 0; }

  // What is there by that number; `read` makes it the first time.
  template <class T, class Read>
  T shared(const Read& read) {
    uint64_t n = 0;
    archive_(n);
    if (n == 0) return T{};
    if (n > things_.size() + 1) throw Malformed{"a reference leads nowhere"};
    if (n == things_.size() + 1) {
      const size_t at = things_.size();
      things_.push_back({nullptr, nullptr});
      things_[at] = {std::make_shared<T>(read()), &kind<T>};
    }
    const Thing& thing = things_[n - 1];
    if (thing.kind != &kind<T>) throw Malformed{"a reference is to something else"};
    return *static_cast<const T*>(thing.what.get());
  }

 private:
  struct Thing {
    std::shared_ptr<void> what;
    const char* kind;
  };
  template <class T>
  static inline const char kind = 0;
  std::istringstream in_;
  cereal::PortableBinaryInputArchive archive_{in_};
  std::vector<Thing> things_;
};

template <class A, class... T>
void fields(A& a, T&... all);

template <class A, class T>
requires std::is_arithmetic_v<T>
void field(A& a, T& n) { a.number(n); }

template <class A, class T>
requires std::is_enum_v<T>
void field(A& a, T& e) {
  auto n = static_cast<std::underlying_type_t<T>>(e);
  a.number(n);
  e = static_cast<T>(n);
}

template <class A>
void field(A& a, std::string& s) {
  const uint64_t n = a.count(s.size());
  if constexpr (A::kLoads) s.resize(n);
  a.bytes(s);
}

template <class A, class T, class U>
void field(A& a, std::pair<T, U>& p) {
  fields(a, p.first, p.second);
}

template <class A>
void field(A& a, std::vector<bool>& bits) {
  const uint64_t n = a.count(bits.size());
  if constexpr (A::kLoads) bits.resize(n);
  for (uint64_t i = 0; i < n; i++) {
    bool bit = bits[i];
    a.number(bit);
    bits[i] = bit;
  }
}

template <class A, class T>
void field(A& a, std::vector<T>& list) {
  const uint64_t n = a.count(list.size());
  if constexpr (A::kLoads) {
    list.clear();
    for (uint64_t i = 0; i < n; i++) fields(a, list.emplace_back());
  } else {
    for (T& item : list) fields(a, item);
  }
}

template <class A, class K, class V>
void field(A& a, std::map<K, V>& map) {
  const uint64_t n = a.count(map.size());
  if constexpr (A::kLoads) {
    map.clear();
    for (uint64_t i = 0; i < n; i++) {
      std::pair<K, V> item;
      fields(a, item.first, item.second);
      map.emplace(std::move(item));
    }
  } else {
    for (auto& [key, value] : map) {
      K copy = key;
      fields(a, copy, value);
    }
  }
}

// One after the other; `field` of a type of the program's is found by its argument.
template <class A, class... T>
void fields(A& a, T&... all) {
  (field(a, all), ...);
}

}  // namespace lockstep
