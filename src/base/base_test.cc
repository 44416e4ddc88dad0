// The vocabulary: checksums and hashes against published vectors, times against RFC 3339's
// examples.
#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "base/crc32c.h"
#include "base/fixed_text.h"
#include "base/json_text.h"
#include "base/pen.h"
#include "base/siphash.h"
#include "base/time.h"
#include "base/worker.h"

namespace doorbuster {
namespace {

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

TEST(Crc32c, MatchesTheVectorsOfRfc3720) {
  EXPECT_EQ(crc32c(bytes_of("123456789")), 0xe3069283U);
  EXPECT_EQ(crc32c(bytes_of(std::string(32, '\0'))), 0x8a9136aaU);
  EXPECT_EQ(crc32c(bytes_of(std::string(32, '\xff'))), 0x62a8ab43U);
}

TEST(Crc32c, InstructionAndTableAgreeOnEveryLengthAndSplit) {
  std::mt19937 random(1);
  std::string text;
  for (int length = 0; length < 200; ++length) {
    EXPECT_EQ(crc32c(bytes_of(text)), crc32c_by_table(bytes_of(text)));
    const auto half = text.size() / 3;
    const auto whole = bytes_of(text);
    EXPECT_EQ(crc32c(whole.subspan(half), crc32c(whole.first(half))), crc32c(whole));
    text.push_back(static_cast<char>(random()));
  }
}

TEST(SipHash, MatchesTheVectorsOfItsPaper) {
  const HashKey key{0x0706050403020100, 0x0f0e0d0c0b0a0908};
  std::string text;
  for (char c = 0; c < 15; ++c) text.push_back(c);
  EXPECT_EQ(siphash24(key, text), 0xa129ca6149be45e5U);
  EXPECT_EQ(siphash24(key, ""), 0x726fdb47dd0e0e31U);
}

TEST(SipHash, DependsOnKeyLengthAndEveryByte) {
  const HashKey key{1, 2};
  const std::string text = "a-buyer-of-some-length";
  const auto hash = siphash13(key, text);
  EXPECT_NE(hash, siphash13(HashKey{1, 3}, text));
  EXPECT_NE(hash, siphash13(key, text + std::string(1, '\0')));
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string other = text;
    other[i] ^= 1;
    EXPECT_NE(hash, siphash13(key, other)) << i;
  }
}

TEST(Rfc3339, PrintsMillisecondsInUtc) {
  EXPECT_EQ(to_rfc3339(Time{}), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(to_rfc3339(Time(std::chrono::milliseconds(1794398400123))), "2026-11-11T12:00:00.123Z");
}

// A thread keeps the seconds it has printed, some at the same place.
TEST(Rfc3339, PrintsEachTimeAsIfItWereTheFirst) {
  using std::chrono::milliseconds;
  using std::chrono::seconds;
  const Time base = *parse_rfc3339("2026-11-11T12:00:00.123Z");
  for (int round = 0; round < 3; ++round) {
    EXPECT_EQ(to_rfc3339(base), "2026-11-11T12:00:00.123Z");
    EXPECT_EQ(to_rfc3339(base + seconds(31)), "2026-11-11T12:00:31.123Z");
    EXPECT_EQ(to_rfc3339(base + milliseconds(876)), "2026-11-11T12:00:00.999Z");
    EXPECT_EQ(to_rfc3339(base + milliseconds(877)), "2026-11-11T12:00:01.000Z");
    EXPECT_EQ(to_rfc3339(Time(milliseconds(-1))), "1969-12-31T23:59:59.999Z");
    EXPECT_EQ(to_rfc3339(Time(seconds(-31))), "1969-12-31T23:59:29.000Z");
    EXPECT_EQ(to_rfc3339(Time{}), "1970-01-01T00:00:00.000Z");
  }
}

TEST(Rfc3339, ReadsTheExamplesOfTheStandard) {
  const auto time = [](std::string_view text) {
    const auto parsed = parse_rfc3339(text);
    return parsed ? to_rfc3339(*parsed) : std::string("refused");
  };
  EXPECT_EQ(time("1985-04-12T23:20:50.52Z"), "1985-04-12T23:20:50.520Z");
  EXPECT_EQ(time("1996-12-19T16:39:57-08:00"), "1996-12-20T00:39:57.000Z");
  EXPECT_EQ(time("1990-12-31T23:59:60Z"), "1991-01-01T00:00:00.000Z");
  EXPECT_EQ(time("2026-11-11t20:00:00.123999+08:00"), "2026-11-11T12:00:00.123Z");
}

TEST(Rfc3339, RefusesWhatIsNotExactlyATime) {
  for (const char* text :
       {"", "2026-11-11", "2026-11-11T12:00:00", "2026-11-11T12:00Z", "2026-13-01T00:00:00Z",
        "2026-02-29T00:00:00Z", "2026-11-11T24:00:00Z", "2026-11-11T12:60:00Z",
        "2026-11-11T12:00:00.Z", "2026-11-11T12:00:00Zx", "2026-11-11T12:00:00+8:00",
        "2026-11-11T12:00:00+24:00", "1969-12-31T23:59:59Z", "9999-12-31T23:59:59Z",
        "+026-11-11T12:00:00Z", "2026-11-11T12:00:00.1 Z", "now"}) {
    EXPECT_FALSE(parse_rfc3339(text)) << text;
  }
}

TEST(FixedText, HoldsUpToItsCapacity) {
  FixedText<4> text("abcd");
  FixedText<4> copy = text;
  text.assign("");
  EXPECT_EQ(copy.view(), "abcd");
  EXPECT_TRUE(text.empty());
  EXPECT_FALSE(FixedText<4>::fits("abcde"));
}

TEST(ThreadWorker, RunsEveryJobInOrderBeforeItEnds) {
  std::vector<int> done;
  {
    ThreadWorker worker("test");
    for (int i = 0; i < 100; ++i) worker.run([&done, i] { done.push_back(i); });
  }
  ASSERT_EQ(done.size(), 100U);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(done[static_cast<std::size_t>(i)], i);
}

TEST(Pen, WritesBehindWhatIsThereAndLeavesNothingOfItsRoom) {
  std::string out = "before:";
  {
    Pen pen(out, 100);
    pen.put("literal ").put(std::string_view("view")).put(' ').number(0).put(',').number(~0ULL);
    std::memcpy(pen.take(3), "xyz", 3);
    pen.put(std::string_view());
  }
  EXPECT_EQ(out, "before:literal view 0,18446744073709551615xyz");
  { const Pen unused(out, 50); }
  EXPECT_EQ(out.size(), std::string("before:literal view 0,18446744073709551615xyz").size());
}

TEST(Pen, JsonIsWhatIsAppended) {
  for (const std::string_view text : {"", "plain", "a \"quoted\" \\ one", "\n\t\x01", "\xc3\xa9"}) {
    std::string appended;
    append_json_string(appended, text);
    std::string put;
    {
      Pen pen(put, most_of_json_string(text));
      put_json_string(pen, text);
    }
    EXPECT_EQ(put, appended);
  }
  for (const Time time : {Time(), kNever, Time(std::chrono::milliseconds(1'795'000'000'123))}) {
    std::string appended;
    append_json_time(appended, time);
    std::string put;
    {
      Pen pen(put, kRfc3339Bytes + 2);
      put_json_time(pen, time);
    }
    EXPECT_EQ(put, appended);
  }
}

TEST(PenDeath, MoreThanWasSaid) {
  std::string out;
  EXPECT_DEATH(Pen(out, 3).put("four"), "bytes");
  EXPECT_DEATH(Pen(out, 3).number(1234), "errc");
}

}  // namespace
}  // namespace doorbuster
