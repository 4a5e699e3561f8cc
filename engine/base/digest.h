// A small 64-bit hash with a fixed definition, since digests are stored in traces: each word is
// mixed in by the multiply-and-fold step of wyhash (Wang Yi, 2019).
#pragma once
#include <cstdint>
#include <cstring>
#include <string_view>

namespace lockstep {

constexpr uint64_t mix64(uint64_t a, uint64_t b) {
  const auto m =
      static_cast<unsigned __int128>(a ^ 0x9e3779b97f4a7c15ull) * (b ^ 0xe7037ed1a0b428dbull);
  return static_cast<uint64_t>(m) ^ static_cast<uint64_t>(m >> 64);
}
inline uint64_t digest_bytes(const void* data, size_t size, uint64_t seed = 0) {
  const auto* p = static_cast<const unsigned char*>(data);
  uint64_t h = mix64(seed, size);
  while (size >= 8) {
    uint64_t w;
    std::memcpy(&w, p, 8);
    h = mix64(h, w);
    p += 8;
    size -= 8;
  }
  uint64_t w = 0;
  if (size) {
    std::memcpy(&w, p, size);
    h = mix64(h, w + 1);
  }
  return h;
}
inline uint64_t digest_text(std::string_view s, uint64_t seed = 0) {
  return digest_bytes(s.data(), s.size(), seed);
}

}  // namespace lockstep
