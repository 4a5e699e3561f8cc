// lockstep merge: the command of the shards once more, which reports instead of searching.
#include "cli/command/commands.h"
#include "cli/search/shard_files.h"

namespace lockstep::cli {

ExitCode merge_command(const Options& options) {
  if (options.args.empty())
    throw Error(ExitCode::usage, "merge needs the folder of the shards", "lockstep merge DIR");
  std::vector<std::string> words = ShardReader(options.args[0]).command_line();
  const Command& command = *find_command(words[0]);
  words.erase(words.begin());
  for (const auto& origin : options.origins)
    if (const Flag* flag = command.find(origin.name))
      words.push_back(flag->value ? origin.name + "=" + origin.value : origin.name);
  Options as = parse_options(command, words);
  as.merge = options.args[0];
  return command.run(as);
}

}  // namespace lockstep::cli
