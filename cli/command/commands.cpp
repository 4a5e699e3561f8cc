// Every command with its flags: the one table behind parsing, help, completion and "did you mean".
#include "cli/command/commands.h"

#include <fmt/format.h>

#include "cli/command/check_history.h"
#include "cli/command/ci_flags.h"
#include "cli/settings/settings.h"
#include "cli/settings/values.h"

namespace lockstep::cli {
namespace {

// The flag of a setting, with another help where a command means something else by it.
Flag setting(std::string_view name, const char* help = nullptr) {
  const Setting& s = *find_setting(name);
  return {flag_of(s), s.alias, s.value, help ? help : s.help,
          [&s](Options& o, const std::string& text) {
            check_setting(s.name, text);
            o.settings[s.name] = text;
          }};
}
std::vector<Flag> settings_of(SettingGroup group) {
  std::vector<Flag> flags;
  for (const Setting& s : settings())
    if (s.group == group) flags.push_back(setting(s.name));
  return flags;
}

// Flags that several commands have.
void set_jobs(Options& o, const std::string& t) {
  o.jobs = static_cast<unsigned>(parse_count(t, 0, 1024));
}
void add_only(Options& o, const std::string& t) { o.only.push_back(t); }
void set_max_failures(Options& o, const std::string& t) { o.max_failures = parse_count(t, 1); }
void keep_going(Options& o, const std::string&) { o.max_failures = 0; }

// "I/N", counted from 0 as job arrays do.
void set_shard(Options& o, const std::string& text) {
  const auto parts = split(text, '/');
  if (parts.size() != 2)
    throw fmt::format("must be I/N, such as 0/4 for the first of four, got '{}'", text);
  try {
    o.shards = parse_count(parts[1], 1, 1'000'000);
    o.shard = parse_count(parts[0], 0);
  } catch (const std::string&) {
    throw fmt::format("must be I/N with two numbers, N at most 1000000, got '{}'", text);
  }
  o.sharded = true;
  if (o.shard >= o.shards)
    throw fmt::format("must be I/N with I from 0 to {}, got '{}'", o.shards - 1, text);
}

const Flag kOnly = {
    "--only",
    nullptr,
    "TEXT",
    "only scenarios with TEXT in their name, or with =TEXT the one that has that name; "
    "may be repeated",
    add_only,
    true};
const Flag kTotalTime = {
    "--total-time", nullptr, "T",
    "of the whole command, in equal shares; what some leave goes to the others, to find more. "
    "Scenarios that it does not come to are named, and it ends with exit code 5",
    [](Options& o, const std::string& t) { o.total_seconds = parse_seconds(t); }};

#define LOCKSTEP_FLAG_PATH                                                                    \
  {                                                                                           \
    "--path", nullptr, "DIR",                                                                 \
        "where modules and sources are looked for that are not beside the scenario: folders " \
        "or templates such as /opt/lua/?.lua, apart by semicolons; may be repeated",          \
        [](Options& o, const std::string& t) { o.search.push_back(t); }, true                 \
  }
const Flag kPath[] = {LOCKSTEP_FLAG_PATH};
const Flag kOut = {"--out", nullptr, "DIR",
                   "with --shard: keep what came of it in DIR/shard-I-of-N.lockshard, for lockstep "
                   "merge, and end with exit code 0 once it has come to its end, whatever it found",
                   [](Options& o, const std::string& t) { o.out = t; }};

const Flag kShard = {
    "--shard", nullptr, "I/N",
    "N machines share one search out, I from 0 on: of strategies that sample the iterations k with "
    "k mod N = I, of dpor and dfs (with --out) parts of the tree; not for those that learn or go "
    "by states",
    set_shard};

const Flag kSearch[] = {
    setting("strategy"),
    setting("iterations"),
    setting("time"),
    kTotalTime,
    setting("seed"),
    {"--jobs", "-j", "N",
     "worker threads, 0 for one a core; the report does not depend on it (default 1)", set_jobs},
    kShard,
    kOut,
    kOnly,
    {"--max-failures", nullptr, "N", "stop after N different failures (default 1)",
     set_max_failures},
    {"--keep-going", "-k", nullptr, "do not stop at failures; report each different one",
     keep_going},
};

const Flag kVerify[] = {
    setting("strategy",
            "dpor: one execution for each class of equivalent schedules; cache: every state once, "
            "with one worker; dfs: every schedule (default dpor; cache with --preemptions)"),
    setting("iterations", "give up after N executions (default: no limit)"),
    setting("time", "give up a scenario after this time: 5, 5s, 500ms, 2m (default: no limit)"),
    kTotalTime,
    setting("seed", "of the random numbers that a scenario draws (default 1)"),
    {"--checkpoint", nullptr, "FILE",
     "keep what the search has done in FILE from time to time, and where it is stopped; the same "
     "command goes on from there after ^C, kill -9 or a reboot, on another machine too, and comes "
     "to the same counts. Of one scenario; removed when the search has come to its end",
     [](Options& o, const std::string& t) { o.checkpoint = t; }},
    {"--checkpoint-every", nullptr, "T",
     "how often; less where a checkpoint would take more than 2 % of the time (default 10s)",
     [](Options& o, const std::string& t) { o.checkpoint_every = parse_seconds(t); }},
    kShard,
    kOut,
    {"--jobs", "-j", "N",
     "worker threads, 0 for one a core; the report does not depend on it (default 1)", set_jobs},
    kOnly,
    {"--max-failures", nullptr, "N", "stop after N different failures (default 1)",
     set_max_failures},
    {"--keep-going", "-k", nullptr, "do not stop at failures; report each different one",
     keep_going},
};

const std::vector<Flag> kProof = settings_of(SettingGroup::proof);
const std::vector<Flag> kExecution = settings_of(SettingGroup::execution);
const std::vector<Flag> kSampling = settings_of(SettingGroup::sampling);

const Flag kCheck[] = {
    {"--races", nullptr, nullptr,
     "list the races of a sample of executions, by object and source line, passing ones included",
     [](Options& o, const std::string&) { o.races = true; }},
    {"--cover", nullptr, "NAME",
     "say if no execution reached lockstep.cover(NAME); may be repeated",
     [](Options& o, const std::string& t) {
       check_setting("cover", t);
       auto& all = o.settings["cover"];
       all += (all.empty() ? "" : "\n") + t;
     },
     true},
    {"--audit", nullptr, "N",
     "first execute, at N states of random executions, each two steps that are called independent "
     "or write or send the same in both orders: exit 70 if they do not commute, which is a bug of "
     "lockstep",
     [](Options& o, const std::string& t) { o.audit = parse_count(t, 1); }},
    {"--judge", nullptr, "N",
     "look for what a proof excludes by searches that share nothing with its own: every state once "
     "in at most N executions, and if these are too few by N/4 random ones; 0: do not (default "
     "16384, or a 64th of the proof's)",
     [](Options& o, const std::string& t) { o.judge = parse_count(t, 0); }},
    {"--check", nullptr, nullptr,
     "at each choice of each execution, assert the invariants that proofs rest on (about three "
     "times "
     "slower): exit 70 if one does not hold, which is a bug of lockstep",
     [](Options& o, const std::string&) { o.check = true; }},
    {"--check-determinism", nullptr, nullptr, "run every execution twice and compare",
     [](Options& o, const std::string&) { o.check_determinism = true; }},
};

#define LOCKSTEP_FLAGS_SHOWN                                                                    \
  {"--full", nullptr, nullptr,                                                                  \
   "reports of failures: every step, all columns and source lines, however long that is (else " \
   "about 60 lines)",                                                                           \
   [](Options& o, const std::string&) { o.full = true; }},                                      \
  {                                                                                             \
    "--width", nullptr, "N",                                                                    \
        "no line of a failure's report is wider than N columns, at least 40 (default: the "     \
        "terminal's, else 100)",                                                                \
        [](Options& o, const std::string& t) { o.width = parse_count(t, 40, 10000); }           \
  }
#define LOCKSTEP_FLAG_SLICE                                             \
  {                                                                     \
    "--no-slice", nullptr, nullptr,                                     \
        "show every step, not only those the failure depends on (also " \
        "LOCKSTEP_NO_CAUSAL_SLICE=1)",                                  \
        [](Options& o, const std::string&) { o.slice = false; }         \
  }

const Flag kBench[] = {
    {"--strategies", "-s", "NAMES",
     "who takes part, apart by commas, with own settings after a colon: pos,pct:depth=10 (default: "
     "all that sample)",
     [](Options& o, const std::string& t) { o.bench.strategies = parse_bench_strategies(t); }},
    {"--seeds", nullptr, "N", "trials of each strategy, one a seed (default 20)",
     [](Options& o, const std::string& t) { o.bench.trials = parse_count(t, 1, 1000000); }},
    setting("seed", "the first seed (default 1)"),
    setting("iterations",
            "executions after which a trial gives up, the pilot included (default 10000)"),
    {"--coverage", nullptr, "N",
     "executions that go on after failures, to count classes; 0 for none (default 1000)",
     [](Options& o, const std::string& t) { o.bench.coverage = parse_count(t, 0); }},
    {"--summary", nullptr, nullptr, "only the figures of the whole suite",
     [](Options& o, const std::string&) { o.bench.summary = true; }},
    {"--jobs", "-j", "N",
     "trials side by side, 0 for one a core; no count depends on it (default 1)", set_jobs},
    kOnly,
};
const Flag kBenchFormat[] = {
    {"--format", nullptr, "text|markdown|ndjson",
     "for people, one table of means, or one JSON object a line",
     [](Options& o, const std::string& t) { o.format = t; }},
};

#define LOCKSTEP_FLAG_PAGE(what)                                                          \
  {                                                                                       \
    "--html", nullptr, "FILE", what, [](Options& o, const std::string& t) { o.html = t; } \
  }
const Flag kResult[] = {
    {"--trace-dir", nullptr, "DIR", "where traces of failures are written (default traces)",
     [](Options& o, const std::string& t) { o.trace_dir = t; }},
    LOCKSTEP_FLAG_PAGE(
        "write a page to walk through each failure: FILE, the second one to FILE.2, ..."),
    {"--no-shrink", nullptr, nullptr, "do not shrink what is found",
     [](Options& o, const std::string&) { o.shrink = false; }},
    {"--unsteered", nullptr, "N",
     "count how many of N plain runs (--strategy native) meet what is found; 0: none (default "
     "10000, of 400000 steps or 10 s at most; none with --no-shrink)",
     [](Options& o, const std::string& t) { o.unsteered = parse_count(t, 0); }},
    LOCKSTEP_FLAG_SLICE,
    LOCKSTEP_FLAGS_SHOWN,
};

const Flag kFormat[] = {
    {"--format", nullptr, "text|ndjson", "for people, or one JSON object a line",
     [](Options& o, const std::string& t) { o.format = t; }},
};
const Flag kDumpFormat[] = {
    {"--format", nullptr, "text|events|ndjson|mermaid|plantuml|shiviz|perfetto|dot",
     "everything for people, one event a line, one JSON object a line, or for another tool",
     [](Options& o, const std::string& t) { o.format = t; }},
};

const Flag kDumpPage[] = {
    LOCKSTEP_FLAG_PAGE(
        "run the trace again and write a page to walk through it: diagram, states, source, what "
        "decides, the nearest schedule that passes; - is stdout"),
};
const Flag kDumpShown[] = {LOCKSTEP_FLAGS_SHOWN};

const Flag kDumpHistory[] = {
    {"--history", nullptr, "FILE",
     "run the trace again and write what lockstep.history recorded, for check-history; - is stdout",
     [](Options& o, const std::string& t) { o.history_file = t; }},
    {"--timeline", nullptr, "FILE", "the same as a page that shows why the check failed",
     [](Options& o, const std::string& t) { o.timeline = t; }},
};

#define LOCKSTEP_FLAG_COLOR                                          \
  {                                                                  \
    "--color", nullptr, "auto|always|never",                         \
        "auto: on a terminal, unless NO_COLOR or TERM=dumb says no", \
        [](Options& o, const std::string& t) { o.color = t; }        \
  }
#define LOCKSTEP_FLAG_QUIET                                                \
  {                                                                        \
    "--quiet", "-q", nullptr, "print failures and incomplete proofs only", \
        [](Options& o, const std::string&) { o.verbosity = -1; }           \
  }
#define LOCKSTEP_FLAGS_LOG                                                                        \
  {"--verbose", "-v", nullptr, "log what is done on stderr; twice for more",                      \
   [](Options& o, const std::string&) { o.verbosity = std::max(o.verbosity, 0) + 1; }},           \
  {                                                                                               \
    "--log-file", nullptr, "FILE", "log what is done there, with times, all that -vv would show", \
        [](Options& o, const std::string& t) { o.log_file = t; }                                  \
  }

const Flag kOutput[] = {
    LOCKSTEP_FLAG_COLOR,
    {"--no-progress", nullptr, nullptr, "no progress on stderr",
     [](Options& o, const std::string&) { o.progress = false; }},
    LOCKSTEP_FLAG_QUIET,
    LOCKSTEP_FLAGS_LOG,
};
const Flag kTraceOutput[] = {LOCKSTEP_FLAG_COLOR, LOCKSTEP_FLAGS_LOG};
const Flag kLintTime[] = {
    {"--time", "-t", "T",
     "stop after this time: 5, 5s, 500ms, 2m; files that it does not come to are counted, and it "
     "ends with exit code 5",
     [](Options& o, const std::string& t) { o.total_seconds = parse_seconds(t); }},
};

const Flag kLintOutput[] = {LOCKSTEP_FLAG_QUIET};

const Flag kTrace[] = {
    {"--trace", nullptr, "T", "the trace; may also be given without the flag",
     [](Options& o, const std::string& t) { o.trace = t; }},
};

const Flag kReplay[] = {
    {"--scenario", nullptr, "FILE",
     "is it repaired? what decided the recorded failure, on this file: 1 it still fails, 0 it "
     "passes, "
     "4 cannot tell",
     [](Options& o, const std::string& t) { o.scenario = t; }},
    {"--against", nullptr, "SOCKET",
     "send the commands of the execution to a real Redis server, in their order, and compare the "
     "replies: 0 they are equal, 1 one differs. The path of its socket or HOST:PORT; it has to be "
     "empty. Of several servers one each",
     [](Options& o, const std::string& t) { o.against.push_back(t); }, true},
    LOCKSTEP_FLAG_PATH,
    LOCKSTEP_FLAG_PAGE("write a page to walk through it"),
    LOCKSTEP_FLAG_SLICE,
    LOCKSTEP_FLAGS_SHOWN,
};

const Flag kShrink[] = {
    {"--time", "-t", "T", "stop after this time: 5, 5s, 500ms, 2m (default 10s)",
     [](Options& o, const std::string& t) { o.shrink_seconds = parse_seconds(t); }},
    {"--max-attempts", nullptr, "N", "stop after N replays (default 2000)",
     [](Options& o, const std::string& t) { o.max_attempts = parse_count(t, 1); }},
    {"--output", "-o", "FILE",
     "where the result goes (default: beside the trace, .shrunk.lockstep)",
     [](Options& o, const std::string& t) { o.output = t; }},
    LOCKSTEP_FLAG_PAGE("write a page to walk through what is left"),
    LOCKSTEP_FLAG_SLICE,
    LOCKSTEP_FLAGS_SHOWN,
};

const Flag kHistory[] = {
    {"--model", "-m", "NAME",
     "what the history is of: register, queue, kv, ... (default: inferred)",
     [](Options& o, const std::string& t) { o.history.model = t; }},
    {"--consistency", "-c", "NAME", "the property to check (default linearizable)",
     [](Options& o, const std::string& t) { o.history.consistency = t; }},
    {"--strongest", nullptr, nullptr, "name the strongest properties that hold instead",
     [](Options& o, const std::string&) { o.history.strongest = true; }},
    {"--no-explain", nullptr, nullptr, "say only which histories are wrong, not why",
     [](Options& o, const std::string&) { o.history.explain = false; }},
    {"--html", nullptr, "FILE", "write a page about the invalid histories, a tab each",
     [](Options& o, const std::string& t) { o.history.html = t; }},
    {"--ignore-field", nullptr, "NAME",
     "pass over this field of events; unknown ones are refused (may be repeated)",
     [](Options& o, const std::string& t) { o.history.ignored.push_back(t); }},
};

const Flag kHistoryBudget[] = {
    {"--jobs", "-j", "N", "files checked at a time, 0 for one a core (default 1)", set_jobs},
    {"--time", "-t", "T",
     "for each file, reading and explaining too: 5, 5s, 500ms, 2m (default: no limit)",
     [](Options& o, const std::string& t) { o.history.seconds = parse_seconds(t); }},
    {"--memory", "--max-memory", "SIZE", "of the whole process, at least 16M (default 2G)",
     [](Options& o, const std::string& t) { o.history.bytes_max = parse_bytes(t); }},
    {"--timing", nullptr, nullptr, "say how long each file took",
     [](Options& o, const std::string&) { o.history.timing = true; }},
};

const Flag kLlm[] = {
    {"--llm", nullptr, nullptr,
     "ask a language model too: sends the report and the source to the endpoint "
     "(LOCKSTEP_LLM_OFF=1: never)",
     [](Options& o, const std::string&) { o.llm = true; }},
    {"--llm-url", nullptr, "URL",
     "whom to ask (default LOCKSTEP_LLM_URL, or Anthropic's messages); the key is in "
     "LOCKSTEP_LLM_KEY or ANTHROPIC_API_KEY",
     [](Options& o, const std::string& t) { o.llm_url = t; }},
    {"--llm-model", nullptr, "NAME", "which model (default LOCKSTEP_LLM_MODEL)",
     [](Options& o, const std::string& t) { o.llm_model = t; }},
    {"--dry-run", nullptr, nullptr, "print what --llm would send, and send nothing",
     [](Options& o, const std::string&) { o.dry_run = true; }},
};
const Flag kExplain[] = {LOCKSTEP_FLAG_SLICE};

const Flag kMcp[] = {
    {"--root", nullptr, "DIR", "the folder that calls are confined to (default: the current one)",
     [](Options& o, const std::string& t) { o.mcp_root = t; }},
    {"--max-time", nullptr, "T", "the longest that a call may ask for: 5s, 2m (default 60s)",
     [](Options& o, const std::string& t) { o.mcp_seconds = parse_seconds(t); }},
};

ExitCode check_history_command(const Options& options) {
  return check_history(check_history_options(options), stdout, stderr);
}

const std::vector<Command>& table() {
  static const std::vector<Command> kCommands = {
      {"run",
       "Look for a schedule under which a scenario fails.",
       "run FILE|FOLDER... [flags]",
       "  lockstep run scenarios/tour/lost_update.lua\n"
       "  lockstep run my.lua --strategy pct --depth 4 --iterations 100000 -j 4\n"
       "  lockstep run my.lua --only transfer --time 30s --keep-going\n"
       "  lockstep run my.lua --strategy pos --iterations 1000000 --shard $SLURM_ARRAY_TASK_ID/16\n"
       "  lockstep run scenarios --total-time 10m --store failures --report junit=junit.xml\n"
       "  lockstep run my.lua --format ndjson | jq .\n",
       "file",
       SIZE_MAX,
       {{"search", kSearch},
        {"strategies", kSampling},
        {"executions", kExecution},
        {"modules", kPath},
        {"proof", kProof},
        {"checks", kCheck},
        {"results", kResult},
        {"memory", memory_flags()},
        {"reports", report_flags()},
        {"project file", project_flags()},
        {"format", kFormat},
        {"output", kOutput}},
       run_command},
      {"verify",
       "Prove that no schedule makes a scenario fail, or show one that does, or say what is "
       "missing.",
       "verify FILE|FOLDER... [flags]",
       "  lockstep verify scenarios/fixed/parent_wake.lua\n"
       "  lockstep verify my.lua --time 10m -j 4\n"
       "  lockstep verify my.lua --reduce all\n"
       "  lockstep verify my.lua --strategy cache              many orders that lead to few "
       "states\n"
       "  lockstep verify my.lua --preemptions 2\n"
       "  lockstep verify my.lua --time 8h --checkpoint my.checkpoint\n"
       "  lockstep verify my.lua --shard 3/16 --out shards     (each of 16, then lockstep merge)\n"
       "Ends with VERIFIED (exit code 0), a failure (1), or INCOMPLETE (5).\n",
       "file",
       SIZE_MAX,
       {{"search", kVerify},
        {"proof", kProof},
        {"executions", kExecution},
        {"modules", kPath},
        {"checks", kCheck},
        {"results", kResult},
        {"memory", memory_flags()},
        {"reports", report_flags()},
        {"project file", project_flags()},
        {"format", kFormat},
        {"output", kOutput}},
       verify_command},
      {"merge",
       "Report what the shards of a run have come to, as if one process had done it all.",
       "merge DIR [flags]",
       "  lockstep run my.lua --strategy pos --iterations 1000000 --shard 3/16 --out shards    "
       "(each "
       "of 16)\n"
       "  lockstep merge shards\n"
       "Where the files of the shards are: reports, shrinks and writes traces as the run itself "
       "does, with its exit\n"
       "codes. A shard that is missing is named (exit code 5), and so is what tells two runs apart "
       "(2). A proof\n"
       "is one if every part of it is there; shards that did not know what others have learnt of "
       "messages are to\n"
       "be run again, into the same folder (5).\n",
       "",
       1,
       {{"results", kResult},
        {"memory", memory_flags()},
        {"reports", report_flags()},
        {"format", kFormat},
        {"output", kOutput}},
       merge_command},
      {"replay",
       "Run a recorded failure again, step by step, from the trace alone.",
       "replay [--trace] T [flags]",
       "  lockstep replay --trace traces/lost_update-iter3-seed1.lockstep\n"
       "  lockstep replay T --scenario my.lua      does the edited scenario still fail?\n"
       "  lockstep replay T --against redis.sock   does a real Redis server reply the same?\n",
       "trace",
       1,
       {{"replay", kTrace},
        {"what to run", kReplay},
        {"format", kFormat},
        {"output", kTraceOutput}},
       replay_command},
      {"shrink",
       "Make a recorded failure as small as possible under the same signature.",
       "shrink [--trace] T [flags]",
       "  lockstep shrink --trace traces/lost_update-iter3-seed1.lockstep\n"
       "  lockstep shrink T --time 2m --output small.lockstep\n",
       "trace",
       1,
       {{"trace", kTrace}, {"shrinking", kShrink}, {"format", kFormat}, {"output", kTraceOutput}},
       shrink_command},
      {"explain",
       "Say why a recorded execution fails, and from where on; writes nothing.",
       "explain [--trace] T [flags]",
       "  lockstep explain traces/lost_update-iter3-seed1.shrunk.lockstep\n"
       "  lockstep explain T --llm --llm-model NAME --dry-run      what would be sent\n"
       "  lockstep explain T --llm --llm-url http://localhost:8080/v1/chat/completions --llm-model "
       "NAME\n",
       "trace",
       1,
       {{"trace", kTrace},
        {"report", kExplain},
        {"language model", kLlm},
        {"format", kFormat},
        {"output", kTraceOutput}},
       explain_command},
      {"dump",
       "Print what a trace holds, or write a page about it.",
       "dump [--trace] T [flags]",
       "  lockstep dump traces/lost_update-iter3-seed1.lockstep\n"
       "  lockstep dump T --format events | grep send\n"
       "  lockstep dump T --format mermaid > trace.mmd\n"
       "  lockstep dump T --html page.html         then open it in a browser\n",
       "trace",
       1,
       {{"trace", kTrace},
        {"page", kDumpPage},
        {"history", kDumpHistory},
        {"format", kDumpFormat},
        {"report", kDumpShown},
        {"output", kTraceOutput}},
       dump_command},
      {"debug",
       "Walk through a recorded execution, forwards and back, and into what might have been.",
       "debug [--trace] T [flags]",
       "  lockstep debug traces/lost_update-iter3-seed1.lockstep\n"
       "  printf 'goto 6\\nstate\\nalternatives\\nsample 200\\n' | lockstep debug T\n"
       "  lockstep debug T --format ndjson < commands.txt\n"
       "Commands come from the terminal or from standard input; 'help' lists them.\n",
       "trace",
       1,
       {{"trace", kTrace}, {"format", kFormat}, {"output", kTraceOutput}},
       debug_command},
      {"diff",
       "Say what tells two traces apart, without running them.",
       "diff A B [flags]",
       "  lockstep diff traces/lost_update-iter0-seed1.lockstep "
       "traces/lost_update-iter0-seed1.shrunk.lockstep\n"
       "Exit code 0: the same steps; 1: they differ.\n",
       "trace",
       2,
       {{"format", kFormat}, {"output", kOutput}},
       diff_command},
      {"bench",
       "Measure how many executions each strategy needs to the first failure.",
       "bench FILE|FOLDER... [flags]",
       "  lockstep bench scenarios/tour/lost_update.lua\n"
       "  lockstep bench my.lua --strategies auto,pos,pct:depth=2,pct:depth=5 --seeds 100 -j 4\n"
       "  lockstep bench scenarios/bugs/*.lua --summary --coverage 0\n",
       "file",
       SIZE_MAX,
       {{"measurement", kBench},
        {"strategies", kSampling},
        {"executions", kExecution},
        {"modules", kPath},
        {"project file", project_flags()},
        {"format", kBenchFormat},
        {"output", kOutput}},
       bench_command},
      {"lint",
       "Report what would misbehave in scenario files, without running them.",
       "lint FILE|FOLDER... [flags]",
       "  lockstep lint my.lua\n"
       "  lockstep lint scenarios/*/*.lua --format ndjson | jq -r .rule\n",
       "file",
       SIZE_MAX,
       {{"limit", kLintTime},
        {"project file", project_flags()},
        {"format", kFormat},
        {"output", kLintOutput}},
       lint_command},
      {"list",
       "List the strategies, or a file's scenarios.",
       "list [strategies | scenarios FILE|FOLDER...]",
       "  lockstep list strategies\n"
       "  lockstep list scenarios my.lua\n"
       "  lockstep list scenarios scenarios/tour\n",
       "strategies|scenarios",
       SIZE_MAX,
       {{"modules", kPath}, {"project file", project_flags()}, {"format", kFormat}},
       list_command},
      {"check-history",
       "Check recorded histories against a model: linearizable, serializable, causal, ...",
       "check-history FILE... [flags]",
       "  lockstep check-history history.edn\n"
       "  lockstep check-history *.jsonl --model queue -j 4\n"
       "  lockstep check-history history.edn --strongest\n",
       "file",
       SIZE_MAX,
       {{"property", kHistory}, {"budget", kHistoryBudget}, {"format", kFormat}},
       check_history_command},
      {"new",
       "Write a first scenario, which finds a bug.",
       "new NAME",
       "  lockstep new my_first && lockstep run my_first.lua\n",
       "file",
       1,
       {},
       new_command},
      {"stubs",
       "Write the definitions for editors (LuaLS) that fit this binary.",
       "stubs DIR",
       "  lockstep stubs .lockstep/meta\n",
       "file",
       1,
       {},
       stubs_command},
      {"mcp",
       "Serve the commands to an agent: Model Context Protocol over standard input and output.",
       "mcp [--root DIR] [flags]",
       "  lockstep mcp --root scenarios\n",
       "",
       0,
       {{"bounds", kMcp}},
       mcp_command},
      {"man",
       "Print a page of the manual.",
       "man [COMMAND]",
       "  lockstep man run | man -l -\n",
       "",
       1,
       {},
       man_command},
      {"completion",
       "Print a completion script for a shell.",
       "completion bash|zsh|fish",
       "  source <(lockstep completion bash)\n"
       "  lockstep completion fish > ~/.config/fish/completions/lockstep.fish\n",
       "bash|zsh|fish",
       1,
       {},
       completion_command},
      {"version",
       "Print the version and the fingerprint of the Lua library.",
       "version",
       "",
       "",
       0,
       {{"format", kFormat}},
       version_command},
  };
  return kCommands;
}

}  // namespace

std::span<const Command> commands() { return table(); }

CheckHistoryOptions check_history_options(const Options& options) {
  if (options.args.empty())
    throw Error(ExitCode::usage, "no history file given",
                "lockstep check-history FILE...; - is standard input");
  auto history = options.history;
  if (history.strongest)  // names properties, and explains none of them
    for (const auto& [given, flag] : {std::pair{!history.consistency.empty(), "--consistency"},
                                      std::pair{!history.html.empty(), "--html"}})
      if (given)
        throw Error(ExitCode::usage, fmt::format("{} says nothing beside --strongest", flag),
                    "name one of the properties with --consistency instead of --strongest");
  history.files = options.args;
  history.format = options.format;
  history.jobs = options.jobs;
  return history;
}

std::string trace_argument(const Options& options) {
  if (!options.trace.empty() && !options.args.empty())
    throw Error(ExitCode::usage,
                "the trace is given twice: " + options.trace + " and " + options.args[0]);
  if (!options.trace.empty()) return options.trace;
  if (options.args.empty())
    throw Error(ExitCode::usage, "no trace given", "lockstep replay --trace traces/NAME.lockstep");
  return options.args[0];
}

}  // namespace lockstep::cli
