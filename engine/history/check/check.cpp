#include "engine/history/check/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "engine/base/error.h"
#include "engine/history/model/memo.h"
#include "engine/history/model/verify.h"
#include "engine/history/search/causal.h"
#include "engine/history/search/sequential.h"
#include "engine/history/txn/txn.h"
#include "engine/history/txn/txn_history.h"

namespace lockstep::history {
namespace {

constexpr std::array<std::string_view, kConsistencyCount> kNames = {
    "linearizable",       "sequential",     "causal-cc",          "causal-cm",  "causal-ccv",
    "causal-projection",  "read-committed", "read-atomic",        "causal-txn", "prefix",
    "snapshot-isolation", "serializable",   "strict-serializable"};

Level level_of(Consistency c) {
  if (c == Consistency::linearizable) return Level::strict_serializable;
  return static_cast<Level>(static_cast<int>(c) - static_cast<int>(Consistency::read_committed));
}

bool is_level(Consistency c) { return c >= Consistency::read_committed; }
bool is_causal(Consistency c) {
  return c >= Consistency::causal_cc && c <= Consistency::causal_projection;
}

Result decide(const History& history, ModelId model, Consistency c, const Budget& budget) {
  if (is_transactional(model)) return check_transactions(history, model, level_of(c), budget);
  switch (c) {
    case Consistency::sequential:
      return check_sequential(history, model, budget);
    case Consistency::causal_cc:
      return check_causal(history, model, Causal::cc, budget);
    case Consistency::causal_cm:
      return check_causal(history, model, Causal::cm, budget);
    case Consistency::causal_ccv:
      return check_causal(history, model, Causal::ccv, budget);
    case Consistency::causal_projection:
      return check_causal(history, model, Causal::projection, budget);
    default:
      return check_linearizable(history, model, budget);
  }
}

void refuse(const std::string& what) { throw Error(ExitCode::usage, what); }

}  // namespace

std::string_view consistency_name(Consistency c) { return kNames[static_cast<size_t>(c)]; }

std::optional<Consistency> find_consistency(std::string_view name) {
  if (name == "causal") return Consistency::causal_cm;
  for (size_t i = 0; i < kNames.size(); ++i) {
    if (kNames[i] == name) return static_cast<Consistency>(i);
  }
  return std::nullopt;
}

bool applies(ModelId model, Consistency c) {
  if (is_transactional(model)) return is_level(c) || c == Consistency::linearizable;
  if (is_level(c)) return false;
  if (!is_causal(c)) return true;
  return model == ModelId::register_ || model == ModelId::cas_register ||
         model == ModelId::multi_register;
}

Result check(const History& history, ModelId model, Consistency c, const Budget& budget) {
  if (!applies(model, c)) {
    refuse(fmt::format("{} is not defined for model {}", consistency_name(c), model_name(model)));
  }
  Result result = decide(history, model, c, budget);
  if (result.verdict == Verdict::valid) {
    LOCKSTEP_ASSERT(verify(history, model, c, result).empty());
  }
  return result;
}

Result check(const History& history, Model& model, Consistency c, const Budget& budget) {
  if (c != Consistency::linearizable && c != Consistency::sequential) {
    refuse(fmt::format("{} is not defined for a model of one's own", consistency_name(c)));
  }
  bool program_order = c == Consistency::sequential;
  Result result = program_order ? check_sequential(history, model, budget)
                                : check_linearizable(history, model, budget);
  if (result.verdict == Verdict::valid) {
    LOCKSTEP_ASSERT(verify_order(history, model, result.order, program_order).empty());
  }
  return result;
}

std::string verify(const History& history, ModelId model, Consistency c, const Result& result) {
  if (is_transactional(model)) {
    bool real_time = level_of(c) == Level::strict_serializable;
    if (level_of(c) < Level::serializable) return {};
    return verify_serial_order(history, model, result.order, real_time);
  }
  if (is_causal(c)) return {};
  return verify_order(history, model, result.order, c == Consistency::sequential);
}

namespace {

// What implies what, by lines: each implies those after the colon directly.
std::vector<Consistency> implied(Consistency c) {
  switch (c) {
    case Consistency::linearizable:
      return {Consistency::sequential};
    case Consistency::sequential:
      return {Consistency::causal_cm, Consistency::causal_ccv};
    case Consistency::causal_cm:
      return {Consistency::causal_cc, Consistency::causal_projection};
    case Consistency::causal_ccv:
      return {Consistency::causal_cc};
    case Consistency::strict_serializable:
    case Consistency::serializable:
    case Consistency::snapshot_isolation:
    case Consistency::prefix:
    case Consistency::causal_txn:
    case Consistency::read_atomic:
      return {static_cast<Consistency>(static_cast<int>(c) - 1)};
    default:
      return {};
  }
}

}  // namespace

Strongest strongest(const History& history, ModelId model, const Budget& budget) {
  // The causal properties are not defined for histories that write a value twice.
  bool causal = applies(model, Consistency::causal_cc);
  if (causal) {
    try {
      check_causal(history, model, Causal::cc, budget);
    } catch (const ModelError&) {
      causal = false;
    }
  }
  Strongest answer;
  std::vector<char> known(kConsistencyCount, 0);  // 1: implied by one that holds
  auto mark = [&](Consistency c, const auto& self) -> void {
    for (Consistency weaker : implied(c)) {
      known[static_cast<size_t>(weaker)] = 1;
      self(weaker, self);
    }
  };
  std::vector<Consistency> order;
  if (is_transactional(model)) {
    for (int c = kConsistencyCount - 1; c >= static_cast<int>(Consistency::read_committed); --c) {
      order.push_back(static_cast<Consistency>(c));
    }
    if (!decode_transactions(history, model).repeated.empty()) {
      order = {Consistency::strict_serializable, Consistency::serializable};
    }
  } else {
    order = {Consistency::linearizable, Consistency::sequential};
    if (causal) {
      for (auto c : {Consistency::causal_cm, Consistency::causal_ccv, Consistency::causal_cc,
                     Consistency::causal_projection}) {
        order.push_back(c);
      }
    }
  }
  std::vector<std::pair<Consistency, Result>> failed;
  for (Consistency c : order) {
    if (known[static_cast<size_t>(c)]) continue;
    Result result = check(history, model, c, budget);
    if (result.verdict == Verdict::valid) {
      answer.holds.push_back(c);
      mark(c, mark);
    } else {
      failed.emplace_back(c, std::move(result));
    }
  }
  // What is stronger than one that is refuted is refuted.
  std::vector<char> refuted(kConsistencyCount, 0);
  for (size_t i = failed.size(); i-- > 0;) {
    auto& [c, result] = failed[i];
    bool known_bad = result.verdict == Verdict::invalid;
    for (Consistency weaker : implied(c)) known_bad |= refuted[static_cast<size_t>(weaker)] != 0;
    refuted[static_cast<size_t>(c)] = known_bad;
    if (!known_bad) answer.unknown.insert(answer.unknown.begin(), c);
  }
  // Of those that do not hold, the ones whose every weaker property holds.
  for (auto& [c, result] : failed) {
    bool weakest = true;
    for (Consistency weaker : implied(c)) {
      for (const auto& other : failed) weakest &= other.first != weaker;
    }
    if (weakest) answer.broken.emplace_back(c, std::move(result));
  }
  return answer;
}

namespace {

// The same model without its partition.
class Whole : public Model {
 public:
  explicit Whole(Model& model) : model_(model) {}
  State initial() override { return model_.initial(); }
  std::optional<State> step(State s, const Operation& op) override { return model_.step(s, op); }
  bool readonly(const Operation& op) const override { return model_.readonly(op); }
  bool sees_process() const override { return model_.sees_process(); }

