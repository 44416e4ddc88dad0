#include "store/redis/claim_batcher.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace doorbuster::redis {
namespace {

constexpr BatchLimits kSmall{.claims = 4, .units = 10, .under_way = 2, .waiting = 20};

sale::ClaimUnits claim_of(const std::string& sale, sale::Quantity quantity = 1) {
  return {sale::Slug(sale), sale::BuyerId("ann"), quantity, {}};
}

store::Ticket ticket_of(std::uint64_t context) { return {0, nullptr, context, {}}; }

std::vector<std::uint64_t> contexts_of(const ClaimBatch& batch) {
  std::vector<std::uint64_t> contexts;
  for (const WaitingClaim& each : batch.claims) contexts.push_back(each.ticket.context);
  return contexts;
}

class Batches : public testing::Test {
 protected:
  void add(std::uint64_t first, std::uint64_t last, const std::string& sale = "s") {
    for (std::uint64_t i = first; i <= last; ++i) {
      EXPECT_TRUE(batcher_.add(claim_of(sale), ticket_of(i)));
    }
  }
  // Of the next batch; empty: there is none.
  std::vector<std::uint64_t> next() {
    const auto batch = batcher_.next();
    return batch ? contexts_of(*batch) : std::vector<std::uint64_t>{};
  }

