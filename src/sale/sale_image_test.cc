// Images of sales: whatever a sale went through, what is read back is the same sale.
#include "sale/sale_image.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <set>

#include "sale/sale_test_world.h"

namespace doorbuster::sale {
namespace {

class Bytes final : public ImageSink, public ImageSource {
 public:
  Status write(std::span<const std::byte> bytes) override {
    all.insert(all.end(), bytes.begin(), bytes.end());
    return ok_status();
  }
  Status read(std::span<std::byte> bytes) override {
    if (bytes.size() > all.size() - at) return Error{ErrorCode::data_damaged, "too short"};
    if (!bytes.empty()) std::memcpy(bytes.data(), all.data() + at, bytes.size());
    at += bytes.size();
    return ok_status();
  }

  std::vector<std::byte> all;
  std::size_t at = 0;
};

Bytes image_of(const SaleState& sale) {
  Bytes bytes;
  EXPECT_TRUE(write_image(sale, bytes).ok());
  return bytes;
}

Result<std::unique_ptr<SaleState>> read_back(Bytes& bytes) {
  return read_image(World::kKey, bytes);
}

// A catalog of what the images of another one hold.
Catalog copy_of(const Catalog& catalog) {
  Catalog copy(World::kKey);
  for (std::uint32_t i = 0; i < catalog.size(); ++i) {
    Bytes bytes = image_of(catalog[{i}]);
    auto sale = read_back(bytes);
    EXPECT_TRUE(sale.ok()) << sale.error().message;
    EXPECT_EQ(bytes.at, bytes.all.size());
    EXPECT_TRUE(put_sale(copy, std::move(*sale)).ok());
  }
  return copy;
}

std::string buyer_of(std::uint64_t number) {
  return "buyer-" + std::to_string(number) + (number % 5 == 0 ? std::string(60, 'y') : "");
}

// Chance decides what happens to a sale with holds: what ends, comes back and is owed, too.
class Life {
 public:
  explicit Life(std::uint64_t seed) : random_(seed) {
    SaleDefinition definition = stock(static_cast<std::uint32_t>(1 + below(3000)), 6);
    definition.title.emplace_back("de", "Schuhe");
    definition.metadata = R"({"a":1})";
    definition.hold_seconds = 20;
    definition.max_extension_seconds = 30;
    definition.claim_attempts = 50;
    if (seed % 2 == 0) definition.late_payment = LatePayment::reacquire;
    if (seed % 3 == 0) definition.closes_at = World::kBegin + std::chrono::seconds(200);
    world.open_sale(definition);
    world.publish_round(5);
  }

  void go_on(std::uint64_t steps) {
    for (std::uint64_t i = 0; i < steps; ++i) step();
  }

  World world;

 private:
  std::uint64_t below(std::uint64_t limit) { return random_() % limit; }

  void step() {
    now_ += std::chrono::milliseconds(below(60));
    world.at(now_);
    if (below(3) == 0 || claims_.empty()) return claim();
    const ClaimOutcome one = claims_[below(claims_.size())];
    const std::string reference = "order-" + std::to_string(below(50));
    SaleChanges changes;
    switch (below(40)) {
      case 0:
        changes.stock = static_cast<std::uint32_t>(1 + below(4000));
        world.change(changes);
        break;
      case 1:
        world.steer(SaleAction::pause);
        break;
      case 2:
      case 3:
      case 4:
        world.steer(SaleAction::resume);
        break;
      case 5:
        changes.per_buyer_limit = static_cast<Quantity>(1 + below(8));
        world.change(changes);
        break;
      default:
        if (below(3) == 0) {
          world.confirm(one, reference);
        } else if (below(2) == 0) {
          world.release(one, below(2) == 0 ? EndReason::buyer : EndReason::merchant);
        } else {
          world.extend(one);
        }
    }
  }

