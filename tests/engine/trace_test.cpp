// Traces on disk: what is written is what is read, and nothing else is ever read.
#include "engine/trace/trace.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>
#include <vector>

#include "engine/base/digest.h"
#include "engine/base/error.h"
#include "engine/base/prng.h"
#include "engine/trace/trace_container.h"
#include "tests/engine/sample_trace.h"

namespace lockstep {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using testing::sample_trace;
using ::testing::StartsWith;

const fs::path kGolden = fs::path(LOCKSTEP_SOURCE_DIR) / "traces/golden";

std::string slurp(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

// The message of the Error, which must be of exit code 6 and name the file; empty if there was
// none.
std::string refusal(const std::string& bytes) {
  try {
    decode_trace(bytes, "some/file.lockstep");
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), ExitCode::trace);
    EXPECT_THAT(e.what(), StartsWith("some/file.lockstep: "));
    return e.what();
  }
  return "";
}

class TraceFolder : public ::testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/lockstep_trace_XXXXXX";
    folder_ = ::mkdtemp(name);
  }
  void TearDown() override {
    fs::permissions(folder_, fs::perms::owner_all);
    fs::remove_all(folder_);
  }
  std::string path(const char* name = "a.lockstep") const { return (folder_ / name).string(); }
  fs::path folder_;
};

TEST(Trace, WhatIsWrittenIsRead) {
  const Trace t = sample_trace();
  const std::string bytes = encode_trace(t);
  const Trace back = decode_trace(bytes, "x");
  EXPECT_EQ(encode_trace(back), bytes);
  EXPECT_EQ(back.files.at(0).text, t.files[0].text);
  EXPECT_EQ(back.options, t.options);
  EXPECT_EQ(back.seed, t.seed);
  EXPECT_EQ(back.outcome.signature(), t.outcome.signature());
  EXPECT_EQ(back.decisions, t.decisions);
  EXPECT_EQ(back.labels, t.labels);
  EXPECT_EQ(back.digests, t.digests);
  EXPECT_EQ(back.keys, t.keys);
  EXPECT_EQ(back.keyed, t.keyed);
  ASSERT_EQ(back.events.size(), 2u);
  EXPECT_EQ(back.events[1].change, "counter.n: 0 -> 1");
  EXPECT_EQ(back.events[1].footprint.size(), 2u);
  EXPECT_EQ(back.events[1].causes, std::vector<uint32_t>{1});
}

TEST(Trace, AnEmptyOneToo) {
  EXPECT_EQ(encode_trace(decode_trace(encode_trace({}), "x")), encode_trace({}));
}

TEST(Trace, EqualTracesHaveEqualBytes) {
  EXPECT_EQ(encode_trace(sample_trace()), encode_trace(sample_trace()));
}

// The promise of compatibility: every version that was ever written is read, and means what it
// meant.
TEST(Trace, GoldenFilesOfEveryVersionAreRead) {
  const fs::path newest = kGolden / "v3/sample.lockstep";
  if (std::getenv("LOCKSTEP_WRITE_GOLDEN")) write_trace(sample_trace(), newest);
  for (const uint32_t version : {1, 2, 3}) {
    const Trace read = read_trace(kGolden / fmt::format("v{}/sample.lockstep", version));
    EXPECT_EQ(read.format, version);
    EXPECT_EQ(encode_trace(read), encode_trace(sample_trace()));
  }
  int read = 0;
  for (const auto& entry : fs::recursive_directory_iterator(kGolden)) {
    if (entry.path().extension() != ".lockstep") continue;
    EXPECT_NO_THROW(read_trace(entry.path())) << entry.path();
    read++;
  }
  EXPECT_GE(read, 2);
}

TEST(Trace, TheFormatHasNotChangedUnderItsVersion) {
  EXPECT_EQ(slurp(kGolden / "v3/sample.lockstep"), encode_trace(sample_trace()))
      << "the bytes written have changed: raise kTraceVersion or the class's version, see "
         "traces/README.md";
}

TEST(Trace, CutAnywhereIsSaidToBeCutThere) {
  const std::string bytes = slurp(kGolden / "v3/sample.lockstep");
  ASSERT_GT(bytes.size(), 500u);
  EXPECT_THAT(refusal(""), HasSubstr("empty"));
  for (size_t n = 1; n < bytes.size(); n++)
    EXPECT_THAT(refusal(bytes.substr(0, n)), HasSubstr("cut short at byte " + std::to_string(n)))
        << n;
}

