#include "engine/explore/saved_search.h"

#include <cereal/cereal.hpp>

#include "engine/base/archive.h"
#include "engine/base/error.h"
#include "engine/base/sealed.h"

namespace lockstep {
namespace {

constexpr SealedKind kCheckpoint = {"LOCKCKPT", 1, "a checkpoint"};

template <class A>
void keep(A& a, SavedSearch& s) {
  fields(a, s.of, s.polls, s.body);
}

}  // namespace

std::string encode_search(const SavedSearch& saved) {
  SaveArchive to;
  SavedSearch copy = saved;
  keep(to, copy);
  return seal(kCheckpoint, to.text());
}

SavedSearch decode_search(std::string_view bytes, const std::string& path) {
  const std::string payload(unseal(kCheckpoint, bytes, path));
  SavedSearch saved;
  try {
    LoadArchive from(payload);
    keep(from, saved);
    if (from.at_end()) return saved;
  } catch (const Malformed&) {
  } catch (const cereal::Exception&) {
  }
  throw Error(ExitCode::trace, path + ": a checkpoint that is malformed: left alone");
}

}  // namespace lockstep
