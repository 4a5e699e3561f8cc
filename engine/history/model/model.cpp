#include "engine/history/model/model.h"

#include <fmt/format.h>

#include <array>

namespace lockstep::history {
namespace {

constexpr std::array<std::string_view, kModelCount> kNames = {
    "register", "cas-register", "multi-register", "kv",    "queue",        "stack",
    "set",      "counter",      "lock",           "mutex", "txn-register", "list-append"};

struct Name {
  std::string_view f;
  Code code;
};

// The names that a model knows, in its documentation's order.
std::vector<Name> names_of(ModelId model) {
  switch (model) {
    case ModelId::register_:
      return {{"read", Code::read}, {"write", Code::write}};
    case ModelId::cas_register:
    case ModelId::multi_register:
      return {{"read", Code::read}, {"write", Code::write}, {"cas", Code::cas}};
    case ModelId::kv:
      return {{"get", Code::read},
              {"put", Code::write},
              {"append", Code::append},
              {"delete", Code::erase},
              {"cas", Code::cas}};
    case ModelId::queue:
      return {{"enqueue", Code::insert}, {"dequeue", Code::take}, {"peek", Code::peek}};
    case ModelId::stack:
      return {{"push", Code::insert}, {"pop", Code::take}, {"peek", Code::peek}};
    case ModelId::set:
      return {{"add", Code::add},
              {"remove", Code::remove},
              {"contains", Code::contains},
              {"read", Code::read_all}};
    case ModelId::counter:
      return {{"read", Code::read_counter},
              {"add", Code::add_counter},
              {"inc", Code::step_counter},
              {"dec", Code::step_counter}};
    case ModelId::lock:
    case ModelId::mutex:
      return {{"acquire", Code::acquire},
              {"try_acquire", Code::try_acquire},
              {"release", Code::release}};
    default:
      return {};
  }
}

class Decoder {
 public:
  Decoder(const History& history, ModelId model)
      : history_(history), values_(history.values()), model_(model), names_(names_of(model)) {}

  std::vector<Op> decode() {
    std::vector<Op> ops;
    ops.reserve(history_.operations().size());
    for (const Operation& operation : history_.operations()) {
      ops.push_back(decode(operation, static_cast<int32_t>(ops.size())));
    }
    return ops;
  }

 private:
  using Kind = ValueTable::Kind;

  [[noreturn]] void fail(const Operation& op, bool at_result, const char* field,
                         const std::string& what) {
    throw ModelError(at_result ? op.ret_line : op.call_line, field,
                     fmt::format("model {}: {}", model_name(model_), what));
  }

  Code code_of(const Operation& op) {
    size_t at = static_cast<size_t>(op.f);
    if (at < codes_.size() && codes_[at] >= 0) return static_cast<Code>(codes_[at]);
    std::string_view f = values_.as_string(op.f);
    for (const Name& name : names_) {
      if (name.f != f) continue;
      if (at >= codes_.size()) codes_.resize(at + 1, -1);
      codes_[at] = static_cast<int8_t>(name.code);
      if (f == "dec") dec_ = op.f;
      return name.code;
    }
    std::string known;
    for (const Name& name : names_) known += (known.empty() ? "" : ", ") + std::string(name.f);
    fail(op, false, "f", fmt::format("unknown operation \"{}\" (known: {})", f, known));
  }

  void want(bool good, const Operation& op, bool at_result, const char* what) {
    if (good) return;
    Value value = at_result ? op.result : op.argument;
    fail(op, at_result, "value",
         fmt::format("{} {}, not {}", values_.as_string(op.f), what, values_.to_json(value)));
  }

