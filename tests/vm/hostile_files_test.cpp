// Traces and histories from somebody else, damaged or crafted: each is refused with its place, or
// is read, and then executes, or is checked, like any other. A fresh seed at each run, which is
// printed; HOSTILE_SEED repeats one, HOSTILE_FILES says how many (tests/hostile.sh).
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

#include "engine/explore/explorer.h"
#include "engine/history/check/check.h"
#include "engine/history/read/reader.h"
#include "engine/trace/make_trace.h"
#include "engine/trace/trace.h"
#include "engine/trace/trace_container.h"
#include "engine/trace/trace_replay.h"
#include "vm/system/program.h"

namespace lockstep::vm {
namespace {

constexpr const char* kRacy = R"(
local lockstep = require "lockstep"
local ets = require "lockstep.ets"
lockstep.scenario("racy", function()
  local t, me = ets.new("t", { "public" }), lockstep.self()
  ets.insert(t, { "n", 0 })
  for i = 1, 2 do
    lockstep.spawn(function()
      local n = ets.lookup_element(t, "n", 2)
      ets.insert(t, { "n", n + lockstep.choose({ 1, 2 }) })
      lockstep.send_after(3, me, { "done", i })
    end)
  end
  lockstep.recv() lockstep.recv(10)
  assert(ets.lookup_element(t, "n", 2) > 2)
end)
)";

uint64_t number(const char* name, uint64_t usual) {
  const char* text = getenv(name);
  return text ? strtoull(text, nullptr, 10) : usual;
}

MachineOptions small() {
  MachineOptions options;
  options.limits.max_steps = 300;
  options.limits.max_memory = 16 << 20;
  options.limits.max_instructions = 1'000'000;
  options.limits.max_compute = 0.5;
  return options;
}

std::string read(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream s;
  s << in.rdbuf();
  return s.str();
}

class Damage {
 public:
  explicit Damage(uint64_t seed) : random_(seed) {}
  uint64_t below(uint64_t n) { return n ? random_() % n : 0; }
  template <class C>
  const auto& one_of(const C& c) {
    return c[below(std::size(c))];
  }

  // A few changes; `words` are what a reader of such files looks at.
  std::string text(std::string s, const std::vector<std::string>& words) {
    for (uint64_t n = 1 + below(4); n-- > 0;) {
      const size_t at = below(s.size() + 1), size = below(std::min<size_t>(s.size() - at, 40) + 1);
      switch (below(8)) {
        case 0:
          if (at < s.size()) s[at] = static_cast<char>(below(256));
          break;
        case 1:
          s.erase(at, size);
          break;
        case 2:
          s.insert(at, s.substr(at, size));
          break;
        case 3:
          s.resize(at);
          break;
        case 4:
          s.insert(at, one_of(words));
          break;
        case 5: {  // a line elsewhere
          const size_t from = s.rfind('\n', at), end = s.find('\n', at);
          if (from == std::string::npos || end == std::string::npos) break;
          const std::string line = s.substr(from, end - from);
          s.insert(std::min(s.find('\n', below(s.size())), s.size()), line);
          break;
        }
        case 6:
          s.insert(at, std::string(1 + below(3000), one_of(words)[0]));
          break;
        default:
          for (char& c : s)
            if (below(200) == 0 && c >= '0' && c <= '9') c = static_cast<char>('0' + below(10));
      }
    }
    return s;
  }

