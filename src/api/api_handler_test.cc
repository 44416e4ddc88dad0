#include "api/api_handler.h"

#include <gtest/gtest.h>

#include <numeric>
#include <utility>

#include "api/api_probe.h"
#include "api/route.h"
#include "api/shop_test.h"

namespace doorbuster::api {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;

TEST(Api, CreatesASaleOnceAndKnowsItAgain) {
  const Shop shop;
  const std::string body =
      R"({"id":"drop","title":{"zh-CN":"秒杀","en":"Drop"},"stock":10,"metadata":{"a": [1.50, "x"]}})";
  const ShopReply created = shop.post_json("/v1/sales", body);
  EXPECT_EQ(created.status, 201);
  EXPECT_EQ(created.field("Location"), "/v1/sales/drop");
  EXPECT_EQ(created.field("ETag"), "\"1\"");
  EXPECT_EQ(created.field("Sale-Sequence"), "2");
  EXPECT_EQ(created.field("Content-Type"), "application/json");
  EXPECT_EQ(created.body,
            R"({"id":"drop","title":{"en":"Drop","zh-CN":"秒杀"},"stock":10,"per_buyer_limit":1,)"
            R"("hold_seconds":0,"opens_at":null,"closes_at":null,"late_payment":"reject",)"
            R"("claim_attempts":5,"max_extension_seconds":0,"archive_after_seconds":0,)"
            R"("metadata":{"a":[1.50,"x"]},"status":"open","version":1,)"
            R"("created_at":"2026-11-11T12:00:00.000Z"})");

  const ShopReply again = shop.post_json("/v1/sales", body);
  EXPECT_EQ(again.status, 200);
  EXPECT_EQ(again.body, created.body);
  EXPECT_EQ(shop.get("/v1/sales/drop").body, created.body);

  const ShopReply other = shop.post_json("/v1/sales", R"({"id":"drop","stock":11})");
  EXPECT_EQ(other.status, 409);
  EXPECT_EQ(other.code(), "already-exists");
  EXPECT_EQ(other.field("Sale-Sequence"), "2");
}

TEST(Api, KnowsASaleAgainAfterItHasClosed) {
  Shop shop;
  const std::string body = R"({"id":"short","stock":1,"closes_at":"2026-11-11T13:00:00Z"})";
  EXPECT_EQ(shop.post_json("/v1/sales", body).status, 201);
  shop.clock().pass(hours(2));
  EXPECT_EQ(shop.post_json("/v1/sales", body).status, 200);
  const auto other =
      shop.post_json("/v1/sales", R"({"id":"short","stock":2,"closes_at":"2026-11-11T13:00:00Z"})");
  EXPECT_EQ(other.code(), "already-exists");
  const auto fresh =
      shop.post_json("/v1/sales", R"({"id":"late","stock":2,"closes_at":"2026-11-11T13:00:00Z"})");
  EXPECT_EQ(fresh.status, 422);
  EXPECT_TRUE(fresh.has(R"("pointer":"/closes_at")"));
}

TEST(Api, GrantsAClaimAndRepeatsItself) {
  const Shop shop;
  shop.create(R"("id":"drop","stock":10)");
  const ShopReply granted = shop.claim("drop", "ann");
  EXPECT_EQ(granted.status, 201);
  EXPECT_EQ(granted.field("Sale-Sequence"), "3");
  EXPECT_EQ(granted.field("Cache-Control"), "no-store");
  const std::string location = granted.field("Location");
  EXPECT_EQ(location.rfind("/v1/sales/drop/claims/clm_", 0), 0U);
  const std::string id = location.substr(location.rfind('/') + 1);
  EXPECT_EQ(granted.body, R"({"id":")" + id +
                              R"(","sale":"drop","buyer":"ann","quantity":1,"units":[1],)"
                              R"("status":"confirmed","sequence":3,)"
                              R"("claimed_at":"2026-11-11T12:00:00.000Z","expires_at":null})");

  const ShopReply again = shop.claim("drop", "ann");
  EXPECT_EQ(again.status, 200);
  EXPECT_EQ(again.field("Idempotency-Replayed"), "true");
  EXPECT_EQ(again.body, granted.body);
  EXPECT_EQ(shop.get(location).body, granted.body);

  const std::string list = R"({"data":[)" + granted.body + R"(],"has_more":false,"next":null})";
  EXPECT_EQ(shop.ask("GET", "/v1/sales/drop/claims/me", {{"X-Buyer-Id", "ann"}}).body, list);
  EXPECT_EQ(shop.get("/v1/sales/drop/claims").body, list);
}

