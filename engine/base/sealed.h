// Files that are whole or refused: what kind they are, which version, how long, a checksum, and
// then the payload. Integers are little-endian.
//
//   offset  0   8 bytes  the kind: "LOCKCKPT", "LOCKSHRD"
//           8   u32      version of the payload
//          12   u64      its length in bytes
//          20   u64      digest_bytes(payload, seed = version)
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace lockstep {

struct SealedKind {
  std::string_view magic;  // 8 bytes
  uint32_t version;
  const char* name;  // "a checkpoint"
};

std::string seal(const SealedKind& kind, std::string_view payload);
// A view into `bytes`. Throws Error(ExitCode::trace): something else, cut short, changed, of
// another version.
std::string_view unseal(const SealedKind& kind, std::string_view bytes, const std::string& path);

}  // namespace lockstep
