// Traces for other tools: each format of one small trace, written by hand from the format's own
// page.
#include "cli/trace/export.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace lockstep::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Event event(uint32_t step, uint32_t process, const char* who, OpKind op, const char* what,
            const char* target) {
  Event e;
  e.step = step, e.actor = process, e.process = process, e.op = op;
  e.who = who, e.what = what, e.target = target;
  return e;
}

// P0 sends to P1, which takes it and ends.
Trace small(const std::string& payload = "hi") {
  Trace t;
  t.scenario = "small";
  t.events = {event(1, 0, "P0(root)", OpKind::send, "send", "P1(w)"),
              event(2, 1, "P1(w)", OpKind::receive, "recv", "P0(root)"),
              event(3, 1, "P1(w)", OpKind::exit, "exit", "")};
  t.events[0].args = payload;
  t.events[1].result = payload;
  t.events[1].causes = {1};
  return t;
}

TEST(Export, Mermaid) {
  EXPECT_EQ(export_mermaid(small()),
            "sequenceDiagram\n"
            "  participant P0 as P0(root)\n"
            "  participant P1 as P1(w)\n"
            "  Note over P0: 1. send P1(w) hi\n"
            "  P0-)P1: 2. recv P0(root) = hi\n"
            "  Note over P1: 3. exit\n"
            "  Note over P1: passed\n");
}

TEST(Export, PlantUml) {
  EXPECT_EQ(export_plantuml(small()),
            "@startuml\n"
            "participant \"P0(root)\" as P0\n"
            "participant \"P1(w)\" as P1\n"
            "note over P0 : 1. send P1(w) hi\n"
            "P0 ->> P1 : 2. recv P0(root) <U+003D> hi\n"
            "note over P1 : 3. exit\n"
            "note over P1 : passed\n"
            "@enduml\n");
}

// A receive knows of what its sender had done.
TEST(Export, ShiVizHasVectorClocks) {
  EXPECT_EQ(export_shiviz(small()),
            "P0(root) {\"P0(root)\":1}\n1. send P1(w) hi\n"
            "P1(w) {\"P0(root)\":1,\"P1(w)\":1}\n2. recv P0(root) = hi\n"
            "P1(w) {\"P0(root)\":1,\"P1(w)\":2}\n3. exit\n");
}

TEST(Export, PerfettoIsJsonWithAFlowForTheMessage) {
  const auto json = nlohmann::json::parse(export_perfetto(small()));
  const auto& events = json["traceEvents"];
  ASSERT_EQ(events.size(), 2u + 3u + 2u);  // names, slices, the two ends of the arrow
  EXPECT_EQ(events[0]["args"]["name"], "P0(root)");
  EXPECT_EQ(events[3]["ph"], "X");
  EXPECT_EQ(events[3]["ts"], 2);
  EXPECT_EQ(events[5]["ph"], "s");
  EXPECT_EQ(events[5]["tid"], 0);
  EXPECT_EQ(events[6]["ph"], "f");
  EXPECT_EQ(events[6]["tid"], 1);
  EXPECT_EQ(events[5]["id"], events[6]["id"]);
}

TEST(Export, Dot) {
  EXPECT_EQ(export_dot(small()),
            "digraph trace {\n"
            "  rankdir=TB;\n"
            "  node [shape=box, fontname=\"monospace\"];\n"
            "  subgraph cluster_0 {\n"
            "    label=\"P0(root)\";\n"
            "    e0 [label=\"1. send P1(w) hi\"];\n"
            "  }\n"
            "  subgraph cluster_1 {\n"
            "    label=\"P1(w)\";\n"
            "    e1 [label=\"2. recv P0(root) = hi\"];\n"
            "    e2 [label=\"3. exit\"];\n"
            "  }\n"
            "  e1 -> e2 [weight=10];\n"
            "  e0 -> e1 [color=blue];\n"
            "}\n");
}

TEST(Export, NoValueBreaksOut) {
  const Trace t = small("\"];}\n@enduml\n%%{init}%% <script>;#\\");
  EXPECT_THAT(export_mermaid(t), Not(HasSubstr("<script>")));
  EXPECT_THAT(export_mermaid(t), Not(HasSubstr("%%")));
  EXPECT_THAT(export_plantuml(t), Not(HasSubstr("\n@enduml\n%")));
  EXPECT_THAT(export_dot(t), HasSubstr("\\\"];}"));
  EXPECT_FALSE(nlohmann::json::parse(export_perfetto(t)).is_discarded());
}

TEST(Export, OfNothingIsStillADocument) {
  const Trace none;
  EXPECT_EQ(export_mermaid(none), "sequenceDiagram\n");
  EXPECT_EQ(export_plantuml(none), "@startuml\n@enduml\n");
  EXPECT_EQ(export_shiviz(none), "");
  EXPECT_TRUE(nlohmann::json::parse(export_perfetto(none))["traceEvents"].empty());
  EXPECT_THAT(export_dot(none), HasSubstr("digraph"));
}

TEST(Export, IsFoundByName) {
  EXPECT_NE(find_export("mermaid"), nullptr);
  EXPECT_EQ(find_export("text"), nullptr);
}

}  // namespace
}  // namespace lockstep::cli
