// The payload: cereal's portable binary, little-endian, with loads of our own for everything that
// has a length, since cereal resizes first and reads later (engine/base/archive.h is for what need
// not outlive a version).
#include "engine/trace/trace.h"

#include <fmt/format.h>

#define CEREAL_FUTURE_EXPERIMENTAL  // UserDataAdapter, which lets a load function see the bytes
                                    // that are left
#include <cereal/archives/adapters.hpp>
#include <cereal/archives/portable_binary.hpp>
#include <sstream>
#include <type_traits>

#include "engine/base/error.h"
#include "engine/trace/trace_container.h"

namespace lockstep {
namespace {

struct Malformed {
  std::string what;
};

struct Input {
  std::stringbuf* buffer;
  uint64_t left() const {
    return static_cast<uint64_t>(std::max<std::streamsize>(buffer->in_avail(), 0));
  }
};
using Loader = cereal::UserDataAdapter<Input, cereal::PortableBinaryInputArchive>;
using InArchive = cereal::PortableBinaryInputArchive;
using OutArchive = cereal::PortableBinaryOutputArchive;

// A number of items that the bytes left can hold, each being at least `least` bytes long.
uint64_t load_count(InArchive& ar, uint64_t least) {
  uint64_t n = 0;
  ar(n);
  const uint64_t left = cereal::get_user_data<Input>(ar).left();
  if (n > left / least)
    throw Malformed{fmt::format("a list of {} items, with {} bytes left", n, left)};
  return n;
}

void field(OutArchive& ar, const std::string& s) {
  ar(static_cast<uint64_t>(s.size()));
  ar(cereal::binary_data(s.data(), s.size()));
}
void field(InArchive& ar, std::string& s) {
  s.resize(load_count(ar, 1));
  ar(cereal::binary_data(s.data(), s.size()));
}

template <class T>
concept Number = std::is_arithmetic_v<T>;
template <class Archive, Number T>
void field(Archive& ar, T& n) {
  ar(n);
}

// Shortest form of an item, in bytes: what a count is checked against. Versioned types are at least
// as long as this.
template <class T>
constexpr uint64_t kLeast = 8;
template <>
constexpr uint64_t kLeast<uint32_t> = 4;
template <>
constexpr uint64_t kLeast<Event> = 94;
template <>
constexpr uint64_t kLeast<TraceFile> = 16;
template <>
constexpr uint64_t kLeast<Footprint> = 9;
template <>
constexpr uint64_t kLeast<Deviation> = 21;

template <class T>
void item(OutArchive& ar, const T& value) {
  if constexpr (std::is_same_v<T, std::string>)
    field(ar, value);
  else
    ar(value);
}
template <class T>
void item(InArchive& ar, T& value) {
  if constexpr (std::is_same_v<T, std::string>)
    field(ar, value);
  else
    ar(value);
}

template <class T>
void field(OutArchive& ar, const std::vector<T>& list) {
  ar(static_cast<uint64_t>(list.size()));
  for (const T& value : list) item(ar, value);
}
template <class T>
void field(InArchive& ar, std::vector<T>& list) {
  const uint64_t n = load_count(ar, kLeast<T>);
  list.clear();
  list.reserve(n);
  for (uint64_t i = 0; i < n; i++) item(ar, list.emplace_back());
}

void field(OutArchive& ar, const std::map<std::string, std::string>& map) {
  ar(static_cast<uint64_t>(map.size()));
  for (const auto& [key, value] : map) field(ar, key), field(ar, value);
}
void field(InArchive& ar, std::map<std::string, std::string>& map) {
  const uint64_t n = load_count(ar, 16);
  map.clear();
  for (uint64_t i = 0; i < n; i++) {
    std::string key;
    field(ar, key);
    field(ar, map[key]);
  }
}

// An enumeration whose last value is `last`. A later one was written by a newer tool.
template <class E>
void field(OutArchive& ar, E& value, E) {
  ar(static_cast<uint8_t>(value));
}
template <class E>
void field(InArchive& ar, E& value, E last) {
  uint8_t n = 0;
  ar(n);
  if (n > static_cast<uint8_t>(last))
    throw Malformed{fmt::format("a kind ({}) that this version does not know", n)};
  value = static_cast<E>(n);
}

void known(uint32_t version, uint32_t newest, const char* what) {
  if (version == 0 || version > newest)
    throw Malformed{
        fmt::format("version {} of {}, where this tool knows {}", version, what, newest)};
}

}  // namespace

template <class Archive>
void serialize(Archive& ar, Decision& d) {
  ar(d.actor, d.detail);
  if (d.kind() > AltKind::data)
    throw Malformed{"a decision of a kind that this version does not know"};
}

template <class Archive>
void serialize(Archive& ar, Footprint& f) {
  ar(f.object);
  field(ar, f.access, Access::poll);
}

template <class Archive>
void serialize(Archive& ar, Deviation& d, const uint32_t version) {
  known(version, 1, "deviations");
  ar(d.actor, d.own, d.instead);
  field(ar, d.kind, AltKind::data);
}

template <class Archive>
void serialize(Archive& ar, TraceFile& f, const uint32_t version) {
  known(version, 1, "files");
  field(ar, f.name);
  field(ar, f.text);
}

template <class Archive>
void serialize(Archive& ar, Outcome& o, const uint32_t version) {
  known(version, 1, "outcomes");
  field(ar, o.verdict, Verdict::suspect);
  for (auto* text : {&o.reason, &o.site, &o.object, &o.detail, &o.process}) field(ar, *text);
}

template <class Archive>
void serialize(Archive& ar, Event& e, const uint32_t version) {
  known(version, 1, "events");
  ar(e.step);
  field(ar, e.kind, AltKind::data);
  field(ar, e.op, static_cast<OpKind>(static_cast<uint8_t>(OpKind::kCount) - 1));
  ar(e.actor, e.process);
  for (auto* text : {&e.who, &e.what, &e.target, &e.args, &e.result, &e.change, &e.site})
    field(ar, *text);
  field(ar, e.footprint);
  field(ar, e.causes);
  ar(e.alternatives, e.digest);
}

template <class Archive>
void serialize(Archive& ar, Trace& t, const uint32_t version) {
  known(version, 1, "traces");
  field(ar, t.tool_version);
  ar(t.fingerprint);
  field(ar, t.files);
  field(ar, t.scenario);
  field(ar, t.options);
  field(ar, t.strategy);
  ar(t.seed, t.iteration, t.times, t.outcome);
  field(ar, t.decisions);
  field(ar, t.labels);
  field(ar, t.digests);
  field(ar, t.events);
  ar(t.shrunk, t.minimum, t.deviations);
  field(ar, t.origin);
  field(ar, t.keys);
  field(ar, t.keyed);
}

std::string encode_trace(const Trace& trace) {
  std::ostringstream out;
  {
    OutArchive ar(out, OutArchive::Options::LittleEndian());
    ar(trace);
  }
  return seal_trace(out.str());
}

Trace decode_trace(const std::string& bytes, const std::string& path) {
  const auto bad = [&](const std::string& what) {
    return Error(ExitCode::trace, path + ": not a trace that this tool can read: " + what,
                 "if a newer lockstep wrote it, upgrade");
  };
  const std::string payload(unseal_trace(bytes, path));
  std::stringbuf buffer(payload, std::ios::in);
  std::istream in(&buffer);
  Input input{&buffer};
  Trace t;
  t.format = trace_version(bytes);
  try {
    Loader ar(input, in);
    ar(t);
  } catch (const Malformed& e) {
    throw bad(e.what);
  } catch (const cereal::Exception&) {
    throw bad("its contents end too early");
  }
  if (input.left() != 0) throw bad(fmt::format("{} bytes follow its contents", input.left()));
  const size_t n = t.decisions.size();
  for (const size_t m : {t.labels.size(), t.digests.size(), t.keys.size()})
    if (m != 0 && m != n) throw bad(fmt::format("{} decisions, but {} entries about them", n, m));
  return t;
}

}  // namespace lockstep

CEREAL_CLASS_VERSION(lockstep::Deviation, 1)
CEREAL_CLASS_VERSION(lockstep::TraceFile, 1)
CEREAL_CLASS_VERSION(lockstep::Outcome, 1)
CEREAL_CLASS_VERSION(lockstep::Event, 1)
CEREAL_CLASS_VERSION(lockstep::Trace, 1)
