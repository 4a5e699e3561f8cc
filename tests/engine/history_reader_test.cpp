// The readers: which texts are the same value, which are no value, and where that is said. The
// tables follow the EDN specification (github.com/edn-format/edn) and, where it is silent, Clojure.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "engine/base/error.h"
#include "engine/history/check/check.h"
#include "engine/history/read/reader.h"

namespace lockstep::history {
namespace {

std::string problem(const std::string& text, Format format = Format::edn) {
  try {
    read_history(text, "h", format);
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), ExitCode::scenario);
    return e.what();
  }
  return "accepted";
}

std::string edn_event(const std::string& value) {
  return "{:process 0 :type :invoke :f :write :value " + value + "}";
}

// As values of one history.
bool same(const std::string& a, const std::string& b) {
  History history = read_history(edn_event("[" + a + "\n" + b + "]"), "h", Format::edn);
  auto items = history.values().items(history.operations()[0].argument);
  EXPECT_EQ(items.size(), 2u) << a << " " << b;
  return items[0] == items[1];
}

TEST(Edn, ReadsEqualValuesAsEqual) {
  const std::pair<const char*, const char*> pairs[] = {
      {"1", "+1"},
      {"0", "-0"},
      {"42", "42N"},
      {"0x1F", "31"},
      {"-0xff", "-255"},
      {"017", "15"},
      {"2r101", "5"},
      {"36rZZ", "1295"},
      {"0xffffffffffffffffff", "4722366482869645213695"},
      {"2/4", "1/2"},
      {"-3/6", "-1/2"},
      {"4/2", "2"},
      {"1.5", "15e-1"},
      {"100.0", "1E2"},
      {"0.0", "-0.0"},
      {"1.50M", "150e-2M"},
      {"\"a b\"", "\"a\\u0020b\""},
      {"\"\\u00e9\"", "\"\xc3\xa9\""},
      {"\"\\ud83d\\ude00\"", "\"\xf0\x9f\x98\x80\""},
      {"\"\\101\\t\"", "\"A\t\""},
      {"\\newline", "\\u000a"},
      {"\\a", "\\o141"},
      {"#{1 2 3}", "#{3, 1, 2}"},
      {"{:a 1 \"b\" 2}", "{\"b\" 2, :a 1}"},
      {"[1 2]", "(1, 2)"},
      {"[1 #_ 2 3]", "[1 3 #_4]"},
      {"[#_ #_ 1 2 3]", "[3]"},
      {"[1 ; one\n 2]", "[1 2]"},
      {"#inst \"1985-04-12T23:20:50.52Z\"", "#inst \"1985-04-13T00:20:50.520+01:00\""},
      {"#inst \"2020-02-29\"", "#inst \"2020-02-29T00:00:00.000-00:00\""},
      {"#inst \"1970-01-01T00:30:00+01:00\"", "#inst \"1969-12-31T23:30:00Z\""},
      {"#uuid \"F81D4FAE-7DEC-11D0-A765-00A0C91E6BF6\"",
       "#uuid \"f81d4fae-7dec-11d0-a765-00a0c91e6bf6\""},
      {"#my/tag [1 2]", "#my/tag  [1 2]"},
      {"#:ns{:a 1, b 2}", "{:ns/a 1, ns/b 2}"},
      {"#:a.b {:x/y 1, :_/z 2, \"s\" 3, 4 #:c{:d 5}}", "{:x/y 1, :z 2, \"s\" 3, 4 {:c/d 5}}"},
      {"#:ns{}", "{}"},
      {":a/b", ":a/b"},
      {"nil", "nil"},
  };
  for (auto [a, b] : pairs) EXPECT_TRUE(same(a, b)) << a << " and " << b;
}

