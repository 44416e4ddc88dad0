// What an operator is told, and may tell, on the admin listener.
#include "api/admin_handler.h"

#include <gtest/gtest.h>

#include "api/shop_test.h"

namespace doorbuster::api {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

TEST(Admin, TellsWhetherTheServerLivesAndIsReady) {
  const Shop shop;
  EXPECT_EQ(shop.probe("GET", "/livez").body, "ok\n");
  const ShopReply ready = shop.probe("GET", "/readyz");
  EXPECT_EQ(ready.status, 200);
  EXPECT_EQ(ready.field("Cache-Control"), "no-store");
  const ShopReply verbose = shop.probe("GET", "/readyz?verbose");
  EXPECT_TRUE(verbose.has("[+]engine ok\n") && verbose.has("readyz check passed\n"));
  EXPECT_EQ(shop.probe("HEAD", "/readyz").status, 200);
  EXPECT_EQ(shop.probe("POST", "/livez").field("Allow"), "GET, HEAD, OPTIONS");
  EXPECT_EQ(shop.probe("OPTIONS", "/livez").status, 204);
  EXPECT_EQ(shop.probe("GET", "/metrics").code(), "not-found");
  EXPECT_EQ(shop.probe("GET", "/v1/sales").status, 404);
}

TEST(Admin, TellsOfAStepOfTheWallClockAndStaysReady) {
  Shop shop;
  EXPECT_TRUE(shop.probe("GET", "/readyz?verbose").has("[+]clock ok\n"));
  shop.clock().step_wall(hours(1));
  const ShopReply ahead = shop.probe("GET", "/readyz");
  EXPECT_EQ(ahead.status, 200);
  EXPECT_EQ(ahead.body,
            "[-]clock the wall clock is 3600 s ahead of the server's time: not followed; run "
            "`doorbuster clock accept` to follow it\nok\n");
  shop.clock().step_wall(-hours(3));
  EXPECT_TRUE(shop.probe("GET", "/readyz?verbose").has("[-]clock the wall clock is 7200 s behind"));
  shop.clock().step_wall(hours(2));
  EXPECT_EQ(shop.probe("GET", "/readyz").body, "ok\n");
}

TEST(Admin, FollowsAWallClockAheadWhenToldTo) {
  Shop shop;
  shop.create(R"("id":"drop","stock":10,"opens_at":"2026-11-11T13:00:00Z")");
  shop.clock().step_wall(hours(1));
  EXPECT_EQ(shop.claim("drop", "ann").code(), "not-open");
  const ShopReply accepted = shop.probe("POST", "/clock/accept");
  EXPECT_EQ(accepted.status, 200);
  EXPECT_EQ(accepted.field("Content-Type"), "text/plain; charset=utf-8");
  EXPECT_EQ(accepted.body,
            "the wall clock was followed, 3600 s forward; the server's time is now "
            "2026-11-11T13:00:00.000Z\n");
  EXPECT_EQ(shop.claim("drop", "ann").status, 201);
  EXPECT_TRUE(shop.probe("GET", "/readyz?verbose").has("[+]clock ok\n"));
  EXPECT_EQ(shop.probe("POST", "/clock/accept").body,
            "there was nothing to accept; the server's time is now 2026-11-11T13:00:00.000Z\n");
}

TEST(Admin, HasNoRewindsOfAnEngineThatWritesEverythingItself) {
  const Shop shop;
  const ShopReply none = shop.probe("GET", "/rewinds");
  EXPECT_EQ(none.status, 200);
  EXPECT_EQ(none.body, "{\"rewinds\":[]}\n");
  EXPECT_EQ(shop.probe("POST", "/rewinds").status, 405);
  EXPECT_EQ(shop.probe("POST", "/rewinds/accept?sale=drop").code(), "not-found");
  for (const char* query : {"", "?sale=", "?shop=drop"}) {
    EXPECT_EQ(shop.probe("POST", std::string("/rewinds/accept") + query).code(), "invalid");
  }
  EXPECT_EQ(shop.probe("GET", "/rewinds/accept?sale=drop").field("Allow"), "POST, OPTIONS");
}

// Stops with an hour more in the journal than the wall clock shows at the next start.
void restart_behind(Shop& shop) {
  shop.create(R"("id":"drop","stock":10,"per_buyer_limit":10)");
  shop.clock().pass(hours(1));
  EXPECT_EQ(shop.claim("drop", "ann").status, 201);
  shop.clock().step_wall(-hours(1));
  shop.restart();
}

TEST(Admin, IsNotReadyWhileTheClockIsBehindTheJournal) {
  Shop shop;
  restart_behind(shop);
  const ShopReply behind = shop.probe("GET", "/readyz");
  EXPECT_EQ(behind.status, 503);
  EXPECT_EQ(behind.body,
            "[-]clock the wall clock is 3600 s behind the journal: nothing is decided until it has "
            "caught up; run `doorbuster clock accept` to go on from the journal's time\n"
            "readyz check failed\n");
  EXPECT_EQ(shop.probe("GET", "/livez").status, 200);
  const ShopReply claim = shop.claim("drop", "ann", {{"Idempotency-Key", "k"}});
  EXPECT_EQ(claim.status, 503);
  EXPECT_EQ(claim.code(), "clock-behind");
  const int wait = std::stoi(claim.field("Retry-After"));
  EXPECT_GE(wait, 3);
  EXPECT_LE(wait, 10);
  EXPECT_TRUE(claim.has("\"retry_after_seconds\":" + std::to_string(wait)));
  EXPECT_EQ(shop.get("/v1/sales/drop/status").code(), "clock-behind");
  EXPECT_EQ(shop.get("/v1/sales").code(), "clock-behind");
  EXPECT_EQ(shop.get("/problems/clock-behind").status, 200);
}

TEST(Admin, IsReadyAgainByItselfOnceTheClockHasCaughtUp) {
  Shop shop;
  restart_behind(shop);
  shop.clock().pass(hours(1) - seconds(5) - milliseconds(1));
  EXPECT_EQ(shop.probe("GET", "/readyz").status, 503);
  shop.clock().pass(milliseconds(1));
  EXPECT_EQ(shop.probe("GET", "/readyz").status, 200);
  const ShopReply claim = shop.claim("drop", "ann", {{"Idempotency-Key", "k"}});
  EXPECT_EQ(claim.status, 201);
  // The time stood still meanwhile.
  EXPECT_TRUE(claim.has(R"("claimed_at":"2026-11-11T13:00:00.000Z")")) << claim.body;
}

TEST(Admin, IsReadyWhenToldToGoOnFromTheJournal) {
  Shop shop;
  restart_behind(shop);
  EXPECT_EQ(shop.probe("POST", "/clock/accept").body,
            "the journal's time goes on; the server's time is now 2026-11-11T13:00:00.000Z, 3600 s "
            "ahead of the wall clock\n");
  EXPECT_EQ(shop.probe("GET", "/readyz").body, "ok\n");
  shop.clock().pass(minutes(1));
  const ShopReply claim = shop.claim("drop", "ann", {{"Idempotency-Key", "k"}});
  EXPECT_TRUE(claim.has(R"("claimed_at":"2026-11-11T13:01:00.000Z")")) << claim.body;
}

TEST(Admin, IsToldNothingByAWebPage) {
  for (const bool dev : {true, false}) {
    Shop shop(dev);
    shop.clock().step_wall(hours(1));
    const auto code = [&](const Headers& headers) {
      const ShopReply reply = shop.probe("POST", "/clock/accept", headers);
      return reply.status == 403 ? reply.code() : std::to_string(reply.status);
    };
    EXPECT_EQ(code({{"Origin", "https://evil.example"}}), "insufficient-scope");
    EXPECT_EQ(code({{"Origin", "null"}}), "insufficient-scope");
    EXPECT_EQ(code({{"Host", "evil.example"}}), "insufficient-scope");
    EXPECT_EQ(code({{"Host", "evil.example:8081"}, {"Origin", "http://evil.example:8081"}}),
              "insufficient-scope");
    // Nor by what follows a link.
    EXPECT_EQ(shop.probe("GET", "/clock/accept").status, 405);
    EXPECT_FALSE(shop.probe("GET", "/readyz?verbose").has("[+]clock"));
    EXPECT_EQ(code({{"Host", "localhost:8081"}, {"Origin", "http://localhost:8081"}}), "200");
    EXPECT_TRUE(shop.probe("GET", "/readyz?verbose").has("[+]clock"));
  }
}

TEST(Admin, SaysWhichMethodsItsAddressesTake) {
  const Shop shop;
  EXPECT_EQ(shop.probe("GET", "/clock/accept").field("Allow"), "POST, OPTIONS");
  EXPECT_EQ(shop.probe("OPTIONS", "/clock/accept").field("Allow"), "POST, OPTIONS");
  EXPECT_EQ(shop.probe("OPTIONS", "/clock/accept").status, 204);
  EXPECT_EQ(shop.probe("POST", "/clock").status, 404);
}

}  // namespace
}  // namespace doorbuster::api
