#include "engine/history/search/sequential.h"

#include "engine/history/search/causal.h"
#include "engine/history/search/kernel_kv.h"
#include "engine/history/search/product_kernel.h"
#include "engine/history/search/search.h"

namespace lockstep::history {
namespace {

constexpr size_t kPatternOperationsMax = 5000;  // the patterns take quadratic space

template <typename Kernel>
Result run(Kernel& kernel, const std::vector<Op>& definite, const std::vector<Op>& pending,
           const Budget& budget) {
  Search<Kernel, Order::kProgram> search(kernel, definite, pending, budget);
  Result result;
  result.verdict = search.run();
  result.method = "search";
  if (result.verdict == Verdict::valid) result.order = search.order();
  if (result.verdict == Verdict::unknown) {
    result.why = "the budget of time or memory ended before a verdict";
  }
  return result;
}

}  // namespace

Result check_sequential_operations(const History& history, ModelId model,
                                   const std::vector<Op>& ops, const Budget& budget) {
  std::vector<Op> definite, pending;
  for (const Op& op : ops) (op.ok ? definite : pending).push_back(op);
  const ValueTable& values = history.values();
  switch (model) {
    case ModelId::register_:
    case ModelId::cas_register: {
      RegisterKernel kernel(definite, pending);
      return run(kernel, definite, pending, budget);
    }
    case ModelId::multi_register: {
      ProductKernel<RegisterKernel> kernel(definite, pending, [](const auto& d, const auto& p) {
        return std::make_unique<RegisterKernel>(d, p);
      });
      return run(kernel, definite, pending, budget);
    }
    case ModelId::kv: {
      ProductKernel<KvKernel> kernel(definite, pending, [&](const auto& d, const auto& p) {
        return std::make_unique<KvKernel>(d, p, values);
      });
      return run(kernel, definite, pending, budget);
    }
    case ModelId::queue: {
      QueueKernel kernel(definite, pending);
      return run(kernel, definite, pending, budget);
    }
    case ModelId::stack: {
      StackKernel kernel(definite, pending);
      return run(kernel, definite, pending, budget);
    }
    case ModelId::set: {
      SetKernel kernel(definite, pending, values);
      return run(kernel, definite, pending, budget);
    }
    case ModelId::counter: {
      CounterKernel kernel(definite, pending);
      return run(kernel, definite, pending, budget);
    }
    default: {
      LockKernel kernel(definite, pending, model == ModelId::lock);
      return run(kernel, definite, pending, budget);
    }
  }
}

namespace {

// Sequential consistency implies both; where they are defined they refute most bad histories of
// registers at once, and in words. Invalid, or unknown.
Result refute_by_patterns(const History& history, ModelId model, const Budget& budget) {
  bool registers = model == ModelId::register_ || model == ModelId::cas_register ||
                   model == ModelId::multi_register;
  if (!registers || history.operations().size() > kPatternOperationsMax) return {};
  try {
    for (Causal kind : {Causal::ccv, Causal::cm}) {
      Result result = check_causal(history, model, kind, budget);
      if (result.verdict == Verdict::invalid) return result;
    }
  } catch (const ModelError&) {
    // A value written twice, a compare-and-set: not defined here.
  }
  return {};
}

}  // namespace

Result check_sequential(const History& history, ModelId model, const Budget& budget) {
  if (Result refuted = refute_by_patterns(history, model, budget);
      refuted.verdict == Verdict::invalid) {
    refuted.part.clear();  // of the pattern; the history fails as a whole
    return refuted;
  }
  return check_sequential_operations(history, model, decode(history, model), budget);
}

Result check_sequential(const History& history, Model& model, const Budget& budget) {
  std::vector<Op> definite, pending;
  for (const Operation& op : history.operations()) {
    Op out{};
    out.id = static_cast<int32_t>(definite.size() + pending.size());
    out.call = op.call;
    out.ret = op.ret;
    out.process = op.process;
    out.ok = op.ok();
    (out.ok ? definite : pending).push_back(out);
  }
  ModelKernel kernel(definite, pending, history, model);
  return run(kernel, definite, pending, budget);
}

}  // namespace lockstep::history
