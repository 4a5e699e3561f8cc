// Splits a history into independent parts (keys, elements of a set: Herlihy and Wing's locality),
// has each decided by a monitor or by the search, and joins the linearizations by the times of
// their operations.
#include "engine/history/search/linearizable.h"

#include <algorithm>

#include "engine/base/error.h"
#include "engine/history/search/kernel_kv.h"
#include "engine/history/search/kernels.h"
#include "engine/history/search/search.h"

namespace lockstep::history {
namespace {

bool only_reads(const Op& op) { return is_read(op.code) || (op.code == Code::cas && op.a == op.b); }

// Indeterminate operations that only read say nothing: they are left out.
void put(Part& part, const Op& op) {
  if (op.ok) {
    part.definite.push_back(op);
  } else if (!only_reads(op)) {
    part.pending.push_back(op);
  }
}

std::vector<Part> split(const std::vector<Op>& ops, ModelId model) {
  bool keyed = is_keyed(model);
  if (model == ModelId::set) {
    keyed = std::none_of(ops.begin(), ops.end(),
                         [](const Op& op) { return op.code == Code::read_all && op.ok; });
  }
  std::vector<Part> parts;
  if (!keyed) {
    parts.emplace_back();
    parts[0].definite.reserve(ops.size());
    for (const Op& op : ops) put(parts[0], op);
    return parts;
  }
  Value most = 0;
  for (const Op& op : ops) most = std::max(most, op.key);
  std::vector<int32_t> number(static_cast<size_t>(most) + 1, -1);
  for (const Op& op : ops) {
    if (op.key == kAbsent || op.code == Code::read_all) continue;
    if (number[op.key] < 0) {
      number[op.key] = static_cast<int32_t>(parts.size());
      parts.emplace_back();
    }
    put(parts[number[op.key]], op);
  }
  return parts;
}

// Earliest times of operations that are in a right order.
std::vector<Placed> timed(const std::vector<int32_t>& order, const std::vector<Operation>& ops) {
  std::vector<Placed> placed;
  int64_t time = -1;
  for (int32_t id : order) {
    time = std::max<int64_t>(time, ops[id].call);
    placed.push_back({id, time});
  }
  return placed;
}

struct Decision {
  Verdict verdict = Verdict::unknown;
  std::vector<Placed> order;
  std::vector<int32_t> longest;
  const char* method = "search";
};

template <typename Kernel>
Decision search(Kernel&& kernel, const Part& part, const History& history, const Budget& budget,
                bool keep_longest) {
  Search<std::remove_reference_t<Kernel>> run(kernel, part.definite, part.pending, budget);
  Decision decision;
  decision.verdict = run.run(keep_longest);
  if (decision.verdict == Verdict::valid) {
    decision.order = timed(run.order(), history.operations());
  } else if (keep_longest) {
    decision.longest = run.order();
  }
  return decision;
}

Decision decide(const Part& part, ModelId model, const History& history, const Budget& budget,
                LinearizableOptions options) {
  MonitorAnswer answer;
  const char* method = "";
  if (options.monitors && !options.keep_longest) {
    if (model == ModelId::register_ || model == ModelId::cas_register ||
        model == ModelId::multi_register) {
      answer = monitor_register(part);
      method = "zones";
    } else if (model == ModelId::queue) {
      answer = monitor_queue(part, history.event_count());
      method = "queue order";
      if (answer.verdict == Verdict::unknown) {
        answer = search_queue(part, budget);
        if (answer.verdict != Verdict::unknown) method = "queue search";
      }
    } else if (model == ModelId::stack) {
      answer = monitor_stack(part, history.event_count());
      method = "stack order";
    }
  }
  if (answer.verdict != Verdict::unknown) {
    return {answer.verdict, std::move(answer.order), {}, method};
  }
  const ValueTable& values = history.values();
  auto run = [&](auto&& kernel) {
    return search(std::forward<decltype(kernel)>(kernel), part, history, budget,
                  options.keep_longest);
  };
  switch (model) {
    case ModelId::register_:
    case ModelId::cas_register:
    case ModelId::multi_register:
      return run(RegisterKernel(part.definite, part.pending));
    case ModelId::kv:
      return run(KvKernel(part.definite, part.pending, values));
    case ModelId::queue:
      return run(QueueKernel(part.definite, part.pending));
    case ModelId::stack:
      return run(StackKernel(part.definite, part.pending));
    case ModelId::set:
      return run(SetKernel(part.definite, part.pending, values));
    case ModelId::counter:
      return run(CounterKernel(part.definite, part.pending));
    case ModelId::lock:
    case ModelId::mutex:
      return run(LockKernel(part.definite, part.pending, model == ModelId::lock));
    default:
      LOCKSTEP_ASSERT(!"transactional models have their own checkers");
  }
  return {};
}

Result join(std::vector<Part>& parts, const auto& decide_part) {
  Result result;
  result.verdict = Verdict::valid;
  std::vector<Placed> all;
  for (Part& part : parts) {
    Decision decision = decide_part(part);
    result.method = decision.method;
    if (decision.verdict == Verdict::invalid) {
      result.verdict = Verdict::invalid;
      result.order = std::move(decision.longest);
      for (const auto* ops : {&part.definite, &part.pending}) {
        for (const Op& op : *ops) result.part.push_back(op.id);
      }
      std::sort(result.part.begin(), result.part.end());
      return result;
    }
    if (decision.verdict == Verdict::unknown) {
      result.verdict = Verdict::unknown;
      result.why = "the budget of time or memory ended before a verdict";
      result.order = std::move(decision.longest);
    }
    all.insert(all.end(), decision.order.begin(), decision.order.end());
  }
  if (result.verdict != Verdict::valid) return result;
  if (parts.size() > 1) {
    std::stable_sort(all.begin(), all.end(),
                     [](const Placed& x, const Placed& y) { return x.time < y.time; });
  }
  for (const Placed& p : all) result.order.push_back(p.id);
  return result;
}

}  // namespace

Result check_operations(const History& history, ModelId model, const std::vector<Op>& ops,
                        const Budget& budget, LinearizableOptions options) {
  std::vector<Part> parts = split(ops, model);
  return join(parts,
              [&](const Part& part) { return decide(part, model, history, budget, options); });
}

Result check_linearizable(const History& history, ModelId model, const Budget& budget,
                          LinearizableOptions options) {
  return check_operations(history, model, decode(history, model), budget, options);
}

Result check_linearizable(const History& history, Model& model, const Budget& budget,
                          LinearizableOptions options) {
  std::vector<Value> keys;
  bool whole = false;
  std::vector<Op> ops;
  for (const Operation& op : history.operations()) {
    Op out{};
    out.id = static_cast<int32_t>(ops.size());
    out.call = op.call;
    out.ret = op.ret;
    out.process = op.process;
    out.ok = op.ok();
    out.key = model.partition(op);
    whole |= out.key == kAbsent;
    ops.push_back(out);
  }
  std::vector<Part> parts;
  std::vector<Value> names;
  for (const Op& op : ops) {
    Value key = whole ? kAbsent : op.key;
    size_t at = static_cast<size_t>(std::find(names.begin(), names.end(), key) - names.begin());
    if (at == names.size()) {
      names.push_back(key);
      parts.emplace_back();
    }
    if (op.ok) {
      parts[at].definite.push_back(op);
    } else if (!model.readonly(history.operations()[op.id])) {
      parts[at].pending.push_back(op);
    }
  }
  return join(parts, [&](const Part& part) {
    return search(ModelKernel(part.definite, part.pending, history, model), part, history, budget,
                  options.keep_longest);
  });
}

}  // namespace lockstep::history
