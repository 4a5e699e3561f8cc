// What an object may do, one operation after the other: the built-in models, and the interface that
// models defined elsewhere (in Lua) implement.
#pragma once
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "engine/history/model/history.h"

namespace lockstep::history {

enum class ModelId : uint8_t {
  register_,
  cas_register,
  multi_register,
  kv,
  queue,
  stack,
  set,
  counter,
  lock,
  mutex,
  txn_register,
  list_append,
};
inline constexpr int kModelCount = 12;
std::string_view model_name(ModelId id);
std::optional<ModelId> find_model(std::string_view name);
bool is_keyed(ModelId id);          // operations carry a key, keys are independent
bool is_transactional(ModelId id);  // checked by transactional levels only

// Guesses the model from the operations' names; nothing if more than one would do.
std::optional<ModelId> infer_model(const History& history);

// The operations of all built-in models but the transactional ones, decoded once.
enum class Code : uint8_t {
  read,
  write,
  cas,  // registers, kv (read = get, write = put)
  append,
  erase,  // kv
  insert,
  take,
  peek,  // queue, stack
  add,
  remove,
  contains,
  read_all,  // set
  read_counter,
  add_counter,
  step_counter,  // counter; step: inc and dec
  acquire,
  try_acquire,
  release,  // lock, mutex
};

// It only looks, whatever it is told.
constexpr bool is_read(Code code) {
  return code == Code::read || code == Code::peek || code == Code::contains ||
         code == Code::read_all || code == Code::read_counter;
}

struct Op {
  int32_t id;    // index into History::operations()
  int32_t call;  // position of the invocation
  int32_t ret;   // position of the completion, kNever if indeterminate
  int32_t process;
  Code code;
  bool ok;    // has a result
  Value key;  // partition: the key, or the element of a set, or kAbsent
  Value a;    // argument; `from` of a cas
  Value b;    // `to` of a cas
  Value r;    // result
  int64_t n;  // counter: the amount
  int64_t m;  // counter: the result, if r is not kNull
};

// An operation that the model does not know. `field` is the part of the event that is wrong.
struct ModelError : std::runtime_error {
  ModelError(int line, std::string field, const std::string& what)
      : std::runtime_error(what), line(line), field(std::move(field)) {}
  int line;
  std::string field;
};

// Decodes all operations, in their order; throws ModelError.
std::vector<Op> decode(const History& history, ModelId model);

// A model defined by the user. States are opaque handles: two handles are equal iff the states are,
// so an implementation interns its states.
class Model {
 public:
  using State = int64_t;
  virtual ~Model() = default;
  virtual State initial() = 0;
  // The state after `operation` in `state`; nothing if it is not possible there. An indeterminate
  // operation (!operation.ok()) takes effect as far as the state allows, whatever its result.
  virtual std::optional<State> step(State state, const Operation& operation) = 0;

  // What the model declares, which makes the search faster. All must hold in every state:
  // never changes the state
  virtual bool readonly(const Operation&) const { return false; }
  // a then b is possible iff b then a is, and both lead to the same state
  virtual bool commutes(const Operation&, const Operation&) const { return false; }
  virtual bool declares_commuting() const { return false; }  // whether that is ever true
  // operations with different partitions do not influence each other; kAbsent: touches them all
  virtual Value partition(const Operation&) const { return kAbsent; }
  // whether step looks at who does it; if not, equal operations of different processes are
  // interchangeable
  virtual bool sees_process() const { return true; }
  virtual std::string describe(State) const { return {}; }
  // Why `operation` is not possible in `state`, in the model's own words; may be empty.
  virtual std::string why(State, const Operation&) { return {}; }
};

}  // namespace lockstep::history
