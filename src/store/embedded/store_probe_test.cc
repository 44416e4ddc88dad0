// What the engine tells of its work, and when: what is not durable is seen by nobody (R7).
#include "store/embedded/store_probe.h"

#include <gtest/gtest.h>

#include <numeric>
#include <set>

#include "sim/simulated_engine.h"

namespace doorbuster::embedded {
namespace {

using namespace std::chrono_literals;
using simulation::Operation;
using simulation::SimulatedEngine;
using Instant = EngineProbe::Instant;

class Probed : public testing::Test {
 protected:
  Probed() : engine_(9, {.segment_bytes = 208 * 1024, .max_group_bytes = 192 * 1024}) {
    EXPECT_TRUE(engine_.start().ok());
  }
  void open_sale(const std::string& slug, std::uint32_t stock, std::uint32_t hold_seconds = 0) {
    auto definition = std::make_shared<sale::SaleDefinition>();
    definition->slug = slug;
    definition->stock = stock;
    definition->hold_seconds = hold_seconds;
    engine_.ask(sale::CreateSale{definition});
  }
  static store::Command claim(const std::string& buyer, const std::string& slug = "s",
                              sale::Quantity quantity = 1) {
    return sale::ClaimUnits{sale::Slug(slug), sale::BuyerId(buyer), quantity, {}};
  }
  const StoreProbe& probe() { return engine_.engine().probe(); }
  SaleFigures figures(const std::string& slug = "s") {
    for (const auto& each : probe().sales.read().named) {
      if (each.slug.view() == slug) return each.figures;
    }
    ADD_FAILURE() << "no figures of " << slug;
    return {};
  }
  std::uint64_t claims(ClaimResult result) { return figures().claims[index_of(result)]; }
  std::uint64_t claims(sale::Refusal refusal) { return figures().claims[index_of(refusal)]; }
  static std::uint64_t observed(const metrics::HistogramReading& reading) {
    return std::accumulate(reading.counts.begin(), reading.counts.end(), std::uint64_t{0});
  }

