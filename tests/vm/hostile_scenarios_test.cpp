// Scenarios that mean harm: whatever guest code does, and wherever it runs, an execution ends with
// a verdict, within its limits, and the process goes on. Each is one thing that does harm put into
// one place where guest code runs. A fresh seed at each run, which is printed; HOSTILE_SEED repeats
// one, HOSTILE_SCENARIOS says how many (tests/hostile.sh).
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <ctime>
#include <map>
#include <random>

#include "engine/trace/recording.h"
#include "vm/system/program.h"

namespace lockstep::vm {
namespace {

uint64_t number(const char* name, uint64_t usual) {
  const char* text = getenv(name);
  return text ? strtoull(text, nullptr, 10) : usual;
}

// Of this thread: the machine may be busy with other things.
double cpu_seconds() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

// What every scenario begins with.
constexpr const char* kHead = R"(
local lockstep = require "lockstep"
local ets = require "lockstep.ets"
local atomics = require "lockstep.atomics"
local pt = require "lockstep.persistent_term"
local model = require "lockstep.model"
local checker = require "lockstep.checker"
local generator = require "lockstep.generator"
local function nest(n, f) if n == 0 then return f() end return (("a"):gsub("a", function() nest(n - 1, f) end)) end
local function deep(n) local t = {} for i = 1, n do t = { t } end return t end
local function huge(n) return setmetatable({}, { __len = function() return n end }) end
local shared = { n = 1, deeper = deep(120) }
local function event(p, kind, f, v) return { process = p, type = kind, f = f, value = v } end
)";

// Statements that do harm, in a function's body, where `...` may be a value.
constexpr std::array kHarms = {
    "while true do end",
    "while true do pcall(error) end",
    "while true do pcall(string.rep, 'x', 1e5) end",
    "for i = 1, 1e9 do local t = { i } end",
    "local function f() return 1 + f() end f()",
    "local function f() return f() end f()",
    "nest(250, function() end)",
    "nest(195, function() nest(195, function() end) end)",
    "pcall(nest, 250, function() end)",
    "xpcall(nest, function(e) return nest(250, function() end) end, 250, function() end)",
    "xpcall(error, function(e) error(e) end)",
    "local function f() return pcall(f) end f()",
    "local function f() return coroutine.wrap(f)() end f()",
    "for i = 1, 1e6 do coroutine.wrap(function() coroutine.yield() end)() end",
    "local co co = coroutine.wrap(function() co() end) co()",
    "string.rep('', 1 << 62)",
    "string.rep('x', 1 << 40)",
    "string.rep('ab', 1 << 20):rep(1 << 10)",
    "table.move({}, 1, 1 << 62, 2)",
    "table.insert(huge(1 << 62), 1, 1)",
    "table.remove(huge(1 << 62), 1)",
    "table.concat(huge(1 << 40))",
    "table.unpack({}, 1, 1 << 30)",
    "table.sort(huge(1 << 30))",
    "local t = {} for i = 1, 3000 do t[i] = i % 7 end table.sort(t, function() return true end)",
    "table.sort({ 3, 2, 1 }, function() nest(250, function() end) end)",
    "string.find(string.rep('a', 40), string.rep('a*', 20) .. 'b')",
    "string.match(string.rep('a', 30), string.rep('(a*)', 30) .. 'b')",
    "(string.rep('a', 40)):gsub(string.rep('a-', 20) .. 'b', '')",
    "for _ in string.gmatch(string.rep('a', 40), string.rep('a*', 20) .. 'b') do end",
    "local s = string.rep('x', 1 << 20) for i = 1, 1e7 do s:find('y', 1, true) end",
    "load('local x if x then ' .. string.rep('elseif x then ', 20000) .. 'end')",
    "load(string.rep('(', 300) .. string.rep(')', 300))",
    "load(string.rep('a = { ', 5000))",
    "load(function() return 'x = 1 ' end)",
    "load(function() nest(250, function() end) end)",
    "local s = 'return 1' for i = 1, 250 do s = 'return load(' .. string.format('%q', s) .. ')()' "
    "if #s > 1e5 then break end end load(s)()",
    "error(setmetatable({}, { __tostring = function() while true do end end }))",
    "error(setmetatable({}, { __tostring = function() nest(250, function() end) end }))",
    "tostring(setmetatable({}, { __tostring = function() return 1 end }))",
    "error(nil)",
    "error(deep(3000))",
    "error(string.rep('x', 1 << 20))",
    "error('\\27]0;x\\7\\226\\128\\174' .. ('\\0'):rep(5))",
    "setmetatable({}, { __index = function(t, k) return t[k] end }).x = nil",
    "local t = setmetatable({}, { __index = function(t, k) return t[k] end }) return t.x",
    "local t = setmetatable({}, { __newindex = function(t, k, v) t[k] = v end }) t.x = 1",
    "local a, b = {}, {} setmetatable(a, { __index = b }) setmetatable(b, { __index = a }) return "
    "a.x",
    "local t = setmetatable({}, { __eq = function(a, b) return a == b end }) return t == "
    "setmetatable({}, getmetatable(t))",
    "local t = setmetatable({}, { __concat = function(a, b) return a .. b end }) return t .. t",
    "local t = setmetatable({}, {}) getmetatable(t).__call = t t()",
    "local t <close> = setmetatable({}, { __close = function() while true do end end })",
    "local t <close> = setmetatable({}, { __close = function() error('close') end }) error('open')",
    "local mt = {} local t = setmetatable({}, mt) mt.__gc = function() while true do end end t = "
    "nil for i = 1, 3e4 do local x = { i } end",
    "local mt = { __mode = 'v' } local t = setmetatable({ {} }, mt) for i = 1, 3e4 do local x = { "
    "i } end assert(t[1])",
    "shared.n = 2",
    "shared[1] = 2",
    "rawset(shared, 'x', 1)",
    "table.insert(shared, 1)",
    "setmetatable(shared, {})",
    "string.rep = nil",
    "getmetatable('').__index = nil",
    "lockstep.send = nil",
    "_G.x = 1",
    "_ENV.print = nil",
    "lockstep.send(lockstep.self(), deep(150))",
    "lockstep.send(lockstep.self(), shared.deeper)",
    "lockstep.send(lockstep.self(), string.rep('x', 1 << 22))",
    "local t = {} t[1] = t lockstep.send(lockstep.self(), t)",
    "lockstep.send(lockstep.self(), coroutine.create(print))",
    "lockstep.spawn(function() while true do end end)",
    "for i = 1, 5000 do lockstep.spawn(function() lockstep.recv() end) end",
    "local function f() lockstep.spawn(f) f() end f()",
    "lockstep.exit(lockstep.self(), 'kill')",
    "lockstep.exit(deep(90))",
    "lockstep.recv_first(function() while true do end end, 10)",
    "lockstep.recv_first(function() return nest(250, function() end) end, 10)",
    "lockstep.sleep(math.maxinteger) lockstep.sleep(math.maxinteger)",
    "lockstep.send_after(math.maxinteger, lockstep.self(), 1) lockstep.recv()",
    "lockstep.sleep(-1)",
    "lockstep.recv(math.huge)",
    "lockstep.recv(0/0)",
    "while true do lockstep.yield() end",
    "while true do lockstep.send(lockstep.self(), 1) end",
    "lockstep.choose(deep(2))",
    "local t = ets.new('t', { 'public', 'ordered_set' }) for i = 1, 1e5 do ets.insert(t, { i }) "
    "end",
    "local t = ets.new('t', { 'public' }) ets.insert(t, { 1, math.mininteger, -1 }) "
    "for _, op in ipairs { 'div', 'rem', 'bsl', 'bsr', '*', '-' } do for _, x in ipairs { '$1', "
    "'$2' } do "
    "ets.select(t, { { { '_', '$1', '$2' }, {}, { { op, '$1', x } } } }) ets.select(t, { { { '_', "
    "'$1', '$2' }, {}, "
    "{ { op, 1, '$1' } } } }) end end ets.select(t, { { { '_', '$1', '_' }, {}, { { '-', '$1' } } "
    "} }) "
    "ets.select(t, { { { '_', '$1', '_' }, {}, { { 'abs', '$1' } } } })",
    "local t = ets.new('t', {}) ets.insert(t, { 1 }) ets.foldl(function() while true do end end, "
    "0, t)",
    "local t = ets.new('t', {}) ets.insert(t, { 1 }) ets.foldl(function() ets.delete(t) end, 0, t) "
    "ets.insert(t, { 1 })",
    "local t = ets.new('t', {}) ets.select(t, deep(120))",
    "local g = deep(1) for i = 1, 90 do g = { 'not', g } end ets.select(ets.new('t', {}), { { "
    "'$1', { g }, { '$_' } } })",
    "ets.update_counter(ets.new('t', {}), 1, { 2, math.maxinteger }, { 1, math.maxinteger })",
    "atomics.new(1 << 40)",
    "local a = atomics.new(1) atomics.put(a, 1, math.mininteger) atomics.sub(a, 1, 1) "
    "atomics.add(a, 1, math.mininteger)",
    "pt.put(deep(50), deep(90)) pt.get(deep(50))",
    "math.random(math.mininteger, math.maxinteger) math.random(0) return math.random(-1, -5)",
    "string.format('%' .. string.rep('0', 50) .. 'd', 1)",
    "return string.format('%99.99f', 1e308), string.pack('i16', math.mininteger), "
    "string.unpack('i17', 'x')",
    "utf8.char(0x7fffffff, -1)",
    "string.pack(string.rep('i8', 1e5), 1)",
    "string.unpack('s8', string.rep('\\255', 8))",
    "collectgarbage('generational') collectgarbage('step', math.maxinteger)",
    "os.exit(3)",
    "io.open('/etc/passwd')",
    "debug.sethook()",
    "require 'no such module'",
    "string.dump(print)",
    "dofile('/dev/zero')",
    "goto again ::again:: goto again",
    "return select(math.mininteger, 1)",
    "return #huge(1 << 62) // 0",
    "return math.mininteger // -1, math.mininteger % -1, 1 << math.mininteger, 1 >> "
    "math.mininteger",
    "checker.linearizable({ event(0, 'invoke', 'f'), event(0, 'ok', 'f') }, model.define { init = "
    "0, step = function() while true do end end })",
    "checker.linearizable({ event(0, 'invoke', 'f'), event(0, 'ok', 'f') }, model.define { init = "
    "0, step = function() return nest(250, function() end) end })",
    "nest(180, function() checker.linearizable({ event(0, 'invoke', 'f'), event(0, 'ok', 'f') }, "
    "model.define { init = 0, step = function() return nest(150, function() end) end }) end)",
    "local h = {} for i = 1, 60 do h[#h + 1] = event(i, 'invoke', 'f', i) end for i = 1, 60 do "
    "h[#h + 1] = event(i, 'ok', 'f', i) end "
    "checker.linearizable(h, model.define { init = 0, step = function(s) return { s } end })",
    "checker.linearizable(deep(120), model.register)",
    "checker.linearizable(huge(1 << 40), model.register)",
    "generator.to_list(generator.cycle { 1 })",
    "generator.to_list(generator.map(generator.cycle { 1 }, function() nest(250, function() end) "
    "end))",
    "generator.next(function() while true do end end)",
};

// Where guest code runs; %s is the harm.
constexpr std::array kPlaces = {
    "lockstep.scenario('x', function() %s end)",
    "lockstep.scenario('x', function() lockstep.spawn(function(...) %s end) lockstep.sleep(5) end)",
    "lockstep.scenario('x', { crashes = 'allow', drain = true }, function() for i = 1, 3 do "
    "lockstep.spawn(function(...) %s end) end end)",
    "lockstep.scenario('x', function() local me = lockstep.self() lockstep.spawn(function() "
    "lockstep.send(me, 1) end) "
    "lockstep.recv_first(function(...) %s end, 50) end)",
    "lockstep.scenario('x', function() local p = lockstep.spawn(function() "
    "lockstep.recv_first(function(...) %s end, 50) end) "
    "nest(190, function() lockstep.send(p, 1) end) lockstep.sleep(5) end)",
    "lockstep.scenario('x', function() local me = lockstep.self() lockstep.spawn(function() "
    "lockstep.send(me, 1) end) "
    "lockstep.receive { { lockstep.any, function(...) %s end, when = function(...) %s end }, after "
    "= 50 } end)",
    "lockstep.scenario('x', function() lockstep.invariant('i', function(...) %s return true end) "
    "lockstep.yield() "
    "nest(190, function() lockstep.yield() end) end)",
    "lockstep.scenario('x', function() lockstep.eventually('e', function(...) %s end) "
    "lockstep.yield() lockstep.yield() end)",
    "lockstep.scenario('x', function() lockstep.temporal('t', 'hot') pcall(function(...) %s end) "
    "lockstep.temporal('t', 'cold') end)",
    "lockstep.scenario('x', function() pcall(function(...) %s end) lockstep.yield() end)",
    "lockstep.scenario('x', function() xpcall(function(...) %s end, function(...) %s end) "
    "lockstep.yield() end)",
    "lockstep.scenario('x', function() coroutine.wrap(function(...) %s end)() end)",
    "lockstep.scenario('x', function() nest(150, function(...) %s end) end)",
    "lockstep.scenario('x', function() local t = setmetatable({}, { __index = function(...) %s end "
    "}) return t.x end)",
    "lockstep.scenario('x', function() error(setmetatable({}, { __tostring = function(...) %s end "
    "})) end)",
    "lockstep.scenario('x', function() print(setmetatable({}, { __tostring = function(...) %s end "
    "})) end)",
    "lockstep.scenario('x', function() local c <close> = setmetatable({}, { __close = "
    "function(...) %s end }) lockstep.yield() end)",
    "lockstep.scenario('x', function() table.sort({ 3, 1, 2 }, function(...) %s end) end)",
    "lockstep.scenario('x', function() ets.foldl(function(...) %s end, 0, (function() local t = "
    "ets.new('t', {}) ets.insert(t, { 1 }) return t end)()) end)",
    "lockstep.scenario('x', function() checker.linearizable({ event(0, 'invoke', 'f'), event(0, "
    "'ok', 'f') }, "
    "model.define { init = 0, step = function(...) %s end }) end)",
    "lockstep.scenario('x', function() generator.each(generator.take(generator.map({ 1, 2 }, "
    "function(...) %s end), 2), print) end)",
    "lockstep.scenario('x', function() load(function(...) %s end) end)",
    "lockstep.scenario('x', { delivery = 'async', timers = 'racy' }, function() local p, r = "
    "lockstep.spawn_monitor(function(...) %s end) "
    "lockstep.recv(20) end)",
    "lockstep.scenario('x', function() end) ; (function(...) %s end)()",
    "local it = coroutine.wrap(function(...) %s end) lockstep.scenario('x', function() it() end)",
};

std::string with(std::string place, const std::string& harm) {
  for (size_t at; (at = place.find("%s")) != std::string::npos;) place.replace(at, 2, harm);
  return place;
}

class Walk final : public Chooser {
 public:
  explicit Walk(uint64_t seed) : random_(seed) {}
  size_t choose(const ChoicePoint& point) override { return random_() % point.count; }

