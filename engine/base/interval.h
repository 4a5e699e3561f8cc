// How sure a share is that was counted in a sample.
#pragma once
#include <cmath>
#include <cstdint>

namespace lockstep {

struct Interval {
  double low = 0, high = 1;
};

// Of `hits` among `tried` independent draws: the score interval (Wilson, "Probable inference, the
// law of succession, and statistical inference", Journal of the American Statistical Association
// 1927), at 95 % unless `z`, the quantile of the normal distribution, says otherwise. Unlike the
// textbook's, it is no single point where all or none were hits. Of no draws: all of 0 to 1.
inline Interval wilson(uint64_t hits, uint64_t tried, double z = 1.959964) {
  if (tried == 0) return {};
  const auto n = static_cast<double>(tried);
  const double p = static_cast<double>(hits) / n, zz = z * z;
  const double middle = p + zz / (2 * n);
  const double half = z * std::sqrt(p * (1 - p) / n + zz / (4 * n * n));
  const double low = (middle - half) / (1 + zz / n), high = (middle + half) / (1 + zz / n);
  return {hits == 0 ? 0 : low, hits == tried ? 1 : high};
}

}  // namespace lockstep
