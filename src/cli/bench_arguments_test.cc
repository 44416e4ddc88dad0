#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/arguments_test.h"

namespace doorbuster::cli {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

TEST(BenchArguments, WithoutAnythingAreAHotSale) {
  const auto parsed = parse({"bench"});
  const auto& bench = std::get<BenchArguments>(parsed.arguments);
  EXPECT_EQ(bench.mix, BenchMix::sale);
  EXPECT_FALSE(bench.arrival || bench.buyers || bench.rate || bench.duration_seconds);
  EXPECT_EQ(bench.connections, 256U);
  EXPECT_EQ(bench.pipeline, 1U);
  EXPECT_EQ(bench.sale, "");
}

TEST(BenchArguments, AreAllTaken) {
  const auto parsed = parse({"bench",
                             "--mix",
                             "holds",
                             "--arrival",
                             "step",
                             "--buyers",
                             "10",
                             "--rate",
                             "5",
                             "--stock",
                             "7",
                             "--hold-seconds",
                             "9",
                             "--connections",
                             "3",
                             "--pipeline",
                             "16",
                             "--url",
                             "http://[::1]:9",
                             "--json"});
  const auto& bench = std::get<BenchArguments>(parsed.arguments);
  EXPECT_EQ(bench.mix, BenchMix::holds);
  EXPECT_EQ(bench.arrival, ArrivalShape::step);
  EXPECT_EQ(bench.buyers, 10U);
  EXPECT_EQ(bench.rate, 5U);
  EXPECT_EQ(bench.stock, 7U);
  EXPECT_EQ(bench.hold_seconds, 9U);
  EXPECT_EQ(bench.connections, 3U);
  EXPECT_EQ(bench.pipeline, 16U);
  EXPECT_EQ(bench.api.url, "http://[::1]:9");
  EXPECT_TRUE(bench.api.json);
  const auto duration = parse({"bench", "--duration", "3", "--sale", "drop"});
  EXPECT_EQ(std::get<BenchArguments>(duration.arguments).duration_seconds, 3U);
  EXPECT_EQ(std::get<BenchArguments>(duration.arguments).sale, "drop");
}

TEST(BenchArguments, ThatMakeNoSenseAreNamed) {
  for (const auto& [option, value] : {std::pair{"--mix", "none"},
                                      {"--arrival", "soon"},
                                      {"--buyers", "0"},
                                      {"--buyers", "-1"},
                                      {"--buyers", "100000000"},
                                      {"--rate", "fast"},
                                      {"--duration", "0"},
                                      {"--stock", "0"},
                                      {"--connections", "0"},
                                      {"--pipeline", "65"},
                                      {"--sale", "A sale"}}) {
    const auto parsed = parse({"bench", option, value});
    EXPECT_EQ(parsed.code(), ExitCode::usage) << option << " " << value;
    EXPECT_THAT(parsed.err, HasSubstr(option));
  }
}

TEST(BenchArguments, HelpBeginsWithExamples) {
  const auto help = parse({"bench", "--help"});
  EXPECT_EQ(help.code(), ExitCode::ok);
  EXPECT_THAT(help.out, StartsWith("Examples:\n  doorbuster bench "));
}

}  // namespace
}  // namespace doorbuster::cli
