#include "engine/explore/shard_result.h"

#include <cereal/cereal.hpp>

#include "engine/base/archive.h"
#include "engine/base/error.h"
#include "engine/base/sealed.h"

namespace lockstep {
namespace {

constexpr SealedKind kShard = {"LOCKSHRD", 2, "the result of a shard"};

}  // namespace

template <class A>
void field(A& a, ShardResult::Part& p) {
  fields(a, p.of, p.saved);
}

template <class A>
void field(A& a, ShardResult& r) {
  fields(a, r.shard, r.shards, r.command_line, r.scenarios);
}

std::string encode_shard(const ShardResult& result) {
  SaveArchive to;
  ShardResult copy = result;
  fields(to, copy);
  return seal(kShard, to.text());
}

ShardResult decode_shard(std::string_view bytes, const std::string& path) {
  const std::string payload(unseal(kShard, bytes, path));
  ShardResult result;
  try {
    LoadArchive from(payload);
    fields(from, result);
    if (from.at_end() && result.shard < result.shards) return result;
  } catch (const Malformed&) {
  } catch (const cereal::Exception&) {
  }
  throw Error(ExitCode::trace, path + ": the result of a shard that is malformed: left alone");
}

}  // namespace lockstep
