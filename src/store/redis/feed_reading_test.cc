// A page of the feed as it is read, without a server.
#include "store/redis/feed_reading.h"

#include <gtest/gtest.h>

#include "base/wire.h"
#include "sale/event_codec.h"

namespace doorbuster::redis {
namespace {

using Step = FeedReading::Step;

Reply as_text(std::string text) { return {Reply::Kind::text, 0, std::move(text), {}}; }
Reply as_array(std::vector<Reply> items) { return {Reply::Kind::array, 0, "", std::move(items)}; }
std::string as_hash(std::uint64_t sequence) {
  const std::string digits = std::to_string(sequence);
  return std::string(40 - digits.size(), 'f') + digits;
}

// An entry of the index.
Reply entry(std::uint64_t position, const std::string& slug, std::uint64_t before,
            std::uint64_t last) {
  return as_array(
      {as_text(std::to_string(position) + "-0"),
       as_array({as_text("sale"), as_text(slug), as_text("before"), as_text(std::to_string(before)),
                 as_text("last"), as_text(std::to_string(last)), as_text("hash"),
                 as_text(as_hash(last))})});
}

// A history of claims of so many units, each an entry of the stream.
Result<Reply> claims(std::uint64_t first, std::uint64_t last, std::uint32_t units = 1,
                     std::uint64_t trimmed = 0) {
  std::vector<Reply> entries;
  for (std::uint64_t sequence = first; sequence <= last; ++sequence) {
    sale::ClaimGranted granted;
    granted.claim = {static_cast<std::uint32_t>(sequence)};
    granted.buyer = "ann";
    granted.units.first = {1, units};
    std::string event;
    sale::encode({{7}, {sequence}, Time(std::chrono::hours(1)), granted}, event);
    std::string bytes;
    put_text(bytes, event);
    entries.push_back(as_array({as_text(std::to_string(sequence) + "-0"),
                                as_array({as_text("hash"), as_text(as_hash(sequence)),
                                          as_text("events"), as_text(bytes)})}));
  }
  return as_array({as_text("ok"), as_text(std::to_string(last)), as_text(as_hash(last)),
                   as_text("7"), as_text(std::to_string(trimmed)), as_array(entries)});
}
const Result<Reply> kRewound = as_array({as_text("rewound"), as_text("0"), as_text("")});

class FeedReadingTest : public testing::Test {
 protected:
  void start(std::uint32_t most, std::uint64_t behind = 0, std::string_view sale = "") {
    reading_.emplace(store::EventsWanted{{}, sale::Slug(sale), most, {}}, "0a1b", claim_ids_);
    reading_->start_behind(behind);
  }
  // "position slug sequence" of each event; or why there are none.
  std::vector<std::string> told() {
    const store::EventsReply reply = reading_->take_reply();
    if (const auto* error = std::get_if<Error>(&reply)) return {error->message};
    const auto* read = std::get_if<store::EventsRead>(&reply);
    if (read == nullptr) return {"nothing of the kind"};
    next_ = std::string(read->next.view());
    has_more_ = read->has_more;
    std::vector<std::string> words;
    for (const store::FeedEvent& each : read->events) {
      words.push_back(std::string(each.id.view()) + " " + std::string(each.slug) + " " +
                      std::to_string(each.event.sequence.value));
    }
    return words;
  }
  using Words = std::vector<std::string>;

