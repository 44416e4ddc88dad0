// What a merchant does to a sale over HTTP: patch, pause, resume, close, cancel, delete.

#include <gtest/gtest.h>

#include "api/shop_test.h"

namespace doorbuster::api {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

std::string status_of(const Shop& shop, const std::string& sale) {
  const ShopReply reply = shop.get("/v1/sales/" + sale + "/status");
  constexpr std::string_view kStart = R"("status":")";
  const auto at = reply.body.find(kStart) + kStart.size();
  return reply.body.substr(at, reply.body.find('"', at) - at);
}

TEST(SaleLife, TakesAndShowsEveryMember) {
  const Shop shop;
  const std::string members =
      R"("id":"drop","title":"Drop","stock":10,"per_buyer_limit":2,"hold_seconds":2592000,)"
      R"("opens_at":"2026-11-12T12:00:00.000Z","closes_at":"2026-11-13T12:00:00.000Z",)"
      R"("late_payment":"reacquire","claim_attempts":1000,"max_extension_seconds":2592000,)"
      R"("archive_after_seconds":315360000,"metadata":{"a":1})";
  const ShopReply created = shop.post_json("/v1/sales", "{" + members + "}");
  EXPECT_EQ(created.body, "{" + members +
                              R"(,"status":"scheduled","version":1,)"
                              R"("created_at":"2026-11-11T12:00:00.000Z"})");
  EXPECT_EQ(shop.post_json("/v1/sales", "{" + members + "}").status, 200);
}

TEST(SaleLife, IsPatchedForTheVersionThatWasRead) {
  const Shop shop;
  shop.create(R"("id":"drop","title":"Drop","stock":10)");
  const ShopReply patched =
      shop.patch("drop",
                 R"({"stock":12,"per_buyer_limit":3,"hold_seconds":60,"late_payment":"reacquire",)"
                 R"("claim_attempts":7,"max_extension_seconds":5,"archive_after_seconds":9})",
                 "\"1\"");
  EXPECT_EQ(patched.status, 200) << patched.body;
  EXPECT_EQ(patched.field("ETag"), "\"2\"");
  EXPECT_EQ(patched.field("Sale-Sequence"), "3");
  EXPECT_TRUE(patched.has(R"("stock":12,"per_buyer_limit":3,"hold_seconds":60,)")) << patched.body;
  EXPECT_TRUE(patched.has(R"("late_payment":"reacquire","claim_attempts":7,)"
                          R"("max_extension_seconds":5,"archive_after_seconds":9,)"))
      << patched.body;
  EXPECT_TRUE(patched.has(R"("version":2)"));
  EXPECT_EQ(shop.get("/v1/sales/drop").body, patched.body);

  for (const std::string stale : {"\"1\"", "W/\"2\"", "\"3\"", "\"x\", \"1\""}) {
    const ShopReply refused = shop.patch("drop", R"({"stock":13})", stale);
    EXPECT_EQ(refused.status, 412) << stale;
    EXPECT_EQ(refused.code(), "precondition-failed");
    EXPECT_EQ(refused.field("ETag"), "\"2\"");
    EXPECT_EQ(refused.field("Sale-Sequence"), "3");
  }
  const ShopReply blind = shop.patch("drop", R"({"stock":13})", "");
  EXPECT_EQ(blind.status, 428);
  EXPECT_EQ(blind.code(), "precondition-required");
  for (const std::string malformed : {"2", "\"2", "*, \"2\"", "\"2\" \"3\""}) {
    EXPECT_EQ(shop.patch("drop", R"({"stock":13})", malformed).code(), "malformed") << malformed;
  }
  EXPECT_TRUE(shop.patch("drop", R"({"stock":13})", "\"1\", \"2\"").has(R"("version":3)"));
  EXPECT_TRUE(shop.patch("drop", R"({"stock":14})", "*").has(R"("version":4)"));
}

TEST(SaleLife, IsNotChangedByAPatchThatSaysNothingNew) {
  const Shop shop;
  shop.create(R"("id":"drop","title":{"en":"Drop"},"stock":10,"metadata":{"a":1})");
  const std::string before = shop.get("/v1/sales/drop").body;
  for (const std::string body :
       {R"({})", R"({"stock":10})", R"({"title":{}})", R"({"title":{"fr":null}})",
        R"({"metadata":{}})", R"({"metadata":{"b":null}})", R"({"opens_at":null})"}) {
    const ShopReply reply = shop.patch("drop", body, "\"1\"");
    EXPECT_EQ(reply.status, 200) << body;
    EXPECT_EQ(reply.body, before) << body;
    EXPECT_EQ(reply.field("ETag"), "\"1\"") << body;
    EXPECT_EQ(reply.field("Sale-Sequence"), "2") << body;
  }
}

