// dpor executes each class once, in one part and in many, and reaches all outcomes.
#pragma once
#include <gtest/gtest.h>

#include <string>

#include "tests/vm/tree_search.h"

namespace lockstep {

inline void expect_each_class_once(const vm::Program& program, const vm::MachineOptions& machine,
                                   const Seen& naive) {
  const Seen dpor = all_of("dpor", program, "p", {}, machine, 60'000, -1, true);
  EXPECT_TRUE(dpor.complete);
  EXPECT_EQ(dpor.outcomes, naive.outcomes);
  EXPECT_EQ(dpor.fingerprints, naive.fingerprints);
  EXPECT_EQ(dpor.classes(), naive.fingerprints.size());
  // Parts do not wait for each other, so they may give up executions half-way.
  for (const uint64_t slice : {1, 2}) {
    const Seen parts = all_of_parts(program, "p", slice, machine);
    EXPECT_TRUE(parts.complete);
    EXPECT_EQ(parts.fingerprints, naive.fingerprints);
    EXPECT_EQ(parts.classes(), naive.fingerprints.size());
  }
}

inline void expect_each_class_once(const std::string& body,
                                   const vm::MachineOptions& machine = {}) {
  SCOPED_TRACE(body);
  const Seen naive = all_of("dfs", program_of(body), "p", {}, machine);
  ASSERT_TRUE(naive.complete);
  expect_each_class_once(program_of(body), machine, naive);
}

}  // namespace lockstep
