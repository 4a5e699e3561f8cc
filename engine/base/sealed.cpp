#include "engine/base/sealed.h"

#include "engine/base/digest.h"
#include "engine/base/error.h"

namespace lockstep {
namespace {

constexpr size_t kMagic = 8, kHeader = 28;

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

}  // namespace

std::string seal(const SealedKind& kind, std::string_view payload) {
  std::string out(kind.magic);
  out.reserve(kHeader + payload.size());
  put(out, kind.version);
  put(out, static_cast<uint64_t>(payload.size()));
  put(out, digest_bytes(payload.data(), payload.size(), kind.version));
  return out += payload;
}

std::string_view unseal(const SealedKind& kind, std::string_view bytes, const std::string& path) {
  const auto bad = [&](const std::string& what) {
    throw Error(ExitCode::trace, path + ": " + what + ": left alone",
                "remove it to begin anew, or name another file");
  };
  const std::string name = kind.name;
  const auto start = bytes.substr(0, kMagic);
  if (bytes.empty() || start != kind.magic.substr(0, start.size())) bad("not " + name);
  if (bytes.size() < kHeader) bad(name + " cut short");
  if (const auto version = get<uint32_t>(bytes, kMagic); version != kind.version)
    bad(name + " of another version of lockstep (format " + std::to_string(version) +
        ", this one's is " + std::to_string(kind.version) + ")");
  const auto payload = bytes.substr(kHeader);
  const auto length = get<uint64_t>(bytes, 12);
  if (payload.size() < length) bad(name + " cut short");
  if (payload.size() > length) bad(name + " changed: bytes follow its end");
  if (digest_bytes(payload.data(), payload.size(), kind.version) != get<uint64_t>(bytes, 20))
    bad(name + " changed: checksum mismatch");
  return payload;
}

}  // namespace lockstep
