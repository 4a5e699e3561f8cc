// The arena as the runtime uses it: arrays that grow, and blocks that end the execution where there
// is no more room. While a program is loaded it notes which blocks there are, to tell afterwards
// which of them can change.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>

#include "vm/memory/arena.h"
#include "vm/memory/host.h"
#include "vm/memory/term.h"

namespace lockstep::vm {

class Memory {
 public:
  struct Block {
    size_t size;
    int kind;  // that Lua asked for (LUA_TTABLE, ...); 0 for arrays, -1 for what is not Lua's
  };

  Arena& arena() { return arena_; }
  Bytes& scratch() { return scratch_; }

  template <class T>
  void push(Vec<T>& v, const T& item) {
    if (v.size == v.capacity) grow(v);
    v.data[v.size++] = item;
  }
  template <class T>
  void release(Vec<T>& v) {
    constexpr size_t each = sizeof(T);  // NOLINT(bugprone-sizeof-expression): T may be a pointer
    if (v.data) arena_.put(v.data, v.capacity * each);
    v = {};
  }
  template <class T>
  void erase(Vec<T>& v, size_t i) {
    std::memmove(static_cast<void*>(v.data + i), v.data + i + 1, (v.size - i - 1) * sizeof(T));
    v.size--;
  }
  void* allocate(size_t bytes) {
    void* p = arena_.get(bytes);
    if (__builtin_expect(p == nullptr, 0)) out_of_memory();
    if (__builtin_expect(noted_ != nullptr, 0)) (*noted_)[static_cast<char*>(p)] = {bytes, -1};
    return p;
  }

  template <class T>
  void grow(Vec<T>& v) {
    constexpr size_t each = sizeof(T);  // NOLINT(bugprone-sizeof-expression): T may be a pointer
    const uint32_t capacity = v.capacity ? v.capacity * 2 : 4;
    T* data = static_cast<T*>(allocate(capacity * each));
    if (v.size) std::memcpy(static_cast<void*>(data), v.data, v.size * each);
    const uint32_t size = v.size;
    release(v);
    v.data = data;
    v.size = size;
    v.capacity = capacity;
  }

  // Which blocks there are, while a program is loaded; else null.
  std::map<char*, Block>* noted() const { return noted_; }
  void note(std::map<char*, Block>* blocks) { noted_ = blocks; }

 protected:
  Arena arena_;
  Bytes scratch_;

 private:
  std::map<char*, Block>* noted_ = nullptr;
};

}  // namespace lockstep::vm