  sale::ClaimIdCodec claim_ids_{HashKey{1, 2}};
  std::optional<FeedReading> reading_;
  std::string next_;
  bool has_more_ = false;
};

TEST_F(FeedReadingTest, StretchesOfOneSaleAreReadAtOnceAndToldInTheOrderOfTheIndex) {
  start(100);
  EXPECT_EQ(reading_->index_command()[2], "0-0");
  ASSERT_EQ(reading_->take_index(
                as_array({entry(2, "s", 0, 2), entry(3, "t", 0, 1), entry(4, "s", 2, 3)})),
            Step::read_histories);
  ASSERT_EQ(reading_->histories().size(), 2U);
  const HistoryWanted& of_s = reading_->histories()[0];
  EXPECT_EQ(of_s.slug, "s");
  EXPECT_EQ(of_s.behind.value, 0U);
  EXPECT_EQ(of_s.known.sequence.value, 3U);
  EXPECT_EQ(of_s.events, 3U);
  reading_->take_history(1, claims(1, 1));
  reading_->take_history(0, claims(1, 3));
  EXPECT_EQ(reading_->end_histories(), Step::done);
  EXPECT_EQ(told(), (Words{"1 s 1", "2 s 2", "3 t 1", "4 s 3"}));
  EXPECT_EQ(next_, "4");
  EXPECT_FALSE(has_more_);
}

TEST_F(FeedReadingTest, APageMayBeginAndEndWithinAStretch) {
  start(3, 12);
  ASSERT_EQ(reading_->take_index(as_array({entry(20, "s", 5, 15)})), Step::read_histories);
  EXPECT_EQ(reading_->histories()[0].behind.value, 7U);
  EXPECT_EQ(reading_->histories()[0].events, 3U);
  reading_->take_history(0, claims(6, 15));  // more than was asked for
  EXPECT_EQ(reading_->end_histories(), Step::done);
  EXPECT_EQ(told(), (Words{"13 s 8", "14 s 9", "15 s 10"}));
  EXPECT_EQ(next_, "15");
  EXPECT_TRUE(has_more_);
}

TEST_F(FeedReadingTest, AnEventThatIsMissingIsDamage) {
  start(100);
  ASSERT_EQ(reading_->take_index(as_array({entry(3, "s", 0, 3)})), Step::read_histories);
  reading_->take_history(0, claims(1, 2));
  EXPECT_EQ(reading_->end_histories(), Step::done);
  EXPECT_EQ(told(), (Words{"1 s 1", "2 s 2"}));  // what there is first
  EXPECT_EQ(next_, "2");
  EXPECT_TRUE(has_more_);
  start(100, 2);
  ASSERT_EQ(reading_->take_index(as_array({entry(3, "s", 0, 3)})), Step::read_histories);
  reading_->take_history(0, claims(4, 4));
  EXPECT_EQ(reading_->end_histories(), Step::done);
  EXPECT_EQ(told(), Words{"the history of sale s lacks event 3"});
}

// The index gave up its oldest stretch, and the sale its events, before they were read.
TEST_F(FeedReadingTest, WhoIsBehindWhatASaleGaveUpIsToldWhereItGoesOn) {
  const Reply index = as_array({entry(3, "s", 0, 3), entry(6, "s", 3, 6)});
  start(100, 2);
  ASSERT_EQ(reading_->take_index(index), Step::read_histories);
  reading_->take_history(0, claims(4, 6, 1, 3));
  ASSERT_EQ(reading_->end_histories(), Step::done);
  const store::EventsReply reply = reading_->take_reply();
  ASSERT_TRUE(std::holds_alternative<store::CursorExpired>(reply));
  EXPECT_EQ(std::get<store::CursorExpired>(reply).oldest.view(), "3");
  start(100);
  ASSERT_EQ(reading_->take_index(index), Step::read_histories);
  reading_->take_history(0, claims(4, 6, 1, 3));
  EXPECT_EQ(reading_->end_histories(), Step::done);
  EXPECT_EQ(told(), (Words{"4 s 4", "5 s 5", "6 s 6"}));
}

// After a failover the index may have stretches again of which some was given up.
TEST_F(FeedReadingTest, OfAStretchThatWasGivenUpInPartTheRestIsTold) {
  start(100);
  ASSERT_EQ(reading_->take_index(as_array({entry(6, "s", 0, 6)})), Step::read_histories);
  reading_->take_history(0, claims(3, 6, 1, 4));  // not all of it is gone yet
  EXPECT_EQ(reading_->end_histories(), Step::done);
  EXPECT_EQ(told(), (Words{"5 s 5", "6 s 6"}));
  start(100, 1);
  ASSERT_EQ(reading_->take_index(as_array({entry(6, "s", 0, 6)})), Step::read_histories);
  reading_->take_history(0, claims(5, 6, 1, 4));
  ASSERT_EQ(reading_->end_histories(), Step::done);
  const store::EventsReply reply = reading_->take_reply();
  ASSERT_TRUE(std::holds_alternative<store::CursorExpired>(reply));
  EXPECT_EQ(std::get<store::CursorExpired>(reply).oldest.view(), "4");
}

TEST_F(FeedReadingTest, OfARewoundSaleIsToldWhatItsHistoryHolds) {
  start(100);
  ASSERT_EQ(reading_->take_index(as_array({entry(2, "s", 0, 2), entry(3, "s", 2, 3),
                                           entry(5, "t", 0, 2), entry(6, "s", 3, 4)})),
            Step::read_histories);
  reading_->take_history(0, kRewound);
  reading_->take_history(1, claims(1, 2));
  std::size_t rounds = 0;
  for (Step step = reading_->end_histories(); step == Step::read_histories; ++rounds) {
    ASSERT_EQ(reading_->histories().size(), 1U);
    const HistoryWanted& wanted = reading_->histories()[0];
    const bool is_there = wanted.slug == "t" || wanted.known.sequence.value == 2;
    reading_->take_history(0, is_there ? claims(1, 2) : kRewound);
    step = reading_->end_histories();
  }
  EXPECT_EQ(rounds, 4U);
  EXPECT_EQ(told(), (Words{"1 s 1", "2 s 2", "4 t 1", "5 t 2"}));
  EXPECT_EQ(next_, "6");
  EXPECT_FALSE(has_more_);
}

TEST_F(FeedReadingTest, APageOfManyUnitsEndsBeforeItIsTooLong) {
  start(1'000);
  ASSERT_EQ(reading_->take_index(as_array({entry(900, "s", 0, 900)})), Step::read_histories);
  reading_->take_history(0, claims(1, 900, 1'000));
  EXPECT_EQ(reading_->end_histories(), Step::done);
  const std::size_t events = told().size();
  EXPECT_GT(events, 50U);
  EXPECT_LT(events, 200U);
  EXPECT_EQ(next_, std::to_string(events));
  EXPECT_TRUE(has_more_);
}

TEST_F(FeedReadingTest, OthersEventsAreReadOverToTheEndOfTheIndex) {
  std::vector<Reply> page;
  for (std::uint64_t i = 1; i <= 129; ++i) page.push_back(entry(i, "t", i - 1, i));
  start(100, 0, "s");
  EXPECT_EQ(reading_->take_index(as_array(page)), Step::read_index);
  EXPECT_EQ(reading_->index_command()[2], "129-0");
  EXPECT_EQ(reading_->take_index(as_array({page.back(), entry(130, "t", 129, 130)})), Step::wait);
  EXPECT_EQ(reading_->after(), 130U);
  // Later.
  EXPECT_EQ(reading_->take_index(as_array({entry(130, "t", 129, 130), entry(131, "s", 0, 1)})),
            Step::read_histories);
  reading_->take_history(0, claims(1, 1));
  EXPECT_EQ(reading_->end_histories(), Step::done);
  EXPECT_EQ(told(), Words{"131 s 1"});
}

TEST_F(FeedReadingTest, AServersErrorEndsAPageThatHasNothing) {
  start(100);
  ASSERT_EQ(reading_->take_index(as_array({entry(1, "s", 0, 1), entry(2, "t", 0, 1)})),
            Step::read_histories);
  reading_->take_history(0, claims(1, 1));
  reading_->take_history(1, Error{ErrorCode::io_failed, "gone"});
  EXPECT_EQ(reading_->end_histories(), Step::done);
  EXPECT_EQ(told(), Words{"gone"});
  start(100);
  EXPECT_EQ(reading_->take_index(as_text("?")), Step::done);
  EXPECT_EQ(told(), Words{"{doorbuster}:feed holds what no relay puts there"});
}

}  // namespace
}  // namespace doorbuster::redis
