// The bytes of events: every type there and back, one encoding each, nothing read that is not one.
#include "sale/event_codec.h"

#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <utility>

#include "base/trace_parent.h"

namespace doorbuster::sale {
namespace {

using namespace std::chrono_literals;

constexpr Time kAt{std::chrono::milliseconds(1'794'398'400'123)};

std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text));
}

SharedDefinition full_definition() {
  auto sale = std::make_shared<SaleDefinition>();
  sale->slug = "iphone-drop";
  sale->title = {{"en", "iPhone drop"}, {"zh-CN", "iPhone 秒杀"}};
  sale->stock = 100'000'000;
  sale->per_buyer_limit = 1000;
  sale->hold_seconds = 600;
  sale->opens_at = kAt;
  sale->closes_at = kAt + 1h;
  sale->late_payment = LatePayment::reacquire;
  sale->claim_attempts = 7;
  sale->max_extension_seconds = 60;
  sale->archive_after_seconds = 86400;
  sale->reveal = Reveal::confirm;
  sale->metadata = R"({"a":[1,2]})";
  return sale;
}

// One event of every type, with every optional part there and not there.
std::vector<EventBody> every_body() {
  auto plain = std::make_shared<SaleDefinition>();
  plain->slug = "s";
  const UnitRuns scattered{{7, 2}, {{1, 1}, {4'000'000, 900}}};
  return {SaleCreated{full_definition()},
          SaleCreated{plain},
          SaleUpdated{full_definition()},
          SaleOpened{},
          SalePaused{},
          SaleResumed{},
          SaleClosed{},
          SaleCancelled{},
          SaleDeleted{},
          CodesAdded{{"AAA-1", "AAA-2"}},
          EligibilitySet{{{"ann", 1}, {"bob", 0}}},
          ClaimGranted{{0}, "ann", {{1, 1}, {}}, std::nullopt, ""},
          ClaimGranted{{4'000'000'000}, std::string_view("bób"), scattered, kAt + 10min, "key-1"},
          ClaimConfirmed{{{3}, "ann", 1}, "order_991"},
          ClaimReleased{{{3}, "bób", 1000}, EndReason::cancelled},
          ClaimExtended{{{3}, "ann", 2}, kAt + 1s},
          ClaimReacquired{{{3}, "ann", 903}, scattered, "order_1"},
          RefundRequired{{{3}, "ann", 1}, "order_2"},
          WaitlistJoined{"ann"},
          WaitlistOffered{"ann", {9}},
          WaitlistLeft{"ann"}};
}

TEST(EventCodec, EveryTypeComesBackAsItWas) {
  std::vector<bool> seen(std::variant_size_v<EventBody>);
  for (const EventBody& body : every_body()) {
    seen[body.index()] = true;
    std::string bytes;
    encode({{5}, {77}, kAt, body}, bytes);
    const auto back = decode({5}, bytes_of(bytes));
    ASSERT_TRUE(back.ok()) << back.error().message;
    EXPECT_EQ(back->body.index(), body.index());
    EXPECT_EQ(back->sequence.value, 77U);
    EXPECT_EQ(back->at, kAt);
    std::string again;
    encode(*back, again);
    EXPECT_EQ(again, bytes) << type_name(*back);
  }
  for (std::size_t i = 0; i < seen.size(); ++i) EXPECT_TRUE(seen[i]) << "type " << i;
}

TEST(EventCodec, ADefinitionKeepsEveryMember) {
  std::string bytes;
  encode({{0}, {1}, kAt, SaleCreated{full_definition()}}, bytes);
  const auto back = decode({0}, bytes_of(bytes));
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(*std::get<SaleCreated>(back->body).definition, *full_definition());
}

TEST(EventCodec, AClaimOfAShortIdTakesLessThanFiftyBytes) {
  std::string bytes;
  encode({{0},
          {10'000'000},
          kAt,
          ClaimGranted{
              {9'999'998}, "b0001000000000000000000", {{9'999'999, 1}, {}}, std::nullopt, ""}},
         bytes);
  EXPECT_LT(bytes.size(), 50U);
}

TEST(EventCodec, NoShortenedOrLengthenedEventIsRead) {
  for (const EventBody& body : every_body()) {
    std::string bytes;
    encode({{0}, {1}, kAt, body}, bytes);
    for (std::size_t length = 0; length < bytes.size(); ++length) {
      EXPECT_FALSE(decode({0}, bytes_of(bytes.substr(0, length))).ok()) << length;
    }
    EXPECT_FALSE(decode({0}, bytes_of(bytes + '\0')).ok());
  }
}

TEST(EventCodec, WhatIsReadFromChangedBytesIsStillCanonical) {
  std::mt19937 random(7);
  for (int i = 0; i < 50'000; ++i) {
    const auto bodies = every_body();
    std::string bytes;
    encode({{0}, {1 + random() % 1000}, kAt, bodies[random() % bodies.size()]}, bytes);
    bytes[random() % bytes.size()] = static_cast<char>(random());
    const auto back = decode({0}, bytes_of(bytes));
    if (!back.ok()) continue;
    std::string again;
    encode(*back, again);
    EXPECT_EQ(again, bytes);
  }
}

std::string trace_bytes() {
  return std::string(
      TraceParent::parse("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")->bytes());
}

TEST(EventCodec, ATraceComesBackAndCostsNothingWhereThereIsNone) {
  const std::string trace = trace_bytes();
  for (const EventBody& body : every_body()) {
    std::string without;
    std::string with;
    encode({{5}, {77}, kAt, body}, without);
    encode({{5}, {77}, kAt, body, trace}, with);
    EXPECT_EQ(with.size(), without.size() + TraceParent::kBytes);
    EXPECT_EQ(with.substr(1 + TraceParent::kBytes), without.substr(1));
    const auto back = decode({5}, bytes_of(with));
    ASSERT_TRUE(back.ok()) << back.error().message;
    EXPECT_EQ(back->trace, trace);
    EXPECT_EQ(back->body.index(), body.index());
    std::string again;
    encode(*back, again);
    EXPECT_EQ(again, with);
    for (std::size_t length = 0; length < with.size(); ++length) {
      EXPECT_FALSE(decode({5}, bytes_of(with.substr(0, length))).ok()) << length;
    }
  }
}

TEST(EventCodec, ATraceThatNoneCanBeIsDamage) {
  for (const auto& bad : {std::string(25, '\0'), std::string(16, '\0') + trace_bytes().substr(16),
                          trace_bytes().substr(0, 24) + '\x03'}) {
    std::string bytes;
    encode({{0}, {1}, kAt, SaleOpened{}, bad}, bytes);
    const auto back = decode({0}, bytes_of(bytes));
    ASSERT_FALSE(back.ok());
    EXPECT_EQ(back.error().code, ErrorCode::data_damaged);
  }
}

// Times are printed wherever an event is told, and what cannot be printed would end the server
// there.
TEST(EventCodec, ATimeBeyondTheYear9999IsDamage) {
  constexpr Time kLast{std::chrono::milliseconds(253'402'300'799'999)};
  const auto is_read = [](Time at, EventBody body) {
    std::string bytes;
    encode({{0}, {7}, at, std::move(body)}, bytes);
    return decode({0}, bytes_of(bytes)).ok();
  };
  const auto closing = [](Time at) {
    auto sale = std::make_shared<SaleDefinition>(*full_definition());
    sale->closes_at = at;
    return SaleUpdated{sale};
  };
  for (const auto& [last, is_fit] : {std::pair(kLast, true), std::pair(kLast + 1ms, false)}) {
    EXPECT_EQ(is_read(last, SaleOpened{}), is_fit);
    EXPECT_EQ(is_read(kAt, ClaimExtended{{{3}, "ann", 2}, last}), is_fit);
    EXPECT_EQ(is_read(kAt, ClaimGranted{{1}, "ann", {{1, 1}, {}}, last, ""}), is_fit);
    EXPECT_EQ(is_read(kAt, closing(last)), is_fit);
  }
}

TEST(EventCodec, ATypeOfALaterVersionIsNamedSo) {
  std::string bytes;
  encode({{0}, {1}, kAt, SaleOpened{}}, bytes);
  bytes[0] = 99;
  const auto back = decode({0}, bytes_of(bytes));
  ASSERT_FALSE(back.ok());
  EXPECT_EQ(back.error().code, ErrorCode::unsupported);
}

}  // namespace
}  // namespace doorbuster::sale
