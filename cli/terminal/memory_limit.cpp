#include "cli/terminal/memory_limit.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace lockstep::cli {
namespace {

// The shadow of a sanitizer counts as data: it would leave nothing.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#elif defined(__has_feature)
constexpr bool kSanitized = __has_feature(address_sanitizer) || __has_feature(thread_sanitizer);
#else
constexpr bool kSanitized = false;
#endif

// The code and whatever else is mapped from files; it is resident, but is no data.
uint64_t mapped_bytes() {
  unsigned long long size = 0, resident = 0, shared = 0;
  std::FILE* file = std::fopen("/proc/self/statm", "r");
  if (!file) return 0;
  if (std::fscanf(file, "%llu %llu %llu", &size, &resident, &shared) != 3) shared = 0;
  std::fclose(file);
  return shared * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
}

uint64_t stack_bytes() {
  rlimit limit{};
  constexpr uint64_t kUsual = uint64_t{8} << 20;
  bool known = ::getrlimit(RLIMIT_STACK, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY;
  return known ? std::min<uint64_t>(limit.rlim_cur, 8 * kUsual) : kUsual;
}

}  // namespace

MemoryLimit::MemoryLimit(uint64_t bytes, unsigned threads) {
  if (kSanitized || ::getrlimit(RLIMIT_DATA, &before_) != 0) return;
  const uint64_t mapped = mapped_bytes();
  // The stacks of threads count whole, and are hardly touched.
  rlimit limit = before_;
  limit.rlim_cur = std::min<uint64_t>(
      before_.rlim_cur, (bytes > mapped ? bytes - mapped : 0) + threads * stack_bytes());
  set_ = ::setrlimit(RLIMIT_DATA, &limit) == 0;
}

MemoryLimit::~MemoryLimit() {
  if (set_) ::setrlimit(RLIMIT_DATA, &before_);
}

}  // namespace lockstep::cli