TEST(Trace, AnyByteChangedToAnythingIsNoticed) {
  const std::string good = slurp(kGolden / "v3/sample.lockstep");
  for (size_t i = 0; i < good.size(); i++) {
    std::string bytes = good;
    for (int flip = 1; flip < 256; flip++) {
      bytes[i] = static_cast<char>(good[i] ^ flip);
      EXPECT_NE(refusal(bytes), "") << "byte " << i << " xor " << flip;
    }
  }
}

TEST(Trace, SaysWhatIsWrong) {
  const std::string good = encode_trace(sample_trace());
  EXPECT_THAT(refusal("local lockstep = require 'lockstep'"), HasSubstr("not a lockstep trace"));
  EXPECT_THAT(refusal(good + "x"), HasSubstr("1 bytes follow its end"));
  std::string bytes = good;
  bytes[8] = 7;
  EXPECT_THAT(refusal(bytes), HasSubstr("format version 7 is newer than this tool's 3"));
  EXPECT_THAT(refusal(bytes.substr(0, 13)), HasSubstr("version 7 is newer"));
  bytes[8] = 0;
  EXPECT_THAT(refusal(bytes), HasSubstr("changed"));
  bytes = good;
  bytes[18] = 1;
  EXPECT_THAT(refusal(bytes), HasSubstr("more than any trace has"));
  bytes = good;
  bytes.back() ^= 1;
  EXPECT_THAT(refusal(bytes), HasSubstr("checksum mismatch"));
  EXPECT_THAT(refusal(std::string("LOCKSTEP\0\x83t\0\0\0\x09", 15)), HasSubstr("Elixir"));
}

// Behind a checksum that fits: what a bug or malice could write. A refusal or a trace, never a
// crash or a great deal of memory (the sanitizer build watches).
TEST(Trace, APayloadCutOrChangedUnderAGoodChecksumIsRefusedOrRead) {
  const std::string payload = encode_trace(sample_trace()).substr(kTraceHeader);
  for (size_t n = 0; n < payload.size(); n++)
    EXPECT_NE(refusal(seal_trace(payload.substr(0, n))), "") << n;
  EXPECT_NE(refusal(seal_trace(payload + "x")), "");
  for (size_t i = 0; i < payload.size(); i++) {
    std::string changed = payload;
    for (const int flip : {1, 2, 0x40, 0x80, 0xff}) {
      changed[i] = static_cast<char>(payload[i] ^ flip);
      refusal(seal_trace(changed));
    }
  }
  Prng prng(1);
  for (int i = 0; i < 2000; i++) {
    std::string changed = payload;
    for (int k = 0; k < 8; k++)
      changed[prng.below(changed.size())] = static_cast<char>(prng.next());
    refusal(seal_trace(changed));
  }
}

TEST(Trace, CountsAreBoundedByTheBytesLeft) {
  // The first count in the payload is the length of tool_version, after the endianness flag and the
  // class's version.
  std::string payload = encode_trace(sample_trace()).substr(kTraceHeader);
  for (int i = 0; i < 8; i++) payload[5 + i] = '\x7f';
  EXPECT_THAT(refusal(seal_trace(payload)), HasSubstr("bytes left"));
}

TEST(Trace, ListsThatDoNotFitTogetherAreRefused) {
  Trace t = sample_trace();
  t.labels.pop_back();
  EXPECT_THAT(refusal(encode_trace(t)), HasSubstr("3 decisions, but 2 entries"));
}

TEST(Trace, AnOperationOfANewerToolIsRefused) {
  Trace t = sample_trace();
  t.events[0].op = OpKind::kCount;
  EXPECT_THAT(refusal(encode_trace(t)), HasSubstr("does not know"));
}

TEST(Trace, LongOnesAreQuick) {
  Trace t = sample_trace();
  for (int i = 0; i < 5000; i++) t.events.push_back(t.events[1]);
  const std::string bytes = encode_trace(t);
  EXPECT_LT(bytes.size(), 2'000'000u);
  EXPECT_EQ(decode_trace(bytes, "x").events.size(), 5002u);
}

TEST_F(TraceFolder, FilesRoundTripAndLeaveNothingElse) {
  write_trace(sample_trace(), path());
  write_trace(sample_trace(), path());  // over an older one
  EXPECT_EQ(encode_trace(read_trace(path())), encode_trace(sample_trace()));
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), {}), 1);
}

TEST_F(TraceFolder, AFullDiskLeavesTheOldFileAndNothingHalfWritten) {
  Trace old = sample_trace();
  old.times = 99;
  write_trace(old, path());
  // A bound on the size of files is met as the end of the disk is, but in its reason.
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto ignore = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{100, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  std::string refusal;
  try {
    write_trace(sample_trace(), path());
  } catch (const Error& e) {
    refusal = e.what();
    EXPECT_EQ(e.code(), ExitCode::trace);
  }
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, ignore);
  EXPECT_THAT(refusal, HasSubstr(path()));
  EXPECT_THAT(refusal, HasSubstr("File too large"));
  EXPECT_EQ(read_trace(path()).times, 99u);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), {}), 1);
  try {
    write_trace(sample_trace(), "/dev/full");
    FAIL() << "wrote to a full disk";
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), ExitCode::trace);
    EXPECT_THAT(e.what(), HasSubstr("/dev/full: No space left on device"));
  }
}

