// The containers of a sale at sizes where they grow, and claim ids.
#include <gtest/gtest.h>

#include <random>
#include <set>
#include <unordered_map>

#include "sale/buyer_index.h"
#include "sale/claim_id.h"
#include "sale/sale_test_world.h"
#include "sale/segmented_vector.h"

namespace doorbuster::sale {
namespace {

TEST(SegmentedVector, KeepsEveryElementAtItsAddressWhileItGrows) {
  SegmentedVector<std::uint32_t> numbers;
  std::vector<std::uint32_t*> addresses;
  for (std::uint32_t i = 0; i < 20'000; ++i) {
    std::uint32_t& added = numbers.push_back();
    EXPECT_EQ(added, 0U);
    added = i;
    addresses.push_back(&added);
  }
  for (std::uint32_t i = 0; i < 20'000; ++i) {
    ASSERT_EQ(numbers[i], i);
    ASSERT_EQ(&numbers[i], addresses[i]);
  }
}

TEST(SegmentedVector, ASmallOneIsSmall) {
  SegmentedVector<Claim> claims;
  claims.push_back();
  EXPECT_LE(claims.memory(), 16 * sizeof(Claim) + 64);
}

TEST(BuyerIndex, FindsTheNewestClaimOfEachOfManyBuyers) {
  BuyerIndex index;
  std::unordered_map<std::uint64_t, std::uint32_t> expected;
  std::mt19937_64 random(3);
  const auto hash = [](std::uint64_t buyer) { return buyer * 0x9e3779b97f4a7c15; };
  std::vector<std::uint64_t> buyer_of_claim;
  for (std::uint32_t claim = 0; claim < 300'000; ++claim) {
    const std::uint64_t buyer = random() % 200'000;
    buyer_of_claim.push_back(buyer);
    index.put(hash(buyer), {claim}, [&](ClaimOrdinal other) {
      return other.value != claim && buyer_of_claim[other.value] == buyer;
    });
    expected[buyer] = claim;
  }
  EXPECT_EQ(index.size(), expected.size());
  for (const auto& [buyer, claim] : expected) {
    const auto found = index.find(hash(buyer), [&, wanted = buyer](ClaimOrdinal other) {
      return buyer_of_claim[other.value] == wanted;
    });
    ASSERT_TRUE(found);
    ASSERT_EQ(found->value, claim);
  }
  EXPECT_FALSE(index.find(
      hash(200'001), [&](ClaimOrdinal other) { return buyer_of_claim[other.value] == 200'001; }));
}

// More than one table holds, which no split can share out: that one grows.
TEST(BuyerIndex, BuyersOfTheSameHashAreToldApart) {
  BuyerIndex index;
  constexpr std::uint32_t kBuyers = 4000;
  for (std::uint32_t claim = 0; claim < kBuyers; ++claim) {
    index.put(42, {claim}, [](ClaimOrdinal) { return false; });
  }
  for (std::uint32_t claim = 0; claim < kBuyers; ++claim) {
    const auto found = index.find(42, [claim](ClaimOrdinal other) { return other.value == claim; });
    ASSERT_TRUE(found);
    ASSERT_EQ(found->value, claim);
  }
}

// Of 200,000 names some have the same 32 bits of hash.
TEST(BuyerIndex, TwoBuyersWhoseHashesCollideHaveTheirOwnClaims) {
  std::unordered_map<std::uint32_t, std::string> names;
  std::string one;
  std::string other;
  for (int i = 0; i < 200'000 && one.empty(); ++i) {
    other = "buyer-" + std::to_string(i);
    const auto tag = static_cast<std::uint32_t>(siphash13(World::kKey, other));
    const auto [found, is_new] = names.try_emplace(tag, other);
    if (!is_new) one = found->second;
  }
  ASSERT_FALSE(one.empty());
  World world;
  world.open_sale(stock(10, 2));
  EXPECT_EQ(world.claim(one, 1, "k1"), ClaimOutcome::granted({0}));
  EXPECT_EQ(world.claim(other, 1, "k1"), ClaimOutcome::granted({1}));
  EXPECT_EQ(world.claim(other, 1, "k2"), ClaimOutcome::granted({2}));
  EXPECT_EQ(world.sale().newest_claim(one), ClaimOrdinal{0});
  EXPECT_EQ(world.sale().newest_claim(other), ClaimOrdinal{2});
  EXPECT_EQ(world.claim(one, 1, "k1"), ClaimOutcome::existing({0}));
  EXPECT_TRUE(check_claims(world.sale()).ok());
}

TEST(Memory, AClaimOfAnIdOfTwentyFourBytesTakesAtMost96Bytes) {
  World world;
  world.open_sale(stock(kMaxStock));
  const std::uint32_t claims = 400'000;
  for (std::uint32_t i = 0; i < claims; ++i) {
    std::string buyer = "buyer-" + std::to_string(i);
    buyer.resize(24, '.');
    world.claim(buyer);
  }
  EXPECT_LE(world.sale().memory() / claims, 96U);
}

TEST(ClaimIds, EveryPlaceHasItsOwnIdAndComesBack) {
  const ClaimIdCodec codec({11, 22});
  std::set<std::string> seen;
  for (std::uint32_t sale = 0; sale < 20; ++sale) {
    for (std::uint32_t claim = 0; claim < 200; ++claim) {
      const ClaimPlace place{{sale * 214'748'364}, {claim * 21'474'836}};
      const std::string text = to_string(codec.encode(place));
      EXPECT_EQ(text.size(), 30U);
      EXPECT_TRUE(seen.insert(text).second);
      const auto id = parse_claim_id(text);
      ASSERT_TRUE(id) << text;
      EXPECT_EQ(codec.decode(*id), place);
      EXPECT_NE(codec.decode(*id), (ClaimPlace{{sale + 1}, place.claim}));
    }
  }
}

TEST(ClaimIds, AreUuidsOfVersionEight) {
  const ClaimIdCodec codec({11, 22});
  const ClaimId id = codec.encode({{1}, {2}});
  EXPECT_EQ((id.high >> 12) & 15, 8U);
  EXPECT_EQ(id.low >> 62, 2U);
  EXPECT_FALSE(codec.decode({id.high ^ 0x1000, id.low}));
  EXPECT_FALSE(codec.decode({id.high, id.low ^ std::uint64_t{1} << 62}));
}

TEST(ClaimIds, AnIdOfAnotherKeyOrAChangedOneIsNobodys) {
  const ClaimIdCodec codec({11, 22});
  EXPECT_FALSE(ClaimIdCodec({11, 23}).decode(codec.encode({{1}, {2}})));
  const std::string text = to_string(codec.encode({{1}, {2}}));
  for (std::size_t i = 4; i < text.size(); ++i) {
    std::string changed = text;
    changed[i] = changed[i] == '7' ? '6' : '7';
    const auto id = parse_claim_id(changed);
    EXPECT_FALSE(id && codec.decode(*id)) << changed;
  }
}

TEST(ClaimIds, OtherTextsAreNoIds) {
  for (const char* text : {"", "clm_", "clm_0", "me", "clm_01k9zzzzzzzzzzzzzzzzzzzzzzz",
                           "CLM_00000000000000000000000000", "clm_8zzzzzzzzzzzzzzzzzzzzzzzzz",
                           "clm_0000000000000000000000000u", "clm_00000000000000000000000000"}) {
    EXPECT_FALSE(parse_claim_id(text)) << text;
  }
}

// As answers, metrics and logs say them.
TEST(Words, EveryStateHasItsOwn) {
  EXPECT_EQ(to_string(SaleStatus::scheduled), "scheduled");
  EXPECT_EQ(to_string(SaleStatus::open), "open");
  EXPECT_EQ(to_string(SaleStatus::paused), "paused");
  EXPECT_EQ(to_string(SaleStatus::closed), "closed");
  EXPECT_EQ(to_string(ClaimStatus::held), "held");
  EXPECT_EQ(to_string(ClaimStatus::confirmed), "confirmed");
  EXPECT_EQ(to_string(ClaimStatus::released), "released");
  EXPECT_EQ(to_string(EndReason::none), "none");
  EXPECT_EQ(to_string(EndReason::buyer), "buyer");
  EXPECT_EQ(to_string(EndReason::merchant), "merchant");
  EXPECT_EQ(to_string(EndReason::expired), "expired");
  EXPECT_EQ(to_string(EndReason::cancelled), "cancelled");
  EXPECT_EQ(to_string(Availability::available), "available");
  EXPECT_EQ(to_string(Availability::all_held), "all_held");
  EXPECT_EQ(to_string(Availability::gone), "gone");
}

TEST(Rounds, AreNumberedBySlugsThatNoOtherTextIs) {
  EXPECT_EQ(round_of("goods-1"), 1U);
  EXPECT_EQ(round_of(round_slug(4'294'967'295)), 4'294'967'295U);
  for (const char* slug : {"", "good", "goods", "goodies-1", "goods1", "goods_1", "goods-",
                           "goods-0", "goods-01", "goods-1a", "goods--1", "goods-4294967296"}) {
    EXPECT_EQ(round_of(slug), 0U) << slug;
  }
}

TEST(Replay, TheBytesOfTheEventsMakeTheSameState) {
  World world;
  world.open_sale(stock(500, 3));
  world.publish_round(50);
  std::mt19937 random(5);
  for (int i = 0; i < 2000; ++i) {
    const std::string buyer = "b" + std::to_string(random() % 300);
    const std::string key = random() % 2 == 0 ? "" : "k" + std::to_string(random() % 5);
    world.claim(buyer, static_cast<Quantity>(1 + random() % 3), key,
                random() % 3 == 0 ? "goods" : "sale");
    if (i % 500 == 499) world.publish_round(50);
  }
  Catalog replayed(World::kKey);
  for (const auto& [sale, bytes] : world.history()) {
    const auto event = decode(sale, std::as_bytes(std::span(bytes)));
    ASSERT_TRUE(event.ok());
    ASSERT_TRUE(can_apply(replayed, *event).ok());
    apply(replayed, *event);
    // Replaying twice changes nothing: the event no longer fits.
    ASSERT_FALSE(can_apply(replayed, *event).ok());
  }
  EXPECT_EQ(digest(replayed), digest(world.catalog()));
}

TEST(Replay, AnEventThatNamesAnotherBuyerOrQuantityThanItsClaimHasDoesNotFit) {
  World world;
  SaleDefinition definition = stock(10, 3);
  definition.hold_seconds = 10;
  world.open_sale(definition);
  const auto held = world.claim("a-buyer-whose-name-is-longer-than-twenty-four-bytes", 2);
  const SaleState& sale = world.sale();
  const OfClaim of = of_claim(sale, held.claim);
  EXPECT_EQ(of.buyer, "a-buyer-whose-name-is-longer-than-twenty-four-bytes");
  EXPECT_EQ(of.quantity, 2);
  const auto fits = [&](const EventBody& body) {
    return can_apply(world.catalog(), event_of(sale, World::kBegin, body)).ok();
  };
  const OfClaim another_buyer{of.claim, "bob", of.quantity};
  const OfClaim another_quantity{of.claim, of.buyer, 1};
  EXPECT_TRUE(fits(ClaimConfirmed{of, "order"}));
  EXPECT_FALSE(fits(ClaimConfirmed{another_buyer, "order"}));
  EXPECT_FALSE(fits(ClaimConfirmed{another_quantity, "order"}));
  EXPECT_TRUE(fits(ClaimReleased{of, EndReason::buyer}));
  EXPECT_FALSE(fits(ClaimReleased{another_buyer, EndReason::buyer}));
  EXPECT_FALSE(fits(ClaimExtended{another_quantity, World::kBegin + std::chrono::seconds(20)}));
}

}  // namespace
}  // namespace doorbuster::sale
