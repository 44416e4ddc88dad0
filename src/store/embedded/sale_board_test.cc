// The figures of all sales, in a bounded number of rows.
#include "store/embedded/sale_board.h"

#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <thread>

#include "sale/apply.h"
#include "sale/catalog.h"

namespace doorbuster::embedded {
namespace {

class Board : public ::testing::Test {
 protected:
  const sale::SaleState& create(std::uint32_t ordinal, std::uint32_t stock = 10) {
    auto definition = std::make_shared<sale::SaleDefinition>();
    definition->slug = "sale-" + std::to_string(ordinal);
    definition->stock = stock;
    sale::apply(catalog_, {{ordinal}, {1}, Time{}, sale::SaleCreated{definition}});
    return catalog_[{ordinal}];
  }
  // A sale of which so many claims were sold out.
  ShownSale shown(const sale::SaleState& sale, std::uint64_t sold_out) {
    ClaimTally tally;
    tally[sale::Refusal::sold_out] = sold_out;
    return {sale.ordinal(), sale.shared_definition(), figures_of(sale, tally)};
  }
  void show(const sale::SaleState& sale, std::uint64_t sold_out) {
    board_.show(std::vector<ShownSale>{shown(sale, sold_out)});
  }
  static std::uint64_t sold_out(const SaleFigures& figures) {
    return figures.claims[index_of(sale::Refusal::sold_out)];
  }
  static std::map<std::string, SaleFigures> by_slug(const BoardReading& reading) {
    std::map<std::string, SaleFigures> found;
    for (const auto& each : reading.named) found.emplace(each.slug.view(), each.figures);
    EXPECT_EQ(found.size(), reading.named.size());
    return found;
  }
  static std::uint64_t sold_out_in_all(const BoardReading& reading) {
    std::uint64_t sum = sold_out(reading.others);
    for (const auto& each : reading.named) sum += sold_out(each.figures);
    return sum;
  }

