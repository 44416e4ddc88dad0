// The bytes of every kind of event, as they are for ever: a change here breaks who has stored them.
#include "feed/cloud_event.h"

#include <gtest/gtest.h>

#include <vector>

#include "base/trace_parent.h"

namespace doorbuster::feed {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kIncarnation = "000102030405060708090a0b0c0d0e0f";
constexpr Time kAt{std::chrono::milliseconds(1'794'398'400'123)};  // 2026-11-11T12:00:00.123Z
const sale::ClaimId kClaim = sale::ClaimIdCodec({1, 2}).encode({{5}, {3}});
const sale::UnitRuns kScattered{{7, 2}, {{3, 1}}};

store::FeedEvent event(sale::EventBody body) {
  return {store::Cursor("42"), kIncarnation, "drop", kClaim, {{5}, {17}, kAt, std::move(body)}};
}

std::string rendered(sale::EventBody body) {
  std::string out;
  append_cloud_event(out, event(std::move(body)));
  return out;
}

// The envelope, which is the same for all but for type and subject.
std::string envelope(std::string_view type, std::string_view subject, std::string_view data) {
  std::string out = R"({"specversion":"1.0","id":"42",)"
                    R"("source":"/doorbuster/000102030405060708090a0b0c0d0e0f","type":")";
  out.append(type).append(R"(","subject":")").append(subject);
  out += R"(","time":"2026-11-11T12:00:00.123Z","datacontenttype":"application/json",)"
         R"("sequence":"17","data":)";
  return out.append(data) + "}";
}

std::string of_sale(std::string_view type, std::string_view data) {
  return envelope(type, "sales/drop", data);
}

std::string of_claim(std::string_view type, std::string_view data) {
  return envelope(
      type, "sales/drop/claims/clm_1ytq7b07w0gessjrmnjmjsqnf3",
      R"({"id":"clm_1ytq7b07w0gessjrmnjmjsqnf3","sale":"drop","buyer":"b\"ób","quantity":)" +
          std::string(data));
}

sale::SharedDefinition definition() {
  auto sale = std::make_shared<sale::SaleDefinition>();
  sale->slug = "drop";
  sale->title = {{"en", "Drop"}, {"zh-CN", "秒杀"}};
  sale->stock = 1000;
  sale->hold_seconds = 600;
  sale->opens_at = kAt + 1h;
  sale->late_payment = sale::LatePayment::reacquire;
  sale->metadata = R"({"a":[1,2]})";
  return sale;
}

constexpr std::string_view kDefinition =
    R"({"id":"drop","title":{"en":"Drop","zh-CN":"秒杀"},"stock":1000,"per_buyer_limit":1,)"
    R"("hold_seconds":600,"opens_at":"2026-11-11T13:00:00.123Z","closes_at":null,)"
    R"("late_payment":"reacquire","claim_attempts":5,"max_extension_seconds":0,)"
    R"("archive_after_seconds":0,"metadata":{"a":[1,2]}})";