 private:
  std::mt19937_64 random_;
};

// ---- histories ----

const std::vector<std::string> kWords = {"[",
                                         "{",
                                         "\"",
                                         "}",
                                         "]",
                                         ":",
                                         ",",
                                         "null",
                                         "1e999",
                                         "-",
                                         "#",
                                         "\\u0000",
                                         "\\ud800",
                                         "\xff",
                                         "\xe2\x80\xae",
                                         "1/2",
                                         "0x",
                                         "nil",
                                         "\n",
                                         "#{",
                                         ":type",
                                         "\"type\"",
                                         "18446744073709551616",
                                         "-0",
                                         "1e308",
                                         "\"index\":",
                                         "true",
                                         "::",
                                         "(",
                                         "^{}",
                                         "#inst",
                                         "\\newline",
                                         "\xef\xbb\xbf",
                                         "NaN"};

std::vector<std::string> good_histories() {
  std::vector<std::string> all;
  for (const char* folder : {"tiny", "txn", "malformed", "replicated"}) {
    const std::string path = std::string(LOCKSTEP_SOURCE_DIR "/tests/data/histories/gen/") + folder;
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(path)) files.push_back(entry);
    std::sort(files.begin(), files.end());
    for (const auto& file : files) {
      std::string text = read(file);
      if (text.size() < 8000) all.push_back(std::move(text));
    }
  }
  all.emplace_back(
      "{:process 0 :type :invoke :f :write :value 1 :index 0}\n{:process 1 :type :invoke :f :read "
      ":value nil}\n{:process 0 :type :ok :f :write :value 1}\n{:process 1 :type :ok :f :read "
      ":value "
      "1}\n");
  all.emplace_back(
      "[{:process 0, :type :invoke, :f :txn, :value [[:w :x 1] [:r :y nil]]}\n {:process 0, :type "
      ":ok, :f :txn, :value [[:w :x 1] [:r :y #{1 2}]]}]");
  return all;
}

// Is it refused, as it should be, or read?
bool check_one(const std::string& text, Damage& damage) {
  using namespace lockstep::history;
  Budget budget = Budget::seconds(2);
  budget.bytes_max = 64 << 20;
  budget.nodes_max = 2000;
  try {
    ReadOptions options;
    options.budget = &budget;
    const History history = read_history(text, "h", options);
    const std::string once = write_jsonl(history);
    const History again = read_history(once, "h", Format::jsonl);
    EXPECT_EQ(again.operations().size(), history.operations().size());
    const auto model = infer_model(history);
    if (!model) return false;
    const auto consistency = static_cast<Consistency>(damage.below(kConsistencyCount));
    if (!applies(*model, consistency)) return false;
    const Result result = check(history, *model, consistency, budget);
    if (result.verdict == history::Verdict::valid) {
      EXPECT_EQ(verify(history, *model, consistency, result), "");
    }
    return false;
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), ExitCode::scenario) << e.what();
    EXPECT_EQ(std::string(e.what()).substr(0, 1), "h") << e.what();
  } catch (const ModelError&) {
  } catch (const ReadStopped&) {
  }
  return true;
}

TEST(HostileFiles, HistoriesAreReadOrRefused) {
  const uint64_t seed = number("HOSTILE_SEED", std::random_device{}());
  const uint64_t n = number("HOSTILE_FILES", 2000) / 2;
  std::printf("HOSTILE_SEED=%llu HOSTILE_FILES=%llu\n", static_cast<unsigned long long>(seed),
              static_cast<unsigned long long>(2 * n));
  Damage damage(seed);
  const auto good = good_histories();
  uint64_t refused = 0;
  for (uint64_t i = 0; i < n && !testing::Test::HasFailure(); i++) {
    const std::string text = damage.text(damage.one_of(good), kWords);
    SCOPED_TRACE(text.substr(0, 2000));
    refused += check_one(text, damage);
  }
  std::printf("refused: %llu\n", static_cast<unsigned long long>(refused));
  EXPECT_GT(refused, n / 10);  // else it damages too little
  EXPECT_LT(refused, n);       // ... or too much
}

// ---- traces ----

std::vector<Trace> good_traces() {
  const Program program = Program::from_sources({{"racy.lua", kRacy}});
  const auto machine = make_machine(program, "racy", small());
  std::vector<Trace> all = {read_trace(LOCKSTEP_SOURCE_DIR "/traces/golden/v1/sample.lockstep")};
  ExploreOptions options;
  options.max_failures = 0;
  options.iterations = 60;
  for (Finding& finding : explore(*machine, options).findings) {
    Trace t;
    t.files = {{"racy.lua", kRacy}};
    t.scenario = "racy";
    t.fingerprint = lua_fingerprint();
    t.iteration = finding.stream;
    put_recording(t, {finding.outcome, finding.decisions, finding.events, {}});
    annotate(t, *machine);
    all.push_back(std::move(t));
  }
  EXPECT_GT(all.size(), 1u);
  return all;
}