  SimulatedEngine engine_;
};

TEST_F(Probed, ShowsAClaimWhenItIsDurableAndNotBefore) {
  open_sale("s", 3);
  engine_.submit(claim("ann"));
  engine_.submit(claim("bob"));
  // The committer's job is never run: that is a disk that does not answer.
  for (int i = 0; i < 20; ++i) engine_.turn();
  EXPECT_EQ(figures().available, 3);
  EXPECT_EQ(claims(ClaimResult::confirmed), 0);
  EXPECT_EQ(observed(probe().engine.commit_time.read()), 0);
  engine_.settle();
  EXPECT_EQ(figures().available, 1);
  EXPECT_EQ(figures().confirmed, 2);
  EXPECT_EQ(claims(ClaimResult::confirmed), 2);
  EXPECT_EQ(observed(probe().engine.commit_time.read()), 2);
}

TEST_F(Probed, CountsEachResultOfAClaimOnce) {
  open_sale("s", 2, 60);
  EXPECT_EQ(figures().in_status, (std::array<std::uint64_t, kSaleStatuses>{0, 1, 0, 0}));
  engine_.ask(claim("ann"));
  engine_.ask(claim("ann"));
  engine_.ask(claim("bob", "s", 2));  // more than is left, and than he may have
  engine_.ask(claim("cid"));
  engine_.ask(claim("dan"));
  engine_.ask(sale::SteerSale{sale::Slug("s"), sale::SaleAction::pause});
  engine_.ask(claim("eve"));
  engine_.ask(sale::SteerSale{sale::Slug("s"), sale::SaleAction::close});
  engine_.ask(claim("eve"));
  engine_.ask(claim("eve", "nothing-of-that-name"));
  EXPECT_EQ(claims(ClaimResult::held), 2);
  EXPECT_EQ(claims(ClaimResult::confirmed), 0);
  EXPECT_EQ(claims(ClaimResult::replayed), 1);
  EXPECT_EQ(claims(sale::Refusal::limit_exceeded), 1);
  EXPECT_EQ(claims(sale::Refusal::sold_out), 1);
  EXPECT_EQ(claims(sale::Refusal::paused), 1);
  EXPECT_EQ(claims(sale::Refusal::closed), 1);
  EXPECT_EQ(claims(ClaimResult::error), 0);
  EXPECT_EQ(figures().held, 2);
  EXPECT_EQ(figures().in_status, (std::array<std::uint64_t, kSaleStatuses>{0, 0, 0, 1}));
  engine_.clock().advance(61s);
  engine_.settle();
  EXPECT_EQ(figures().released[static_cast<std::size_t>(sale::EndReason::expired)], 2);
  EXPECT_EQ(figures().held, 0);
  EXPECT_EQ(probe().engine.conservation_breaches.value(), 0);
}

TEST_F(Probed, ShowsWhatIsThereAfterARestartAndCountsFromNothing) {
  open_sale("s", 3);
  engine_.ask(claim("ann"));
  engine_.stop_in_good_order();
  ASSERT_TRUE(engine_.start().ok());
  EXPECT_EQ(figures().confirmed, 1);
  EXPECT_EQ(claims(ClaimResult::confirmed), 0);
  engine_.ask(claim("bob"));
  EXPECT_EQ(figures().confirmed, 2);
  EXPECT_EQ(claims(ClaimResult::confirmed), 1);
}

TEST_F(Probed, CountsGroupsWithTheirEventsAndBytes) {
  open_sale("s", 10);
  const auto groups = observed(probe().journal.events_of_group.read());
  const auto bytes = probe().journal.appended_bytes.value();
  for (const char* buyer : {"ann", "bob", "cid"}) engine_.submit(claim(buyer));
  engine_.settle();
  const metrics::HistogramReading read = probe().journal.events_of_group.read();
  EXPECT_EQ(observed(read), groups + 1);
  EXPECT_EQ(read.counts[2], 1);  // 3 to 4 events
  EXPECT_EQ(observed(probe().journal.sync_time.read()), groups + 1);
  EXPECT_EQ(probe().journal.appended_bytes.value(), bytes + kBlockBytes);
}

TEST_F(Probed, TellsAFailedSyncFromAFailedWrite) {
  open_sale("s", 10);
  engine_.files().faults().add({.operation = Operation::sync});
  engine_.submit(claim("ann"));
  engine_.settle();
  ASSERT_TRUE(engine_.failure());
  EXPECT_EQ(probe().journal.sync_errors.value(), 1);
  EXPECT_EQ(probe().journal.write_errors.value(), 0);
  EXPECT_EQ(claims(ClaimResult::confirmed), 0);
}

TEST_F(Probed, CountsAFailedWrite) {
  open_sale("s", 10);
  engine_.files().faults().add({.operation = Operation::write});
  engine_.submit(claim("ann"));
  engine_.settle();
  ASSERT_TRUE(engine_.failure());
  EXPECT_EQ(probe().journal.write_errors.value(), 1);
  EXPECT_EQ(probe().journal.sync_errors.value(), 0);
}

TEST_F(Probed, CountsAClaimThatAFullDiskRefusesAndTheSegmentThatWasNotMade) {
  open_sale("s", 1'000'000);
  engine_.settle();
  engine_.files().set_capacity(engine_.files().used_bytes());
  std::uint64_t errors = 0;
  std::uint64_t granted = 0;
  for (int i = 0; i < 2000 && errors < 3; ++i) {
    const store::Reply reply = engine_.ask(claim("b" + std::to_string(i)));
    ++(std::holds_alternative<Error>(reply) ? errors : granted);
  }
  ASSERT_EQ(errors, 3);
  EXPECT_EQ(claims(ClaimResult::error), errors);
  EXPECT_EQ(claims(ClaimResult::confirmed), granted);
  EXPECT_GE(probe().journal.segment_errors.value(), 1);
}

TEST_F(Probed, TellsHowLongAgoSomethingWasDue) {
  const auto begun = std::chrono::steady_clock::now();
  Engine& engine = engine_.engine();
  engine.end_step(begun);
  EXPECT_EQ(overdue(probe().engine, begun + 24h), 0s);
  open_sale("s", 3, 60);
  engine_.ask(claim("ann"));
  engine.end_step(begun);
  EXPECT_EQ(overdue(probe().engine, std::chrono::steady_clock::now()), 0s);
  // The engine does nothing for a quarter of an hour.
  EXPECT_GE(overdue(probe().engine, begun + 15min), 13min);
  EXPECT_LE(overdue(probe().engine, begun + 15min), 14min);
  engine_.clock().advance(61s);
  engine_.settle();
  engine.end_step(begun);
  EXPECT_EQ(overdue(probe().engine, begun + 24h), 0s);
  EXPECT_EQ(observed(probe().engine.step_time.read()), 3);
}

TEST(SaleFigures, NameEachResultOfAClaimOnce) {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < kClaimResults; ++i) names.insert(store::claim_result_name(i));
  EXPECT_EQ(names.size(), kClaimResults);
  EXPECT_EQ(names.count(""), 0);
  EXPECT_EQ(store::claim_result_name(index_of(ClaimResult::replayed)), "replayed");
  EXPECT_EQ(store::claim_result_name(index_of(sale::Refusal::sold_out)), "sold_out");
}

}  // namespace
}  // namespace doorbuster::embedded
