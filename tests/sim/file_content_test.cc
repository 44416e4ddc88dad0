// What a power cut and a failed sync do to the bytes of one file: every fate is met, and nothing
// that was synced is touched.
#include "sim/file_content.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

#include "sim/bytes_of.h"

namespace doorbuster::simulation {
namespace {

constexpr int kSeeds = 400;

std::string text_of(const FileContent& content) {
  std::string text(content.size(), '?');
  EXPECT_EQ(content.read(0, std::as_writable_bytes(std::span(text))), text.size());
  return text;
}

std::string sectors(std::size_t count, char content) {
  return std::string(count * kSectorBytes, content);
}

FileContent synced(const std::string& text) {
  FileContent content;
  content.write(0, bytes_of(text));
  content.sync();
  return content;
}

// Eight old sectors, of which numbers 2..5 were written anew.
FileContent half_written() {
  FileContent content = synced(sectors(8, 'o'));
  content.write(2 * kSectorBytes, bytes_of(sectors(4, 'n')));
  return content;
}

// One letter a sector: o(ld), n(ew), t(orn), g(arbage).
std::string fates(const std::string& text) {
  std::string result;
  for (std::size_t at = 0; at < text.size(); at += kSectorBytes) {
    const std::string one = text.substr(at, kSectorBytes);
    const auto is = [&](char c) { return one.find_first_not_of(c) == std::string::npos; };
    const bool torn = one.find_first_not_of("on") == std::string::npos;
    result += is('o') ? 'o' : is('n') ? 'n' : torn ? 't' : 'g';
  }
  return result;
}

TEST(FileContent, SyncedBytesOutliveEveryCrash) {
  for (int seed = 0; seed < kSeeds; ++seed) {
    Random random(seed);
    FileContent content = half_written();
    content.sync();
    content.crash(random, CrashOdds());
    ASSERT_EQ(fates(text_of(content)), "oonnnnoo");
  }
}

TEST(FileContent, EachUnsyncedSectorIsKeptDroppedTornOrGarbageAlone) {
  std::array<std::set<char>, 8> met;
  for (int seed = 0; seed < kSeeds; ++seed) {
    Random random(seed);
    FileContent content = half_written();
    content.crash(random, CrashOdds());
    const std::string now = fates(text_of(content));
    for (std::size_t i = 0; i < now.size(); ++i) met.at(i).insert(now[i]);
  }
  for (const std::size_t untouched : {0, 1, 6, 7}) EXPECT_EQ(met.at(untouched), std::set{'o'});
  for (const std::size_t written : {2, 3, 4, 5}) {
    EXPECT_EQ(met.at(written), (std::set{'o', 'n', 't', 'g'})) << written;
  }
}

TEST(FileContent, ALongWriteMeetsEveryPattern) {
  std::set<std::string> met;
  for (int seed = 0; seed < kSeeds; ++seed) {
    Random random(seed);
    FileContent content = synced(sectors(16, 'o'));
    content.write(0, bytes_of(sectors(16, 'n')));
    content.crash(random, CrashOdds());
    met.insert(fates(text_of(content)));
  }
  for (const char* pattern :
       {"nnnnnnnnnnnnnnnn", "oooooooooooooooo", "nnnnnnnnnnnnnnno", "nnnnnnnooooooooo",
        "onnnnnnnnnnnnnnn", "nnnnnnnonnnnnnnn", "oooooooooooooono"}) {
    EXPECT_TRUE(met.contains(pattern)) << pattern;
  }
}

TEST(FileContent, OddsOfOneAndNoneAreKept) {
  for (int seed = 0; seed < 50; ++seed) {
    Random random(seed);
    CrashOdds all{.sector_kept = 1, .sector_torn = 0, .sector_garbage = 0, .pattern = 0};
    FileContent content = half_written();
    content.crash(random, all);
    ASSERT_EQ(fates(text_of(content)), "oonnnnoo");
    content.write(0, bytes_of(sectors(1, 'n')));
    content.crash(random, {.sector_kept = 0, .sector_torn = 0, .sector_garbage = 0, .pattern = 0});
    ASSERT_EQ(fates(text_of(content)), "oonnnnoo");
  }
}

TEST(FileContent, AnUnsyncedSizeIsNewOldOrBetween) {
  std::set<std::uint64_t> sizes;
  for (int seed = 0; seed < kSeeds; ++seed) {
    Random random(seed);
    FileContent content = synced(sectors(2, 'o'));
    content.write(2 * kSectorBytes, bytes_of(sectors(2, 'n')));
    content.crash(random, CrashOdds());
    sizes.insert(content.size());
    ASSERT_EQ(fates(text_of(content).substr(0, 2 * kSectorBytes)), "oo");
  }
  EXPECT_EQ(*sizes.begin(), 2 * kSectorBytes);
  EXPECT_EQ(*sizes.rbegin(), 4 * kSectorBytes);
  EXPECT_GT(sizes.size(), 10U);
}

TEST(FileContent, AKeptSizeMayHoldZerosWhereItsBytesWereDropped) {
  bool seen = false;
  for (int seed = 0; seed < kSeeds; ++seed) {
    Random random(seed);
    FileContent content;
    content.write(0, bytes_of(sectors(1, 'n')));
    content.crash(random, CrashOdds());
    seen = seen || text_of(content) == sectors(1, '\0');
  }
  EXPECT_TRUE(seen);
}

TEST(FileContent, ASectorRewrittenWithTheSameBytesIsAtRiskAgain) {
  bool spoiled = false;
  for (int seed = 0; seed < kSeeds; ++seed) {
    Random random(seed);
    FileContent content = synced(sectors(1, 'o'));
    content.write(0, bytes_of("oo"));
    content.crash(random, CrashOdds());
    spoiled = spoiled || fates(text_of(content)) == "g";
  }
  EXPECT_TRUE(spoiled);
}

TEST(FileContent, WhatAFailedSyncLostIsReadButNeverMadeDurable) {
  bool lost = false;
  bool reached_the_disk = false;
  for (int seed = 0; seed < kSeeds; ++seed) {
    Random random(seed);
    FileContent content = half_written();
    content.lose_pending(random);
    ASSERT_EQ(fates(text_of(content)), "oonnnnoo") << "the page cache still has it";
    content.sync();
    ASSERT_EQ(fates(text_of(content)), "oonnnnoo");
    content.crash(random, {.sector_kept = 1, .sector_torn = 0, .sector_garbage = 0, .pattern = 0});
    const std::string now = fates(text_of(content)).substr(2, 4);
    lost = lost || now.find('o') != std::string::npos;
    reached_the_disk = reached_the_disk || now.find('n') != std::string::npos;
  }
  EXPECT_TRUE(lost);
  EXPECT_TRUE(reached_the_disk);
}

TEST(FileContent, WrittenAgainAfterAFailedSyncItCanBeMadeDurable) {
  for (int seed = 0; seed < kSeeds; ++seed) {
    Random random(seed);
    FileContent content = half_written();
    content.lose_pending(random);
    content.write(2 * kSectorBytes, bytes_of(sectors(4, 'n')));
    content.sync();
    content.crash(random, CrashOdds());
    ASSERT_EQ(fates(text_of(content)), "oonnnnoo");
  }
}

TEST(FileContent, TheSameSeedGivesTheSameBytes) {
  for (int seed = 0; seed < 50; ++seed) {
    FileContent content = half_written();
    FileContent other = half_written();
    Random random(seed);
    Random same(seed);
    content.crash(random, CrashOdds());
    other.crash(same, CrashOdds());
    ASSERT_EQ(text_of(content), text_of(other));
  }
}

TEST(FileContent, ACopyIsAFileOfItsOwn) {
  FileContent content = half_written();
  FileContent copy = content;
  content.sync();
  ASSERT_TRUE(content.flip_bit(0, 0));
  Random random(1);
  copy.crash(random, {.sector_kept = 0, .sector_torn = 0, .sector_garbage = 0, .pattern = 0});
  EXPECT_EQ(fates(text_of(copy)), "oooooooo");
  EXPECT_EQ(text_of(content)[0], 'o' ^ 1);
}

TEST(FileContent, ABitFlipsOnTheDiskAndInWhatIsPending) {
  FileContent content = half_written();
  ASSERT_TRUE(content.flip_bit(2 * kSectorBytes + 3, 7));
  EXPECT_EQ(text_of(content)[2 * kSectorBytes + 3], static_cast<char>('n' ^ 0x80));
  EXPECT_EQ(content.on_disk()[2 * kSectorBytes + 3], static_cast<std::byte>('o' ^ 0x80));
  EXPECT_FALSE(content.flip_bit(8 * kSectorBytes, 0));
}

TEST(FileContent, ATruncatedFileGrowsBackWithZeros) {
  FileContent content = half_written();
  ASSERT_TRUE(content.truncate(2 * kSectorBytes + 10));
  EXPECT_FALSE(content.truncate(3 * kSectorBytes));
  content.write(3 * kSectorBytes, bytes_of("x"));
  EXPECT_EQ(text_of(content),
            sectors(2, 'o') + std::string(10, 'n') + std::string(kSectorBytes - 10, '\0') + "x");
}

}  // namespace
}  // namespace doorbuster::simulation