  sale::Catalog catalog_{HashKey{}};
  SaleBoard board_;
};

TEST_F(Board, HasNothingBeforeThereAreSales) {
  const BoardReading reading = board_.read();
  EXPECT_TRUE(reading.named.empty());
  EXPECT_FALSE(reading.has_others);
}

TEST_F(Board, ShowsASaleAsItIsNow) {
  const auto& sale = create(0, 10);
  show(sale, 3);
  sale::apply(catalog_, {{0}, {2}, Time{}, sale::SaleOpened{}});
  show(sale, 5);
  const auto figures = by_slug(board_.read()).at("sale-0");
  EXPECT_EQ(sold_out(figures), 5);
  EXPECT_EQ(figures.stock, 10);
  EXPECT_EQ(figures.available, 10);
  EXPECT_EQ(figures.in_status, (std::array<std::uint64_t, kSaleStatuses>{0, 1, 0, 0}));
}

TEST_F(Board, NamesTheNewestAndAddsUpTheOthers) {
  constexpr std::uint32_t kSales = 150;
  for (std::uint32_t i = 0; i < kSales; ++i) show(create(i, 10), i);
  for (std::uint32_t i = 0; i < kSales; ++i) show(catalog_[{i}], 2 * i);  // others move on as well
  const BoardReading reading = board_.read();
  const auto named = by_slug(reading);
  ASSERT_EQ(named.size(), kNamedSales);
  for (std::uint32_t i = kSales - kNamedSales; i < kSales; ++i) {
    EXPECT_EQ(sold_out(named.at("sale-" + std::to_string(i))), 2 * i);
  }
  EXPECT_TRUE(reading.has_others);
  EXPECT_EQ(sold_out(reading.others), 49 * 50);  // 2 * (0 + ... + 49)
  EXPECT_EQ(reading.others.stock, 500);
  EXPECT_EQ(reading.others.in_status[0], 50);
  EXPECT_EQ(sold_out_in_all(reading), 149 * 150);
}

TEST_F(Board, KeepsWhatADeletedSaleCountedAndGivesItsRowToTheNext) {
  for (std::uint32_t i = 0; i < kNamedSales; ++i) show(create(i), 1);
  sale::apply(catalog_, {{7}, {2}, Time{}, sale::SaleClosed{}});
  sale::apply(catalog_, {{7}, {3}, Time{}, sale::SaleDeleted{}});
  show(catalog_[{7}], 4);
  BoardReading reading = board_.read();
  EXPECT_EQ(by_slug(reading).count("sale-7"), 0);
  EXPECT_EQ(sold_out(reading.others), 4);
  EXPECT_EQ(reading.others.stock, 0);
  show(create(kNamedSales), 1);
  reading = board_.read();
  EXPECT_EQ(reading.named.size(), kNamedSales);
  EXPECT_EQ(by_slug(reading).count("sale-0"), 1);
  EXPECT_EQ(sold_out_in_all(reading), 104);
}

TEST_F(Board, DoesNotCountAgainWhatASaleCountedBeforeTheStart) {
  const auto& sale = create(0, 10);
  board_.adopt(sale, shown(sale, 9).figures);
  EXPECT_EQ(sold_out(by_slug(board_.read()).at("sale-0")), 0);
  EXPECT_EQ(by_slug(board_.read()).at("sale-0").available, 10);
  show(sale, 11);
  EXPECT_EQ(sold_out(by_slug(board_.read()).at("sale-0")), 2);
}

// Each change is of two sales, and keeps them alike; and rows change hands meanwhile. Under the
// thread sanitizer this is the proof that a reader disturbs nobody.
TEST_F(Board, GivesOneMomentOfAllSalesWhileTheyChange) {
  constexpr std::uint32_t kChanges = 4000;
  constexpr std::uint32_t kSales = 2 * kNamedSales;
  for (std::uint32_t i = 0; i < kSales; ++i) create(i, 10);
  std::atomic<bool> over = false;
  std::thread engine([&] {
    for (std::uint32_t n = 1; n <= kChanges; ++n) {
      const std::uint32_t newest = std::min(kSales - 1, n / 16);
      board_.show(std::vector<ShownSale>{shown(catalog_[{0}], n), shown(catalog_[{newest}], n)});
    }
    over = true;
  });
  std::uint64_t last = 0;
  while (!over) {
    const BoardReading reading = board_.read();
    ASSERT_LE(reading.named.size(), kNamedSales);
    const auto named = by_slug(reading);
    const auto first = named.find("sale-0");
    if (first != named.end() && named.size() > 1) {
      const auto newest = named.find("sale-" + std::to_string(named.size() - 1));
      ASSERT_NE(newest, named.end());
      ASSERT_EQ(sold_out(first->second), sold_out(newest->second));
    }
    const std::uint64_t now = sold_out_in_all(reading);
    ASSERT_GE(now, last);
    last = now;
  }
  engine.join();
  EXPECT_GE(sold_out_in_all(board_.read()), kChanges);
}

TEST_F(Board, FiguresOfSeveralSalesAddUp) {
  ClaimTally one;
  one[ClaimResult::held] = 3;
  ClaimTally other;
  other[ClaimResult::held] = 4;
  other[sale::Refusal::paused] = 5;
  SaleFigures sum = figures_of(create(0, 10), one);
  sum.add(figures_of(create(1, 20), other));
  EXPECT_EQ(sum.claims[index_of(ClaimResult::held)], 7);
  EXPECT_EQ(sum.claims[index_of(sale::Refusal::paused)], 5);
  EXPECT_EQ(sum.stock, 30);
  EXPECT_EQ(sum.available, 30);
  EXPECT_EQ(sum.in_status[static_cast<std::size_t>(sale::SaleStatus::scheduled)], 2);
}

}  // namespace
}  // namespace doorbuster::embedded