TEST_F(TraceFolder, WritersOfOneNameDoNotMeet) {
  std::vector<std::thread> writers;
  std::atomic<int> refused = 0;
  for (int w = 0; w < 4; w++)
    writers.emplace_back([&] {
      for (int i = 0; i < 50; i++) try {
          write_trace(sample_trace(), path());
        } catch (const Error&) {
          refused++;
        }
    });
  for (auto& writer : writers) writer.join();
  EXPECT_EQ(refused, 0);
  EXPECT_EQ(encode_trace(read_trace(path())), encode_trace(sample_trace()));
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), {}), 1);
}

TEST_F(TraceFolder, WhatSomebodyPutInTheWayIsNotWrittenThrough) {
  std::ofstream(path("other")) << "precious";
  fs::create_symlink("other", path() + ".partial");
  fs::create_hard_link(path("other"), path() + ".lock");
  write_trace(sample_trace(), path());
  EXPECT_EQ(fs::file_size(path("other")), 8u);
  EXPECT_EQ(encode_trace(read_trace(path())), encode_trace(sample_trace()));
}

TEST_F(TraceFolder, LinksAreFollowed) {
  fs::create_symlink("a.lockstep", path("link"));
  write_trace(sample_trace(), path());
  write_trace(sample_trace(), path("link"));
  EXPECT_TRUE(fs::is_symlink(path("link")));
  EXPECT_EQ(encode_trace(read_trace(path())), encode_trace(sample_trace()));
}

TEST_F(TraceFolder, APipeIsWrittenToWhereSomebodyReadsIt) {
  ASSERT_EQ(::mkfifo(path("pipe").c_str(), 0600), 0);
  EXPECT_THROW(write_trace(sample_trace(), path("pipe")), Error) << "waits for ever else";
  const int reader = ::open(path("pipe").c_str(), O_RDWR);
  ASSERT_GE(reader, 0);
  write_trace(sample_trace(), path("pipe"));
  EXPECT_TRUE(fs::is_fifo(path("pipe"))) << "a file where a device was ends what writes to it";
  std::string back(encode_trace(sample_trace()).size(), ' ');
  EXPECT_EQ(::read(reader, back.data(), back.size()), static_cast<ssize_t>(back.size()));
  EXPECT_EQ(back, encode_trace(sample_trace()));
  ::close(reader);
}

TEST_F(TraceFolder, AFolderThatIsNotThereOrNotAFolderIsNamed) {
  for (const char* name : {"no/such/a.lockstep", "/dev/null/a.lockstep"}) {
    try {
      write_trace(sample_trace(), name[0] == '/' ? name : path(name));
      FAIL() << name;
    } catch (const Error& e) {
      EXPECT_THAT(e.what(), HasSubstr(name));
      EXPECT_FALSE(e.hint().empty());
    }
  }
}

TEST_F(TraceFolder, AnUnwritableFolderIsNamed) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may write anywhere";
  fs::permissions(folder_, fs::perms::owner_read | fs::perms::owner_exec);
  EXPECT_THROW(write_trace(sample_trace(), path()), Error);
}

TEST_F(TraceFolder, UnreadableFilesAreNamed) {
  for (const std::string& name : {path("missing"), folder_.string()}) {
    try {
      read_trace(name);
      FAIL() << name;
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), ExitCode::trace);
      EXPECT_THAT(e.what(), HasSubstr(name));
    }
  }
}

TEST_F(TraceFolder, WhatIsNoFileIsNotRead) {
  ASSERT_EQ(::mkfifo(path("pipe").c_str(), 0600), 0);
  for (const std::string& name : {path("pipe"), std::string("/dev/zero"), folder_.string()}) {
    try {
      read_trace(name);
      FAIL() << name;
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), ExitCode::trace);
      EXPECT_THAT(e.what(), HasSubstr(", not a file"));
    }
  }
}

TEST_F(TraceFolder, AHeaderThatAnnouncesMoreThanTheFileHoldsAllocatesOnlyWhatIsThere) {
  std::string bytes = encode_trace(sample_trace());
  bytes[15] = 0x3f;  // about a gigabyte
  std::ofstream(path(), std::ios::binary) << bytes;
  EXPECT_THROW(read_trace(path()), Error);
}

}  // namespace
}  // namespace lockstep
