// A trace in the formats of other tools: pure functions, a line or an element for each event, lanes
// for processes, arrows for messages. What a format gives a meaning of its own is escaped, so that
// no name or value of a scenario says anything but itself.
#pragma once
#include <string>

#include "engine/trace/trace.h"

namespace lockstep::cli {

std::string export_mermaid(const Trace& trace);   // sequenceDiagram
std::string export_plantuml(const Trace& trace);  // sequence diagram
std::string export_shiviz(const Trace& trace);    // "HOST {clock}\nEVENT", GoVector's form
std::string export_perfetto(const Trace& trace);  // Trace Event Format; a step is a microsecond
std::string export_dot(const Trace& trace);       // Graphviz: program order, causes

// Null if there is no format of that name.
std::string (*find_export(const std::string& format))(const Trace&);

}  // namespace lockstep::cli
