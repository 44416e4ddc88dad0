// GET /v1/events over the real server and engine: pages, waits, what is refused.
#include <gtest/gtest.h>

#include <future>

#include "api/shop_test.h"

namespace doorbuster::api {
namespace {

using namespace std::string_view_literals;

constexpr const char* kEventStream = "text/event-stream";

class Events : public testing::Test {
 protected:
  void open_sale(const std::string& id, int hold_seconds = 0) {
    shop_.create(R"("id":")" + id + R"(","stock":100,"hold_seconds":)" +
                 std::to_string(hold_seconds));
  }
  ShopReply events(const std::string& query = "") const {
    return shop_.get("/v1/events" + (query.empty() ? "" : "?" + query));
  }
  static int count(const ShopReply& reply, const std::string& part) {
    int found = 0;
    for (auto at = reply.body.find(part); at != std::string::npos;
         at = reply.body.find(part, at + 1)) {
      ++found;
    }
    return found;
  }

  Shop shop_;
};

TEST_F(Events, APageHasWhatHappenedInItsOrder) {
  EXPECT_EQ(events().body, R"({"data":[],"has_more":false,"next":"0"})");
  open_sale("drop", 600);
  const std::string claim = shop_.claimed("drop", "ann");
  EXPECT_EQ(shop_.confirm(claim, "order_1").status, 200);
  const ShopReply reply = events();
  ASSERT_EQ(reply.status, 200) << reply.body;
  EXPECT_EQ(reply.field("Content-Type"), "application/json");
  EXPECT_EQ(reply.field("Cache-Control"), "no-store");
  EXPECT_EQ(reply.field("Link"), R"(</v1/events?after=4&limit=100>; rel="next")");
  EXPECT_TRUE(
      reply.body.starts_with(R"({"data":[{"specversion":"1.0","id":"1","source":"/doorbuster/)"));
  EXPECT_TRUE(reply.body.ends_with(R"(}}],"has_more":false,"next":"4"})")) << reply.body;
  const std::string id = claim.substr(claim.rfind('/') + 1);
  EXPECT_TRUE(
      reply.has(R"("type":"doorbuster.claim.confirmed","subject":"sales/drop/claims/)" + id + '"'));
  EXPECT_TRUE(reply.has(R"("sequence":"4","data":{"id":")" + id +
                        R"(","sale":"drop","buyer":"ann","quantity":1,"status":"confirmed",)" +
                        R"("reference":"order_1"}}])"))
      << reply.body;
}

TEST_F(Events, PagesFollowOneAnotherAndAreTheSameAgainAfterARestart) {
  open_sale("drop");
  for (int i = 0; i < 10; ++i) shop_.claimed("drop", "buyer-" + std::to_string(i));
  const ShopReply first = events("limit=5");
  EXPECT_TRUE(first.has(R"("has_more":true,"next":"5"})"));
  const ShopReply second = events("after=5&limit=5");
  EXPECT_TRUE(second.has(R"("has_more":true,"next":"10"})"));
  EXPECT_EQ(second.field("Link"), R"(</v1/events?after=10&limit=5>; rel="next")");
  EXPECT_TRUE(events("after=10&limit=5").has(R"("has_more":false,"next":"12"})"));
  shop_.restart();
  EXPECT_EQ(events("limit=5").body, first.body);
  EXPECT_EQ(events("after=5&limit=5").body, second.body);
}

TEST_F(Events, OneSalesOwnAndTheNewestAreAskedForByName) {
  open_sale("drop");
  open_sale("other");
  shop_.claimed("drop", "ann");
  const ShopReply of_other = events("sale=other");
  EXPECT_EQ(count(of_other, R"("subject":"sales/other)"), 2);
  EXPECT_EQ(count(of_other, R"("subject")"), 2);
  EXPECT_TRUE(of_other.has(R"("next":"5"})"));  // what is of others has been passed over
  EXPECT_EQ(events("after=latest").body, R"({"data":[],"has_more":false,"next":"5"})");
  EXPECT_EQ(events("sale=nowhere").status, 404);
}

TEST_F(Events, WhoWaitsIsAnsweredByTheNextEvent) {
  open_sale("drop");
  auto waiting = std::async(std::launch::async, [&] { return events("after=2&wait=30"); });
  shop_.claimed("drop", "ann");
  const ShopReply reply = waiting.get();
  EXPECT_EQ(count(reply, R"("specversion")"), 1);
  EXPECT_TRUE(reply.has(R"("next":"3"})"));
}

TEST_F(Events, BadQueriesAreNamed) {
  open_sale("drop");
  struct Case {
    const char* query;
    const char* parameter;
  };
  for (const Case& bad :
       {Case{"limit=0", "limit"}, Case{"limit=1001", "limit"}, Case{"limit=x", "limit"},
        Case{"wait=31", "wait"}, Case{"wait=-1", "wait"}, Case{"wait=1.5", "wait"},
        Case{"after=", "after"}, Case{"after=x", "after"}, Case{"after=99", "after"},
        Case{"after=-1", "after"}, Case{"after=1%31", "after"},
        Case{"after=18446744073709551616", "after"}, Case{"sale=", "sale"}, Case{"sale=A", "sale"},
        Case{"aftr=1", "aftr"}, Case{"limit=1&limit=2", "limit"}}) {
    const ShopReply reply = events(bad.query);
    EXPECT_EQ(reply.status, 422) << bad.query << reply.body;
    EXPECT_TRUE(reply.has(std::string(R"("parameter":")") + bad.parameter + '"')) << reply.body;
  }
  EXPECT_EQ(events("after=" + std::string(65, '1')).status, 422);
  EXPECT_EQ(shop_.ask("POST", "/v1/events").status, 405);
  EXPECT_EQ(shop_.ask("POST", "/v1/events").field("Allow"), "GET, HEAD, OPTIONS");
}

TEST_F(Events, AStreamRefusesWhatItHasNoUseForBeforeItBegins) {
  open_sale("drop");
  const auto ask = [&](const std::string& query, Headers more = {}) {
    more.emplace_back("Accept", kEventStream);
    return shop_.ask("GET", "/v1/events" + query, more);
  };
  EXPECT_EQ(ask("?limit=5").status, 422);
  EXPECT_EQ(ask("?wait=5").status, 422);
  EXPECT_EQ(ask("?after=99").status, 422);
  EXPECT_EQ(ask("?sale=nowhere").status, 404);
  EXPECT_EQ(ask("", {{"Last-Event-ID", "99"}}).status, 422);
  EXPECT_EQ(ask("", {{"Last-Event-ID", std::string(65, '1')}}).status, 422);
  EXPECT_EQ(ask("", {{"Last-Event-ID", "1"}, {"Last-Event-ID", "2"}}).status, 422);
}

TEST_F(Events, HeadHasTheFieldsAndNoBody) {
  open_sale("drop");
  const ShopReply page = shop_.ask("HEAD", "/v1/events");
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(page.field("Content-Length"), std::to_string(events().body.size()));
  EXPECT_TRUE(page.body.empty());
  const ShopReply stream = shop_.ask("HEAD", "/v1/events", {{"Accept", kEventStream}});
  EXPECT_EQ(stream.status, 200);
  EXPECT_EQ(stream.field("Content-Type"), kEventStream);
  EXPECT_EQ(stream.field("X-Accel-Buffering"), "no");
  EXPECT_EQ(stream.field("Cache-Control"), "no-store");
}

constexpr const char* kTraceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

TEST_F(Events, TheTraceOfARequestStandsInTheEventsItCausedAndInNoOther) {
  open_sale("drop", 60);
  const ShopReply claimed = shop_.claim("drop", "ann", {{"Traceparent", kTraceparent}});
  ASSERT_EQ(claimed.status, 201);
  // What was decided long ago keeps its trace; the same again is nothing new.
  EXPECT_EQ(shop_.claim("drop", "ann", {{"Idempotency-Key", "k"}}).status, 200);
  EXPECT_EQ(shop_.claim("drop", "bob").status, 201);
  const ShopReply reply = events();
  const auto at = reply.body.find(R"("traceparent":"00-0af7651916cd43dd8448eb211c80319c-)");
  ASSERT_NE(at, std::string::npos) << reply.body;
  EXPECT_EQ(count(reply, "traceparent"), 1) << reply.body;
  EXPECT_FALSE(reply.has("b7ad6b7169203331"));  // the server's own span, not the caller's
  EXPECT_EQ(reply.body.substr(at - R"("sequence":"3",)"sv.size(), 15), R"("sequence":"3",)");
  // Its hold ends by the clock: nobody asked for that.
  shop_.clock().pass(std::chrono::minutes(2));
  EXPECT_EQ(shop_.get("/v1/sales/drop").status, 200);
  const ShopReply later = events();
  EXPECT_EQ(count(later, R"("doorbuster.claim.released")"), 2);
  EXPECT_EQ(count(later, "traceparent"), 1);
  shop_.restart();
  EXPECT_EQ(events().body, later.body);
}

TEST_F(Events, EveryCommandCarriesItsTrace) {
  const Headers traced = {{"Traceparent", kTraceparent}};
  const auto post = [&](const std::string& path, std::string_view json) {
    const ShopReply reply = shop_.post_json(path, json, traced);
    EXPECT_LT(reply.status, 300) << path << reply.body;
    return reply;
  };
  post("/v1/sales", R"({"id":"drop","stock":9,"hold_seconds":60,"max_extension_seconds":60})");
  const ShopReply claimed = shop_.claim("drop", "ann", traced);
  const std::string claim = claimed.field("Location");
  post(claim + "/extend", R"({"seconds":30})");
  post(claim + "/confirm", R"({"reference":"order_1"})");
  EXPECT_EQ(shop_.ask("DELETE", claim, traced).status, 200);
  EXPECT_EQ(shop_.ask("POST", "/v1/sales/drop/pause", traced).status, 200);
  EXPECT_EQ(shop_.ask("POST", "/v1/sales/drop/close", traced).status, 200);
  EXPECT_LT(shop_.post_form("/send/goods", "count=3", traced).status, 300);
  const ShopReply reply = events();
  // The openings too: these sales open by being created.
  EXPECT_EQ(count(reply, R"("specversion")"), count(reply, "traceparent")) << reply.body;
  EXPECT_GE(count(reply, "traceparent"), 8) << reply.body;
}

TEST_F(Events, ATraceparentThatIsNoneIsPassedOver) {
  open_sale("drop");
  const std::string good = kTraceparent;
  int buyer = 0;
  for (const std::string& bad :
       {std::string("x"), good + "-", "ff" + good.substr(2), good.substr(0, 52) + "-zz",
        std::string("00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01"),
        std::string("00-00000000000000000000000000000000-b7ad6b7169203331-01"),
        std::string("00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01"),
        std::string(4000, '0')}) {
    EXPECT_EQ(shop_.claim("drop", "b" + std::to_string(++buyer), {{"traceparent", bad}}).status,
              201);
  }
  const Headers twice = {{"traceparent", good}, {"traceparent", good}};
  EXPECT_EQ(shop_.claim("drop", "twice", twice).status, 201);
  EXPECT_EQ(count(events(), "traceparent"), 0);
}

TEST_F(Events, PagesOfOriginsThatAreListedMayReadThem) {
  ApiOptions options;
  options.cors.add("http://127.0.0.1:9");
  Shop shop(true, 65'536, options);
  const Headers from = {{"Origin", "http://127.0.0.1:9"}};
  for (const char* accept : {"application/json", kEventStream}) {
    const ShopReply reply =
        shop.ask("HEAD", "/v1/events", {{"Origin", "http://127.0.0.1:9"}, {"Accept", accept}});
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.field("Access-Control-Allow-Origin"), "http://127.0.0.1:9");
    EXPECT_EQ(reply.field("Vary"), "Origin");
  }
  const ShopReply refused = shop.ask("GET", "/v1/events?after=99", from);
  EXPECT_EQ(refused.status, 422);
  EXPECT_EQ(refused.field("Access-Control-Allow-Origin"), "http://127.0.0.1:9");
}

TEST_F(Events, NobodyReadsThemWithoutAKey) {
  Shop closed(false);
  EXPECT_EQ(closed.get("/v1/events").status, 401);
}

}  // namespace
}  // namespace doorbuster::api