  ClaimBatcher batcher_{kSmall};
};

using Contexts = std::vector<std::uint64_t>;

TEST_F(Batches, ALonelyClaimIsACallAtOnce) {
  add(1, 1);
  EXPECT_EQ(next(), Contexts{1});
  EXPECT_EQ(next(), Contexts{});
  batcher_.ended(sale::Slug("s"));
  EXPECT_TRUE(batcher_.idle());
}

TEST_F(Batches, ClaimsGatherWhileACallIsUnderWay) {
  add(1, 1);
  EXPECT_EQ(next(), Contexts{1});
  add(2, 3);
  EXPECT_EQ(next(), Contexts{});
  add(4, 4);
  EXPECT_EQ(next(), Contexts{});
  batcher_.ended(sale::Slug("s"));
  EXPECT_EQ(next(), (Contexts{2, 3, 4}));
}

TEST_F(Batches, AFullCallWaitsForNoOtherUpToTheBound) {
  add(1, 13);
  EXPECT_EQ(next(), (Contexts{1, 2, 3, 4}));
  EXPECT_EQ(next(), (Contexts{5, 6, 7, 8}));
  EXPECT_EQ(next(), Contexts{});
  batcher_.ended(sale::Slug("s"));
  EXPECT_EQ(next(), (Contexts{9, 10, 11, 12}));
  batcher_.ended(sale::Slug("s"));
  EXPECT_EQ(next(), Contexts{});  // 13 is alone, and another is under way
  batcher_.ended(sale::Slug("s"));
  EXPECT_EQ(next(), Contexts{13});
  EXPECT_EQ(batcher_.waiting(), 0U);
}

TEST_F(Batches, SalesTakeTurnsAndDoNotWaitForEachOther) {
  add(1, 8, "a");
  add(11, 18, "b");
  add(21, 21, "c");
  EXPECT_EQ(next(), (Contexts{1, 2, 3, 4}));
  EXPECT_EQ(next(), (Contexts{11, 12, 13, 14}));
  EXPECT_EQ(next(), Contexts{21});
  EXPECT_EQ(next(), (Contexts{5, 6, 7, 8}));
  EXPECT_EQ(next(), (Contexts{15, 16, 17, 18}));
  EXPECT_EQ(next(), Contexts{});
}

TEST_F(Batches, TheUnitsOfACallHaveABoundThatOneClaimMayPass) {
  EXPECT_TRUE(batcher_.add(claim_of("s", 6), ticket_of(1)));
  EXPECT_TRUE(batcher_.add(claim_of("s", 4), ticket_of(2)));
  EXPECT_TRUE(batcher_.add(claim_of("s", 1), ticket_of(3)));
  EXPECT_TRUE(batcher_.add(claim_of("s", 100), ticket_of(4)));
  EXPECT_TRUE(batcher_.add(claim_of("s", 1), ticket_of(5)));
  EXPECT_EQ(next(), (Contexts{1, 2}));
  EXPECT_EQ(next(), Contexts{3});  // as full as it can be
  EXPECT_EQ(next(), Contexts{});
  batcher_.ended(sale::Slug("s"));
  EXPECT_EQ(next(), Contexts{4});
}

TEST_F(Batches, WhatIsPutBackComesFirstAgain) {
  add(1, 6);
  auto batch = batcher_.next();
  ASSERT_TRUE(batch);
  add(7, 7);
  batcher_.put_back(std::move(*batch));
  EXPECT_EQ(batcher_.waiting(), 7U);
  EXPECT_EQ(next(), (Contexts{1, 2, 3, 4}));
  EXPECT_EQ(next(), Contexts{});
  batcher_.ended(sale::Slug("s"));
  EXPECT_EQ(next(), (Contexts{5, 6, 7}));
}

TEST_F(Batches, TooManyAreNotTakenButThoseThatWereHaveTheirPlace) {
  add(1, 20);
  EXPECT_FALSE(batcher_.add(claim_of("s"), ticket_of(21)));
  EXPECT_FALSE(batcher_.add(claim_of("other"), ticket_of(22)));
  auto batch = batcher_.next();
  ASSERT_TRUE(batch);
  add(21, 24);
  batcher_.put_back(std::move(*batch));
  EXPECT_EQ(batcher_.waiting(), 24U);
  EXPECT_FALSE(batcher_.add(claim_of("s"), ticket_of(25)));
}

// Whatever happens: each claim leaves once, in its sale's order, and within the bounds.
TEST_F(Batches, KeepTheirPromisesWhateverHappens) {
  for (std::uint32_t seed = 1; seed <= 200; ++seed) {
    std::minstd_rand random(seed);
    ClaimBatcher batcher(kSmall);
    std::map<std::string, std::deque<ClaimBatch>> under_way;
    std::map<std::string, std::uint64_t> last_ended;
    std::set<std::uint64_t> decided;
    std::uint64_t added = 0;
    const auto end_one = [&](const std::string& sale) {
      auto& batches = under_way[sale];
      if (batches.empty()) return;
      // The latest alone can be put back without another one overtaking it.
      if (batches.size() == 1 && random() % 4 == 0) {
        batcher.put_back(std::move(batches.front()));
        batches.pop_front();
        return;
      }
      for (const WaitingClaim& each : batches.front().claims) {
        EXPECT_TRUE(decided.insert(each.ticket.context).second);
        EXPECT_GT(each.ticket.context, last_ended[sale]);
        last_ended[sale] = each.ticket.context;
      }
      batches.pop_front();
      batcher.ended(sale::Slug(sale));
    };
    const auto start_all = [&] {
      while (auto batch = batcher.next()) {
        auto& batches = under_way[std::string(batch->sale.view())];
        std::uint64_t units = 0;
        for (const WaitingClaim& each : batch->claims) units += each.claim.quantity;
        EXPECT_TRUE(!batch->claims.empty() && batch->claims.size() <= kSmall.claims);
        EXPECT_TRUE(units <= kSmall.units || batch->claims.size() == 1);
        batches.push_back(std::move(*batch));
        EXPECT_LE(batches.size(), kSmall.under_way);
      }
    };
    for (int step = 0; step < 300; ++step) {
      const std::string sale(1, static_cast<char>('a' + random() % 3));
      if (random() % 3 != 0) {
        if (batcher.add(claim_of(sale, static_cast<sale::Quantity>(1 + random() % 5)),
                        ticket_of(added + 1))) {
          ++added;
        }
      } else {
        end_one(sale);
      }
      if (random() % 2 == 0) start_all();
    }
    while (!batcher.idle()) {
      start_all();
      for (const char* sale : {"a", "b", "c"}) end_one(sale);
    }
    EXPECT_EQ(decided.size(), added) << "seed " << seed;
    EXPECT_EQ(batcher.waiting(), 0U);
  }
}

}  // namespace
}  // namespace doorbuster::redis
