// Images of sales: whatever a sale went through, what is read back is the same sale.
#include "sale/sale_image.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <set>

#include "base/wire.h"
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

  void put(std::size_t offset, std::uint32_t value) {
    std::memcpy(all.data() + offset, &value, sizeof value);
  }
  std::uint32_t get(std::size_t offset) const {
    std::uint32_t value = 0;
    std::memcpy(&value, all.data() + offset, sizeof value);
    return value;
  }

  std::vector<std::byte> all;
  std::size_t at = 0;
};

// Takes so many writes and fails then.
class FullSink final : public ImageSink {
 public:
  explicit FullSink(int room) : room_(room) {}
  Status write(std::span<const std::byte>) override {
    if (room_-- > 0) return ok_status();
    return Error{ErrorCode::storage_unavailable, "no room"};
  }

 private:
  int room_;
};

Bytes image_of(const SaleState& sale) {
  Bytes bytes;
  EXPECT_TRUE(write_image(sale, bytes).ok());
  return bytes;
}

Result<std::unique_ptr<SaleState>> read_back(Bytes& bytes) {
  return read_image(World::kKey, bytes);
}

// What is wrong with an image, found when it is read or by check_claims(); empty: nothing is.
std::string words_for(Bytes bytes) {
  const auto sale = read_back(bytes);
  if (!sale) return sale.error().message;
  const Status status = check_claims(**sale);
  return status.ok() ? "" : status.error().message;
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
  const auto rest = read_archived(World::kKey, std::as_bytes(std::span(head)));
  ASSERT_TRUE(rest.ok());
  EXPECT_TRUE(check_claims(**rest).ok());
  for (std::size_t length = 0; length < head.size(); ++length) {
    const auto bytes = std::as_bytes(std::span(head)).first(length);
    EXPECT_FALSE(read_archived(World::kKey, bytes).ok());
  }
}

TEST(SaleImage, OfASaleThatHoldsUnitsIsNoHeadOfAnArchivedOne) {
  World world;
  SaleDefinition definition = stock(5);
  definition.hold_seconds = 60;
  world.open_sale(definition);
  world.claim("ann");
  world.steer(SaleAction::close);
  EXPECT_FALSE(archived(world.sale()).ok());
}

TEST(SaleImage, AHeadBeginsWithADefinition) {
  std::string head;
  put_varint(head, 0);
  std::string opened;
  encode({{0}, {1}, World::kBegin, SaleOpened{}}, opened);
  put_text(head, opened);
  const auto sale = read_archived(World::kKey, std::as_bytes(std::span(head)));
  ASSERT_FALSE(sale.ok());
  EXPECT_EQ(sale.error().message, "no image of a sale: it has no definition");
}

// So many that some of their tables are full and others have been split.
constexpr int kManyBuyers = 50'000;

