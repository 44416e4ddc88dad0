// The contract's rules about the feed: what anybody who reads events can count on.
#include <future>
#include <type_traits>

#include "sale/event_codec.h"
#include "store/contract_suite.h"

namespace doorbuster::store {
namespace {

using namespace std::chrono_literals;

// What is kept of an event, whose views end with the call.
struct Told {
  std::string id;
  std::string slug;
  std::uint64_t sequence = 0;
  sale::ClaimId claim;
  std::string buyer;  // of an event about a claim
  std::string bytes;
  friend bool operator==(const Told&, const Told&) = default;
};

struct BuyerOf {
  std::string operator()(const sale::ClaimGranted& body) const { return std::string(body.buyer); }
  std::string operator()(const auto& body) const {
    if constexpr (std::is_base_of_v<sale::OfClaim, std::decay_t<decltype(body)>>) {
      return std::string(body.buyer);
    } else {
      return {};
    }
  }
};

struct Page {
  std::vector<Told> events;
  Cursor next;
  bool has_more = false;
};

std::future<Page> ask(EventFeed& feed, const EventsWanted& wanted) {
  auto page = std::make_shared<std::promise<Page>>();
  auto asked = page->get_future();
  EXPECT_TRUE(feed.read(wanted, [page](EventsReply& reply) {
    Page out;
    const auto* read = std::get_if<EventsRead>(&reply);
    if (read == nullptr) return page->set_value(out);
    for (const FeedEvent& each : read->events) {
      Told told{std::string(each.id.view()),
                std::string(each.slug),
                each.event.sequence.value,
                each.claim,
                std::visit(BuyerOf{}, each.event.body),
                {}};
      sale::encode(each.event, told.bytes);
      out.events.push_back(std::move(told));
    }
    out.next = read->next;
    out.has_more = read->has_more;
    page->set_value(std::move(out));
  }));
  return asked;
}

// All behind `after`, a few at a time.
std::vector<Told> read_all(EventFeed& feed, std::string_view after = "",
                           std::string_view sale = "") {
  std::vector<Told> events;
  EventsWanted wanted{Cursor(after), sale::Slug(sale), 3, 0ms};
  for (Page page{{}, {}, true}; page.has_more; wanted.after = page.next) {
    page = ask(feed, wanted).get();
    events.insert(events.end(), page.events.begin(), page.events.end());
  }
  return events;
}

}  // namespace

TEST_P(FeedContract, R10TheFeedHasEveryChangeOnceInTheOrderOfItsSale) {
  sale::SaleDefinition definition = holding(4);
  definition.late_payment = sale::LatePayment::reacquire;
  definition.max_extension_seconds = 60;
  create(definition);
  open_sale("other", 5);
  const ClaimView ann = claimed("ann");
  claim("other", "bob");
  const ClaimView bob = claimed("bob");
  const ClaimView cid = claimed("a-buyer-whose-name-is-longer-than-twenty-four-bytes");
  confirm(ann, "order_1");
  extend(bob);
  subject().advance(10s);
  confirm(cid, "order_2");  // late, and taken back
  release(bob, "bob");
  release(ann);
  const std::vector<Told> before = read_all(*subject().feed());
  across_restarts([&] {
    const std::vector<Told> all = read_all(*subject().feed());
    ASSERT_GE(all.size(), before.size());
    EXPECT_TRUE(std::equal(before.begin(), before.end(), all.begin())) << "the same each time";
    const std::vector<Told> own = read_all(*subject().feed(), "", "s");
    ASSERT_EQ(own.size(), look().sequence.value);
    for (std::size_t i = 0; i < own.size(); ++i) EXPECT_EQ(own[i].sequence, i + 1);
    std::vector<Told> filtered;
    for (const Told& told : all) {
      if (told.slug == "s") filtered.push_back(told);
    }
    EXPECT_EQ(filtered, own);
  });
}

TEST_P(FeedContract, R10EveryEventOfAClaimNamesItAndItsBuyer) {
  create(holding(2));
  const ClaimView ann = claimed("ann");
  const ClaimView bob = claimed("bob");
  confirm(ann, "order_1");
  release(ann);
  subject().advance(10s);
  look();  // bob's hold is over
  std::vector<std::pair<std::string, sale::ClaimId>> named;
  for (const Told& told : read_all(*subject().feed(), "", "s")) {
    if (!told.buyer.empty()) named.emplace_back(told.buyer, told.claim);
  }
  const std::vector<std::pair<std::string, sale::ClaimId>> expected = {
      {"ann", ann.id}, {"bob", bob.id}, {"ann", ann.id}, {"ann", ann.id}, {"bob", bob.id}};
  EXPECT_EQ(named, expected);
}

TEST_P(FeedContract, R7BehindAnyCursorTheFeedGoesOnWithTheNextEvent) {
  create(holding(20));
  for (int i = 0; i < 8; ++i) claimed("buyer-" + std::to_string(i));
  const std::vector<Told> all = read_all(*subject().feed());
  ASSERT_EQ(all.size(), 2 + 8U);
  for (std::size_t i = 0; i < all.size(); ++i) {
    const std::vector<Told> rest = read_all(*subject().feed(), all[i].id);
    EXPECT_TRUE(
        std::equal(rest.begin(), rest.end(), all.begin() + std::ptrdiff_t(i) + 1, all.end()));
  }
  auto next = ask(*subject().feed(), {Cursor(kLatest), {}, 5, 60s});
  claimed("late");
  const Page told = next.get();
  ASSERT_EQ(told.events.size(), 1U);
  EXPECT_EQ(told.events[0].buyer, "late");
  EXPECT_EQ(told.next.view(), told.events[0].id);
}

}  // namespace doorbuster::store
