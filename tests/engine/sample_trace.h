// A trace built by hand, with something in every field: the golden file of each format version
// holds exactly this. Do not change it; add a second one for what a later version adds.
#pragma once
#include "engine/trace/trace.h"

namespace lockstep::testing {

inline Trace sample_trace() {
  Trace t;
  t.tool_version = "0.1.0";
  t.fingerprint = 0x0123456789abcdefull;
  t.files = {{"lost_update.lua", "local lockstep = require \"lockstep\"\n-- caf\xc3\xa9\n"},
             {"util.lua", ""}};
  t.scenario = "two increments";
  t.options = {{"delivery", "instant"}, {"max_steps", "10000"}, {"timers", "quiescent"}};
  t.strategy = "pos";
  t.seed = 0xffffffffffffffffull;
  t.iteration = 17;
  t.times = 3;
  t.outcome.verdict = Verdict::assertion;
  t.outcome.reason = "assertion failed: expected 2, got 1";
  t.outcome.site = "lost_update.lua:14";
  t.outcome.object = "counter";
  t.outcome.detail = "stack traceback:\n\tlost_update.lua:14";
  t.outcome.process = "P0(root)";
  t.decisions = {Decision::make(0, AltKind::step, static_cast<uint32_t>(OpKind::spawn)),
                 Decision::make(1, AltKind::step, static_cast<uint32_t>(OpKind::ets)),
                 Decision::make(1, AltKind::data, 2)};
  t.labels = {"P0(root) spawn P1(worker)", "P1(worker) ets.lookup counter[n]",
              "P1(worker) choose = 2"};
  t.digests = {1, 0xdeadbeefull << 32, 3};
  t.keys = {1, 0xabcdef, 0xabcdef};
  Event spawn;
  spawn.step = 1;
  spawn.op = OpKind::spawn;
  spawn.actor = 0;
  spawn.who = "P0(root)";
  spawn.what = "spawn";
  spawn.target = "P1(worker)";
  spawn.alternatives = 1;
  spawn.digest = 1;
  Event lookup;
  lookup.step = 2;
  lookup.op = OpKind::ets;
  lookup.actor = 1;
  lookup.process = 1;
  lookup.who = "P1(worker)";
  lookup.what = "ets.lookup";
  lookup.target = "counter[n]";
  lookup.args = "\"n\"";
  lookup.result = "{{\"n\", 0}}";
  lookup.change = "counter.n: 0 -> 1";
  lookup.site = "lost_update.lua:9";
  lookup.footprint = {{make_object(ObjectClass::ets, 1, 77), Access::read},
                      {make_object(ObjectClass::process, 1), Access::write}};
  lookup.causes = {1};
  lookup.alternatives = 2;
  lookup.digest = 0xdeadbeefull << 32;
  t.events = {spawn, lookup};
  t.shrunk = true;
  t.minimum = true;
  t.deviations = 2;
  t.origin = "lost_update-iter17-seed1.lockstep";
  t.keyed = {{0, 0, 0xabcdef, AltKind::step}, {0xabcdef, 1, 2, AltKind::data}};
  return t;
}

}  // namespace lockstep::testing
