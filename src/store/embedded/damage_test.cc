// Damage: every bit of a small store flipped, and many other things done to a larger one. Whatever
// it is, it is found and named, or it changes nothing (S14); and what repair makes of it is a whole
// store that has lost no more than it says.
//
// DOORBUSTER_DAMAGES: how many random damages of the larger store; DOORBUSTER_EVERY_BIT=1: also
// every bit of the bytes between groups, which nothing reads. docs/testing.md has the last figures.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <iostream>
#include <map>

#include "sale/invariants.h"
#include "sim/simulated_engine.h"
#include "store/embedded/backup.h"
#include "store/embedded/repair.h"
#include "store/embedded/restore.h"
#include "store/embedded/verify.h"
#include "store/embedded/whole_store_test.h"

namespace doorbuster::embedded {
namespace {

using simulation::below;
using simulation::chance;

// What a store says when all is well, and what it says after something was done to it.
class Judge {
 public:
  explicit Judge(SimulatedFileSystem& files) : files_(files) {
    const auto report = verify_directory(files, "data");
    EXPECT_TRUE(report.ok()) << report.error().message;
    if (report.ok()) truth_ = *report;
    const StoreIdentity identity = *read_identity(files, "data");
    find_last_group(identity);
  }

  // Where the last group stands, alone in its segment: what is damaged there looks torn (S14).
  const std::string& last_path() const { return last_path_; }

  enum class Verdict { found, harmless, looks_torn, silent };

  Verdict judge(SimulatedFileSystem& files) const {
    const auto report = verify_directory(files, "data");
    if (!report.ok()) {
      const bool named = report.error().message.find("data") != std::string::npos;
      return named ? Verdict::found : Verdict::silent;
    }
    if (report->digest == truth_.digest && report->events == truth_.events) {
      return Verdict::harmless;
    }
    const bool lacks_one = report->groups + 1 == truth_.groups;
    const bool is_said = !report->clean_stop;
    const bool is_gone = !files.contents(last_path_);  // which nothing can tell of the last segment
    return lacks_one && (is_said || is_gone) ? Verdict::looks_torn : Verdict::silent;
  }

  const VerifyReport& truth() const { return truth_; }

 private:
  void find_last_group(const StoreIdentity& identity) {
    for (const std::string& path : files_.paths()) {
      if (!segment_number(path.substr(path.rfind('/') + 1))) continue;
      const auto bytes = *files_.contents(path);
      for (std::uint64_t at = kBlockBytes; at < bytes.size(); at += kBlockBytes) {
        const auto header = decode_group(std::span(bytes).subspan(at));
        if (!header || header->incarnation != identity.incarnation) continue;
        if (header->group != truth_.groups) continue;
        last_path_ = path;
      }
    }
  }