// What a reader takes for whole, and an execution then meets.
void craft(Trace& t, Damage& damage) {
  const auto word = [&] { return damage.one_of(kWords) + std::string(damage.below(5), '\x1b'); };
  for (uint64_t n = 1 + damage.below(4); n-- > 0;) {
    const size_t at = damage.below(t.decisions.size());
    switch (damage.below(9)) {
      case 0:
        if (!t.decisions.empty())
          t.decisions[at] =
              Decision::make(static_cast<ActorId>(damage.below(damage.below(2) ? 8 : ~0u)),
                             static_cast<AltKind>(damage.below(5)),
                             static_cast<uint32_t>(damage.below(damage.below(2) ? 40 : 1u << 20)));
        break;
      case 1:
        if (!t.labels.empty()) t.labels[damage.below(t.labels.size())] = word();
        break;
      case 2:
        t.files[0].text =
            damage.text(t.files[0].text, {"while true do end ", "(", "\xff", "error() "});
        break;
      case 3:
        t.scenario = word();
        break;
      case 4:
        t.keys.assign(t.decisions.size(), damage.below(3));
        break;
      case 5:
        t.outcome.reason = word();
        t.outcome.site = word();
        t.outcome.verdict = static_cast<Verdict>(damage.below(12));
        break;
      case 6:
        if (!t.events.empty())
          t.events[damage.below(t.events.size())].step = static_cast<uint32_t>(damage.below(~0u));
        break;
      case 7:
        if (!t.decisions.empty()) {
          t.decisions.resize(at);
          t.labels.resize(at);
          t.digests.resize(at);
          t.keys.clear();
        }
        break;
      default:
        t.iteration = damage.below(~uint64_t{0});
        t.seed = damage.below(~uint64_t{0});
    }
  }
}

void execute(const Trace& trace) {
  std::vector<SourceFile> files;
  for (const TraceFile& f : trace.files) files.push_back({f.name, f.text});
  try {
    const Program program = Program::from_sources(std::move(files));
    const auto machine = make_machine(program, trace.scenario, small());
    replay_strict(*machine, trace);
    replay_edited(*machine, trace);
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), ExitCode::scenario) << e.what();
  }
}

TEST(HostileFiles, TracesAreReplayedOrRefused) {
  const uint64_t seed = number("HOSTILE_SEED", std::random_device{}());
  const uint64_t n = number("HOSTILE_FILES", 2000) / 2;
  std::printf("HOSTILE_SEED=%llu HOSTILE_FILES=%llu\n", static_cast<unsigned long long>(seed),
              static_cast<unsigned long long>(2 * n));
  Damage damage(seed);
  const auto good = good_traces();
  uint64_t refused = 0, executed = 0;
  for (uint64_t i = 0; i < n && !testing::Test::HasFailure(); i++) {
    SCOPED_TRACE(fmt::format("number {}", i));
    Trace trace = damage.one_of(good);
    const bool crafted = damage.below(8) == 0;
    if (crafted) craft(trace, damage);
    try {
      std::string bytes = encode_trace(trace);
      if (!crafted) {
        // With its checksum made right again where that is what would keep it out.
        const std::string payload = damage.text(bytes.substr(kTraceHeader), kWords);
        bytes = damage.below(4) == 0 ? damage.text(bytes, kWords) : seal_trace(payload);
      }
      trace = decode_trace(bytes, "t");
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), ExitCode::trace) << e.what();
      refused++;
      continue;
    }
    if (trace.files.empty()) continue;  // which the command line refuses
    executed++;
    execute(trace);
  }
  std::printf("refused: %llu, executed: %llu\n", static_cast<unsigned long long>(refused),
              static_cast<unsigned long long>(executed));
  EXPECT_GT(executed, n / 20);
  EXPECT_GT(refused, n / 10);
}

}  // namespace
}  // namespace lockstep::vm
