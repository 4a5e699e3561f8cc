#include "engine/base/utf8.h"

#include <gtest/gtest.h>

#include <string>

namespace lockstep {
namespace {

TEST(Utf8, WhatSteersATerminalBecomesAQuestionMark) {
  EXPECT_EQ(harmless("a\x1b[2Jb"), "a?[2Jb");
  EXPECT_EQ(harmless("one\ttwo\nthree\r"), "one\ttwo\nthree?");
  EXPECT_EQ(harmless(std::string("nul\0!", 5)), "nul?!");
  EXPECT_EQ(harmless("\xc2\x9b"
                     "31m"),
            "?31m");  // CSI in one character
  EXPECT_EQ(harmless("a\xe2\x80\xae"
                     "b"),
            "a?b");  // RIGHT-TO-LEFT OVERRIDE
  EXPECT_EQ(harmless("a\xe2\x81\xa6"
                     "b"),
            "a?b");  // LEFT-TO-RIGHT ISOLATE
  EXPECT_EQ(harmless("a\xd8\x9c"
                     "b"),
            "a?b");  // ARABIC LETTER MARK
  EXPECT_EQ(harmless("a\xe2\x80\xa8"
                     "b"),
            "a?b");  // LINE SEPARATOR
}

// Unicode 15, DerivedCoreProperties.txt: Default_Ignorable_Code_Point.
TEST(Utf8, WhatIsNotSeenIsSeen) {
  EXPECT_EQ(harmless("a\u200bb\u200cc\u200dd\ufeffe\u2060f\u00adg\u034fh\ufe0fi\U000e0041j"),
            "a?b?c?d?e?f?g?h?i?j");
}

// RFC 8259, section 7: a pair of surrogates for what is beyond U+FFFF.
TEST(Utf8, JsonKeepsItsMeaning) {
  EXPECT_EQ(harmless_json("{\"\u202ea\u009b\":\"\x7f\U000e0041\u00fc\"}"),
            R"({"\u202ea\u009b":"\u007f\udb40\udc41ü"})");
  EXPECT_EQ(harmless_json("[\"\xff\"]"), R"(["\ufffd"])");
}

TEST(Utf8, LettersOfAllLengthsStay) {
  const std::string text = "z\xc3\xbc \xe2\x82\xac \xf0\x9f\x90\x9f";
  EXPECT_EQ(harmless(text), text);
  EXPECT_EQ(not_utf8(text), std::string::npos);
}

// Unicode 15, table 3-7: what is not well-formed, each byte for itself.
TEST(Utf8, BytesThatAreNoneAreReplacedOneByOne) {
  EXPECT_EQ(harmless("a\xff"
                     "b"),
            "a?b");
  EXPECT_EQ(harmless("\xc0\xaf"), "??");            // overlong
  EXPECT_EQ(harmless("\xed\xa0\x80"), "???");       // a surrogate
  EXPECT_EQ(harmless("\xf4\x90\x80\x80"), "????");  // beyond U+10FFFF
  EXPECT_EQ(harmless("ends \xe2\x82"), "ends ??");  // cut
  EXPECT_EQ(not_utf8("ends \xe2\x82"), 5u);
}

}  // namespace
}  // namespace lockstep
