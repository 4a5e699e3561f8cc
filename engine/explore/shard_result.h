// What one shard of a run has come to, as bytes of a file.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace lockstep {

struct ShardResult {
  struct Part {
    std::map<std::string, std::string> of;  // what the search depends on
    std::string saved;                      // ExploreResult::saved
  };
  uint64_t shard = 0, shards = 1;
  std::vector<std::string> command_line;
  std::map<std::string, Part> scenarios;
};

std::string encode_shard(const ShardResult& result);
// Throws Error(ExitCode::trace): no shard, cut short, changed, of another version.
ShardResult decode_shard(std::string_view bytes, const std::string& path);

}  // namespace lockstep