  SimulatedFileSystem& files_;
  VerifyReport truth_;
  std::string last_path_;
};

bool asked_for(const char* variable) { return ::getenv(variable) != nullptr; }

// Repairs a damaged store. Without being told to, nothing is dropped; what is written adds up.
void expect_repairable(SimulatedFileSystem& files, const VerifyReport& truth,
                       const std::string& what) {
  const auto careful = repair_store(files, "data", "careful", {}, random_bytes(8), kLater);
  if (!careful.ok()) {
    EXPECT_NE(careful.error().message.find("data"), std::string::npos) << what;
    return;
  }
  std::uint64_t claims = 0;
  for (const SaleReport& sale : truth.sales) claims += sale.claims;
  const bool is_last_group = careful->damages.empty();
  if (careful->written && !is_last_group) {
    EXPECT_FALSE(careful->loses()) << what;
    EXPECT_EQ(careful->claims, claims) << what << ": lost without a word";
  }
  RepairOptions options;
  options.drop_acknowledged = true;
  const auto repaired = repair_store(files, "data", "repaired", options, random_bytes(9), kLater);
  ASSERT_TRUE(repaired.ok()) << what << ": " << repaired.error().message;
  const auto report = verify_directory(files, "repaired");
  ASSERT_TRUE(report.ok()) << what << ": " << report.error().message;
  EXPECT_NE(report->incarnation, truth.incarnation);
  EXPECT_LE(repaired->claims, claims);
}

TEST(Damage, OfAnyBitOfASmallStoreIsFoundOrChangesNothing) {
  const auto files = WholeStore().data(2);
  const Judge judge(*files);
  ASSERT_FALSE(judge.last_path().empty());
  const bool every_bit = asked_for("DOORBUSTER_EVERY_BIT");
  std::map<Judge::Verdict, std::uint64_t> counts;
  std::uint64_t flips = 0;
  for (const std::string& path : files->paths()) {
    const auto bytes = *files->contents(path);
    for (std::uint64_t at = 0; at < bytes.size(); ++at) {
      const bool is_zero = bytes[at] == std::byte{0};
      if (is_zero && !every_bit && at % 64 != 0) continue;
      for (unsigned bit = 0; bit < 8; ++bit) {
        if (is_zero && !every_bit && bit != at / 64 % 8) continue;
        ASSERT_TRUE(files->flip_bit(path, at, bit));
        const auto verdict = judge.judge(*files);
        // A header that cannot be read takes the first group of its segment along.
        const bool in_last = path == judge.last_path();
        EXPECT_NE(verdict, Judge::Verdict::silent) << path << ", offset " << at << ", bit " << bit;
        if (verdict == Judge::Verdict::looks_torn) {
          EXPECT_TRUE(in_last) << path << ", offset " << at;
        }
        ++counts[verdict];
        if (++flips % 499 == 0) {
          const auto copy = files->clone();
          expect_repairable(*copy, judge.truth(), path + ", offset " + std::to_string(at));
        }
        ASSERT_TRUE(files->flip_bit(path, at, bit));
        if (HasFailure()) return;
      }
    }
  }
  EXPECT_GT(counts[Judge::Verdict::found], 10'000U);
  std::cout << flips << " bits: " << counts[Judge::Verdict::found] << " found, "
            << counts[Judge::Verdict::harmless] << " harmless, "
            << counts[Judge::Verdict::looks_torn] << " in the last group\n";
}

// Does one of many things to the store, and says what.
std::string damage(SimulatedFileSystem& files, const std::vector<std::string>& paths,
                   Random& random) {
  const std::string& path = paths[below(random, paths.size())];
  auto bytes = *files.contents(path);
  const std::size_t blocks = bytes.size() / kBlockBytes;
  const auto block = [&](std::size_t number) {
    return std::span(bytes).subspan(number * kBlockBytes, kBlockBytes);
  };
  const auto put = [&](const std::string& what) {
    files.put_file(path, bytes);
    return path + ": " + what;
  };
  switch (below(random, 6)) {
    case 0: {
      const std::uint64_t count = 1 + below(random, 8);
      for (std::uint64_t i = 0; i < count; ++i) {
        files.flip_bit(path, below(random, bytes.size()), static_cast<unsigned>(below(random, 8)));
      }
      return path + ": bits flipped";
    }
    case 1: {
      if (blocks == 0) return "nothing";
      std::ranges::fill(block(below(random, blocks)), std::byte{0});
      return put("a block zeroed");
    }
    case 2: {
      if (blocks < 2) return "nothing";
      const auto one = block(below(random, blocks));
      const auto other = block(below(random, blocks));
      if (one.data() == other.data()) return "nothing";
      std::swap_ranges(one.begin(), one.end(), other.begin());
      return put("two blocks swapped");
    }
    case 3:
      files.truncate(path, below(random, bytes.size()));
      return path + ": cut short";
    case 4:
      files.erase(path);
      return path + ": deleted";
    default: {
      const std::string& other = paths[below(random, paths.size())];
      if (other == path) return "nothing";
      files.put_file(path, *files.contents(other));
      return path + ": in its place " + other;
    }
  }
}

TEST(Damage, OfALargerStoreIsFoundOrChangesNothing) {
  const char* asked = ::getenv("DOORBUSTER_DAMAGES");
  const std::uint64_t most = asked == nullptr ? 1500 : std::strtoull(asked, nullptr, 10);
  const auto files = WholeStore().data(15);
  const Judge judge(*files);
  const auto paths = files->paths();
  std::map<Judge::Verdict, std::uint64_t> counts;
  for (std::uint64_t seed = 1; seed <= most; ++seed) {
    Random random(seed);
    const auto copy = files->clone();
    const std::string what = damage(*copy, paths, random);
    const auto verdict = judge.judge(*copy);
    // The last segment has other groups; that it lacks the last one alone is what a torn tail is.
    EXPECT_NE(verdict, Judge::Verdict::silent) << "seed " << seed << ": " << what;
    ++counts[verdict];
    if (verdict == Judge::Verdict::found && seed % 20 == 0) {
      expect_repairable(*copy, judge.truth(), "seed " + std::to_string(seed) + ": " + what);
    }
    if (HasFailure()) return;
  }
  std::cout << most << " damages: " << counts[Judge::Verdict::found] << " found, "
            << counts[Judge::Verdict::harmless] << " harmless, "
            << counts[Judge::Verdict::looks_torn] << " in the last group\n";
}

// What was true once: checksums are right, and only the chain of hashes tells.
TEST(Damage, ASegmentPutBackFromAnOlderCopyIsFound) {
  SimulatedEngine engine(31, WholeStore::options_in("data"));
  ASSERT_TRUE(engine.start().ok());
  auto definition = std::make_shared<sale::SaleDefinition>();
  definition->slug = "demo";
  definition->stock = 1000;
  engine.ask(sale::CreateSale{definition});
  const std::string path = "data/journal/" + segment_name(1);
  std::vector<std::byte> older;
  for (int i = 0; i < 70; ++i) {
    if (i == 30) older = *engine.files().contents(path);
    engine.ask(sale::ClaimUnits{sale::Slug("demo"), sale::BuyerId(std::to_string(i)), 1, {}});
  }
  engine.stop_in_good_order();
  ASSERT_TRUE(verify_directory(engine.files(), "data").ok());
  engine.files().put_file(path, older);
  const auto report = verify_directory(engine.files(), "data");
  ASSERT_FALSE(report.ok());
  EXPECT_NE(report.error().message.find(path), std::string::npos) << report.error().message;
  EXPECT_FALSE(engine.start().ok());
}

class Repairs : public testing::Test {
 protected:
  Repairs() : files_(WholeStore().data(15)), truth_(*verify_directory(*files_, "data")) {}

  Result<Repaired> repair(bool drop = false) {
    RepairOptions options;
    options.drop_acknowledged = drop;
    return repair_store(*files_, "data", "repaired", options, random_bytes(40), kLater);
  }
  // The segments, and those groups of them that are this store's, by offset.
  std::vector<std::string> segments() const {
    std::vector<std::string> all;
    for (const std::string& path : files_->paths()) {
      if (path.starts_with("data/journal/")) all.push_back(path);
    }
    return all;
  }
  std::vector<std::string> snapshot_files(const std::string& suffix) const {
    std::vector<std::string> all;
    for (const std::string& path : files_->paths()) {
      if (path.ends_with(suffix)) all.push_back(path);
    }
    return all;
  }
  std::uint64_t claims() const {
    std::uint64_t sum = 0;
    for (const SaleReport& sale : truth_.sales) sum += sale.claims;
    return sum;
  }

  std::unique_ptr<SimulatedFileSystem> files_;
  VerifyReport truth_;
};

TEST_F(Repairs, LoseNothingWhereTheJournalHasWhatTheSnapshotLost) {
  for (const std::string& path : snapshot_files(".images")) files_->flip_bit(path, 300, 3);
  ASSERT_FALSE(verify_directory(*files_, "data").ok());
  const auto repaired = repair();
  ASSERT_TRUE(repaired.ok()) << repaired.error().message;
  EXPECT_TRUE(repaired->written);
  EXPECT_FALSE(repaired->loses());
  EXPECT_FALSE(repaired->damages.empty());
  EXPECT_EQ(repaired->claims, claims());
}

TEST_F(Repairs, WriteNothingThatDropsWhatWasAcknowledgedUntilToldTo) {
  // A group in the middle of the journal behind the snapshot.
  const auto names = segments();
  std::string path;
  std::uint64_t at = 0;
  for (const std::string& name : names) {
    const auto bytes = *files_->contents(name);
    if (decode_group(std::span(bytes).subspan(2 * kBlockBytes))) path = name, at = 2 * kBlockBytes;
  }
  ASSERT_FALSE(path.empty());
  files_->flip_bit(path, at + 140, 1);
  const auto careful = repair();
  ASSERT_TRUE(careful.ok()) << careful.error().message;
  EXPECT_FALSE(careful->written);
  EXPECT_EQ(careful->lost_events, 1U);
  ASSERT_EQ(careful->dropped.size(), 1U);
  EXPECT_EQ(careful->dropped[0].slug, "demo");
  // And the pause with which it was restored.
  EXPECT_EQ(careful->dropped[0].readable_events, careful->dropped[0].claims + 1);
  EXPECT_FALSE(files_->contents("repaired/unfinished"));
  const auto told = repair(true);
  ASSERT_TRUE(told.ok()) << told.error().message;
  EXPECT_TRUE(told->written);
  // The granted one that cannot be read, and those of its sale behind it.
  EXPECT_EQ(told->claims + careful->dropped[0].claims + 1, claims());
  const auto report = verify_directory(*files_, "repaired");
  ASSERT_TRUE(report.ok()) << report.error().message;
  EXPECT_NE(report->incarnation, truth_.incarnation);
  EXPECT_EQ(report->sales[1].claims, truth_.sales[1].claims) << "another sale lost something";
}

TEST_F(Repairs, KeepTheOtherSalesWhereASnapshotCannotBeReplaced) {
  for (const std::string& path : segments()) {
    if (path == segments().front()) files_->erase(path);
  }
  for (const std::string& path : snapshot_files(".images")) files_->flip_bit(path, 100, 3);
  const auto careful = repair();
  ASSERT_TRUE(careful.ok()) << careful.error().message;
  EXPECT_FALSE(careful->written);
  ASSERT_FALSE(careful->dropped.empty());
  const auto told = repair(true);
  ASSERT_TRUE(told.ok()) << told.error().message;
  const auto report = verify_directory(*files_, "repaired");
  ASSERT_TRUE(report.ok()) << report.error().message;
}

TEST_F(Repairs, SayThatOnlyABackupHelpsWithoutManifestAndBeginning) {
  files_->erase(segments().front());
  files_->flip_bit(snapshot_files(".manifest").front(), 100, 3);
  const auto repaired = repair(true);
  ASSERT_FALSE(repaired.ok());
  EXPECT_NE(repaired.error().message.find("only a backup helps"), std::string::npos);
}

TEST_F(Repairs, AreRefusedWhileAServerHasTheStore) {
  const auto lock = files_->lock("data/LOCK");
  ASSERT_TRUE(lock.ok());
  EXPECT_EQ(repair().error().code, ErrorCode::in_use);
}

TEST_F(Repairs, OfAStoreThatIsWholeKeepAll) {
  const auto repaired = repair();
  ASSERT_TRUE(repaired.ok()) << repaired.error().message;
  EXPECT_TRUE(repaired->written);
  EXPECT_TRUE(repaired->damages.empty());
  EXPECT_EQ(repaired->claims, claims());
  SimulatedEngine engine(5, {.data_dir = "repaired"});
  engine.replace_files(files_->clone());
  engine.clock().advance(60h);
  const Status started = engine.start();
  ASSERT_TRUE(started.ok()) << started.error().message;
}

}  // namespace
}  // namespace doorbuster::embedded