TEST(Edn, KeepsDifferentValuesApart) {
  const std::pair<const char*, const char*> pairs[] = {
      {":a", "\"a\""},
      {":a", "a"},
      {"a", "\"a\""},
      {"\\a", "\"a\""},
      {":a/b", ":b"},
      {"1", "1.0"},
      {"1.0", "1.0M"},
      {"1.0M", "1.00M"},
      {"1", "\"1\""},
      {"1/2", "0.5"},
      {"1/2", "1/3"},
      {"#{1 2}", "[1 2]"},
      {"#{1 2}", "#{1 3}"},
      {"{1 2}", "{\"1\" 2}"},
      {"{:a 1}", "[:a 1]"},
      {"#my/tag 1", "1"},
      {"#:ns{:a 1}", "{:a 1}"},
      {"#my/tag 1", "#your/tag 1"},
      {"#inst \"2020-01-01\"", "\"2020-01-01\""},
      {"#inst \"2020-01-01T00:00:00.001Z\"", "#inst \"2020-01-01T00:00:00.000000001Z\""},
      {"nil", "false"},
      {"nil", ":nil"},
      {"##Inf", "##-Inf"},
  };
  for (auto [a, b] : pairs) EXPECT_FALSE(same(a, b)) << a << " and " << b;
}

TEST(Edn, RefusesWhatIsNotEdn) {
  const std::pair<const char*, const char*> cases[] = {
      {"1abc", "not a number: 1abc"},
      {"1/0", "not a number: 1/0 (divided by zero)"},
      {"1/2/3", "not a number: 1/2/3"},
      {"1/-2", "not a number: 1/-2"},
      {"089", "not a number: 089 (a leading 0 means base eight)"},
      {"0x", "not a number: 0x"},
      {"0xfg", "not a number: 0xfg"},
      {"37r1", "not a number: 37r1"},
      {"2r2", "not a number: 2r2"},
      {"1.2.3", "not a number: 1.2.3"},
      {"1e", "not a number: 1e"},
      {"1e999", "not a number: 1e999 (it does not fit a double)"},
      {"01.5", "not a number: 01.5"},
      {"1NN", "not a number: 1NN"},
      {"1.5N", "not a number: 1.5N"},
      {"-1-", "not a number: -1-"},
      {"##NaN", "##NaN equals nothing, not even itself: it cannot be compared"},
      {"##Nan", "unknown value ##Nan"},
      {":", "not a keyword: :"},
      {"::a", "not a keyword: ::a"},
      {":a/", "not a keyword: :a/"},
      {"a/b/c", "not a symbol: a/b/c"},
      {"a\\b", "not a symbol: a\\b"},
      {"\"\\x\"", "unknown escape in a string"},
      {"\"\\u12\"", "\\u needs four hexadecimal digits"},
      {"\"\\ud800\"", "half of a surrogate pair is no character"},
      {"\"\\ude00\\ud83d\"", "half of a surrogate pair is no character"},
      {"\"\\777\"", "an octal escape is at most \\377"},
      {"\\bell", "unknown character \\bell"},
      {"\\u12", "unknown character \\u12"},
      {"#{1 1}", "the element 1 is there twice"},
      {"{:a 1 :a 2}", "the key :a is there twice"},
      {"{:a}", "a map needs a value for each key"},
      {"^{:a 1} [1]", "metadata is no part of EDN"},
      {"@a", "expected a value, not @"},
      {"#\"a\"", "a regular expression is no part of EDN"},
      {"#(a)", "expected a tag, #{, #_, #: or ## after #"},
      {"#:ns[1]", "#:ns is of a map"},
      {"#:ns", "#:ns is of a map"},
      {"#:{:a 1}", "not a namespace: #:"},
      {"#:a/b{:c 1}", "not a namespace: a/b"},
      {"#::ns{:a 1}", "#:: names a namespace of the program that wrote it: it is no part of EDN"},
      {"#:ns{:a 1, :ns/a 2}", "the key :ns/a is there twice"},
      {"#tag", "#tag has no value"},
      {"#inst 1", "#inst is of a string"},
      {"#inst \"2021-02-29\"", "#inst \"2021-02-29\": there is no such time"},
      {"#inst \"yesterday\"", "#inst \"yesterday\": not a time as RFC 3339 writes it"},
      {"#uuid \"1\"", "#uuid \"1\": not a UUID (8-4-4-4-12 hexadecimal digits)"},
      {"[1 2)", "mismatched bracket"},
      {"[1 #_]", "#_ discards the next element, and none follows"},
  };
  for (auto [text, what] : cases) {
    std::string said = problem(edn_event(text));
    EXPECT_TRUE(said.starts_with("h:1:") && said.ends_with(std::string(": ") + what))
        << text << "\n  said: " << said;
  }
  EXPECT_EQ(problem("\n {:process 0 :type :invoke\n  :f :write :value 1/x}"),
            "h:3:20: not a number: 1/x");
}

