// What becomes of a claim over HTTP: held, confirmed, extended, given back, expired, paid too late.

#include <gtest/gtest.h>

#include "api/shop_test.h"

namespace doorbuster::api {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

ShopReply give_back(const Shop& shop, const std::string& claim, const std::string& buyer = {}) {
  Headers headers;
  if (!buyer.empty()) headers.emplace_back("X-Buyer-Id", buyer);
  return shop.ask("DELETE", claim, headers);
}

std::string id_of(const std::string& claim) { return claim.substr(claim.rfind('/') + 1); }

TEST(ClaimLife, IsHeldThenConfirmedUnderOneReference) {
  const Shop shop;
  shop.create(R"("id":"drop","stock":2,"hold_seconds":600)");
  const ShopReply held = shop.claim("drop", "ann");
  EXPECT_EQ(held.status, 201);
  EXPECT_TRUE(held.has(R"("status":"held","sequence":3,"claimed_at":"2026-11-11T12:00:00.000Z",)"
                       R"("expires_at":"2026-11-11T12:10:00.000Z"})"))
      << held.body;
  const std::string claim = held.field("Location");

  const ShopReply confirmed = shop.confirm(claim, "order_1");
  EXPECT_EQ(confirmed.status, 200) << confirmed.body;
  EXPECT_EQ(confirmed.field("Sale-Sequence"), "4");
  EXPECT_EQ(confirmed.field("Idempotency-Replayed"), "");
  EXPECT_TRUE(confirmed.has(R"("status":"confirmed")") &&
              confirmed.has(R"("reference":"order_1")"));
  const ShopReply again = shop.confirm(claim, "order_1");
  EXPECT_EQ(again.status, 200);
  EXPECT_EQ(again.field("Idempotency-Replayed"), "true");
  EXPECT_EQ(again.body, confirmed.body);
  EXPECT_EQ(shop.get(claim).body, confirmed.body);

  const ShopReply other = shop.confirm(claim, "order_2");
  EXPECT_EQ(other.status, 409);
  EXPECT_EQ(other.code(), "reference-mismatch");
  EXPECT_EQ(other.field("Sale-Sequence"), "4");
  EXPECT_TRUE(
      other.has(R"(,"sale":"drop","claim":")" + id_of(claim) + R"(","reference":"order_1"})"))
      << other.body;
}

TEST(ClaimLife, OfASaleWithoutHoldsTakesTheFirstReference) {
  const Shop shop;
  shop.create(R"("id":"drop","stock":2)");
  const std::string claim = shop.claimed("drop", "ann");
  EXPECT_TRUE(shop.confirm(claim, "Bestellung ü\\\"1").has(R"("reference":"Bestellung ü\"1")"));
  EXPECT_EQ(shop.confirm(claim, "order_2").code(), "reference-mismatch");
}

TEST(ClaimLife, EndsWhenItsBuyerGivesItBack) {
  const Shop shop;
  shop.create(R"("id":"drop","stock":1,"hold_seconds":600)");
  const std::string claim = shop.claimed("drop", "ann", {{"Idempotency-Key", "k"}});
  const ShopReply foreign = give_back(shop, claim, "bob");
  EXPECT_EQ(foreign.status, 404);
  EXPECT_EQ(foreign.field("Sale-Sequence"), "3");

  const ShopReply released = give_back(shop, claim, "ann");
  EXPECT_EQ(released.status, 200);
  EXPECT_EQ(released.field("Sale-Sequence"), "4");
  EXPECT_TRUE(released.has(R"("status":"released","released_by":"buyer")"));
  const ShopReply twice = give_back(shop, claim, "ann");
  EXPECT_EQ(twice.status, 200);
  EXPECT_EQ(twice.field("Idempotency-Replayed"), "true");
  EXPECT_EQ(twice.body, released.body);
  // R9: the late duplicate of a claim that has ended does not buy again.
  const ShopReply duplicate = shop.claim("drop", "ann", {{"Idempotency-Key", "k"}});
  EXPECT_EQ(duplicate.status, 200);
  EXPECT_EQ(duplicate.body, released.body);

  const ShopReply late = shop.confirm(claim, "order_1");
  EXPECT_EQ(late.code(), "claim-released");
  EXPECT_TRUE(late.has(R"("released_by":"buyer"})")) << late.body;
  const ShopReply extended = shop.ask("POST", claim + "/extend");
  EXPECT_EQ(extended.code(), "claim-released");
  EXPECT_EQ(shop.claim("drop", "bob").status, 201);
  EXPECT_TRUE(shop.get("/v1/sales/drop/stats")
                  .has(R"("released":{"buyer":1,"merchant":0,"expired":0,"cancelled":0})"));
}

TEST(ClaimLife, OnceConfirmedIsForTheMerchantAloneToEnd) {
  const Shop shop;
  shop.create(R"("id":"drop","stock":1,"hold_seconds":600,"max_extension_seconds":60)");
  const std::string claim = shop.claimed("drop", "ann");
  EXPECT_EQ(shop.confirm(claim, "order_1").status, 200);
  const ShopReply by_buyer = give_back(shop, claim, "ann");
  EXPECT_EQ(by_buyer.status, 409);
  EXPECT_EQ(by_buyer.code(), "claim-confirmed");
  EXPECT_TRUE(by_buyer.has(R"("reference":"order_1"})")) << by_buyer.body;
  EXPECT_EQ(shop.ask("POST", claim + "/extend").code(), "claim-confirmed");
  const ShopReply by_merchant = give_back(shop, claim);
  EXPECT_EQ(by_merchant.status, 200);
  EXPECT_TRUE(by_merchant.has(R"("released_by":"merchant")"));
  EXPECT_EQ(shop.claim("drop", "bob").status, 201);
}

TEST(ClaimLife, EndsWithItsHoldAndMoneyThatComesLaterIsOwedBack) {
  Shop shop;
  shop.create(R"("id":"drop","stock":1,"hold_seconds":10)");
  const std::string claim = shop.claimed("drop", "ann");
  shop.clock().pass(milliseconds(9'999));
  EXPECT_TRUE(shop.get(claim).has(R"("status":"held")"));
  shop.clock().pass(milliseconds(1));
  EXPECT_TRUE(shop.get(claim).has(R"("status":"released","released_by":"expired")"));

  const ShopReply late = shop.confirm(claim, "order_1");
  EXPECT_EQ(late.status, 409);
  EXPECT_EQ(late.code(), "claim-expired");
  EXPECT_TRUE(late.has(R"("claim":")" + id_of(claim) +
                       R"(","expires_at":"2026-11-11T12:00:10.000Z",)"
                       R"("refunds_required":["order_1"]})"))
      << late.body;
  const ShopReply again = shop.confirm(claim, "order_1");
  EXPECT_EQ(again.body, late.body);
  EXPECT_EQ(again.field("Sale-Sequence"), late.field("Sale-Sequence"));
  EXPECT_TRUE(shop.confirm(claim, "order_2").has(R"("refunds_required":["order_1","order_2"]})"));
  EXPECT_TRUE(shop.get(claim).has(R"("refunds_required":["order_1","order_2"]})"));
  EXPECT_EQ(shop.ask("POST", claim + "/extend").code(), "claim-expired");
  EXPECT_EQ(shop.claim("drop", "bob").status, 201);
}

TEST(ClaimLife, ComesBackWithLateMoneyWhereTheSaleSaysSoAndAUnitIsFree) {
  Shop shop;
  shop.create(R"("id":"drop","stock":1,"hold_seconds":10,"late_payment":"reacquire")");
  const std::string ann = shop.claimed("drop", "ann");
  shop.clock().pass(seconds(10));
  const std::string bob = shop.claimed("drop", "bob");
  EXPECT_EQ(shop.confirm(ann, "order_1").code(), "claim-expired");
  shop.clock().pass(seconds(10));
  // A refund is owed for order_1 and stays so; other money may have the unit.
  EXPECT_EQ(shop.confirm(ann, "order_1").code(), "claim-expired");
  const ShopReply back = shop.confirm(bob, "order_2");
  EXPECT_EQ(back.status, 200) << back.body;
  EXPECT_TRUE(back.has(R"("status":"confirmed")") && back.has(R"("reference":"order_2")"));
  EXPECT_EQ(shop.confirm(bob, "order_2").body, back.body);
}

TEST(ClaimLife, IsExtendedOnceByAsMuchAsTheSaleAllows) {
  const Shop shop;
  shop.create(R"("id":"drop","stock":9,"hold_seconds":60,"max_extension_seconds":30)");
  const std::string ann = shop.claimed("drop", "ann");
  const ShopReply too_long = shop.post_json(ann + "/extend", R"({"seconds":31})");
  EXPECT_EQ(too_long.status, 409);
  EXPECT_EQ(too_long.code(), "not-extendable");
  EXPECT_TRUE(too_long.has(R"("max_extension_seconds":30})")) << too_long.body;
  const ShopReply extended = shop.post_json(ann + "/extend", R"({"seconds":10})");
  EXPECT_EQ(extended.status, 200);
  EXPECT_TRUE(extended.has(R"("expires_at":"2026-11-11T12:01:10.000Z","extended":true})"))
      << extended.body;
  const ShopReply twice = shop.post_json(ann + "/extend", R"({"seconds":20})");
  EXPECT_EQ(twice.status, 200);
  EXPECT_EQ(twice.field("Idempotency-Replayed"), "true");
  EXPECT_EQ(twice.body, extended.body);

  for (const char* const buyer : {"bob", "cid"}) {
    const std::string claim = shop.claimed("drop", buyer);
    const ShopReply by_all = buyer == std::string("bob") ? shop.ask("POST", claim + "/extend")
                                                         : shop.post_json(claim + "/extend", "{}");
    EXPECT_TRUE(by_all.has(R"("expires_at":"2026-11-11T12:01:30.000Z")")) << by_all.body;
  }
  shop.create(R"("id":"other","stock":9,"hold_seconds":60)");
  const std::string fixed = shop.claimed("other", "ann");
  EXPECT_TRUE(shop.ask("POST", fixed + "/extend").has(R"("max_extension_seconds":0})"));
}

TEST(ClaimLife, BeginsAgainAsOftenAsTheSaleAllows) {
  const Shop shop;
  shop.create(R"("id":"drop","stock":1,"hold_seconds":60,"claim_attempts":2)");
  EXPECT_EQ(give_back(shop, shop.claimed("drop", "ann"), "ann").status, 200);
  EXPECT_EQ(give_back(shop, shop.claimed("drop", "ann"), "ann").status, 200);
  const ShopReply third = shop.claim("drop", "ann");
  EXPECT_EQ(third.status, 409);
  EXPECT_EQ(third.code(), "attempts-exhausted");
  EXPECT_TRUE(third.has(R"("sale":"drop","claim_attempts":2})")) << third.body;
  EXPECT_EQ(third.field("Retry-After"), "");
  EXPECT_EQ(shop.claim("drop", "bob").status, 201);
  EXPECT_TRUE(shop.get("/v1/sales/drop/stats").has(R"("attempts-exhausted":1)"));
}

TEST(ClaimLife, WhileEverythingIsHeldSaysWhenAUnitMayReturn) {
  Shop shop;
  shop.create(R"("id":"drop","stock":1,"hold_seconds":60)");
  const std::string claim = shop.claimed("drop", "ann");
  const ShopReply status = shop.get("/v1/sales/drop/status");
  EXPECT_TRUE(status.has(R"("availability":"all_held","held":1,)"
                         R"("next_return_at":"2026-11-11T12:01:00.000Z")"))
      << status.body;
  EXPECT_TRUE(status.has(R"("poll_after_seconds":5)"));
  EXPECT_EQ(status.field("Cache-Control"), "public, max-age=1");
  const ShopReply refused = shop.claim("drop", "bob");
  EXPECT_EQ(refused.code(), "sold-out");
  EXPECT_EQ(refused.field("Retry-After"), "60");
  EXPECT_TRUE(
      refused.has(R"("availability":"all_held","next_return_at":"2026-11-11T12:01:00.000Z",)"
                  R"("retry_after_seconds":60})"))
      << refused.body;

  shop.clock().pass(milliseconds(59'500));
  const ShopReply soon = shop.get("/v1/sales/drop/status");
  EXPECT_EQ(soon.field("Cache-Control"), "public, max-age=0");
  EXPECT_TRUE(soon.has(R"("poll_after_seconds":1)"));
  EXPECT_EQ(shop.confirm(claim, "order_1").status, 200);
  const ShopReply gone = shop.get("/v1/sales/drop/status");
  EXPECT_TRUE(gone.has(R"("availability":"gone","held":0,"next_return_at":null)")) << gone.body;
  EXPECT_EQ(gone.field("Cache-Control"), "public, max-age=1");
  EXPECT_EQ(shop.claim("drop", "bob").field("Retry-After"), "");
}

TEST(ClaimLife, IsListedByItsBuyer) {
  const Shop shop;
  shop.create(R"("id":"drop","stock":9,"per_buyer_limit":3)");
  std::vector<std::string> bodies;
  for (const char* const key : {"1", "2", "3"}) {
    const Headers headers = {{"X-Buyer-Id", "ann & co"}, {"Idempotency-Key", key}};
    bodies.push_back(shop.ask("POST", "/v1/sales/drop/claims", headers).body);
  }
  EXPECT_EQ(shop.claim("drop", "bob").status, 201);
  const std::string list = "/v1/sales/drop/claims?buyer=ann%20%26+co";
  EXPECT_EQ(shop.get(list).body, R"({"data":[)" + bodies[0] + "," + bodies[1] + "," + bodies[2] +
                                     R"(],"has_more":false,"next":null})");
  const ShopReply first = shop.get(list + "&limit=2");
  EXPECT_TRUE(first.has(bodies[0] + "," + bodies[1] + R"(],"has_more":true)")) << first.body;
  const std::string link = first.field("Link");
  EXPECT_EQ(link.rfind("</v1/sales/drop/claims?buyer=ann%20%26%20co&after=b", 0), 0U) << link;
  const ShopReply second = shop.get(link.substr(1, link.find('>') - 1));
  EXPECT_EQ(second.body, R"({"data":[)" + bodies[2] + R"(],"has_more":false,"next":null})");
  EXPECT_EQ(shop.get("/v1/sales/drop/claims?buyer=eve").body,
            R"({"data":[],"has_more":false,"next":null})");
}

TEST(ClaimLife, ThatEndedIsNoWinnersAmongTheGoods) {
  const Shop shop;
  EXPECT_EQ(shop.post_form("/send/goods", "count=3").status, 200);
  const Headers json = {{"Accept", "application/json"}};
  const std::string ann = shop.post_form("/goods", "uid=ann", json).field("Location");
  EXPECT_EQ(shop.post_form("/goods", "uid=bob").body, "Success,bob");
  EXPECT_EQ(give_back(shop, ann).status, 200);
  EXPECT_EQ(shop.get("/goods").body,
            "{\"user_list\": {\"bob\": 2}, \"user_list_len\": 1, \"goods_list\": 2}\n");
  EXPECT_EQ(shop.post_form("/goods", "uid=ann").body, "Success,ann");
}

}  // namespace
}  // namespace doorbuster::api
