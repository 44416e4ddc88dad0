// The writer on a disk that gets full: what it keeps ready, what it gives away, how it comes back.
#include "store/embedded/journal_writer.h"

#include <gtest/gtest.h>

#include <memory>
#include <utility>

#include "sim/simulated_engine.h"

namespace doorbuster::embedded {
namespace {

using namespace std::chrono_literals;
using simulation::SimulatedFileSystem;
using simulation::SimulatedWorker;

constexpr std::uint64_t kSegmentBytes = std::uint64_t{1} << 20;
constexpr std::size_t kLargestGroup = 256 * 1024;
constexpr std::size_t kEnd = 96;
constexpr std::uint64_t kUnlimited = std::uint64_t{1} << 40;

class WriterOnADisk : public testing::Test {
 protected:
  WriterOnADisk()
      : writer_(files_, {committer_, preparer_}, {"journal", kSegmentBytes, kLargestGroup, {}},
                JournalEnd{}, [this] { ++wakes_; }) {
    files_.put_directory("journal");
    EXPECT_TRUE(writer_.open().ok());
    run_workers();
  }

  void run_workers() {
    while (!committer_.idle() || !preparer_.idle()) {
      if (!committer_.idle()) committer_.run_one();
      if (!preparer_.idle()) preparer_.run_one();
      const auto finished = writer_.take_finished();
      EXPECT_TRUE(!finished || finished->ok());
      writer_.prepare(now_);
    }
  }
  void write(std::size_t payload_bytes) {
    GroupBuffer group;
    group.append(std::string(payload_bytes, 'x'), 1);
    writer_.write(std::move(group), now_);
    run_workers();
  }
  void fill_disk() { files_.set_capacity(files_.used_bytes()); }
  std::size_t segments() { return files_.list("journal")->size(); }
  // Writes groups that serve `purpose` until there is no room for one more; gives their number.
  int write_all(std::size_t payload_bytes, Purpose purpose) {
    int groups = 0;
    for (; writer_.room(purpose) >= payload_bytes; ++groups) write(payload_bytes);
    return groups;
  }

  SimulatedFileSystem files_{3};
  SimulatedWorker committer_;
  SimulatedWorker preparer_;
  Time now_{1'000'000s};
  int wakes_ = 0;
  JournalWriter writer_;
};

TEST(WriterThatHasGone, IsNotAwaitedByItsLastGroupWhichStillTellsTheProbe) {
  SimulatedFileSystem files(3);
  files.put_directory("journal");
  SimulatedWorker committer;
  SimulatedWorker preparer;
  auto probe = std::make_shared<JournalProbe>();
  auto writer = std::make_unique<JournalWriter>(
      files, JournalWorkers{committer, preparer},
      JournalOptions{"journal", kSegmentBytes, kLargestGroup, {}, probe}, JournalEnd{}, [] {});
  ASSERT_TRUE(writer->open().ok());
  while (!preparer.idle()) preparer.run_one();
  writer->prepare(Time(1'000'000s));
  GroupBuffer group;
  group.append("x", 1);
  writer->write(std::move(group), Time(1'000'000s));
  ASSERT_FALSE(committer.idle());
  writer.reset();
  const std::weak_ptr<JournalProbe> seen = std::exchange(probe, nullptr);
  ASSERT_FALSE(seen.expired()) << "the job needs it";
  const auto kept = seen.lock();
  committer.run_one();
  EXPECT_GT(kept->appended_bytes.value(), 0U);
}

TEST_F(WriterOnADisk, KeepsMoreThanASegmentAheadWhenNothingIsReserved) {
  EXPECT_EQ(segments(), 2U);
  for (int i = 0; i < 4; ++i) write(kLargestGroup);
  EXPECT_EQ(segments(), 3U);
  EXPECT_TRUE(writer_.spare_problem().empty());
  EXPECT_FALSE(writer_.prepare_at());
}

// A thread that is in the kernel for long, and a disk that was given much at once, keep the
// committer waiting.
TEST_F(WriterOnADisk, MakesSegmentsInSmallPieces) {
  ASSERT_EQ(segments(), 2U);
  EXPECT_LE(files_.take_longest_transfer(), kSegmentBytes / 8);
}

TEST_F(WriterOnADisk, KeepsMoreAheadAsMoreIsReserved) {
  writer_.set_reserve(10'000);
  writer_.prepare(now_);
  run_workers();
  EXPECT_GE(segments() * kSegmentBytes, 10'000 * (kBlockBytes + kEndOfHoldBytes));
  const std::size_t there = segments();
  writer_.set_reserve(0);
  writer_.prepare(now_);
  run_workers();
  EXPECT_EQ(segments(), there);
}

TEST_F(WriterOnADisk, OnAFullDiskEveryReservedEndHasRoomInAGroupOfItsOwn) {
  constexpr int kHolds = 1'500;
  writer_.set_reserve(kHolds);
  writer_.prepare(now_);
  run_workers();
  fill_disk();
  EXPECT_GT(write_all(5'000, Purpose::growth), 50);
  EXPECT_FALSE(writer_.spare_problem().empty());
  EXPECT_GT(write_all(kEnd, Purpose::upkeep), 10);
  for (int left = kHolds; left > 0; --left) {
    ASSERT_GE(writer_.room(Purpose::end_of_hold), kEnd) << left;
    writer_.set_reserve(static_cast<std::uint64_t>(left) - 1);
    ASSERT_EQ(writer_.interval(kEnd, 1h), 0ms) << left;
    write(kEnd);
  }
}

TEST_F(WriterOnADisk, OnAFullDiskItTriesOnceASecondAndIsBackWithinTwo) {
  fill_disk();
  write_all(kLargestGroup, Purpose::growth);
  EXPECT_EQ(writer_.room(Purpose::growth) / kLargestGroup, 0U);
  std::uint64_t attempts = 0;
  files_.set_trace([&](const simulation::OperationRecord& record) {
    if (record.operation == simulation::Operation::write && record.offset == 0) ++attempts;
  });
  for (int i = 0; i < 100; ++i) {
    now_ += 100ms;
    writer_.prepare(now_);
    run_workers();
    // Whoever drives it knows when to come again.
    ASSERT_TRUE(writer_.prepare_at());
    EXPECT_LE(*writer_.prepare_at(), now_ + 1s);
  }
  EXPECT_GE(attempts, 9U);
  EXPECT_LE(attempts, 10U);
  // What could not be made in whole is not left lying about.
  const auto names = files_.list("journal");
  for (const std::string& name : *names) EXPECT_TRUE(segment_number(name)) << name;

  files_.set_capacity(kUnlimited);
  now_ = *writer_.prepare_at();
  writer_.prepare(now_);
  run_workers();
  EXPECT_EQ(writer_.room(Purpose::growth), kLargestGroup);
  EXPECT_TRUE(writer_.spare_problem().empty());
  EXPECT_FALSE(writer_.prepare_at());
}

}  // namespace
}  // namespace doorbuster::embedded