  void claim() {
    const std::string key = below(2) == 0 ? "key-" + std::to_string(below(9)) : "";
    const auto outcome =
        world.claim(buyer_of(below(500)), static_cast<Quantity>(1 + below(3)), key);
    if (outcome.verdict == ClaimVerdict::granted) claims_.push_back(outcome);
  }

  std::mt19937_64 random_;
  std::chrono::milliseconds now_{0};
  std::vector<ClaimOutcome> claims_;
};

void expect_same(const Catalog& copy, const Catalog& original) {
  EXPECT_EQ(digest(copy), digest(original));
  EXPECT_EQ(copy.newest_round(), original.newest_round());
  ASSERT_EQ(copy.size(), original.size());
  for (std::uint32_t i = 0; i < copy.size(); ++i) {
    const Status status = check_claims(copy[{i}]);
    EXPECT_TRUE(status.ok()) << status.error().message;
    EXPECT_EQ(copy[{i}].definition(), original[{i}].definition());
    EXPECT_EQ(copy[{i}].buyers(), original[{i}].buyers());
    EXPECT_EQ(copy[{i}].hold_ends(), original[{i}].hold_ends());
    EXPECT_EQ(next_due_at(copy[{i}]), next_due_at(original[{i}]));
  }
}

TEST(SaleImage, IsTheSameSaleWhenItIsReadBack) {
  std::set<ClaimStatus> statuses;
  std::uint64_t refunds = 0;
  std::uint64_t runs = 0;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Life life(seed);
    life.go_on(seed * 100);
    if (seed % 4 == 0) life.world.steer(seed % 8 == 0 ? SaleAction::cancel : SaleAction::close);
    expect_same(copy_of(life.world.catalog()), life.world.catalog());
    const SaleState& sale = life.world.sale();
    runs += sale.free_units().runs().size();
    for (std::uint32_t i = 0; i < sale.claims().size(); ++i) {
      const Claim& claim = sale.claims()[ClaimOrdinal{i}];
      statuses.insert(claim.status);
      refunds += sale.claims().refunds(claim).size();
    }
  }
  EXPECT_EQ(statuses.size(), 3U);
  EXPECT_GT(refunds, 100U);
  EXPECT_GT(runs, 100U);
}

TEST(SaleImage, WhatHappensAfterwardsIsTheSameToo) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    Life life(seed);
    life.go_on(1500);
    Catalog copy = copy_of(life.world.catalog());
    const std::size_t known = life.world.history().size();
    life.go_on(1500);
    for (std::size_t i = known; i < life.world.history().size(); ++i) {
      const auto& [sale, bytes] = life.world.history()[i];
      const auto event = decode(sale, std::as_bytes(std::span(bytes)));
      ASSERT_TRUE(event.ok());
      ASSERT_TRUE(can_apply(copy, *event).ok());
      apply(copy, *event);
    }
    expect_same(copy, life.world.catalog());
  }
}

TEST(SaleImage, OneThatIsDeletedStaysSo) {
  World world;
  SaleDefinition definition = stock(5);
  definition.opens_at = World::kBegin + std::chrono::seconds(5);
  world.open_sale(definition);
  world.remove();
  const Catalog copy = copy_of(world.catalog());
  EXPECT_EQ(copy.find("sale"), nullptr);
  EXPECT_NE(copy.find_ever("sale"), nullptr);
  expect_same(copy, world.catalog());
}

Result<std::unique_ptr<SaleState>> archived(const SaleState& sale) {
  const std::string head = head_of(sale);
  return read_archived(World::kKey, std::as_bytes(std::span(head)));
}