TEST(CloudEvent, TheTraceOfTheRequestStandsInTheEnvelope) {
  const auto parent =
      *TraceParent::parse("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
  store::FeedEvent traced = event(sale::SaleOpened{});
  traced.event.trace = parent.bytes();
  std::string out;
  append_cloud_event(out, traced);
  const std::string_view before = R"("sequence":"17",)";
  std::string expected = rendered(sale::SaleOpened{});
  expected.insert(expected.find(before) + before.size(),
                  R"("traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",)");
  EXPECT_EQ(out, expected);
}

TEST(CloudEvent, SalesAreToldWithTheDefinitionOrWhatHasBecomeOfThem) {
  EXPECT_EQ(rendered(sale::SaleCreated{definition()}),
            of_sale("doorbuster.sale.created", kDefinition));
  EXPECT_EQ(rendered(sale::SaleUpdated{definition()}),
            of_sale("doorbuster.sale.updated", kDefinition));
  EXPECT_EQ(rendered(sale::SaleOpened{}),
            of_sale("doorbuster.sale.opened", R"({"id":"drop","status":"open"})"));
  EXPECT_EQ(rendered(sale::SalePaused{}),
            of_sale("doorbuster.sale.paused", R"({"id":"drop","status":"paused"})"));
  EXPECT_EQ(rendered(sale::SaleResumed{}), of_sale("doorbuster.sale.resumed", R"({"id":"drop"})"));
  EXPECT_EQ(rendered(sale::SaleClosed{}),
            of_sale("doorbuster.sale.closed", R"({"id":"drop","status":"closed"})"));
  EXPECT_EQ(
      rendered(sale::SaleCancelled{}),
      of_sale("doorbuster.sale.cancelled", R"({"id":"drop","status":"closed","cancelled":true})"));
  EXPECT_EQ(rendered(sale::SaleDeleted{}), of_sale("doorbuster.sale.deleted", R"({"id":"drop"})"));
}

TEST(CloudEvent, NoSecretIsToldOfCodes) {
  EXPECT_EQ(rendered(sale::CodesAdded{{"SECRET-1", "SECRET-2"}}),
            of_sale("doorbuster.sale.codes_added", R"({"id":"drop","codes":2})"));
  EXPECT_EQ(rendered(sale::EligibilitySet{{{"ann", 1}}}),
            of_sale("doorbuster.sale.eligibility_set", R"({"id":"drop","buyers":1})"));
}

TEST(CloudEvent, ClaimsAreToldWithTheirBuyerWhateverHappensToThem) {
  constexpr std::string_view kBuyer = "b\"ób";
  const sale::OfClaim of{{3}, kBuyer, 3};
  EXPECT_EQ(rendered(sale::ClaimGranted{{3}, kBuyer, kScattered, kAt + 10min, "secret-key"}),
            of_claim("doorbuster.claim.held", R"(3,"units":[7,8,3],"status":"held","sequence":17,)"
                                              R"("claimed_at":"2026-11-11T12:00:00.123Z",)"
                                              R"("expires_at":"2026-11-11T12:10:00.123Z"})"));
  EXPECT_EQ(rendered(sale::ClaimGranted{{3}, kBuyer, {{1, 1}, {}}, std::nullopt, ""}),
            of_claim("doorbuster.claim.confirmed",
                     R"(1,"units":[1],"status":"confirmed","sequence":17,)"
                     R"("claimed_at":"2026-11-11T12:00:00.123Z","expires_at":null})"));
  EXPECT_EQ(
      rendered(sale::ClaimConfirmed{of, "order_991"}),
      of_claim("doorbuster.claim.confirmed", R"(3,"status":"confirmed","reference":"order_991"})"));
  EXPECT_EQ(
      rendered(sale::ClaimReleased{of, sale::EndReason::expired}),
      of_claim("doorbuster.claim.released", R"(3,"status":"released","released_by":"expired"})"));
  EXPECT_EQ(
      rendered(sale::ClaimExtended{of, kAt + 20min}),
      of_claim("doorbuster.claim.extended",
               R"(3,"status":"held","expires_at":"2026-11-11T12:20:00.123Z","extended":true})"));
  EXPECT_EQ(rendered(sale::ClaimReacquired{of, kScattered, "order_1"}),
            of_claim("doorbuster.claim.reacquired",
                     R"(3,"units":[7,8,3],"status":"confirmed","reference":"order_1"})"));
  EXPECT_EQ(rendered(sale::RefundRequired{of, "order_2"}),
            of_claim("doorbuster.claim.refund_required",
                     R"(3,"status":"released","released_by":"expired",)"
                     R"("refunds_required":["order_2"]})"));
}

TEST(CloudEvent, WaitingListsAreToldOfTheirSale) {
  EXPECT_EQ(rendered(sale::WaitlistJoined{"ann"}),
            of_sale("doorbuster.waitlist.joined", R"({"sale":"drop","buyer":"ann"})"));
  EXPECT_EQ(rendered(sale::WaitlistOffered{"ann", {3}}),
            of_sale("doorbuster.waitlist.offered",
                    R"({"sale":"drop","buyer":"ann","claim":"clm_1ytq7b07w0gessjrmnjmjsqnf3"})"));
  EXPECT_EQ(rendered(sale::WaitlistLeft{"ann"}),
            of_sale("doorbuster.waitlist.left", R"({"sale":"drop","buyer":"ann"})"));
}

}  // namespace
}  // namespace doorbuster::feed