TEST(SaleLife, TakesAPatchAsJsonToo) {
  const Shop shop;
  shop.create(R"("id":"drop","stock":10)");
  const Headers headers = {{"If-Match", "*"}, {"Content-Type", "application/json"}};
  EXPECT_EQ(shop.ask("PATCH", "/v1/sales/drop", headers, R"({"stock":11})").status, 200);
}

TEST(SaleLife, HasItsTitleAndMetadataMergedMemberByMember) {
  const Shop shop;
  shop.create(R"("id":"drop","title":{"en":"Drop","de":"Fall"},"stock":10,)"
              R"("metadata":{"a":{"x":1,"y":[1,2]},"b":"kept"})");
  const ShopReply merged = shop.patch(
      "drop", R"({"title":{"de":null,"zh-CN":"秒杀"},"metadata":{"a":{"x":null,"z":1.50}}})");
  EXPECT_TRUE(merged.has(R"("title":{"en":"Drop","zh-CN":"秒杀"})")) << merged.body;
  EXPECT_TRUE(merged.has(R"("metadata":{"a":{"y":[1,2],"z":1.50},"b":"kept"})")) << merged.body;
  EXPECT_TRUE(shop.patch("drop", R"({"title":"One for all"})").has(R"("title":"One for all")"));
  EXPECT_TRUE(shop.patch("drop", R"({"title":{"en":"Two"}})").has(R"("title":{"en":"Two"})"));
  EXPECT_TRUE(shop.patch("drop", R"({"metadata":null})").has(R"("metadata":{})"));

  const ShopReply none = shop.patch("drop", R"({"title":{"en":null}})");
  EXPECT_EQ(none.status, 422);
  EXPECT_TRUE(none.has(R"("pointer":"/title")"));
  // Each half is small enough, the two together are not.
  const std::string half(2'500, 'x');
  EXPECT_EQ(shop.patch("drop", R"({"metadata":{"a":")" + half + "\"}}").status, 200);
  const ShopReply large = shop.patch("drop", R"({"metadata":{"b":")" + half + "\"}}");
  EXPECT_EQ(large.status, 422);
  EXPECT_TRUE(large.has(R"("pointer":"/metadata")"));
}

TEST(SaleLife, CannotBeChangedAgainstWhatHasHappened) {
  Shop shop;
  shop.create(R"("id":"drop","stock":5,"per_buyer_limit":3,"hold_seconds":60)");
  const std::string held =
      shop.post_json("/v1/sales/drop/claims", R"({"quantity":3})", {{"X-Buyer-Id", "ann"}})
          .field("Location");
  EXPECT_EQ(shop.claim("drop", "bob").status, 201);
  EXPECT_EQ(shop.confirm(held, "order_1").status, 200);
  const ShopReply below = shop.patch("drop", R"({"stock":3})");
  EXPECT_EQ(below.status, 409);
  EXPECT_EQ(below.code(), "stock-below-claimed");
  EXPECT_TRUE(below.has(R"("sale":"drop","held":1,"confirmed":3,"available":1})")) << below.body;
  EXPECT_EQ(shop.patch("drop", R"({"stock":4})").status, 200);

  const ShopReply opening = shop.patch("drop", R"({"opens_at":"2026-12-01T00:00:00Z"})");
  EXPECT_EQ(opening.status, 409);
  EXPECT_EQ(opening.code(), "already-open");
  const ShopReply past = shop.patch("drop", R"({"closes_at":"2026-11-11T12:00:00Z"})");
  EXPECT_EQ(past.status, 422);
  EXPECT_TRUE(past.has(R"("pointer":"/closes_at")"));

  shop.create(R"("id":"later","stock":5,"opens_at":"2026-11-12T00:00:00Z")");
  const ShopReply before = shop.patch("later", R"({"closes_at":"2026-11-11T23:00:00Z"})");
  EXPECT_EQ(before.status, 422);
  EXPECT_TRUE(before.has(R"("pointer":"/closes_at","detail":"must be after opens_at")"));
  EXPECT_TRUE(shop.patch("later", R"({"opens_at":"2026-11-11T12:30:00Z"})")
                  .has(R"("opens_at":"2026-11-11T12:30:00.000Z")"));
  shop.clock().pass(hours(1));
  EXPECT_EQ(status_of(shop, "later"), "open");

  EXPECT_EQ(shop.steer("drop", "close").status, 200);
  const ShopReply closed = shop.patch("drop", R"({"stock":9})");
  EXPECT_EQ(closed.status, 409);
  EXPECT_EQ(closed.code(), "closed");
  EXPECT_EQ(shop.patch("drop", R"({"title":"Over"})").status, 200);
  EXPECT_EQ(shop.patch("none", R"({"stock":9})").status, 404);
}

