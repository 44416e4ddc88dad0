#include "base/trace_parent.h"

#include <gtest/gtest.h>

#include <set>

namespace doorbuster {
namespace {

constexpr std::string_view kGood = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

std::string with(std::size_t at, std::string_view text) {
  std::string out(kGood);
  return out.replace(at, text.size(), text);
}

TEST(TraceParent, WhatIsReadIsWrittenAgain) {
  const auto parent = TraceParent::parse(kGood);
  ASSERT_TRUE(parent);
  std::string out;
  append_traceparent(out, parent->bytes());
  EXPECT_EQ(out, kGood);
  EXPECT_EQ(parent->trace_id(), kGood.substr(3, 32));
  EXPECT_EQ(parent->span_id(), kGood.substr(36, 16));
  EXPECT_TRUE(parent->given());
  EXPECT_TRUE(parent->sampled());
  EXPECT_FALSE(TraceParent::parse(with(53, "00"))->sampled());
  EXPECT_EQ(TraceParent::of_bytes(parent->bytes())->trace_id(), parent->trace_id());
}

TEST(TraceParent, OfTheFlagsTheOneThatHasAMeaningIsKept) {
  std::string out;
  append_traceparent(out, TraceParent::parse(with(53, "ff"))->bytes());
  EXPECT_EQ(out, kGood);
}

TEST(TraceParent, WhatIsNotOfTheFormIsPassedOver) {
  const std::string bad[] = {
      "",
      "00",
      std::string(kGood.substr(0, 54)),
      std::string(kGood) + "-",
      std::string(kGood) + "0",
      std::string(kGood) + "-what-comes",
      " " + std::string(kGood),
      with(0, "ff"),
      with(0, "0A"),
      with(0, "0 "),
      with(2, "_"),
      with(35, "_"),
      with(52, "_"),
      with(3, "0AF7651916CD43DD8448EB211C80319C"),
      with(3, "00000000000000000000000000000000"),
      with(3, "g"),
      with(36, "B7AD6B7169203331"),
      with(36, "0000000000000000"),
      with(51, "x"),
      with(53, "0x"),
      with(53, "-1"),
      with(10, std::string_view("\0", 1)),
      with(10, "\xff"),
      std::string(100'000, '0'),
  };
  for (const std::string& text : bad) EXPECT_FALSE(TraceParent::parse(text)) << text.substr(0, 80);
}

TEST(TraceParent, OfAVersionToComeThePartIsReadThatIsKnown) {
  EXPECT_TRUE(TraceParent::parse(with(0, "01")));
  EXPECT_TRUE(TraceParent::parse(with(0, "fe") + "-what-comes"));
  EXPECT_FALSE(TraceParent::parse(with(0, "01") + "what-comes"));
}

TEST(TraceParent, BytesThatNoneCanHaveAreRefused) {
  const std::string good(TraceParent::parse(kGood)->bytes());
  EXPECT_TRUE(TraceParent::of_bytes(good));
  EXPECT_FALSE(TraceParent::of_bytes(std::string(25, '\0')));
  EXPECT_FALSE(TraceParent::of_bytes(good.substr(1)));
  EXPECT_FALSE(TraceParent::of_bytes(good.substr(0, 24) + '\x02'));
  EXPECT_FALSE(TraceParent::of_bytes(std::string(16, '\0') + good.substr(16)));
  EXPECT_FALSE(TraceParent::of_bytes(good.substr(0, 16) + std::string(8, '\0') + '\x01'));
}

TEST(TraceIds, AStepKeepsTheTraceAndItsFlagAndHasASpanOfItsOwn) {
  TraceIds ids({1, 2});
  const auto caller = *TraceParent::parse(kGood);
  std::set<std::string> spans = {caller.span_id()};
  for (int i = 0; i < 1000; ++i) {
    const TraceParent own = ids.continue_from(caller);
    EXPECT_EQ(own.trace_id(), caller.trace_id());
    EXPECT_TRUE(own.sampled());
    EXPECT_TRUE(spans.insert(own.span_id()).second);
  }
}

TEST(TraceIds, ATraceThatIsBegunIsNewAndNotSampled) {
  TraceIds ids({1, 2});
  TraceIds others({1, 3});
  std::set<std::string> traces;
  for (int i = 0; i < 1000; ++i) {
    for (TraceIds* each : {&ids, &others}) {
      const TraceParent own = each->begin();
      EXPECT_FALSE(own.sampled());
      EXPECT_TRUE(TraceParent::of_bytes(own.bytes()));
      EXPECT_TRUE(traces.insert(own.trace_id()).second);
    }
  }
}

}  // namespace
}  // namespace doorbuster
