// The one random number generator. Integers only, no library distributions, so that results are the
// same everywhere. xoshiro256** seeded by splitmix64 (Blackman and Vigna, "Scrambled Linear
// Pseudorandom Number Generators", 2018).
#pragma once
#include <bit>
#include <cstdint>

namespace lockstep {

constexpr uint64_t splitmix64(uint64_t& x) {
  uint64_t z = (x += 0x9e3779b97f4a7c15ull);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
  return z ^ (z >> 31);
}

class Prng {
 public:
  explicit Prng(uint64_t seed = 0) { reseed(seed); }
  void reseed(uint64_t seed) {
    for (auto& word : s_) word = splitmix64(seed);
  }
  uint64_t next() {
    const uint64_t result = std::rotl(s_[1] * 5, 7) * 9;
    const uint64_t t = s_[1] << 17;
    s_[2] ^= s_[0];
    s_[3] ^= s_[1];
    s_[1] ^= s_[2];
    s_[0] ^= s_[3];
    s_[2] ^= t;
    s_[3] = std::rotl(s_[3], 45);
    return result;
  }
  // Uniform in 0 .. n-1 up to a bias of n / 2^32, which no test here could see. n must not be 0.
  uint32_t below(uint32_t n) { return static_cast<uint32_t>(((next() >> 32) * n) >> 32); }
  uint64_t below64(uint64_t n) {
    return static_cast<uint64_t>((static_cast<unsigned __int128>(next()) * n) >> 64);
  }
  // True with probability p, given in units of 2^-32.
  bool chance(uint32_t p) { return static_cast<uint32_t>(next() >> 32) < p; }

 private:
  uint64_t s_[4];
};

// Independent streams of one iteration (D7): what is drawn for one purpose never shifts another.
enum class Stream : uint64_t { schedule = 1, scenario = 2, data = 3, mutate = 4 };
constexpr uint64_t stream_seed(uint64_t seed, uint64_t iteration, Stream stream) {
  uint64_t x = seed ^ 0x6c6f636b73746570ull;
  x = splitmix64(x) + iteration;
  x = splitmix64(x) + static_cast<uint64_t>(stream);
  return splitmix64(x);
}

}  // namespace lockstep