 private:
  std::mt19937_64 random_;
};

class Hostile {
 public:
  explicit Hostile(uint64_t seed) : random_(seed) {}

  void one() {
    std::string harm = kHarms[random_() % kHarms.size()];
    if (random_() % 4 == 0) harm = "pcall(function() " + harm + " end) " + pick();
    const std::string text =
        kHead + with(kPlaces[random_() % kPlaces.size()], "do " + harm + " end");
    SCOPED_TRACE(text.substr(std::string(kHead).size()));
    const double began = cpu_seconds();
    run(text);
    EXPECT_LT(cpu_seconds() - began, 60);
  }
  std::string counts() const {
    std::string s;
    for (const auto& [verdict, n] : verdicts_) s += fmt::format(" {} {}", n, verdict);
    return s;
  }

 private:
  std::string pick() { return kHarms[random_() % kHarms.size()]; }

  void run(const std::string& text) {
    MachineOptions options;
    options.limits.max_steps = 300;
    options.limits.max_memory = 24 << 20;
    options.limits.max_instructions = 1'000'000;
    options.limits.max_compute = 0.25;
    try {
      StopToken stop;  // file-level code would have ten seconds
      stop.deadline = std::chrono::steady_clock::now() + std::chrono::seconds(2);
      const Program program = Program::from_sources({{"hostile.lua", text}}, &stop);
      const auto& scenario = program.scenarios().front();
      const auto asks = [&](const char* name, const char* value) {
        const auto it = scenario.options.find(name);
        return it != scenario.options.end() && it->second == value;
      };
      options.drain = asks("drain", "true");
      options.allow_crashes = asks("crashes", "allow");
      options.async_delivery = asks("delivery", "async");
      if (asks("timers", "racy")) options.timers = TimerMode::racy;
      const auto machine = make_machine(program, scenario.name, options);
      Walk walk(random_());
      machine->begin(1, 0);
      Outcome outcome = machine->run(walk);
      const auto decisions = machine->decisions();
      const std::vector<Decision> schedule(decisions.begin(), decisions.end());
      verdicts_[verdict_name(outcome.verdict)]++;
      // What the clock has no say in is the same again, and the machine is as it was before.
      if (outcome.reason.find("by the clock") != std::string::npos) return;
      const Recording again = record_schedule(*machine, 1, 0, schedule);
      if (outcome.verdict == Verdict::suspect) return;  // which the recording has judged
      if (again.outcome.reason.find("by the clock") != std::string::npos) return;
      EXPECT_EQ(again.outcome.signature(), outcome.signature()) << again.divergence;
    } catch (const LoadingStopped& e) {
      EXPECT_EQ(e.code(), ExitCode::incomplete);
      verdicts_["not loaded in time"]++;
    } catch (const Error& e) {  // at file level
      EXPECT_EQ(e.code(), ExitCode::scenario) << e.what();
      verdicts_["not loaded"]++;
    }
  }

  std::mt19937_64 random_;
  std::map<std::string, int> verdicts_;
};

TEST(HostileScenarios, EndWithAVerdict) {
  const uint64_t seed = number("HOSTILE_SEED", std::random_device{}());
  const uint64_t n = number("HOSTILE_SCENARIOS", 40);
  std::printf("HOSTILE_SEED=%llu HOSTILE_SCENARIOS=%llu\n", static_cast<unsigned long long>(seed),
              static_cast<unsigned long long>(n));
  Hostile hostile(seed);
  for (uint64_t i = 0; i < n && !testing::Test::HasFailure(); i++) hostile.one();
  std::printf("ended as:%s\n", hostile.counts().c_str());
}

}  // namespace
}  // namespace lockstep::vm
