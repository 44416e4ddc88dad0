// The text that Prometheus reads, to the letter.
#include "metrics/exposition.h"

#include <gtest/gtest.h>

#include <limits>

#include "metrics/process.h"

namespace doorbuster::metrics {
namespace {

constexpr Bounds<2> kShort = {{250'000, 2'500'000'000}, 1e-9};
constexpr Family kWaits = {"waits_seconds", Type::histogram, "How long."};
constexpr Family kThings = {"things_total", Type::counter, "Things."};

std::string label(std::string_view text) {
  std::string out;
  append_label_value(out, text);
  return out;
}

TEST(Exposition, HasHelpTypeAndSamplesOfAFamilyTogether) {
  Exposition out;
  out.begin(kThings);
  out.sample({{"kind", "a"}, {"size", "b"}}, std::uint64_t{18'446'744'073'709'551'615U});
  out.sample({}, 0.25);
  out.only({"level", Type::gauge, "A \\ and\na line."}, std::uint64_t{0});
  EXPECT_EQ(out.take(),
            "# HELP things_total Things.\n"
            "# TYPE things_total counter\n"
            "things_total{kind=\"a\",size=\"b\"} 18446744073709551615\n"
            "things_total 0.25\n"
            "# HELP level A \\\\ and\\na line.\n"
            "# TYPE level gauge\n"
            "level 0\n");
}

TEST(Exposition, ShowsAHistogramAsEverLargerSums) {
  Histogram<kShort> waits;
  waits.observe(std::chrono::microseconds(250), 3);
  waits.observe(std::chrono::seconds(2));
  waits.observe(std::chrono::seconds(9));
  Exposition out;
  out.begin(kWaits);
  out.histogram({{"route", "/"}}, waits.read());
  EXPECT_EQ(out.take(),
            "# HELP waits_seconds How long.\n"
            "# TYPE waits_seconds histogram\n"
            "waits_seconds_bucket{route=\"/\",le=\"0.00025\"} 3\n"
            "waits_seconds_bucket{route=\"/\",le=\"2.5\"} 4\n"
            "waits_seconds_bucket{route=\"/\",le=\"+Inf\"} 5\n"
            "waits_seconds_sum{route=\"/\"} 11.00075\n"
            "waits_seconds_count{route=\"/\"} 5\n");
}

TEST(Exposition, NamesBoundsAsTheyWereGiven) {
  Exposition out;
  out.only(kWaits, Histogram<kLatencyBounds>::nothing());
  const std::string text = out.take();
  for (const char* bound : {"5e-05", "0.0001", "0.00025", "0.0005", "0.001", "0.0025", "0.005",
                            "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1", "2.5", "+Inf"}) {
    EXPECT_NE(text.find(std::string("{le=\"") + bound + "\"} 0\n"), std::string::npos) << bound;
  }
}

TEST(Exposition, KnowsNumbersThatAreNone) {
  Exposition out;
  out.begin(kThings);
  out.sample({}, std::numeric_limits<double>::infinity());
  out.sample({}, -std::numeric_limits<double>::infinity());
  out.sample({}, std::numeric_limits<double>::quiet_NaN());
  EXPECT_NE(out.take().find("things_total +Inf\nthings_total -Inf\nthings_total NaN\n"),
            std::string::npos);
}

TEST(Exposition, LetsNoLabelEndItsLineItsQuotesOrTheText) {
  EXPECT_EQ(label("a\"} 1\nevil 2"), R"(a\"} 1\nevil 2)");
  EXPECT_EQ(label("\\n"), R"(\\n)");
  EXPECT_EQ(label(std::string_view("a\0b", 3)),
            "a\xEF\xBF\xBD"
            "b");
  EXPECT_EQ(label("秒杀 \xF0\x9F\x8E\x81"), "秒杀 \xF0\x9F\x8E\x81");
  EXPECT_EQ(label(""), "");
}

TEST(Exposition, PutsTheReplacementForWhatIsNoUtf8) {
  const std::string replacement = "\xEF\xBF\xBD";
  EXPECT_EQ(label("\xFF"), replacement);
  EXPECT_EQ(label("\xC3"), replacement);                                      // cut off
  EXPECT_EQ(label("\xC0\xAF"), replacement + replacement);                    // overlong
  EXPECT_EQ(label("\xE0\x80\xAF"), replacement + replacement + replacement);  // overlong
  EXPECT_EQ(label("\xED\xA0\x80"), replacement + replacement + replacement);  // a surrogate
  EXPECT_EQ(label("\xF4\x90\x80\x80x"),
            replacement + replacement + replacement + replacement + "x");  // beyond U+10FFFF
  EXPECT_EQ(label("\xC3\xC3\xA9"), replacement + "\xC3\xA9");
}

TEST(Process, IsToldAsTheSystemSeesIt) {
  Exposition out;
  append_process(out);
  const std::string text = out.take();
  for (const char* name : {"process_cpu_seconds_total", "process_resident_memory_bytes",
                           "process_virtual_memory_bytes", "process_threads",
                           "process_start_time_seconds", "process_open_fds", "process_max_fds"}) {
    EXPECT_NE(text.find("\n" + std::string(name) + " "), std::string::npos) << name;
  }
}

}  // namespace
}  // namespace doorbuster::metrics
