#include "engine/trace/trace_container.h"

#include <fmt/format.h>

#include "engine/base/digest.h"
#include "engine/base/error.h"

namespace lockstep {
namespace {

constexpr std::string_view kMagic = "LOCKSTEP";

template <class T>
void put(std::string& out, T value) {
  for (size_t i = 0; i < sizeof value; i++) out += static_cast<char>(value >> (8 * i));
}

template <class T>
T get(std::string_view bytes, size_t offset) {
  T value = 0;
  for (size_t i = 0; i < sizeof value; i++)
    value |= static_cast<T>(static_cast<unsigned char>(bytes[offset + i])) << (8 * i);
  return value;
}

[[noreturn]] void bad(const std::string& path, const std::string& what, const char* hint = "") {
  throw Error(ExitCode::trace, path + ": " + what, hint);
}

constexpr const char* kLost = "the rest is lost: run the scenario again to get a new trace";

}  // namespace

std::string seal_trace(std::string_view payload) {
  std::string out(kMagic);
  out.reserve(kTraceHeader + payload.size());
  put(out, kTraceVersion);
  put(out, static_cast<uint64_t>(payload.size()));
  put(out, digest_bytes(payload.data(), payload.size(), kTraceVersion));
  out += payload;
  return out;
}

uint64_t trace_payload_length(std::string_view header, const std::string& path) {
  if (header.empty()) bad(path, "not a lockstep trace: the file is empty");
  const auto start = header.substr(0, kMagic.size());
  if (start != kMagic.substr(0, start.size()))
    bad(path, "not a lockstep trace: it does not begin with LOCKSTEP");
  if (header.size() >= 10 && header[8] == 0 && static_cast<unsigned char>(header[9]) == 131)
    bad(path, "not a trace of this tool, but of the Elixir Lockstep, whose processes are not ours");
  if (header.size() >= kMagic.size() + 4) {
    const auto version = get<uint32_t>(header, kMagic.size());
    if (version > kTraceVersion)
      bad(path,
          fmt::format("format version {} is newer than this tool's {}", version, kTraceVersion),
          "upgrade lockstep to read it");
    if (version == 0) bad(path, "changed: there is no format version 0");
  }
  if (header.size() < kTraceHeader)
    bad(path,
        fmt::format("cut short at byte {}: the header alone has {}", header.size(), kTraceHeader),
        kLost);
  const auto length = get<uint64_t>(header, 12);
  if (length > kTraceLimit)
    bad(path,
        fmt::format("changed: its header announces {} bytes, more than any trace has", length));
  return length;
}

uint32_t trace_version(std::string_view bytes) { return get<uint32_t>(bytes, kMagic.size()); }

std::string_view unseal_trace(std::string_view bytes, const std::string& path) {
  const uint64_t length = trace_payload_length(bytes.substr(0, kTraceHeader), path);
  const auto payload = bytes.substr(kTraceHeader);
  if (payload.size() < length)
    bad(path, fmt::format("cut short at byte {}: it had {}", bytes.size(), kTraceHeader + length),
        kLost);
  if (payload.size() > length)
    bad(path, fmt::format("changed: {} bytes follow its end", payload.size() - length));
  if (digest_bytes(payload.data(), payload.size(), get<uint32_t>(bytes, 8)) !=
      get<uint64_t>(bytes, 20))
    bad(path, "changed: checksum mismatch", "the file was altered after it was written");
  return payload;
}

}  // namespace lockstep