TEST(Api, TakesAClaimAsJsonAsAFormAndEmpty) {
  const Shop shop;
  shop.create(R"("id":"drop","stock":100,"per_buyer_limit":5)");
  const std::string path = "/v1/sales/drop/claims";
  const Headers ann = {{"X-Buyer-Id", "ann"}};
  EXPECT_TRUE(shop.post_json(path, R"({"quantity":2})", ann).has(R"("units":[1,2])"));
  EXPECT_TRUE(shop.post_json(path, R"({"buyer":"Jörg \"J\"","quantity":3})")
                  .has(R"("buyer":"Jörg \"J\"","quantity":3,"units":[3,4,5])"));
  EXPECT_TRUE(shop.post_form(path, "quantity=2&uid=b%C3%A9").has(R"("buyer":"bé","quantity":2)"));
  EXPECT_EQ(shop.ask("POST", path, {{"X-Buyer-Id", "张伟"}}).status, 201);
  EXPECT_EQ(shop.post_json(path, R"({"buyer":"ann"})", ann).status, 200);
}

TEST(Api, RemembersAnIdempotencyKeyFromTheHeaderOrTheForm) {
  const Shop shop;
  shop.create(R"("id":"drop","stock":100,"per_buyer_limit":5)");
  const std::string path = "/v1/sales/drop/claims";
  const ShopReply first = shop.claim("drop", "ann", {{"Idempotency-Key", "k 1"}});
  EXPECT_EQ(first.status, 201);
  EXPECT_EQ(shop.post_form(path, "uid=ann&idempotency_key=k+1").body, first.body);
  EXPECT_EQ(
      shop.post_form(path, "uid=ann&idempotency_key=k+1", {{"Idempotency-Key", "k 1"}}).status,
      200);
  EXPECT_EQ(shop.claim("drop", "ann", {{"Idempotency-Key", "k2"}}).status, 201);
  const ShopReply reused =
      shop.post_json(path, R"({"quantity":2})", {{"X-Buyer-Id", "ann"}, {"Idempotency-Key", "k2"}});
  EXPECT_EQ(reused.status, 409);
  EXPECT_EQ(reused.code(), "idempotency-key-reused");
  const ShopReply differ =
      shop.post_form(path, "uid=ann&idempotency_key=a", {{"Idempotency-Key", "b"}});
  EXPECT_EQ(differ.status, 422);
  EXPECT_TRUE(differ.has(R"("pointer":"/idempotency_key")"));
}

