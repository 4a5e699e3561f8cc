#include "engine/history/search/sequential_search.h"

#include "engine/history/search/kernel_kv.h"
#include "engine/history/search/product_kernel.h"
#include "engine/history/search/search.h"

namespace lockstep::history {
namespace {

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

Result search_sequential(const History& history, ModelId model, const std::vector<Op>& ops,
                         const Budget& budget) {
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

Result search_sequential(const History& history, Model& model, const Budget& budget) {
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
