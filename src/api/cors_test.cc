#include "api/cors.h"

#include <gtest/gtest.h>

#include "api/shop_test.h"

namespace doorbuster::api {
namespace {

constexpr const char* kShop = "https://shop.example";
constexpr const char* kAllowed = "Access-Control-Allow-Origin";

CorsOrigins origins_of(const std::vector<std::string>& list) {
  CorsOrigins origins;
  for (const std::string& origin : list) origins.add(origin);
  return origins;
}

ApiOptions with_origins(const std::vector<std::string>& list) {
  ApiOptions options;
  options.cors = origins_of(list);
  return options;
}

ShopReply ask_as(const Shop& shop, std::string_view method, std::string_view path,
                 const std::string& origin, Headers headers = {}) {
  headers.emplace_back("Origin", origin);
  return shop.ask(method, path, headers);
}

ShopReply preflight(const Shop& shop, std::string_view path, const std::string& origin) {
  return ask_as(shop, "OPTIONS", path, origin, {{"Access-Control-Request-Method", "POST"}});
}

TEST(CorsOrigins, AreExactAndInTheFormThatBrowsersSend) {
  const CorsOrigins origins = origins_of({"https://shop.example", "http://localhost:3000",
                                          "https://[2001:db8::1]:8443", "http://10.0.0.1"});
  for (const char* origin : {"https://shop.example", "http://localhost:3000",
                             "https://[2001:db8::1]:8443", "http://10.0.0.1"}) {
    EXPECT_EQ(origins.listed(origin), origin);
  }
  for (const char* origin :
       {"", "null", "*", "http://shop.example", "https://shop.example:8443", "https://SHOP.example",
        "https://shop.example.evil.example", "https://evil-shop.example", "https://shop.example/",
        "http://localhost", "http://localhost:30000"}) {
    EXPECT_EQ(origins.listed(origin), "") << origin;
  }
  EXPECT_TRUE(CorsOrigins().empty());
}

TEST(CorsOrigins, ThatNoBrowserWouldSendAreRefusedInWords) {
  const std::string no = "' is no origin as browsers send it, such as https://shop.example";
  EXPECT_EQ(origin_flaw("*").find("'*' is every page there is"), 0U);
  EXPECT_EQ(origin_flaw("null").find("'null' is what any page"), 0U);
  for (const auto& [text, meant] : std::vector<std::pair<std::string, std::string>>{
           {"https://Shop.Example/", "https://shop.example"},
           {"HTTPS://shop.example", "https://shop.example"},
           {"https://shop.example:443", "https://shop.example"},
           {"http://shop.example:80/path", "http://shop.example"},
           {"shop.example", "https://shop.example"}}) {
    EXPECT_EQ(origin_flaw(text), "'" + text + no + "; did you mean '" + meant + "'?");
  }
  for (const std::string text :
       {"", "https://shop.example,https://b.example", "https://", "https://*.shop.example",
        "ftp://shop.example", "https://shop.example:", "https://shop.example:0",
        "https://shop.example:080", "https://shop.example:70000", "https://a@shop.example",
        "https://shop..example", "https://[::1", "https://[0:0::1]", "https://shöp.example",
        "file://x"}) {
    EXPECT_EQ(origin_flaw(text), "'" + text + no) << text;
  }
}

TEST(Cors, LetsPagesOfListedOriginsReadAnswersRefusalsToo) {
  const Shop shop(false, 65'536,
                  with_origins({"https://shop.example", "https://app.shop.example"}));
  for (const char* path : {"/v1/sales/none/claims/me", "/v1/sales", "/nothing"}) {
    const ShopReply listed = ask_as(shop, "GET", path, kShop);
    EXPECT_EQ(listed.field(kAllowed), kShop) << path;
    EXPECT_EQ(listed.field("Access-Control-Expose-Headers"), kExposedFields);
    EXPECT_EQ(listed.field("Vary"), "Origin");
    for (const char* origin : {"https://evil.example", "null", "https://shop.example:444"}) {
      const ShopReply other = ask_as(shop, "GET", path, origin);
      EXPECT_EQ(other.field(kAllowed), "") << origin;
      EXPECT_EQ(other.field("Vary"), "Origin");  // a cache must not give it to others
    }
    const ShopReply none = shop.get(path);
    EXPECT_EQ(none.field(kAllowed), "");
    EXPECT_EQ(none.field("Vary"), "Origin");
  }
  const ShopReply twice =
      ask_as(shop, "GET", "/v1/sales", kShop, {{"Origin", "https://app.shop.example"}});
  EXPECT_EQ(twice.field(kAllowed), "");
}

TEST(Cors, LetsEveryPageReadWhatIsPublic) {
  for (const bool listed : {false, true}) {
    const Shop shop(false, 65'536, listed ? with_origins({kShop}) : ApiOptions{});
    for (const char* path : {"/v1/sales/none/status", "/problems/sold-out"}) {
      const ShopReply reply = ask_as(shop, "GET", path, "https://evil.example");
      EXPECT_EQ(reply.field(kAllowed), "*");
      EXPECT_EQ(reply.field("Access-Control-Expose-Headers"), kExposedFields);
      EXPECT_EQ(reply.field("Vary").find("Origin"), std::string::npos);
      EXPECT_EQ(preflight(shop, path, "https://evil.example").field(kAllowed), "*");
    }
  }
}

TEST(Cors, AnswersAPreflightOfAListedOriginAlone) {
  const Shop shop(false, 65'536, with_origins({kShop}));
  const ShopReply claims = preflight(shop, "/v1/sales/drop/claims", kShop);
  EXPECT_EQ(claims.status, 204);
  EXPECT_EQ(claims.field(kAllowed), kShop);
  EXPECT_EQ(claims.field("Access-Control-Allow-Methods"), "POST, GET, HEAD, OPTIONS");
  EXPECT_EQ(claims.field("Access-Control-Allow-Headers"), kAllowedFields);
  EXPECT_EQ(claims.field("Access-Control-Max-Age"), "7200");
  EXPECT_EQ(claims.field("Vary"), "Origin");
  const ShopReply other = preflight(shop, "/v1/sales/drop/claims", "https://evil.example");
  EXPECT_EQ(other.status, 204);
  EXPECT_EQ(other.field(kAllowed) + other.field("Access-Control-Allow-Methods"), "");
  EXPECT_EQ(preflight(shop, "/nothing", kShop).status, 404);
  // OPTIONS that is no preflight.
  const ShopReply plain = ask_as(shop, "OPTIONS", "/v1/sales", kShop);
  EXPECT_EQ(plain.field("Allow"), "GET, HEAD, POST, OPTIONS");
  EXPECT_EQ(plain.field("Access-Control-Allow-Methods"), "");
}

TEST(Cors, IsNotSpokenOfWhereNoOriginIsListed) {
  const Shop shop(false);
  const ShopReply reply = ask_as(shop, "GET", "/v1/sales", kShop);
  EXPECT_EQ(reply.field(kAllowed) + reply.field("Vary"), "");
  EXPECT_EQ(preflight(shop, "/v1/sales", kShop).field(kAllowed), "");
}

TEST(Cors, InDevIsForListedPagesOfThisMachine) {
  const Shop shop(true, 65'536, with_origins({"http://localhost:3000", kShop}));
  const ShopReply local = ask_as(shop, "GET", "/v1/sales", "http://localhost:3000");
  EXPECT_EQ(local.status, 200);
  EXPECT_EQ(local.field(kAllowed), "http://localhost:3000");
  EXPECT_EQ(ask_as(shop, "GET", "/v1/sales", kShop).status, 403);
  EXPECT_NE(preflight(shop, "/v1/sales", "http://localhost:3000")
                .field("Access-Control-Allow-Headers")
                .find("X-Buyer-Id"),
            std::string::npos);
}

// A page may send this without a preflight, at the opening second.
TEST(Cors, TakesAClaimAsASimpleForm) {
  ApiOptions options = with_origins({kShop});
  options.admission.trusted_proxies = {*http::IpNetwork::parse("127.0.0.1")};
  Shop shop(false, 65'536, std::move(options));
  // Without a key there is nobody who could open a sale; the form itself is what is looked at.
  const auto claim = [&](const std::string& type, const std::string& body) {
    return shop.ask("POST", "/v1/sales/none/claims",
                    {{"X-Buyer-Id", "ann"}, {"Origin", kShop}, {"Content-Type", type}}, body);
  };
  const std::string form = "application/x-www-form-urlencoded";
  EXPECT_EQ(claim(form, "quantity=2&idempotency_key=a-1").status, 404);
  EXPECT_EQ(claim(form + ";charset=UTF-8", "idempotency_key=a-1").field(kAllowed), kShop);
  EXPECT_TRUE(claim(form, "quantity=0").has(R"("pointer":"/quantity")"));
  EXPECT_TRUE(claim(form, "access_token=x").has(R"("pointer":"/access_token")"));
  for (const char* type : {"text/plain", "multipart/form-data; boundary=x"}) {
    const ShopReply refused = claim(type, R"({"quantity":1})");
    EXPECT_EQ(refused.status, 415) << type;
    EXPECT_EQ(refused.field(kAllowed), kShop);
  }
}

}  // namespace
}  // namespace doorbuster::api
