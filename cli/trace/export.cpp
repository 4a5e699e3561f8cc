#include "cli/trace/export.h"

#include <fmt/format.h>

#include <map>
#include <nlohmann/json.hpp>

#include "cli/terminal/words.h"

namespace lockstep::cli {
namespace {

using Json = nlohmann::ordered_json;

// Who has a lane: processes by number; what acts without being one is in the lane of its process.
std::map<uint32_t, std::string> lanes(const Trace& trace) {
  std::map<uint32_t, std::string> names;
  for (const Event& e : trace.events) {
    const bool own = e.kind == AltKind::step || e.kind == AltKind::data;
    if (own) names[e.process] = e.who;  // the latest one: a name may be registered late
  }
  for (const Event& e : trace.events) names.try_emplace(e.process, fmt::format("P{}", e.process));
  return names;
}

// What happens, but for who does it.
std::string happens(const Event& e) {
  const bool own = e.kind == AltKind::step || e.kind == AltKind::data;
  std::string s = own ? e.what : e.who + " " + e.what;
  if (!e.target.empty()) s += ' ' + e.target;
  if (!e.args.empty()) s += ' ' + e.args;
  if (!e.result.empty()) s += " = " + e.result;
  return one_line(s);
}

// The event of each step, the latest one.
std::map<uint32_t, uint32_t> by_step(const Trace& trace) {
  std::map<uint32_t, uint32_t> found;
  for (uint32_t i = 0; i < trace.events.size(); i++) found[trace.events[i].step] = i;
  return found;
}

// Sends of which a receive or an arrival took what was sent, in another lane.
struct Message {
  uint32_t from, to;  // indices of events
};
std::vector<Message> messages(const Trace& trace) {
  const auto at = by_step(trace);
  std::vector<Message> found;
  for (uint32_t i = 0; i < trace.events.size(); i++) {
    const Event& e = trace.events[i];
    for (const uint32_t cause : e.causes) {
      const auto it = at.find(cause);
      if (it == at.end() || it->second >= i) continue;
      if (trace.events[it->second].process != e.process) found.push_back({it->second, i});
    }
  }
  return found;
}

// An arrow in a sequence diagram; what was spawned or woken is a lane's own business.
bool arrives(const Event& e) { return e.op == OpKind::receive || e.op == OpKind::deliver; }

template <class Escape>
std::string escaped(const std::string& text, const Escape& escape) {
  std::string out;
  for (const char c : text) out += escape(c);
  return out;
}

// Mermaid takes '#' for an entity, ';' for the end of a line, and '<' for markup.
std::string mermaid(const std::string& text) {
  return escaped(text, [](char c) -> std::string {
    if (std::string_view("#;<>:\"%{}").find(c) == std::string_view::npos) return {c};
    return fmt::format("#{};", static_cast<int>(c));
  });
}

// PlantUML's markup (Creole, HTML, escapes), by code points.
std::string plantuml(const std::string& text) {
  return escaped(text, [](char c) -> std::string {
    if (std::string_view("<>*/_~-\"\\=|[]&#!%@").find(c) == std::string_view::npos) return {c};
    return fmt::format("<U+{:04X}>", static_cast<int>(c));
  });
}

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

std::string json_line(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string ending(const Trace& t) {
  return t.outcome.failed()
             ? one_line(fmt::format("{}: {}", verdict_name(t.outcome.verdict), t.outcome.reason))
             : std::string(verdict_name(t.outcome.verdict));
}

}  // namespace

std::string export_mermaid(const Trace& trace) {
  std::string out = "sequenceDiagram\n";
  for (const auto& [p, name] : lanes(trace))
    out += fmt::format("  participant P{} as {}\n", p, mermaid(one_line(name)));
  std::map<uint32_t, uint32_t> sent;  // event that takes -> event that sent
  for (const Message& m : messages(trace)) sent[m.to] = m.from;
  for (uint32_t i = 0; i < trace.events.size(); i++) {
    const Event& e = trace.events[i];
    const auto text = mermaid(fmt::format("{}. {}", e.step, happens(e)));
    if (const auto it = sent.find(i); it != sent.end() && arrives(e))
      out += fmt::format("  P{}-)P{}: {}\n", trace.events[it->second].process, e.process, text);
    else
      out += fmt::format("  Note over P{}: {}\n", e.process, text);
  }
  if (!trace.events.empty())
    out +=
        fmt::format("  Note over P{}: {}\n", trace.events.back().process, mermaid(ending(trace)));
  return out;
}

std::string export_plantuml(const Trace& trace) {
  std::string out = "@startuml\n";
  for (const auto& [p, name] : lanes(trace))
    out += fmt::format("participant \"{}\" as P{}\n", plantuml(one_line(name)), p);
  std::map<uint32_t, uint32_t> sent;
  for (const Message& m : messages(trace)) sent[m.to] = m.from;
  for (uint32_t i = 0; i < trace.events.size(); i++) {
    const Event& e = trace.events[i];
    const auto text = plantuml(fmt::format("{}. {}", e.step, happens(e)));
    if (const auto it = sent.find(i); it != sent.end() && arrives(e))
      out += fmt::format("P{} ->> P{} : {}\n", trace.events[it->second].process, e.process, text);
    else
      out += fmt::format("note over P{} : {}\n", e.process, text);
  }
  if (!trace.events.empty())
    out +=
        fmt::format("note over P{} : {}\n", trace.events.back().process, plantuml(ending(trace)));
  return out + "@enduml\n";
}

std::string export_shiviz(const Trace& trace) {
  const auto names = lanes(trace);
  const auto at = by_step(trace);
  // A host is one word.
  const auto host = [&](uint32_t p) {
    return escaped(one_line(names.at(p)), [](char c) {
      return std::string(1, c == ' ' || c == '"' || c == '{' ? '_' : c);
    });
  };
  std::map<uint32_t, std::map<uint32_t, uint32_t>> now;  // process -> its clock
  std::vector<std::map<uint32_t, uint32_t>> clocks(trace.events.size());
  std::string out;
  for (uint32_t i = 0; i < trace.events.size(); i++) {
    const Event& e = trace.events[i];
    auto& clock = now[e.process];
    for (const uint32_t cause : e.causes)
      if (const auto it = at.find(cause); it != at.end() && it->second < i)
        for (const auto& [p, n] : clocks[it->second]) clock[p] = std::max(clock[p], n);
    clock[e.process]++;
    clocks[i] = clock;
    Json json = Json::object();
    for (const auto& [p, n] : clock) json[host(p)] = n;
    out += fmt::format("{} {}\n{}. {}\n", host(e.process), json_line(json), e.step, happens(e));
  }
  return out;
}

std::string export_perfetto(const Trace& trace) {
  Json events = Json::array();
  for (const auto& [p, name] : lanes(trace))
    events.push_back({{"name", "thread_name"},
                      {"ph", "M"},
                      {"pid", 1},
                      {"tid", p},
                      {"args", {{"name", one_line(name)}}}});
  for (const Event& e : trace.events) {
    Json args{{"step", e.step}, {"site", e.site}};
    if (!e.change.empty()) args["change"] = e.change;
    events.push_back({{"name", happens(e)},
                      {"cat", op_name(e.op)},
                      {"ph", "X"},
                      {"ts", e.step},
                      {"dur", 1},
                      {"pid", 1},
                      {"tid", e.process},
                      {"args", std::move(args)}});
  }
  uint32_t id = 0;
  for (const Message& m : messages(trace)) {
    id++;
    for (const bool end : {false, true}) {
      const Event& e = trace.events[end ? m.to : m.from];
      Json flow{{"name", "message"}, {"cat", "message"}, {"ph", end ? "f" : "s"}, {"id", id},
                {"ts", e.step},      {"pid", 1},         {"tid", e.process}};
      if (end) flow["bp"] = "e";
      events.push_back(std::move(flow));
    }
  }
  return json_line({{"traceEvents", std::move(events)},
                    {"otherData", {{"scenario", trace.scenario}, {"outcome", ending(trace)}}}}) +
         "\n";
}

std::string export_dot(const Trace& trace) {
  std::string out = "digraph trace {\n  rankdir=TB;\n  node [shape=box, fontname=\"monospace\"];\n";
  for (const auto& [p, name] : lanes(trace)) {
    out += fmt::format("  subgraph cluster_{} {{\n    label={};\n", p, quoted(one_line(name)));
    for (uint32_t i = 0; i < trace.events.size(); i++)
      if (const Event& e = trace.events[i]; e.process == p)
        out += fmt::format("    e{} [label={}];\n", i,
                           quoted(fmt::format("{}. {}", e.step, happens(e))));
    out += "  }\n";
  }
  std::map<uint32_t, uint32_t> last;
  for (uint32_t i = 0; i < trace.events.size(); i++) {
    const uint32_t p = trace.events[i].process;
    if (const auto it = last.find(p); it != last.end())
      out += fmt::format("  e{} -> e{} [weight=10];\n", it->second, i);
    last[p] = i;
  }
  for (const Message& m : messages(trace))
    out += fmt::format("  e{} -> e{} [color=blue];\n", m.from, m.to);
  return out + "}\n";
}

std::string (*find_export(const std::string& format))(const Trace&) {
  static const std::map<std::string, std::string (*)(const Trace&)> kAll = {
      {"mermaid", export_mermaid},
      {"plantuml", export_plantuml},
      {"shiviz", export_shiviz},
      {"perfetto", export_perfetto},
      {"dot", export_dot}};
  const auto it = kAll.find(format);
  return it == kAll.end() ? nullptr : it->second;
}

}  // namespace lockstep::cli