TEST(Api, RefusesAsTheSaleDecidesWithWhatEachCodePromises) {
  Shop shop;
  shop.create(R"("id":"drop","stock":3,"per_buyer_limit":2,"opens_at":"2026-11-11T14:01:00+02:00",)"
              R"("closes_at":"2026-11-11T13:00:00Z")");
  const ShopReply early = shop.claim("drop", "ann");
  EXPECT_EQ(early.status, 409);
  EXPECT_EQ(early.code(), "not-open");
  EXPECT_EQ(early.field("Retry-After"), "60");
  EXPECT_EQ(early.field("Sale-Sequence"), "1");
  EXPECT_EQ(early.field("Content-Type"), "application/problem+json");
  EXPECT_TRUE(early.has(R"("sale":"drop","opens_at":"2026-11-11T12:01:00.000Z",)"
                        R"("now":"2026-11-11T12:00:00.000Z","retry_after_seconds":60})"));
  shop.clock().pass(milliseconds(59'999));
  EXPECT_EQ(shop.claim("drop", "ann").field("Retry-After"), "1");

  shop.clock().pass(milliseconds(1));
  const std::string path = "/v1/sales/drop/claims";
  const ShopReply granted = shop.post_json(path, R"({"quantity":2})", {{"X-Buyer-Id", "ann"}});
  EXPECT_EQ(granted.status, 201);
  const std::string id = granted.field("Location").substr(path.size() + 1);
  const ShopReply over = shop.claim("drop", "ann", {{"Idempotency-Key", "other"}});
  EXPECT_EQ(over.code(), "limit-exceeded");
  EXPECT_TRUE(over.has(R"("claims":[")" + id + R"("])"));
  EXPECT_EQ(over.field("Retry-After"), "");

  const ShopReply few = shop.post_json(path, R"({"quantity":2})", {{"X-Buyer-Id", "bob"}});
  EXPECT_EQ(few.code(), "insufficient-stock");
  EXPECT_TRUE(few.has(R"("available":1})"));
  EXPECT_EQ(shop.claim("drop", "bob").status, 201);
  const ShopReply gone = shop.claim("drop", "cid");
  EXPECT_EQ(gone.code(), "sold-out");
  EXPECT_TRUE(gone.has(R"("availability":"gone","next_return_at":null})"));

  shop.clock().pass(hours(1));
  EXPECT_EQ(shop.claim("drop", "cid").code(), "closed");
  EXPECT_EQ(shop.claim("drop", "bob").status, 200);  // R9
  const ShopReply stats = shop.get("/v1/sales/drop/stats");
  EXPECT_TRUE(stats.has(R"("not-open":2)") && stats.has(R"("sold-out":1)")) << stats.body;
  EXPECT_TRUE(stats.has(R"("conserved":true)"));
}

TEST(Api, ServesTheStatusToCachesUntilItChanges) {
  Shop shop;
  shop.create(R"("id":"drop","stock":3,"opens_at":"2026-11-11T12:00:30Z")");
  const ShopReply scheduled = shop.get("/v1/sales/drop/status");
  EXPECT_EQ(scheduled.field("Cache-Control"), "public, max-age=1");
  EXPECT_EQ(scheduled.field("Access-Control-Allow-Origin"), "*");
  EXPECT_EQ(scheduled.field("Sale-Sequence"), "1");
  EXPECT_EQ(scheduled.body,
            R"({"id":"drop","title":"drop","status":"scheduled","now":"2026-11-11T12:00:00.000Z",)"
            R"("opens_at":"2026-11-11T12:00:30.000Z","closes_at":null,"availability":"available",)"
            R"("held":0,"next_return_at":null,"per_buyer_limit":1,"poll_after_seconds":3,)"
            R"("as_of":"2026-11-11T12:00:00.000Z"})");
  shop.clock().pass(milliseconds(29'500));
  EXPECT_EQ(shop.get("/v1/sales/drop/status").field("Cache-Control"), "public, max-age=0");
  shop.clock().pass(milliseconds(500));
  EXPECT_TRUE(shop.get("/v1/sales/drop/status").has(R"("status":"open")"));
  EXPECT_EQ(shop.get("/v1/sales/none/status").field("Access-Control-Allow-Origin"), "*");
}

TEST(Api, ListsInPagesThatFollowEachOther) {
  const Shop shop;
  shop.create(R"("id":"one","stock":1)");
  shop.create(R"("id":"two","stock":9)");
  for (const char* buyer : {"a", "b", "c"}) EXPECT_EQ(shop.claim("two", buyer).status, 201);
  const ShopReply first = shop.get("/v1/sales/two/claims?limit=2");
  EXPECT_TRUE(first.has(R"("buyer":"a")") && first.has(R"("buyer":"b")") &&
              !first.has(R"("buyer":"c")"));
  EXPECT_TRUE(first.has(R"("has_more":true)"));
  const std::string link = first.field("Link");
  const std::string next = link.substr(1, link.find('>') - 1);
  EXPECT_TRUE(first.has(next.substr(next.find('=') + 1, 13)));
  const ShopReply second = shop.get(next);
  EXPECT_TRUE(second.has(R"("buyer":"c")") && !second.has(R"("buyer":"b")"));
  EXPECT_TRUE(second.has(R"("has_more":false,"next":null)"));

  const ShopReply sales = shop.get("/v1/sales?limit=1");
  EXPECT_TRUE(sales.has(R"("id":"one")") && !sales.has(R"("id":"two")"));
  const std::string more = sales.field("Link");
  EXPECT_TRUE(shop.get(more.substr(1, more.find('>') - 1)).has(R"("id":"two")"));
  // A cursor of one list is none of another.
  EXPECT_EQ(shop.get("/v1/sales?after=" + next.substr(next.find('=') + 1, 13)).status, 422);
}

TEST(Api, AnswersTheRecipeInItsOwnWords) {
  const Shop shop;
  EXPECT_EQ(shop.post_form("/goods", "uid=ann").body, "Finsh!");
  EXPECT_EQ(shop.get("/goods").body,
            "{\"user_list\": {}, \"user_list_len\": 0, \"goods_list\": 0}\n");
  EXPECT_EQ(shop.post_form("/send/goods", "count=2").body, "send goods success! 2");
  const ShopReply won = shop.post_form("/goods", "uid=ann");
  EXPECT_EQ(won.status, 200);
  EXPECT_EQ(won.body, "Success,ann");
  EXPECT_EQ(won.field("Sale-Sequence"), "3");
  EXPECT_EQ(shop.post_form("/goods", "uid=ann").body, "create a user ann");
  EXPECT_EQ(shop.ask("POST", "/goods", {{"X-Buyer-Id", "b\"b"}}).body, "Success,b\"b");
  EXPECT_EQ(shop.post_form("/goods", "uid=cid").body, "Finsh!");
  EXPECT_EQ(
      shop.get("/goods").body,
      "{\"user_list\": {\"ann\": 1, \"b\\\"b\": 2}, \"user_list_len\": 2, \"goods_list\": 0}\n");
  EXPECT_EQ(shop.ask("HEAD", "/goods").body, "");
}

TEST(Api, DrawsABuyerFrom1To10AsTheRecipeDid) {
  const Shop shop;
  EXPECT_EQ(shop.post_form("/send/goods", "count=100").status, 200);
  for (int i = 0; i < 40; ++i) {
    const ShopReply reply = shop.ask("POST", "/goods");
    const auto at = reply.body.find_last_of(", ") + 1;
    const int uid = std::stoi(reply.body.substr(at));
    EXPECT_TRUE(uid >= 1 && uid <= 10) << reply.body;
  }
}

TEST(Api, AnswersTheRecipeAsResourcesWhereJsonIsAskedFor) {
  const Shop shop;
  const Headers json = {{"Accept", "application/json"}};
  EXPECT_EQ(shop.post_form("/goods", "uid=ann", json).status, 404);
  const ShopReply sent = shop.post_form("/send/goods", "count=1", json);
  EXPECT_EQ(sent.status, 201);
  EXPECT_EQ(sent.field("Location"), "/v1/sales/goods-1");
  const ShopReply won = shop.post_form("/goods", "uid=ann", json);
  EXPECT_EQ(won.status, 201);
  EXPECT_TRUE(won.has(R"("sale":"goods-1")"));
  EXPECT_EQ(shop.post_form("/goods", "uid=ann", json).status, 200);
  EXPECT_EQ(shop.post_form("/goods", "uid=bob", json).code(), "sold-out");
  // `goods` names the newest round, and a new round closes the one before (R14).
  EXPECT_EQ(shop.post_form("/send/goods", "count=5").status, 200);
  EXPECT_TRUE(shop.get("/v1/sales/goods").has(R"("id":"goods-2")"));
  EXPECT_TRUE(shop.get("/v1/sales/goods-1").has(R"("status":"closed")"));
}

TEST(Api, StreamsAllWinnersPageByPage) {
  const Shop shop;
  constexpr int kWinners = 1'203;
  EXPECT_EQ(shop.post_form("/send/goods", "count=2000").status, 200);
  for (int i = 0; i < kWinners; ++i) {
    ASSERT_EQ(shop.post_form("/goods", "uid=w" + std::to_string(i)).body.substr(0, 8), "Success,");
  }
  const ShopReply all = shop.get("/goods");
  EXPECT_TRUE(all.has(R"("user_list_len": 1203, "goods_list": 797})"));
  for (int i = 0; i < kWinners; ++i) {
    EXPECT_TRUE(all.has("\"w" + std::to_string(i) + "\": " + std::to_string(i + 1)));
  }
}

TEST(Api, IsOverloadedRatherThanWrongWhenTooMuchWaits) {
  const Shop shop(true, 0);
  const ShopReply reply = shop.get("/v1/sales");
  EXPECT_EQ(reply.status, 503);
  EXPECT_EQ(reply.code(), "overloaded");
  EXPECT_FALSE(reply.field("Retry-After").empty());
  EXPECT_TRUE(reply.has(R"("retry_after_seconds":)" + reply.field("Retry-After") + "}"));
}

TEST(Api, EchoesASaneRequestIdAndMakesOneOtherwise) {
  const Shop shop;
  const auto id_for = [&](const std::string& given) {
    return shop.ask("GET", "/v1/server", {{"X-Request-Id", given}}).field("X-Request-Id");
  };
  EXPECT_EQ(id_for("Trace_1.a-b"), "Trace_1.a-b");
  EXPECT_EQ(id_for(std::string(64, 'a')), std::string(64, 'a'));
  for (const std::string& bad :
       {std::string(65, 'a'), std::string("a b"), std::string("a;b"), std::string()}) {
    EXPECT_NE(id_for(bad), bad);
    EXPECT_FALSE(id_for(bad).empty());
  }
}

TEST(Api, SpeaksChineseToThoseWhoPreferItAndKeepsItsCodes) {
  const Shop shop;
  const ShopReply reply =
      shop.ask("GET", "/v1/sales/none", {{"Accept-Language", "zh-CN,en;q=0.5"}});
  EXPECT_EQ(reply.code(), "not-found");
  EXPECT_EQ(reply.field("Content-Language"), "zh-CN");
  EXPECT_TRUE(reply.has(R"("title":"未找到")"));
  EXPECT_TRUE(shop.get("/problems/sold-out").has("Sold out"));
  EXPECT_TRUE(shop.ask("GET", "/problems/sold-out", {{"Accept-Language", "zh"}}).has("已售罄"));
}

TEST(Api, WithoutDevTellsThePublicTheStatusAndNobodyElseAnything) {
  const Shop shop(false);
  const ShopReply reply = shop.claim("drop", "ann");
  EXPECT_EQ(reply.status, 401);
  EXPECT_EQ(reply.field("WWW-Authenticate"), "Bearer realm=\"doorbuster\"");
  EXPECT_EQ(shop.get("/v1/sales/none/status").status, 404);
  EXPECT_EQ(shop.get("/problems/sold-out").status, 200);
}

TEST(Api, DescribesTheServer) {
  const Shop shop;
  const ShopReply reply = shop.get("/v1/server");
  EXPECT_TRUE(reply.has(R"("version":"9.8.7","engine":"embedded","durability":"synced")"));
  EXPECT_TRUE(reply.has(R"("ready":true,"checks":[{"name":"engine","ok":true,"detail":"ok"},)"));
  EXPECT_TRUE(reply.has(R"("hold_seconds":2592000,"max_extension_seconds":2592000,)"
                        R"("claim_attempts":1000,"archive_after_seconds":315360000}})"))
      << reply.body;
}

TEST(Api, TellsHowLongClaimsWaitedForTheirAnswers) {
  ApiProbe probe;
  const auto ask = [&probe](http::Method method, std::string_view path) {
    const Route* route = match_route(api_routes(), method, path).route;
    probe.request_answered(probe.request_came(route, method), 201);
  };
  ask(http::Method::post, "/v1/sales/drop/claims");
  ask(http::Method::post, "/goods");
  ask(http::Method::get, "/v1/sales/drop/claims");
  probe.turn_ended(0);
  metrics::HistogramReading reading = AnswerTimes::nothing();
  probe.add_claim_answers(reading);
  EXPECT_EQ(std::accumulate(reading.counts.begin(), reading.counts.end(), 0U), 2U);

  std::iota(reading.counts.begin(), reading.counts.end(), 7U);
  ApiOptions options;
  options.claim_answers = [reading] { return reading; };
  const Shop shop(true, 100, std::move(options));
  EXPECT_TRUE(
      shop.get("/v1/server")
          .has(R"("claim_answers":{"within_microseconds":[50,100,250,500,1000,2500,5000,10000,)"
               R"(25000,50000,100000,250000,500000,1000000,2500000],)"
               R"("counts":[7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22]},"limits":)"));
}

}  // namespace
}  // namespace doorbuster::api
