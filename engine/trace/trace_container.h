// The outer layer of a trace file, verified before anything inside it is looked at.
//
//   offset  0   8 bytes  "LOCKSTEP"
//           8   u32      format version, 3
//          12   u64      length of the payload in bytes
//          20   u64      checksum: digest_bytes(payload, seed = format version)
//          28            the payload, and then the end of the file
//
// Integers are little-endian.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace lockstep {

inline constexpr uint32_t kTraceVersion = 3;
inline constexpr size_t kTraceHeader = 28;
inline constexpr uint64_t kTraceLimit = 1ull << 30;  // longest payload that is read, in bytes

std::string seal_trace(std::string_view payload);

// The payload's length as the header announces it. `header` holds the beginning of a file, at most
// kTraceHeader bytes are looked at. Throws Error(ExitCode::trace).
uint64_t trace_payload_length(std::string_view header, const std::string& path);

// Of a file that has been found to be whole.
uint32_t trace_version(std::string_view bytes);

// A view into `bytes`. Throws Error(ExitCode::trace): not a trace, cut short, changed, newer.
std::string_view unseal_trace(std::string_view bytes, const std::string& path);

}  // namespace lockstep
