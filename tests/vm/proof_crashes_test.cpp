// Crashes wait for nothing and may come last: one execution of each class all the same. The classes
// are those of all executions (tests/vm/each_class.h).
#include <gtest/gtest.h>

#include <string>

#include "tests/vm/each_class.h"

namespace lockstep {
namespace {

const std::string kSee =
    "local root, p1, p2 = lockstep.self()\n"
    "local function see(who, what)\n"
    "  lockstep.cover(who .. ' ' .. tostring(lockstep.is_pid(what) and 'pid' or what))\nend\n";

std::string with_crashes(const std::string& first, const std::string& second, int crashes,
                         const std::string& then = "") {
  return kSee + "p1 = lockstep.spawn(function()\n" + first +
         "end)\np2 = lockstep.spawn(function()\n" + second +
         "end)\ncluster.faults({ crash = { p1, p2 }, crashes = " + std::to_string(crashes) +
         " })\n" + then;
}

// The second crash follows what only the first one leads to, and nothing follows it but a step that
// was tried as the last one.
TEST(ProofCrashes, ASecondCrashComesBeforeWhatWasLast) {
  expect_each_class_once(with_crashes("  see(1, lockstep.recv(0))\n",
                                      "  see(2, lockstep.alive(p1))\n  see(2, lockstep.recv())\n",
                                      2));
}

TEST(ProofCrashes, AClassThatDiffersInATimerIsNotTakenForAnother) {
  expect_each_class_once("lockstep.flag('trap_exit', true)\n" +
                         with_crashes("  lockstep.send_after(root, 'word', 5)\n",
                                      "  see(2, lockstep.recv())\n", 1,
                                      "lockstep.send_after(root, 'word', 0)\n"));
}

TEST(ProofCrashes, AnExitSignalAndACrashOfItsReceiver) {
  expect_each_class_once(with_crashes("  lockstep.send(p1, 'word')\n  lockstep.yield()\n",
                                      "  lockstep.send(p1, 'word')\n  lockstep.exit(p1, 'b')\n"
                                      "  see(2, lockstep.recv())\n",
                                      1));
}

// In parts, a branch that was given away comes last in executions that are made later.
TEST(ProofCrashes, PartsDoNotWaitForEachOther) {
  expect_each_class_once(with_crashes("  see(1, lockstep.now())\n",
                                      "  see(2, lockstep.alive(root))\n  see(2, lockstep.recv())\n",
                                      2, "lockstep.send_after(p1, 'word', 0)\n"));
}

}  // namespace
}  // namespace lockstep