TEST(SaleLife, PausesResumesAndClosesByTheMerchantsButtons) {
  const Shop shop;
  shop.create(R"("id":"drop","stock":5,"hold_seconds":60)");
  const std::string held = shop.claimed("drop", "ann");
  for (int i = 0; i < 2; ++i) {
    const ShopReply paused = shop.steer("drop", "pause");
    EXPECT_EQ(paused.status, 200);
    EXPECT_TRUE(paused.has(R"("status":"paused")"));
    EXPECT_EQ(paused.field("Sale-Sequence"), "4");
    EXPECT_FALSE(paused.field("ETag").empty());
  }
  const ShopReply refused = shop.claim("drop", "bob");
  EXPECT_EQ(refused.code(), "paused");
  EXPECT_FALSE(refused.field("Retry-After").empty());
  EXPECT_EQ(shop.confirm(held, "order_1").status, 200);
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(shop.post_json("/v1/sales/drop/resume", "ignored").has(R"("status":"open")"));
  }
  EXPECT_EQ(shop.claim("drop", "bob").status, 201);
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(shop.steer("drop", "close").has(R"("status":"closed")"));
  }
  for (const char* const action : {"pause", "resume"}) {
    const ShopReply late = shop.steer("drop", action);
    EXPECT_EQ(late.status, 409) << action;
    EXPECT_EQ(late.code(), "closed") << action;
    EXPECT_TRUE(late.has("The sale is closed, and stays so.")) << late.body;
  }
  const ShopReply status = shop.get("/v1/sales/drop/status");
  EXPECT_TRUE(status.has(R"("held":1,"next_return_at":null)")) << status.body;
  for (const char* const action : {"pause", "resume", "close", "cancel"}) {
    EXPECT_EQ(shop.steer("none", action).status, 404) << action;
  }
}

TEST(SaleLife, WhenCancelledReleasesHoldsAndOwesRefunds) {
  const Shop shop;
  shop.create(R"("id":"drop","stock":5,"hold_seconds":60)");
  const std::string held = shop.claimed("drop", "ann");
  const std::string paid = shop.claimed("drop", "bob");
  EXPECT_EQ(shop.confirm(paid, "order_1").status, 200);
  const ShopReply cancelled = shop.steer("drop", "cancel");
  EXPECT_EQ(cancelled.status, 200);
  EXPECT_TRUE(cancelled.has(R"("status":"closed","cancelled":true,)")) << cancelled.body;
  EXPECT_EQ(shop.steer("drop", "cancel").body, cancelled.body);
  EXPECT_TRUE(shop.get(held).has(R"("status":"released","released_by":"cancelled")"));
  const ShopReply refund = shop.get(paid);
  EXPECT_TRUE(refund.has(R"("status":"confirmed")")) << refund.body;
  EXPECT_TRUE(refund.has(R"("reference":"order_1","refund_owed":true})")) << refund.body;
  EXPECT_TRUE(shop.confirm(held, "order_2").has(R"("released_by":"cancelled")"));
  EXPECT_TRUE(shop.get("/v1/sales/drop/stats").has(R"("cancelled":1},"refused")"));
}

TEST(SaleLife, IsDeletedBeforeItOpensAndItsNameIsNotUsedAgain) {
  const Shop shop;
  const std::string members = R"("id":"drop","stock":5,"opens_at":"2026-11-12T00:00:00Z")";
  shop.create(members);
  const ShopReply deleted = shop.ask("DELETE", "/v1/sales/drop");
  EXPECT_EQ(deleted.status, 204);
  EXPECT_EQ(deleted.body, "");
  EXPECT_EQ(deleted.field("Sale-Sequence"), "2");
  EXPECT_EQ(shop.ask("DELETE", "/v1/sales/drop").status, 404);
  EXPECT_EQ(shop.get("/v1/sales/drop").status, 404);
  EXPECT_EQ(shop.claim("drop", "ann").status, 404);
  EXPECT_EQ(shop.get("/v1/sales").body, R"({"data":[],"has_more":false,"next":null})");
  EXPECT_EQ(shop.post_json("/v1/sales", "{" + members + "}").code(), "already-exists");

  shop.create(R"("id":"open","stock":5)");
  const ShopReply open = shop.ask("DELETE", "/v1/sales/open");
  EXPECT_EQ(open.status, 409);
  EXPECT_EQ(open.code(), "already-open");
  EXPECT_EQ(shop.get("/v1/sales/open").status, 200);
}

TEST(SaleLife, OfARoundIsPatchedByTheRoundsOwnName) {
  const Shop shop;
  EXPECT_EQ(shop.post_form("/send/goods", "count=3").status, 200);
  const ShopReply patched = shop.patch("goods", R"({"stock":4})", "\"1\"");
  EXPECT_EQ(patched.status, 200);
  EXPECT_TRUE(patched.has(R"("id":"goods-1")") && patched.has(R"("stock":4)"));
  EXPECT_TRUE(shop.steer("goods", "pause").has(R"("id":"goods-1")"));
}

}  // namespace
}  // namespace doorbuster::api