TEST(SaleImage, WhatIsLeftOfAnArchivedSaleSaysTheSameWithoutItsClaims) {
  Life life(3);
  life.go_on(500);
  EXPECT_FALSE(archived(life.world.sale()).ok()) << "it is open";
  life.world.steer(SaleAction::cancel);
  auto rest = archived(life.world.sale());
  ASSERT_TRUE(rest.ok()) << rest.error().message;
  Catalog copy = copy_of(life.world.catalog());
  const std::unique_ptr<SaleState> whole = replace_sale(copy, std::move(*rest));
  EXPECT_FALSE(whole->archived());
  const SaleState& left = copy[{0}];
  EXPECT_TRUE(left.archived());
  EXPECT_EQ(left.claims().size(), 0U);
  EXPECT_EQ(left.granted(), whole->claims().size());
  EXPECT_EQ(left.sequence(), whole->sequence());
  EXPECT_EQ(left.totals().confirmed, whole->totals().confirmed);
  EXPECT_EQ(left.released(), whole->released());
  EXPECT_EQ(left.definition(), whole->definition());
  EXPECT_EQ(left.availability(), whole->availability());
  EXPECT_EQ(next_due_at(left), kNever);
  EXPECT_EQ(head_of(*whole).substr(0, 40), head_of(left).substr(0, 40));
}

TEST(SaleImage, ADamagedHeadIsRefused) {
  World world;
  world.open_sale(stock(5));
  world.claim("ann");
  world.steer(SaleAction::close);
  const std::string head = head_of(world.sale());
  for (std::size_t length = 0; length < head.size(); ++length) {
    const auto bytes = std::as_bytes(std::span(head)).first(length);
    EXPECT_FALSE(read_archived(World::kKey, bytes).ok());
  }
}

TEST(SaleImage, ManyTablesOfBuyersFindTheirPlacesAgain) {
  World world;
  world.open_sale(stock(100'000));
  for (int i = 0; i < 60'000; ++i) world.claim("b" + std::to_string(i));
  const Catalog copy = copy_of(world.catalog());
  EXPECT_EQ(copy[{0}].buyers(), 60'000U);
  for (int i = 0; i < 60'000; ++i) {
    const auto claim = copy[{0}].newest_claim("b" + std::to_string(i));
    ASSERT_TRUE(claim);
    ASSERT_EQ(claim->value, static_cast<std::uint32_t>(i));
  }
  EXPECT_FALSE(copy[{0}].newest_claim("b60000"));
}

TEST(SaleImage, OneThatIsCutShortIsRefused) {
  Life life(5);
  life.go_on(300);
  const Bytes whole = image_of(life.world.sale());
  for (std::size_t size = 0; size < whole.all.size(); ++size) {
    Bytes cut;
    cut.all.assign(whole.all.begin(), whole.all.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_FALSE(read_back(cut).ok()) << size;
  }
}

// Checksums find changed bits long before; here nothing but the reader stands between them and the
// tables.
TEST(SaleImage, AChangedByteIsRefusedOrHarmless) {
  Life life(6);
  life.go_on(200);
  const Bytes whole = image_of(life.world.sale());
  std::uint64_t refused = 0;
  for (std::size_t at = 0; at < whole.all.size(); ++at) {
    for (const auto change : {std::byte{0x01}, std::byte{0x80}, std::byte{0xff}}) {
      Bytes changed;
      changed.all = whole.all;
      changed.all[at] ^= change;
      const auto sale = read_back(changed);
      if (!sale.ok()) {
        ++refused;
        continue;
      }
      for (std::uint64_t buyer = 0; buyer < 500; ++buyer) {
        for_each_claim(**sale, buyer_of(buyer), [](ClaimOrdinal, const Claim&) { return true; });
      }
    }
  }
  EXPECT_GT(refused, 500U);
}

TEST(SaleImage, ASaleIsPutInItsPlaceOnce) {
  World world;
  world.open_sale(stock(5));
  Bytes bytes = image_of(world.sale());
  Catalog catalog(World::kKey);
  auto first = read_back(bytes);
  bytes.at = 0;
  auto second = read_back(bytes);
  ASSERT_TRUE(put_sale(catalog, std::move(*first)).ok());
  EXPECT_FALSE(put_sale(catalog, std::move(*second)).ok());
}

}  // namespace
}  // namespace doorbuster::sale