 private:
  Model& model_;
};

}  // namespace

std::string test_partition(const History& history, Model& model, int samples) {
  Whole whole(model);
  uint64_t state = 0x6c6f636b73746570;
  auto below = [&](uint64_t n) { return n == 0 ? 0 : (state = scatter(state)) % n; };
  History part = history;
  for (int i = 0; i < samples; ++i) {
    // A window, small enough for the search of the whole, and some operations of it.
    const auto& all = history.operations();
    size_t begin = i == 0 ? 0 : below(all.size());
    std::vector<Operation> some;
    for (size_t k = begin; k < all.size() && some.size() < 24; ++k) {
      if (i == 0 || below(4) != 0) some.push_back(all[k]);
    }
    part.set_operations(std::move(some));
    Budget budget;
    budget.nodes_max = 100000;
    Result together = check_linearizable(part, whole, budget);
    Result apart = check_linearizable(part, model, budget);
    if (together.verdict == Verdict::unknown || apart.verdict == Verdict::unknown) continue;
    if (together.verdict != apart.verdict) {
      std::string text = "the declared partition is not sound: together ";
      text += together.verdict == Verdict::valid ? "valid" : "invalid";
      text += ", apart the opposite:";
      for (const Operation& op : part.operations()) text += "\n    " + part.describe(op);
      return text;
    }
  }
  return {};
}

std::string test_declarations(const History& history, Model& model, int samples) {
  uint64_t random = 0x6465636c61726564;
  auto below = [&](size_t n) { return static_cast<size_t>((random = scatter(random)) % n); };
  const auto& all = history.operations();
  if (all.empty()) return {};
  constexpr int kSteps = 12;
  for (int i = 0; i < samples; ++i) {
    Model::State state = model.initial();
    for (int k = 0; k < kSteps; ++k) {
      const Operation &a = all[below(all.size())], &b = all[below(all.size())];
      const auto after_a = model.step(state, a), after_b = model.step(state, b);
      if (model.readonly(a) && after_a && *after_a != state) {
        return fmt::format("declared readonly, but it leads from state {} to {}: {}",
                           model.describe(state), model.describe(*after_a), history.describe(a));
      }
      if (&a != &b && model.commutes(a, b)) {
        const auto ab = after_a ? model.step(*after_a, b) : std::nullopt;
        const auto ba = after_b ? model.step(*after_b, a) : std::nullopt;
        if (ab != ba) {
          const auto words = [&](const std::optional<Model::State>& s) {
            return s.has_value() ? model.describe(s.value()) : std::string("nothing");
          };
          return fmt::format(
              "declared to commute, but in state {} one order leads to {}, the other to {}: {}; {}",
              model.describe(state), words(ab), words(ba), history.describe(a),
              history.describe(b));
        }
      }
      state = after_a.value_or(state);
    }
  }
  return {};
}

}  // namespace lockstep::history
