// A few steps of two or three toy processes: reads, writes, counters, locks, messages, choices.
#pragma once
#include <fmt/format.h>

#include <string>

#include "engine/base/prng.h"

namespace lockstep {

inline std::string random_program(Prng& rng) {
  std::string s;
  const uint32_t n = 2 + rng.below(2);
  for (uint32_t p = 0; p < n; p++) {
    if (p) s += "|";
    const uint32_t steps = 1 + rng.below(n == 2 ? 4 : 3);
    bool locked = false, second = false;
    for (uint32_t i = 0; i < steps; i++) {
      const char x = static_cast<char>('x' + rng.below(2));
      switch (rng.below(9)) {
        case 0:
        case 1:
          s += fmt::format(" R{}", x);
          break;
        case 2:
        case 3:
          s += fmt::format(" W{}{}", x, 1 + rng.below(3));
          break;
        case 4:
          s += fmt::format(" I{}", x);
          break;
        case 5:
          s += fmt::format(" A{}1", x);
          break;
        case 6:
          s += fmt::format(" S{}{}", rng.below(n), static_cast<char>('a' + rng.below(2)));
          break;
        case 7:
          s += rng.below(2) ? " P" : fmt::format(" R{0} ?{0}{1}", x, rng.below(3));
          break;
        default:
          if (rng.below(3) == 0)
            s += " Dd2";
          else if (!locked)
            s += rng.below(2) ? " Lm" : " Ln Lm Un", locked = true;
          else if (!second && rng.below(2))
            s += " Ln", second = true;
          else
            s += " Ta";
      }
    }
    if (second) s += " Un";
    if (locked) s += " Um";
  }
  return s;
}

}  // namespace lockstep