// Discarded elements nest by recursion, as brackets do.
TEST(Edn, BoundsTheDepth) {
  std::string discards, opens;
  for (int i = 0; i < 200000; ++i) discards += "#_", opens += "[";
  EXPECT_NE(problem(edn_event(discards)).find("nested too deeply"), std::string::npos);
  EXPECT_NE(problem(edn_event(opens)).find("nested too deeply"), std::string::npos);
}

TEST(Edn, EventsSayWhatIsWrong) {
  const std::pair<const char*, const char*> cases[] = {
      {"{:process 0 :type :invoke :f :write :vaule 1}",
       "h:1:37: unknown field \"vaule\": did you mean \"value\"? (--ignore-field passes over it)"},
      {"{:process 0 :type :invoke :f :read :f :read}", "h:1:36: the field :f is there twice"},
      {"{:process 0 :type :invoke :f}", "h:1:27: the field :f has no value"},
      {"{\"process\" 0}", "h:1:2: the fields of an operation are keywords"},
      {"{:process \"a\" :type :invoke :f :read}",
       "h:1:11: :process must be an integer >= 0, or a keyword"},
      {"{:process 0 :type :done :f :read}",
       "h:1:19: unknown :type done (:invoke, :ok, :fail or :info)"},
      {"{:process 0 :f :read}", "h:1:1: the operation has no :type"},
      {"{:process 0 :type :invoke}", "h:1:1: the operation has no :f"},
      {"[{:process 0 :type :invoke :f :read}", "h:1:1: the history is not closed"},
      {"[{:process 0 :type :invoke :f :read}] []", "h:1:39: more text after the history"},
      {"42", "h:1:1: expected an operation: a map"},
      {"#foo{:process 0 :type :invoke :f :read}", "h:1:1: expected an operation: a map"},
      {"", "h: the file is empty: no history"},
      {"[]", "h: holds no event of a client"},
      {"[{:process :nemesis :type :info :f :start}]", "h: holds no event of a client"},
  };
  for (auto [text, what] : cases) EXPECT_EQ(problem(text), what);
}

// Jepsen adds fields of every sort to its operations, and prints them as records.
TEST(Edn, ReadsRecordsAndPassesOverWhatJepsenAdds) {
  History history = read_history(
      "#jepsen.history.Op{:index 0, :time 12, :type :invoke, :process 0, :f :read, :value nil}\n"
      "#knossos.op.Op{:index 1 :type :ok :process 0 :f :read :value 3 :clock-offsets {\"n1\" "
      "##NaN}\n"
      "  :exception #object[java.lang.Foo 0x1f \"Foo@1f\"] :final-read? true}\n",
      "h");
  ASSERT_EQ(history.operations().size(), 1u);
  EXPECT_EQ(history.values().to_json(history.operations()[0].result), "3");
}

// Elle's paper-example: no process, no :f.
TEST(Edn, ReadsTransactionsWithoutProcess) {
  History history = read_history(
      "{:index 0 :type :invoke  :value [[:append 253 1] [:r 255 nil]]}\n"
      "{:index 1 :type :invoke, :value [[:append 255 8]]}\n"
      "{:index 2 :type :ok      :value [[:append 253 1] [:r 255 [8]]]}\n"
      "{:index 3 :type :ok,     :value [[:append 255 8]]}\n",
      "h");
  ASSERT_EQ(history.operations().size(), 2u);
  EXPECT_EQ(history.operations()[0].call, 0);
  EXPECT_EQ(history.operations()[0].ret, 2);
  EXPECT_NE(history.operations()[0].process, history.operations()[1].process);
  ASSERT_EQ(infer_model(history), ModelId::list_append);
  EXPECT_EQ(check(history, ModelId::list_append, Consistency::linearizable).verdict,
            Verdict::valid);
  EXPECT_EQ(problem("{:type :invoke :value [[:r 1 nil]]}\n{:type :invoke :value [[:r 1 nil]]}\n"
                    "{:type :ok :value [[:r 1 nil]]}"),
            "h:3:1: is this the end of line 1 or of line 2? Give them a :process");
  EXPECT_EQ(problem("{:type :invoke :value [[:r 1 nil]]}\n{:type :ok :value [[:w 1 1]]}"),
            "h:2:1: a completion without an invocation");
}

