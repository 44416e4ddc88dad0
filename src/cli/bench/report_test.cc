#include "cli/bench/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/bench/nanoseconds.h"
#include "cli/bench/progress.h"
#include "cli/json_view.h"

namespace doorbuster::bench {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

TEST(ShownDuration, SuitsItsSize) {
  EXPECT_EQ(shown_duration(0ns), "0 us");
  EXPECT_EQ(shown_duration(812'400ns), "812 us");
  EXPECT_EQ(shown_duration(3'140us), "3.1 ms");
  EXPECT_EQ(shown_duration(431ms), "431 ms");
  EXPECT_EQ(shown_duration(1'240ms), "1.24 s");
  EXPECT_EQ(shown_duration(62s), "62.0 s");
}

TEST(Limit, IsTheSideThatHadNoTimeLeft) {
  Sending on_time;
  on_time.late.add(100us);
  Sending late;
  late.late.add(50ms);
  EXPECT_EQ(limit_of(on_time, {0.5, 0}, {0.6, 0}), Limit::nothing);
  EXPECT_EQ(limit_of(late, {0.97, 0}, {0.6, 0}), Limit::client);
  EXPECT_EQ(limit_of(late, {0.92, 0}, {0.98, 0}), Limit::server);
  EXPECT_EQ(limit_of(on_time, {0.4, 0}, {0.98, 0}), Limit::server);
  EXPECT_EQ(limit_of(on_time, {0.95, 0}, {0.4, 0}), Limit::client);
  EXPECT_EQ(limit_of(late, {0.2, 0.75}, {0.4, 0}), Limit::machine);
  EXPECT_EQ(limit_of(on_time, {0.2, 0}, {0.3, 0.65}), Limit::machine);
  on_time.waited = 5;
  EXPECT_EQ(limit_of(on_time, {0.5, 0}, {0.6, 0}), Limit::connections);
}

class AReport : public testing::Test {
 protected:
  void SetUp() override {
    report.url = "http://127.0.0.1:8080";
    report.sale = "drop";
    report.plan.buyers = 5'000;
    report.plan.arrivals = 5'000;
    report.plan.duration = 10s;
    report.opening = kSecond;
    report.tally = &tally;
    report.sending = &sending;
    report.use = &use;
    report.proof.was_read = true;
    report.proof.stood_still = true;
    report.proof.acknowledged = 1'000;
    report.proof.found = 1'000;
    report.proof.figures.stock = 1'000;
    report.proof.figures.confirmed = 1'000;
    tally.granted = 1'000;
    tally.first_sold_out = 3 * kSecond;
    tally.wins.add(2ms);
    for (int i = 0; i < 3; ++i) tally.refused.add("sold-out");
    tally.refused.add("not-open");
  }

  Report report;
  Tally tally;
  Sending sending;
  ProcessorUse use{0};
};

TEST_F(AReport, ThatAddsUpSaysSo) {
  const std::string text = report_text(report);
  EXPECT_THAT(text, HasSubstr("5,000 buyers within 10.0 s (sale, flash) on \"drop\"\n"));
  EXPECT_THAT(text, HasSubstr("  sold          1,000 of 1,000   gone 2.00 s after the opening\n"));
  EXPECT_THAT(text, HasSubstr("  refused       4   sold-out 3, not-open 1\n"));
  EXPECT_THAT(text, HasSubstr("adds up: 0 available + 0 held + 1,000 confirmed = stock of 1,000;"));
  EXPECT_THAT(text, HasSubstr("all 1,000 acknowledged claims found"));
}

TEST_F(AReport, ThatDoesNotAddUpSaysWhy) {
  report.proof.breaches = {"R1: one\x1b[2J", "R7: two"};
  const std::string text = report_text(report);
  EXPECT_THAT(text, HasSubstr("DOES NOT ADD UP\n"));
  EXPECT_THAT(text, HasSubstr("R1: one\uFFFD[2J\n"));
  EXPECT_THAT(text, HasSubstr("R7: two\n"));
}

TEST_F(AReport, WithoutAProofSaysThatThereIsNone) {
  report.proof = {};
  report.ending = Ending::nobody_answers;
  EXPECT_THAT(report_text(report), HasSubstr("none: the sale could not be read back"));
  EXPECT_THAT(report_text(report), HasSubstr("the server went away"));
  EXPECT_THAT(report_json(report), HasSubstr("\"proof\":null"));
}

TEST_F(AReport, IsJsonForPrograms) {
  tally.errors.add("500 \"\x01");
  api::JsonDocument json;
  ASSERT_FALSE(json.parse(report_json(report)));
  const cli::JsonView root(json, json.root());
  EXPECT_EQ(root.text("sale"), "drop");
  EXPECT_EQ(root.number("granted"), 1'000U);
  EXPECT_EQ(root.member("refused")->number("sold-out"), 3U);
  EXPECT_EQ(root.member("latency_us")->member("wins")->number("p99"), 2'000U);
  EXPECT_TRUE(root.member("proof")->truth("adds_up"));
  EXPECT_TRUE(root.has("server"));
}

TEST_F(AReport, OnTheWayIsALine) {
  EXPECT_EQ(progress_line(0, -2 * kSecond, Tally(), 10, false), " -2.0 s  until the doors open");
  EXPECT_EQ(progress_line(0.5, 2 * kSecond, tally, 1'000, true),
            "[############............]   2.0 s  sold 1,000 of 1,000  refused 4  p99 2.0 ms");
}

TEST(WordCount, CountsAndEndsSomewhere) {
  WordCount words;
  for (int i = 0; i < 200; ++i) words.add("word " + std::to_string(i));
  words.add("word 1");
  EXPECT_EQ(words.total(), 201U);
  EXPECT_EQ(words.of("word 1"), 2U);
  EXPECT_LE(words.entries().size(), 50U);
}

}  // namespace
}  // namespace doorbuster::bench
