#include "engine/walk/observed.h"

#include <map>

#include "engine/explain/path.h"

namespace lockstep {

Observed observe(System& system, uint64_t seed, uint64_t iteration,
                 std::span<const Decision> decisions, uint32_t most) {
  Observed seen;
  Path path(system, seed, iteration, {decisions.begin(), decisions.end()});
  const uint32_t size = path.size();
  using Key = std::pair<std::string, std::string>;
  std::map<Key, Shown> now;
  std::vector<Shown> state;
  const bool followed = path.look(size > most ? size : 0, size, [&](uint32_t step, const auto*) {
    system.show(state);
    if (step == size) seen.end = state;
    std::map<Key, Shown> next;
    for (Shown& s : state)
      if (s.what == "server") next.emplace(Key{s.of, s.key}, std::move(s));
    for (const auto& [key, shown] : next) {
      const auto was = now.find(key);
      if (was == now.end())
        seen.changes.push_back({step, shown, {}, shown.value});
      else if (was->second.value != shown.value)
        seen.changes.push_back({step, shown, was->second.value, shown.value});
    }
    for (const auto& [key, shown] : now)
      if (!next.contains(key)) seen.changes.push_back({step, shown, shown.value, {}});
    now = std::move(next);
  });
  return followed ? seen : Observed{};
}

}  // namespace lockstep