// The example of Elle's README: x is [1 2], so the first appended before the second, but read from
// it: G1c. Nothing says which began first.
TEST(Edn, ReadsCompletionsAlone) {
  const char* text =
      "[{:type :ok, :value [[:append :x 1] [:r :y [1]]]}\n"
      " {:type :ok, :value [[:append :x 2] [:append :y 1]]}\n"
      " {:type :ok, :value [[:r :x [1 2]]]}]\n";
  History history = read_history(text, "h");
  ASSERT_EQ(history.operations().size(), 3u);
  Result result = check(history, ModelId::list_append, Consistency::serializable);
  EXPECT_EQ(result.verdict, Verdict::invalid);
  EXPECT_NE(result.why.find("G1c"), std::string::npos) << result.why;
  // With processes their own order counts: the second of process 0 must see the first.
  auto verdict = [](int reader) {
    History h = read_history(fmt::format("{{:process 0 :type :ok :value [[:append :x 1]]}}\n"
                                         "{{:process {} :type :ok :value [[:r :x []]]}}\n",
                                         reader),
                             "h");
    return check(h, ModelId::list_append, Consistency::strict_serializable).verdict;
  };
  EXPECT_EQ(verdict(0), Verdict::invalid);
  EXPECT_EQ(verdict(1), Verdict::valid);
  EXPECT_EQ(problem("{:type :ok :value [[:r 1 nil]]}\n{:type :invoke :value [[:r 1 nil]]}"),
            "h:2:1: an invocation, though the operations before it have none");
}

TEST(Reader, TextIsUtf8) {
  auto event = [](const std::string& value) {
    return "{\"process\":0,\"type\":\"invoke\",\"f\":\"write\",\"value\":\"" + value + "\"}\n";
  };
  const std::pair<const char*, bool> cases[] = {
      {"\xc3\xa9", true},      {"\xf0\x9f\x98\x80", true},
      {"\xff", false},         {"\xc3", false},
      {"\xc0\x80", false},     {"\xe0\x80\x80", false},
      {"\xed\xa0\x80", false}, {"\xf4\x90\x80\x80", false},
      {"\x80", false},         {"12345678\xc3(90", false},
      {"\xef\xbf\xbf", true},
  };
  for (auto [bytes, good] : cases) {
    std::string said = problem(event("") + event(bytes), Format::jsonl);
    if (good) {
      EXPECT_NE(said.find("while its"), std::string::npos) << said;  // the next complaint
    } else {
      EXPECT_TRUE(said.starts_with("h:2:5") && said.ends_with("is not UTF-8 here")) << said;
    }
  }
  EXPECT_EQ(problem(std::string("\xff\xfe{\0", 4)), "h:1:1: UTF-16: a history is UTF-8 text");
}

// Strings of a scenario may be any bytes; the file of its history is text, and keeps them apart.
TEST(Reader, WhatIsWrittenIsUtf8) {
  EXPECT_EQ(as_utf8("a\xc3\xa9"), "a\xc3\xa9");
  EXPECT_EQ(as_utf8("\xff\xc3"), "\xf4\x8f\xbf\xbf\xf4\x8f\xbf\x83");
  EXPECT_NE(as_utf8("x\x80y"), as_utf8("x\x81y"));
}

TEST(Reader, AByteOrderMarkIsNoText) {
  const std::string mark = "\xef\xbb\xbf";
  for (const char* text : {"{\"process\":0,\"type\":\"invoke\",\"f\":\"read\"}",
                           "{:process 0 :type :invoke :f :read}"}) {
    EXPECT_EQ(read_history(mark + text, "h").operations().size(), 1u) << text;
    EXPECT_EQ(read_history(text, "h").operations().size(), 1u) << text;
  }
  EXPECT_EQ(problem(mark, Format::jsonl), "h: the file is empty: no history");
  EXPECT_EQ(problem(mark + "{:process 0}"), problem("{:process 0}"));
  EXPECT_EQ(problem(mark + "{\"process\":0}", Format::jsonl),
            problem("{\"process\":0}", Format::jsonl));
  std::string line = "{\"process\":0,\"type\":\"invoke\",\"f\":\"x\"}";
  EXPECT_EQ(find_column(mark + line, 1, "f"), find_column(line, 1, "f"));
}

