// Going back: to the state after loading, and to one saved in the middle. Both copy bytes, and
// leave out those that cannot have changed.
#include "vm/system/restart.h"

#include <cstring>

#include "vm/guest/frozen.h"
#include "vm/memory/layout.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif
#ifdef LOCKSTEP_ASAN
#include <sanitizer/asan_interface.h>
#endif

namespace lockstep::vm {
namespace {

// An execution that added less than this to the heap cannot have started a collection: the first
// starts at ten times the loaded heap, which is more than 30 KiB.
constexpr size_t kNoCollection = 128 << 10;

// memcpy switches to `rep movsb` at this size, which is less than half as fast here when both sides
// are in the second level cache.
#if defined(__x86_64__)
__attribute__((target("avx2"))) void copy_avx2(char* to, const char* from, size_t size) {
  const size_t whole = size & ~size_t{31};
  for (size_t i = 0; i < whole; i += 32)  // neither side need be aligned
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + i),
                        _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from + i)));
  std::memcpy(to + whole, from + whole, size - whole);
}
#endif
void copy_image(char* to, const char* from, size_t size) {
#if defined(__x86_64__)
  static const bool avx2 = __builtin_cpu_supports("avx2");
  if (avx2 && size < (size_t{1} << 20)) return copy_avx2(to, from, size);
#endif
  std::memcpy(to, from, size);
}

// Memory that is used again without being cleared.
class Buffer {
 public:
  char* get(size_t size) {
    if (size > capacity_) {
      bytes_ = std::make_unique_for_overwrite<char[]>(size);
      capacity_ = size;
    }
    size_ = size;
    return bytes_.get();
  }
  const char* data() const { return bytes_.get(); }
  size_t size() const { return size_; }

 private:
  std::unique_ptr<char[]> bytes_;
  size_t capacity_ = 0, size_ = 0;
};

class MachineMark final : public Mark {
 public:
  size_t bytes() const override {
    return heap.size() + stacks.size() + decisions.size() * sizeof(Decision);
  }
  bool light = false;  // without what is as it was loaded, file-level state too
  bool new_strings = false;
  size_t used = 0;  // of the arena
  Buffer heap;
  Buffer stacks;  // the used parts of the live processes' stacks, one after the other
  std::vector<std::pair<char*, size_t>> parts;
  std::vector<Decision> decisions;
  uint64_t digest = 0;  // of the state, while checks are on
};
constexpr size_t kRedZone = 128;

// A stack holds what AddressSanitizer forbids to touch, between its variables: copied behind its
// back.
#ifdef LOCKSTEP_ASAN
__attribute__((no_sanitize("address"))) void copy_stack(char* to, const char* from, size_t size) {
  for (size_t i = 0; i < size; i++)
    static_cast<volatile char*>(to)[i] = static_cast<const volatile char*>(from)[i];
}
#else
void copy_stack(char* to, const char* from, size_t size) { std::memcpy(to, from, size); }
#endif

// True if the table of short strings grew: then the strings of the image are chained otherwise, and
// only a copy of all of it is as it was.
bool strings_moved(const Image& image, const Arena& arena) {
  const char* then =
      image.data() + (reinterpret_cast<const char*>(image.string_table) - arena.base());
  return layout::load<const void*>(image.string_table, 0) != layout::load<const void*>(then, 0);
}

// Are there strings that the image does not have? To be asked where none can have gone away.
bool has_new_strings(const Image& image, const Arena& arena) {
  const char* then =
      image.data() + (reinterpret_cast<const char*>(image.string_table) - arena.base());
  return layout::strings_used(image.string_table) != layout::strings_used(then);
}

// What a saved state holds of the arena.
template <class F>
void each_piece(const Image& image, char* base, const MachineMark& mark, const F& f) {
  if (!mark.light) {
    const size_t after = image.shared.offset + image.shared.size;
    f(base, image.shared.offset);
    return f(base + after, mark.used - after);
  }
  for (const Image::Piece& piece : image.changing) f(base + piece.offset, piece.size);
  if (mark.new_strings) f(base + image.chains.offset, image.chains.size);
  f(base + image.size(), mark.used - image.size());
}

}  // namespace

void Restart::take_from_image(const Image::Piece& piece) {
  copy_image(arena_.base() + piece.offset, m_.image().data() + piece.offset, piece.size);
}

void Restart::take_all_from_image() {
  const Image::Piece& shared = m_.image().shared;
  take_from_image({0, shared.offset});
  const uint32_t after = shared.offset + shared.size;
  take_from_image({after, static_cast<uint32_t>(m_.image().size()) - after});
}

void Restart::take_back() {
  const Image& image = m_.image();
  if (light_) {
    if (has_new_strings(image, arena_)) take_from_image(image.chains);
    for (const Image::Piece& piece : image.changing) take_from_image(piece);
  } else {
    take_all_from_image();
  }
  light_ = false;
}

// All that was loaded is as it was but for what can change, if file-level state is.
bool Restart::changed_little() const {
  return arena_.used() - m_.image().size() < kNoCollection && !strings_moved(m_.image(), arena_);
}

std::unique_ptr<Mark> Restart::save(std::unique_ptr<Mark> old, uint64_t digest) {
  if (!old) old = std::make_unique<MachineMark>();
  auto& mark = static_cast<MachineMark&>(*old);
  const World& w = *world_;
  mark.light = changed_little() && m_.frozen().changed() == kNone;
  mark.new_strings = has_new_strings(m_.image(), arena_);
  mark.used = arena_.used();
  size_t size = 0;
  each_piece(m_.image(), arena_.base(), mark, [&](const char*, size_t n) { size += n; });
  char* to = mark.heap.get(size);
  each_piece(m_.image(), arena_.base(), mark, [&](const char* from, size_t n) {
    copy_image(to, from, n);
    to += n;
  });
  mark.parts.clear();
  size = 0;
  for (const Process* p : w.processes) {
    if (p->life == Life::ended) continue;
    char* from = static_cast<char*>(p->context.sp) - kRedZone;
    mark.parts.emplace_back(from, static_cast<size_t>(arena_.stack_top(p->stack) - from));
    size += mark.parts.back().second;
  }
  to = mark.stacks.get(size);
  for (const auto& [from, n] : mark.parts) {
    copy_stack(to, from, n);
    to += n;
  }
  const auto& decisions = m_.scheduler().decisions();
  mark.decisions.assign(decisions.begin(), decisions.begin() + w.steps);
  mark.digest = digest;
  return old;
}

uint64_t Restart::restore(const Mark& mark) {
  const auto& m = static_cast<const MachineMark&>(mark);
  if (m.light && !light_)
    take_all_from_image();
  else if (m.light && !m.new_strings && has_new_strings(m_.image(), arena_))
    take_from_image(m_.image().chains);
  light_ = false;
  const char* from = m.heap.data();
  each_piece(m_.image(), arena_.base(), m, [&](char* to, size_t n) {
    copy_image(to, from, n);
    from += n;
  });
  from = m.stacks.data();
  for (const auto& [at, size] : m.parts) {
#ifdef LOCKSTEP_ASAN
    __asan_unpoison_memory_region(at + size - kStackBytes,
                                  kStackBytes);  // all: frames were abandoned below
#endif
    std::memcpy(at, from, size);
    from += size;
  }
  auto& decisions = m_.scheduler().decisions();
  if (decisions.size() < m.decisions.size()) decisions.resize(m.decisions.size() + 1024);
  std::copy(m.decisions.begin(), m.decisions.end(), decisions.begin());
  return m.digest;
}

}  // namespace lockstep::vm
