// Names for people: of pids, references, tables and histories inside terms.
#include <fmt/format.h>

#include "vm/machine/lookup.h"
#include "vm/machine/machine.h"
#include "vm/recording/recorder.h"
#include "vm/tables/shared_state_parts.h"

namespace lockstep::vm {

// Nothing that others change: asking is no operation.
std::string light_name(uint64_t v) {
  Machine* m = current_machine();
  const auto made = [&](const char* what, const Maker* by) {
    return by ? fmt::format("#{}<{}.{}>", what,
                            m->recorder().path(*m->world().processes[by->process]), by->nth)
              : fmt::format("#{}<>", what);
  };
  switch (light_class(v)) {
    case Light::pid: {
      Process* p = m ? find_process(m->world(), v) : nullptr;
      return p ? m->recorder().label(*p, false) : "a pid";
    }
    case Light::ref: {
      if (!m || light_index(v) >= m->world().processes.size) return "a reference";
      const Process& p = *m->world().processes[light_index(v)];
      // The inverse of the odd step gives back which reference of the process it is.
      const uint32_t n = (light_low(v) - static_cast<uint32_t>(p.key)) * 0x0e8b2f51u;
      const Maker by{p.index, n};
      return made("Ref", &by);
    }
    case Light::ets_table:
      return made("Tid", m ? ets_maker(*m, v) : nullptr);
    case Light::atomics:
      return made("Atomics", m ? atomics_maker(*m, v) : nullptr);
    case Light::marker:
      return v == kAny         ? "any"
             : v == kOneOf     ? "one_of"
             : v == kNullValue ? "null"
             : v == kFailed    ? "failed"
             : v == kUnknown   ? "unknown"
                               : "marker";
    case Light::history:
      return made("History", m && light_index(v) < m->world().histories.size
                                 ? &m->world().histories[light_index(v)]->maker
                                 : nullptr);
    default:
      return "light";
  }
}

// As light_name, with the label that a process has given itself and the name of a table. Reports
// only: these change.
std::string light_text(uint64_t v) {
  const Machine* m = current_machine();
  if (light_class(v) == Light::pid && m && find_process(m->world(), v))
    return m->recorder().label(*find_process(m->world(), v));
  if (light_class(v) == Light::ets_table && m) {
    const std::string name = ets_table_name(*m, v);
    if (!name.empty()) return "#Tid<" + name + ">";
  }
  return light_name(v);
}

}  // namespace lockstep::vm