World world_of_many_buyers() {
  World world;
  world.open_sale(stock(100'000));
  for (int i = 0; i < kManyBuyers; ++i) world.claim("b" + std::to_string(i));
  return world;
}

TEST(SaleImage, ManyTablesOfBuyersFindTheirPlacesAgain) {
  const World world = world_of_many_buyers();
  const Catalog copy = copy_of(world.catalog());
  EXPECT_EQ(copy[{0}].buyers(), static_cast<std::size_t>(kManyBuyers));
  for (int i = 0; i < kManyBuyers; ++i) {
    const auto claim = copy[{0}].newest_claim("b" + std::to_string(i));
    ASSERT_TRUE(claim);
    ASSERT_EQ(claim->value, static_cast<std::uint32_t>(i));
  }
  EXPECT_FALSE(copy[{0}].newest_claim("b" + std::to_string(kManyBuyers)));
}

// Where the tables of buyers stand in an image of a sale without returned units, from behind.
std::vector<std::size_t> tables_of(const Bytes& image, std::size_t slots) {
  std::vector<std::size_t> tables;
  const std::size_t bytes = 8 + slots * 8;
  for (std::size_t at = image.all.size(); at >= bytes && image.get(at - bytes) == slots;) {
    at -= bytes;
    tables.push_back(at);
  }
  return tables;
}

TEST(SaleImage, TablesOfBuyersThatDoNotFitTogetherAreRefused) {
  const World world = world_of_many_buyers();
  const Bytes whole = image_of(world.sale());
  const auto tables = tables_of(whole, 4096);
  ASSERT_GT(tables.size(), 16U);
  std::set<std::string> words;
  for (const std::size_t table : tables) {
    const std::uint32_t depth = whole.get(table + 4);
    for (const std::uint32_t wrong : {depth - 1, depth + 1}) {
      Bytes changed = whole;
      changed.put(table + 4, wrong);
      words.insert(words_for(changed));
    }
  }
  EXPECT_EQ(words, (std::set<std::string>{
                       "no image of a sale: a table of buyers is missing",
                       "no image of a sale: its tables of buyers do not fit together"}));
}

TEST(SaleImage, ATableOfBuyersThatIsNoneIsRefused) {
  World world;
  world.open_sale(stock(5));
  world.claim("ann");
  const Bytes whole = image_of(world.sale());
  const auto tables = tables_of(whole, 16);
  ASSERT_EQ(tables.size(), 1U);
  const auto with = [&](std::size_t offset, std::uint32_t value) {
    Bytes changed = whole;
    changed.put(tables[0] + offset, value);
    return words_for(changed);
  };
  const std::string prefix = "no image of a sale: ";
  for (const std::uint32_t capacity : {0U, 12U, 8192U}) {
    EXPECT_EQ(with(0, capacity), prefix + "a table of buyers has no right size");
  }
  EXPECT_EQ(with(4, 21), prefix + "a table of buyers has no right size");
  EXPECT_EQ(with(4, 1), prefix + "a table of buyers is missing");
  Bytes full = whole;
  for (std::size_t slot = 0; slot < 16; ++slot) full.put(tables[0] + 8 + slot * 8 + 4, 1);
  EXPECT_EQ(words_for(full), prefix + "a table of buyers is too full");
  for (std::size_t slot = 0; slot < 16; ++slot) full.put(tables[0] + 8 + slot * 8 + 4, slot % 2);
  EXPECT_EQ(words_for(full), prefix + "its buyers do not add up");
}

TEST(SaleImage, IsNotWrittenWhereThereIsNoRoom) {
  World world;
  world.open_sale(stock(30'000, 1));
  std::vector<ClaimOutcome> claims;
  for (int i = 0; i < 20'000; ++i) {
    const std::string name = "buyer-" + std::to_string(i);
    claims.push_back(world.claim(i < 1000 ? name + std::string(90, 'x') : name));
  }
  // Every other unit comes back, so that none is next to another.
  for (std::size_t i = 0; i < claims.size(); i += 2) world.release(claims[i], EndReason::merchant);
  expect_same(copy_of(world.catalog()), world.catalog());
  int room = 0;
  for (;; ++room) {
    FullSink sink(room);
    const Status written = write_image(world.sale(), sink);
    if (written.ok()) break;
    ASSERT_EQ(written.error().code, ErrorCode::storage_unavailable) << room;
  }
  EXPECT_GT(room, 30) << "it is written in batches";
}

// A claim without returned units: what is changed in it stands behind its head.
TEST(SaleImage, AClaimThatOwnsWhatItCannotIsFound) {
  World world;
  world.open_sale(stock(5, 2));
  world.claim("ann", 2);
  world.claim("bob", 1);
  const Bytes whole = image_of(world.sale());
  constexpr std::size_t kClaim = 64;
  constexpr std::size_t kFirstUnit = 48;
  constexpr std::size_t kExtra = 56;  // quantity, length of the buyer's id and state follow it
  const std::size_t ann = tables_of(whole, 16).front() - 2 * kClaim;
  const auto with = [&](std::size_t offset, std::uint32_t value) {
    Bytes changed = whole;
    changed.put(ann + offset, value);
    return words_for(changed);
  };
  const std::string prefix = "sale sale, sequence 4: ";
  ASSERT_EQ(whole.get(ann + kFirstUnit), 1U);
  EXPECT_EQ(with(kFirstUnit, 2), prefix + "unit 3 has two owners");
  for (const Unit unit : {Unit{4}, Unit{0xfffffffe}, Unit{0xffffffff}}) {
    EXPECT_EQ(with(kFirstUnit, unit), prefix + "a unit that was never handed out is owned");
  }
  EXPECT_EQ(with(0, 0x6e6e41), prefix + "a claim cannot be found by its buyer");
  EXPECT_EQ(with(kExtra, 1), "no image of a sale: claim 0 is none");
  // Without an id in it, and without an extra where a long one would stand.
  const std::uint32_t rest = whole.get(ann + kExtra + 4);
  EXPECT_EQ(with(kExtra + 4, rest & 0xff00ffff), "no image of a sale: claim 0 is none");
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
  std::set<std::string> found;
  for (std::size_t at = 0; at < whole.all.size(); ++at) {
    for (const auto change : {std::byte{0x01}, std::byte{0x80}, std::byte{0xff}, whole.all[at]}) {
      Bytes changed;
      changed.all = whole.all;
      changed.all[at] ^= change;
      const auto sale = read_back(changed);
      if (!sale.ok()) {
        ++refused;
        found.insert(sale.error().message);
        continue;
      }
      if (const Status status = check_claims(**sale); !status.ok()) {
        const std::string& words = status.error().message;
        found.insert(words.substr(words.find(": ")));
      }
      for (std::uint64_t buyer = 0; buyer < 500; ++buyer) {
        for_each_claim(**sale, buyer_of(buyer), [](ClaimOrdinal, const Claim&) { return true; });
      }
    }
  }
  EXPECT_GT(refused, 500U);
  EXPECT_TRUE(found.contains(": a buyer has more than the limit"));
  EXPECT_TRUE(found.contains(": the stock is not as defined"));
  EXPECT_TRUE(found.contains(": a sale exists that nothing has happened to"));
}

TEST(SaleImage, UnitsThatCannotHaveComeBackAreFound) {
  World world;
  world.open_sale(stock(5));
  const auto ann = world.claim("ann");
  world.claim("bob");
  const auto cid = world.claim("cid");
  world.claim("dan");
  world.claim("eve");
  world.release(ann, EndReason::merchant);
  world.release(cid, EndReason::merchant);
  const Bytes whole = image_of(world.sale());
  ASSERT_EQ(words_for(whole), "");
  const std::size_t second = whole.all.size() - 8;
  ASSERT_EQ(whole.get(second), 3U);
  const auto with = [&](Unit first, std::uint32_t count) {
    Bytes changed = whole;
    changed.put(second, first);
    changed.put(second + 4, count);
    return words_for(changed);
  };
  EXPECT_EQ(with(1, 1), "sale sale, sequence 9: unit 1 came back twice");
  EXPECT_EQ(with(4, 1), "sale sale, sequence 9: unit 4 has two owners");
  EXPECT_EQ(with(3, 2), "sale sale, sequence 9: more units came back than are free");
  for (const auto& [first, count] : {std::pair(0U, 1U), {3U, 0U}, {6U, 1U}, {3U, 4U}}) {
    EXPECT_EQ(with(first, count), "no image of a sale: a unit came back that was never handed out");
  }
}

TEST(SaleImage, ABlockOfWhatFewClaimsHaveIsNeverEmpty) {
  World world;
  world.open_sale(stock(5));
  world.claim("ann", 1, "key");
  const Bytes whole = image_of(world.sale());
  // Its length stands in front of it: no long buyer, "key", no reference, no units, no refunds.
  const std::size_t length = tables_of(whole, 16).front() - 8 - 4;
  ASSERT_EQ(whole.get(length), 8U);
  for (const std::uint32_t wrong : {0U, 1024 * 1024 + 1U}) {
    Bytes changed = whole;
    changed.put(length, wrong);
    EXPECT_EQ(words_for(changed), "no image of a sale: a block has no right length");
  }
}

// Four thousand million units cannot be handed out in a test: the image says that they were.
TEST(SaleImage, ASaleWhoseUnitNumbersRunOutGrowsNoFurther) {
  World world;
  world.open_sale(stock(5));
  std::string head = head_of(world.sale());
  head.resize(head.size() - 6);
  put_varint(head, kMaxUnit - 10);  // the next unit
  // Runs, claims, extras, tables, buyers.
  for (const std::uint64_t count : {0U, 0U, 0U, 1U, 0U}) put_varint(head, count);
  const Bytes image = image_of(world.sale());
  const auto length = static_cast<std::uint32_t>(head.size());
  Bytes changed;
  ASSERT_TRUE(changed.write(std::as_bytes(std::span(&length, 1))).ok());
  ASSERT_TRUE(changed.write(std::as_bytes(std::span(head))).ok());
  ASSERT_TRUE(changed.write(std::span(image.all).subspan(tables_of(image, 16).front())).ok());
  const auto sale = read_back(changed);
  ASSERT_TRUE(sale.ok()) << sale.error().message;
  const auto grown_to = [&](std::uint32_t units) {
    SaleChanges changes;
    changes.stock = units;
    const ChangeSale command{Slug("sale"), {}, std::make_shared<SaleChanges>(changes)};
    std::vector<Event> events;
    return decide(**sale, command, World::kBegin, events);
  };
  EXPECT_EQ(grown_to(10), SaleChange::done);
  EXPECT_EQ(grown_to(11), SaleChange::stock_out_of_range);
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

TEST(SaleImage, ASlugHasOnePlace) {
  World world;
  world.open_sale(stock(5));
  World other;
  SaleDefinition definition = stock(5);
  definition.slug = "other";
  other.open_sale(definition);
  other.open_sale(stock(5));
  Catalog catalog(World::kKey);
  for (const World* from : {&world, &other}) {
    Bytes bytes = image_of(from->sale());
    auto sale = read_back(bytes);
    ASSERT_TRUE(sale.ok());
    EXPECT_EQ(put_sale(catalog, std::move(*sale)).ok(), from == &world);
  }
}

}  // namespace
}  // namespace doorbuster::sale