TEST(Jsonl, FieldsAreThoseOfTheFormat) {
  const std::pair<const char*, const char*> cases[] = {
      {"{\"index\":0,\"process\":0,\"type\":\"invoke\",\"f\":\"write\",\"vaule\":1}",
       "h:1:52: unknown field \"vaule\": did you mean \"value\"? (--ignore-field passes over it)"},
      {"{\"process\":0,\"type\":\"invoke\",\"f\":\"read\",\"colour\":1}",
       "h:1:41: unknown field \"colour\" (--ignore-field passes over it)"},
      {"{\"process\":0,\"type\":\"invoke\",\"f\":\"read\",\"f\":\"write\"}",
       "h:1:41: the field \"f\" is there twice"},
      {"{\"index\":0,\"process\":0,\"type\":\"invoke\",\"f\":\"read\"}\n"
       "{\"process\":0,\"type\":\"ok\",\"f\":\"read\"}",
       "h:2:1: the event has no index, those before it have one"},
      {"{\"process\":0,\"type\":\"invoke\",\"f\":\"read\"}\n"
       "{\"index\":1,\"process\":0,\"type\":\"ok\",\"f\":\"read\"}",
       "h:2:1: the event has an index, those before it have none"},
      {"{\"process\":0,\"type\":\"invoke\",\"f\":\"write\",\"value\":\"\\udc00\"}",
       "h:1:51: half of a surrogate pair is no character"},
      {"{\"process\":0,\"type\":\"invoke\",\"f\":\"write\",\"value\":\"\\ud800\\u0041\"}",
       "h:1:51: half of a surrogate pair is no character"},
      {"", "h: the file is empty: no history"},
      {"\n \n", "h: holds no event of a client"},
  };
  for (auto [text, what] : cases) EXPECT_EQ(problem(text, Format::jsonl), what);
  // What others record besides is passed over, and what the caller names.
  const char* more =
      "{\"process\":0,\"type\":\"invoke\",\"f\":\"read\",\"time\":1,\"error\":[\"x\"]}";
  EXPECT_EQ(read_history(more, "h").operations().size(), 1u);
  ReadOptions options;
  options.ignored = {"colour"};
  EXPECT_EQ(read_history(cases[1].first, "h", options).operations().size(), 1u);
}

TEST(Jsonl, OursSaysThatItIsWhole) {
  History history;
  ValueTable& values = history.values();
  Value write = values.string("write");
  for (int i = 0; i < 6; ++i) {
    EventType type = i % 2 == 0 ? EventType::invoke : EventType::ok;
    EXPECT_EQ(history.add({0, type, write, kAbsent, values.integer(i / 2), 0}), "");
  }
  history.finish();
  std::string text = write_jsonl(history);
  EXPECT_EQ(read_history(text, "h").operations().size(), 3u);
  for (size_t at = text.find('\n'); at + 1 < text.size(); at = text.find('\n', at + 1)) {
    std::string said = problem(text.substr(0, at + 1), Format::jsonl);
    EXPECT_NE(said.find("the file is cut: its first event says that there are 6 events"),
              std::string::npos)
        << said;
  }
}

// A set of EDN is what a read of a set may return.
TEST(Edn, SetsAreReadsOfASet) {
  auto verdict = [](const char* seen) {
    History h = read_history(fmt::format("{{:process 0 :type :invoke :f :add :value 1}}\n"
                                         "{{:process 0 :type :ok :f :add :value 1}}\n"
                                         "{{:process 0 :type :invoke :f :read :value nil}}\n"
                                         "{{:process 0 :type :ok :f :read :value {}}}\n",
                                         seen),
                             "h");
    return check(h, ModelId::set, Consistency::linearizable).verdict;
  };
  EXPECT_EQ(verdict("#{1}"), Verdict::valid);
  EXPECT_EQ(verdict("#{}"), Verdict::invalid);
  EXPECT_EQ(verdict("[1]"), Verdict::valid);
}

}  // namespace
}  // namespace lockstep::history
