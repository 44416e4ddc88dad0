// What browsers are served, through the whole server.

#include <gtest/gtest.h>

#include "api/shop_test.h"

namespace doorbuster::api {
namespace {

constexpr WebFile kFiles[] = {
    {"/console/", "text/html; charset=utf-8", "aa", false, "<p>console", "GZIP", "BR"},
    {"/console/main-1.js", "text/javascript; charset=utf-8", "bb", true, "script", {}, {}},
    {"/demo/", "text/html; charset=utf-8", "cc", false, "<p>demo", {}, {}},
    {"/embed/v1.js", "text/javascript; charset=utf-8", "dd", false, "element", {}, {}},
};

ApiOptions with_files() {
  ApiOptions options;
  options.web = WebSite(kFiles);
  return options;
}

class Web : public testing::Test {
 protected:
  const Shop shop_{false, 65'536, with_files()};
};

TEST_F(Web, IsOfferedInTheCodingThatTheBrowserTakes) {
  const ShopReply plain = shop_.ask("GET", "/console/");
  EXPECT_EQ(plain.status, 200);
  EXPECT_EQ(plain.body, "<p>console");
  EXPECT_EQ(plain.field("ETag"), "\"aa\"");
  EXPECT_EQ(plain.field("Content-Encoding"), "");
  EXPECT_EQ(plain.field("Vary"), "Accept-Encoding");
  const ShopReply gzip = shop_.ask("GET", "/console/", {{"Accept-Encoding", "gzip"}});
  EXPECT_EQ(gzip.body, "GZIP");
  EXPECT_EQ(gzip.field("ETag"), "\"aa-gz\"");
  const ShopReply brotli = shop_.ask("GET", "/console/", {{"Accept-Encoding", "gzip, br"}});
  EXPECT_EQ(brotli.body, "BR");
  EXPECT_EQ(brotli.field("Content-Encoding"), "br");
  EXPECT_EQ(brotli.field("ETag"), "\"aa-br\"");
}

TEST_F(Web, IsKeptByItsTagInTheSameCodingAlone) {
  const ShopReply kept = shop_.ask(
      "GET", "/console/", {{"Accept-Encoding", "br"}, {"If-None-Match", "\"zz\", \"aa-br\""}});
  EXPECT_EQ(kept.status, 304);
  EXPECT_EQ(kept.body, "");
  EXPECT_EQ(kept.field("ETag"), "\"aa-br\"");
  EXPECT_EQ(kept.field("Cache-Control"), "no-cache");
  EXPECT_NE(kept.field("Content-Security-Policy"), "");
  EXPECT_EQ(shop_.ask("GET", "/console/", {{"If-None-Match", "\"aa-br\""}}).status, 200);
}

TEST_F(Web, IsKeptForEverWhereTheNameHasAHash) {
  EXPECT_EQ(shop_.ask("GET", "/console/main-1.js").field("Cache-Control"),
            "public, max-age=31536000, immutable");
  EXPECT_EQ(shop_.ask("GET", "/console/").field("Cache-Control"), "no-cache");
  EXPECT_EQ(shop_.ask("GET", "/embed/v1.js").field("Cache-Control"), "public, max-age=300");
}

TEST_F(Web, LetsNoInlineCodeRunAndNobodyFrameIt) {
  for (const std::string_view path : {"/console/", "/console/main-1.js", "/demo/"}) {
    const ShopReply reply = shop_.ask("GET", path);
    const std::string policy = reply.field("Content-Security-Policy");
    EXPECT_NE(policy.find("default-src 'none'; script-src 'self'; style-src 'self';"),
              std::string::npos);
    EXPECT_NE(policy.find("frame-ancestors 'none'"), std::string::npos);
    EXPECT_EQ(policy.find("unsafe"), std::string::npos);
    EXPECT_EQ(reply.field("X-Content-Type-Options"), "nosniff");
    EXPECT_EQ(reply.field("Referrer-Policy"), "same-origin");
    EXPECT_EQ(reply.field("Cross-Origin-Resource-Policy"), "same-origin");
  }
}

TEST_F(Web, LetsEveryShopLoadTheElement) {
  const ShopReply reply = shop_.ask("GET", "/embed/v1.js", {{"Origin", "https://shop.example"}});
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.field("Access-Control-Allow-Origin"), "*");
  EXPECT_EQ(reply.field("Cross-Origin-Resource-Policy"), "cross-origin");
  EXPECT_EQ(reply.field("X-Content-Type-Options"), "nosniff");
}

TEST_F(Web, LeadsFromTheShortPathToTheWholeOne) {
  for (const std::string_view path : {"/", "/console"}) {
    const ShopReply reply = shop_.ask("GET", path);
    EXPECT_EQ(reply.status, 302) << path;
    EXPECT_EQ(reply.field("Location"), "/console/") << path;
  }
  EXPECT_EQ(shop_.ask("HEAD", "/demo").field("Location"), "/demo/");
}

TEST_F(Web, HasNothingElse) {
  for (const std::string_view path : {"/console/none.js", "/demo/main-1.js", "/embed/v2.js"}) {
    const ShopReply reply = shop_.ask("GET", path);
    EXPECT_EQ(reply.status, 404) << path;
    EXPECT_EQ(reply.code(), "not-found") << path;
  }
  EXPECT_EQ(shop_.ask("POST", "/console/").status, 405);
}

TEST_F(Web, AnswersHeadWithTheLengthAlone) {
  const ShopReply reply = shop_.ask("HEAD", "/console/", {{"Accept-Encoding", "br"}});
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.field("Content-Length"), "2");
  EXPECT_EQ(reply.body, "");
}

}  // namespace
}  // namespace doorbuster::api
