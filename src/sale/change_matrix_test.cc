// Every member of a sale in every state: what a change of it gives, each cell.
#include <gtest/gtest.h>

#include <array>
#include <functional>

#include "sale/sale_test_world.h"

namespace doorbuster::sale {
namespace {

using namespace std::chrono_literals;

enum class State { scheduled, paused_unopened, open, paused, closed, cancelled };
constexpr std::array<State, 6> kStates = {State::scheduled, State::paused_unopened,
                                          State::open,      State::paused,
                                          State::closed,    State::cancelled};
constexpr std::array<const char*, 6> kStateNames = {
    "scheduled", "paused before opening", "open", "paused", "closed", "cancelled"};

constexpr Time kBegin = World::kBegin;
constexpr auto kDone = SaleChange::done;
constexpr auto kClosed = SaleChange::closed;
constexpr auto kOpened = SaleChange::already_open;

// A sale of 10 units that opens after 10 s and closes after an hour, brought into a state; where
// it has been open, ann has a confirmed claim of 2 units and bob holds 1.
class Matrix {
 public:
  explicit Matrix(State state) {
    SaleDefinition definition = stock(10, 5);
    definition.hold_seconds = 60;
    definition.opens_at = kBegin + 10s;
    definition.closes_at = kBegin + 1h;
    world.open_sale(definition);
    if (state == State::paused_unopened) world.steer(SaleAction::pause);
    if (state == State::scheduled || state == State::paused_unopened) return;
    world.at(20s);
    world.confirm(world.claim("ann", 2), "order");
    world.claim("bob");
    if (state == State::paused) world.steer(SaleAction::pause);
    if (state == State::closed) world.steer(SaleAction::close);
    if (state == State::cancelled) world.steer(SaleAction::cancel);
  }

  World world;
};

struct Row {
  const char* name;
  std::function<void(SaleChanges&)> change;
  std::array<SaleChange, 6> expected;  // by state, in the order of kStates
};

const std::array kRows = {
    Row{"title",
        [](SaleChanges& c) { c.title.emplace().emplace_back("", "Another"); },
        {kDone, kDone, kDone, kDone, kDone, kDone}},
    Row{"metadata",
        [](SaleChanges& c) { c.metadata = R"({"a":1})"; },
        {kDone, kDone, kDone, kDone, kDone, kDone}},
    Row{"archive_after_seconds",
        [](SaleChanges& c) { c.archive_after_seconds = 5; },
        {kDone, kDone, kDone, kDone, kDone, kDone}},
    Row{"stock, more",
        [](SaleChanges& c) { c.stock = 11; },
        {kDone, kDone, kDone, kDone, kClosed, kClosed}},
    Row{"stock, less by what is free",
        [](SaleChanges& c) { c.stock = 3; },
        {kDone, kDone, kDone, kDone, kClosed, kClosed}},
    Row{"stock, below what is claimed",
        [](SaleChanges& c) { c.stock = 2; },
        {kDone, kDone, SaleChange::stock_below_claimed, SaleChange::stock_below_claimed, kClosed,
         kClosed}},
    Row{"per_buyer_limit",
        [](SaleChanges& c) { c.per_buyer_limit = 1; },
        {kDone, kDone, kDone, kDone, kClosed, kClosed}},
    Row{"hold_seconds",
        [](SaleChanges& c) { c.hold_seconds = 0; },
        {kDone, kDone, kDone, kDone, kClosed, kClosed}},
    Row{"late_payment",
        [](SaleChanges& c) { c.late_payment = LatePayment::reacquire; },
        {kDone, kDone, kDone, kDone, kClosed, kClosed}},
    Row{"claim_attempts",
        [](SaleChanges& c) { c.claim_attempts = 1; },
        {kDone, kDone, kDone, kDone, kClosed, kClosed}},
    Row{"max_extension_seconds",
        [](SaleChanges& c) { c.max_extension_seconds = 30; },
        {kDone, kDone, kDone, kDone, kClosed, kClosed}},
    Row{"opens_at, later",
        [](SaleChanges& c) { c.opens_at = kBegin + 30s; },
        {kDone, kDone, kOpened, kOpened, kClosed, kClosed}},
    Row{"opens_at, at once",
        [](SaleChanges& c) { c.opens_at = std::optional<Time>(); },
        {kDone, kDone, kOpened, kOpened, kClosed, kClosed}},
    Row{"opens_at, not before the closing",
        [](SaleChanges& c) { c.opens_at = kBegin + 1h; },
        {SaleChange::closes_before_opening, SaleChange::closes_before_opening, kOpened, kOpened,
         kClosed, kClosed}},
    Row{"closes_at, later",
        [](SaleChanges& c) { c.closes_at = kBegin + 2h; },
        {kDone, kDone, kDone, kDone, kClosed, kClosed}},
    Row{"closes_at, by hand",
        [](SaleChanges& c) { c.closes_at = std::optional<Time>(); },
        {kDone, kDone, kDone, kDone, kClosed, kClosed}},
    Row{"closes_at, in the past",
        [](SaleChanges& c) { c.closes_at = kBegin; },
        {SaleChange::closes_in_the_past, SaleChange::closes_in_the_past,
         SaleChange::closes_in_the_past, SaleChange::closes_in_the_past, kClosed, kClosed}},
    Row{"closes_at, before the opening",
        [](SaleChanges& c) { c.closes_at = kBegin + 5s; },
        {SaleChange::closes_before_opening, SaleChange::closes_before_opening,
         SaleChange::closes_in_the_past, SaleChange::closes_in_the_past, kClosed, kClosed}},
    Row{"nothing",
        [](SaleChanges&) {},
        {SaleChange::unchanged, SaleChange::unchanged, SaleChange::unchanged, SaleChange::unchanged,
         SaleChange::unchanged, SaleChange::unchanged}},
    Row{"what it is already, with what may not change",
        [](SaleChanges& c) {
          c.stock = 10;
          c.opens_at = kBegin + 10s;
          c.title.emplace().emplace_back("", "Another");
        },
        {kDone, kDone, kDone, kDone, kDone, kDone}},
};

TEST(ChangeMatrix, EveryMemberInEveryState) {
  for (const Row& row : kRows) {
    for (std::size_t s = 0; s < kStates.size(); ++s) {
      Matrix matrix(kStates[s]);
      const SaleState& sale = matrix.world.sale();
      const SaleDefinition before = sale.definition();
      const auto version = sale.version();
      const auto digest_before = digest(matrix.world.catalog());
      SaleChanges changes;
      row.change(changes);
      const SaleChange given = matrix.world.change(changes, version);
      EXPECT_EQ(given, row.expected[s]) << row.name << " while " << kStateNames[s];
      if (given == kDone) {
        EXPECT_EQ(sale.version(), version + 1) << row.name << " while " << kStateNames[s];
        EXPECT_FALSE(sale.definition() == before) << row.name << " while " << kStateNames[s];
      } else {
        EXPECT_EQ(digest(matrix.world.catalog()), digest_before) << row.name;
      }
      EXPECT_TRUE(check_claims(sale).ok()) << row.name << " while " << kStateNames[s];
    }
  }
}

TEST(ChangeMatrix, ADeletedSaleIsNotThereToBeChanged) {
  Matrix matrix(State::scheduled);
  EXPECT_EQ(matrix.world.remove(), kDone);
  EXPECT_EQ(matrix.world.catalog().find("sale"), nullptr);
}

}  // namespace
}  // namespace doorbuster::sale