  Op decode(const Operation& in, int32_t id) {
    Op op{id,     in.call,     in.ret, in.process, code_of(in), in.ok(),
          in.key, in.argument, kNull,  in.result,  0,           0};
    if (is_keyed(model_) != (in.key != kAbsent)) {
      fail(in, false, in.key == kAbsent ? "f" : "key",
           in.key == kAbsent ? fmt::format("{} without a key", values_.as_string(in.f))
                             : "operations have no key");
    }
    bool string_values = model_ == ModelId::kv;
    auto text = [&](Value v) { return values_.kind(v) == Kind::string; };
    auto text_or_null = [&](Value v) { return v == kNull || text(v); };
    switch (op.code) {
      case Code::read:
        if (string_values && in.ok())
          want(text_or_null(op.r), in, true, "returns a string or null");
        break;
      case Code::write:
      case Code::append:
        if (string_values) want(text(op.a), in, false, "takes a string");
        break;
      case Code::cas: {
        bool pair = values_.kind(op.a) == Kind::array && values_.items(op.a).size() == 2;
        want(pair, in, false, "takes [from, to]");
        Value both = op.a;
        op.a = values_.items(both)[0];
        op.b = values_.items(both)[1];
        if (string_values) {
          want(text_or_null(op.a) && text_or_null(op.b), in, false, "takes strings or null");
        }
        if (in.ok()) want(op.r == kTrue || op.r == kFalse, in, true, "returns true or false");
        break;
      }
      case Code::insert:
        want(op.a != kNull, in, false, "takes a value");
        break;
      case Code::add:
      case Code::remove:
      case Code::contains:
        op.key = op.a;
        break;
      case Code::read_all:
        if (in.ok()) {
          want(values_.kind(op.r) == Kind::array || values_.kind(op.r) == Kind::set, in, true,
               "returns an array or a set");
        }
        break;
      case Code::read_counter:
        if (in.ok()) {
          want(values_.kind(op.r) == Kind::integer, in, true, "returns an integer");
          op.m = values_.as_integer(op.r);
        }
        break;
      case Code::add_counter:
        want(values_.kind(op.a) == Kind::integer, in, false, "takes an integer");
        op.n = values_.as_integer(op.a);
        op.r = kNull;
        break;
      case Code::step_counter:
        op.n = in.f == dec_ ? -1 : 1;
        if (in.ok() && op.r != kNull) {
          want(values_.kind(op.r) == Kind::integer, in, true, "returns an integer or null");
          op.m = values_.as_integer(op.r);
        }
        break;
      case Code::try_acquire:
        if (in.ok()) want(op.r == kTrue || op.r == kFalse, in, true, "returns true or false");
        break;
      default:
        break;
    }
    return op;
  }

  const History& history_;
  const ValueTable& values_;
  ModelId model_;
  std::vector<Name> names_;
  std::vector<int8_t> codes_;  // by the id of f
  Value dec_ = kAbsent;
};

}  // namespace

std::string_view model_name(ModelId id) { return kNames[static_cast<size_t>(id)]; }

std::optional<ModelId> find_model(std::string_view name) {
  for (size_t i = 0; i < kNames.size(); ++i) {
    if (kNames[i] == name) return static_cast<ModelId>(i);
  }
  return std::nullopt;
}

bool is_keyed(ModelId id) { return id == ModelId::multi_register || id == ModelId::kv; }
bool is_transactional(ModelId id) {
  return id == ModelId::txn_register || id == ModelId::list_append;
}

std::optional<ModelId> infer_model(const History& history) {
  const ValueTable& values = history.values();
  std::vector<std::string_view> seen;
  bool keyed = false, append = false;
  for (const Operation& op : history.operations()) {
    std::string_view f = values.as_string(op.f);
    bool known = false;
    for (std::string_view s : seen) known |= s == f;
    if (!known) seen.push_back(f);
    keyed |= op.key != kAbsent;
    if (f == "txn" && values.kind(op.argument) == ValueTable::Kind::array) {
      for (Value micro : values.items(op.argument)) {
        if (values.kind(micro) != ValueTable::Kind::array || values.items(micro).empty()) continue;
        append |= values.as_name(values.items(micro)[0]) == "append";
      }
    }
  }
  if (seen.size() == 1 && seen[0] == "txn") {
    return append ? ModelId::list_append : ModelId::txn_register;
  }
  std::optional<ModelId> found;
  for (ModelId model : {ModelId::cas_register, ModelId::multi_register, ModelId::kv, ModelId::queue,
                        ModelId::stack, ModelId::set, ModelId::counter, ModelId::lock}) {
    if (is_keyed(model) != keyed) continue;
    bool all = !seen.empty();
    for (std::string_view f : seen) {
      bool has = false;
      for (const Name& name : names_of(model)) has |= name.f == f;
      all &= has;
    }
    if (!all) continue;
    if (found) return std::nullopt;
    found = model;
  }
  return found;
}

std::vector<Op> decode(const History& history, ModelId model) {
  return Decoder(history, model).decode();
}

}  // namespace lockstep::history
