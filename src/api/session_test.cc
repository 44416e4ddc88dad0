// The console's sign-in, through the whole server.

#include <gtest/gtest.h>

#include "api/key_set.h"
#include "api/session_cookie.h"
#include "api/shop_test.h"

namespace doorbuster::api {
namespace {

using namespace std::chrono_literals;

const Headers kOwnPage = {{"Origin", "http://127.0.0.1"}, {"Sec-Fetch-Site", "same-origin"}};

Headers with(Headers headers, const Headers& more) {
  headers.insert(headers.end(), more.begin(), more.end());
  return headers;
}

class Session : public testing::Test {
 protected:
  void SetUp() override { publish(); }

  // The keys as they now are in their file.
  void publish() {
    std::vector<KeyRecord> records;
    for (const KeyRecord* record : {&all_, &reader_}) records.push_back(*record);
    shop_.keys().publish(std::make_shared<const KeySet>(std::move(records)));
  }

  static std::string key_of(std::uint8_t number) {
    std::array<std::uint8_t, kKeyRandomBytes> random{};
    random.fill(number);
    return make_key(random);
  }
  static KeyRecord record(const std::string& name, std::uint8_t number, Scopes scopes) {
    const std::string key = key_of(number);
    KeyRecord made;
    made.name = name;
    made.prefix = prefix_of_key(key);
    made.hash = hash_of_key(key);
    made.scopes = scopes;
    return made;
  }
  static Scopes only(Scope scope) {
    Scopes scopes;
    scopes.add(scope);
    return scopes;
  }

  ShopReply sign_in(const std::string& key, const Headers& headers = kOwnPage) const {
    return shop_.post_json("/console/session", R"({"key":")" + key + R"("})", headers);
  }
  // The cookie that a browser would send from now on.
  static std::string cookie_in(const ShopReply& reply) {
    const std::string field = reply.field("Set-Cookie");
    return field.substr(0, field.find(';'));
  }
  std::string signed_in(std::uint8_t number = 1) const {
    const ShopReply reply = sign_in(key_of(number));
    EXPECT_EQ(reply.status, 200) << reply.body;
    return cookie_in(reply);
  }
  ShopReply read_with(const std::string& cookie, const Headers& more = {}) const {
    return shop_.ask("GET", "/v1/sales", with({{"Cookie", cookie}}, more));
  }
  ShopReply create_with(const std::string& cookie, const Headers& more) const {
    return shop_.post_json("/v1/sales", R"({"id":"drop","stock":1})",
                           with({{"Cookie", cookie}}, more));
  }

  Shop shop_{false};
  KeyRecord all_ = record("shop", 1, Scopes::all());
  KeyRecord reader_ = record("reader", 2, only(Scope::sales_read));
};

TEST_F(Session, StandsForTheKeyItWasOpenedWith) {
  const ShopReply reply = sign_in(key_of(1));
  EXPECT_EQ(reply.status, 200);
  EXPECT_TRUE(reply.has(R"("signed_in":true,"dev":false,"key":{"name":"shop","prefix":"db_sk_)"))
      << reply.body;
  EXPECT_TRUE(reply.has(R"("expires_at":"2026-11-12T00:00:00.000Z")")) << reply.body;
  EXPECT_FALSE(reply.has(key_of(1)));
  const std::string cookie = cookie_in(reply);
  EXPECT_EQ(read_with(cookie).status, 200);
  EXPECT_EQ(create_with(cookie, kOwnPage).status, 201);
  EXPECT_TRUE(shop_.ask("GET", "/console/session", {{"Cookie", cookie}}).has(R"("name":"shop")"));
  EXPECT_TRUE(shop_.ask("GET", "/console/session").has(R"({"signed_in":false,"dev":false)"));
}

TEST_F(Session, MayDoWhatItsKeyMayAndNoMore) {
  const std::string cookie = signed_in(2);
  EXPECT_EQ(read_with(cookie).status, 200);
  const ShopReply refused = create_with(cookie, kOwnPage);
  EXPECT_EQ(refused.status, 403);
  EXPECT_TRUE(refused.has(R"("required_scope":"sales:write")"));
}

TEST_F(Session, CookieIsForThisSiteAloneAndForNoScript) {
  const std::string plain = sign_in(key_of(1)).field("Set-Cookie");
  EXPECT_EQ(plain.find("doorbuster_session="), 0U);
  EXPECT_NE(plain.find("; Path=/; Max-Age=43200; HttpOnly; SameSite=Strict"), std::string::npos);
  EXPECT_EQ(plain.find("Secure"), std::string::npos);
  for (const Headers& headers :
       {Headers{{"Host", "sale.example"}, {"Origin", "https://sale.example"}},
        Headers{{"Host", "localhost:8443"}, {"Origin", "https://localhost:8443"}},
        Headers{{"Host", "sale.example"}, {"Origin", "http://sale.example"}}}) {
    const std::string secure = sign_in(key_of(1), headers).field("Set-Cookie");
    EXPECT_EQ(secure.find("__Host-doorbuster_session="), 0U) << secure;
    EXPECT_NE(secure.find("HttpOnly; SameSite=Strict; Secure"), std::string::npos) << secure;
    EXPECT_EQ(secure.find("Domain"), std::string::npos);
  }
}

// Another host of the same domain can set a cookie, but none whose name begins so.
TEST_F(Session, CookieWithoutTheHostPrefixIsNoneBeyondLoopback) {
  const std::string cookie = signed_in();
  EXPECT_EQ(read_with(cookie).status, 200);
  EXPECT_EQ(read_with(cookie, {{"Host", "sale.example"}}).status, 401);
  const std::string token = cookie.substr(cookie.find('='));
  EXPECT_EQ(read_with("__Host-doorbuster_session" + token, {{"Host", "sale.example"}}).status, 200);
}

TEST_F(Session, IsNothingToPagesOfOtherOrigins) {
  const std::string cookie = signed_in();
  const std::vector<Headers> foreign = {
      {{"Origin", "https://evil.example"}},
      {{"Origin", "null"}},
      {{"Origin", ""}},
      {{"Origin", "http://127.0.0.1:81"}},
      {{"Origin", "http://127.0.0.1.evil.example"}},
      {{"Origin", "ftp://127.0.0.1"}},
      {{"Origin", "http://127.0.0.1"}, {"Origin", "http://127.0.0.1"}},
      {{"Origin", "http://127.0.0.1"}, {"Sec-Fetch-Site", "cross-site"}},
      {{"Origin", "http://127.0.0.1"}, {"Sec-Fetch-Site", "same-site"}},
      {{"Sec-Fetch-Site", "cross-site"}},
      {{"Sec-Fetch-Site", "same-origin"}, {"Sec-Fetch-Site", "cross-site"}},
  };
  for (const Headers& page : foreign) {
    for (const ShopReply& reply :
         {read_with(cookie, page), create_with(cookie, page), sign_in(key_of(1), page)}) {
      EXPECT_EQ(reply.status, 403) << page.front().second;
      EXPECT_EQ(reply.code(), "insufficient-scope");
      EXPECT_EQ(reply.field("Set-Cookie"), "");
      EXPECT_EQ(reply.field("Access-Control-Allow-Origin"), "");
    }
  }
  // A change says where it comes from, and is none that a person asks for by hand.
  EXPECT_EQ(create_with(cookie, {}).status, 403);
  EXPECT_EQ(
      create_with(cookie, {{"Sec-Fetch-Site", "none"}, {"Origin", "http://127.0.0.1"}}).status,
      403);
  EXPECT_EQ(read_with(cookie, {{"Sec-Fetch-Site", "none"}}).status, 200);
  EXPECT_EQ(shop_.ask("DELETE", "/console/session", {{"Cookie", cookie}}).status, 403);
  EXPECT_EQ(read_with(cookie).status, 200);
}

// It may name another Host than the page was asked for by; the browser knows better.
TEST_F(Session, IsGoodBehindAProxy) {
  const Headers proxied = {{"Host", "backend:8080"},
                           {"Origin", "https://sale.example"},
                           {"Sec-Fetch-Site", "same-origin"}};
  const ShopReply reply = sign_in(key_of(1), proxied);
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(create_with(cookie_in(reply), proxied).status, 201);
}

TEST_F(Session, EndsWithItsKey) {
  const std::string cookie = signed_in();
  all_.revoked_at = shop_.clock().wall();
  publish();
  const ShopReply reply = read_with(cookie);
  EXPECT_EQ(reply.status, 401);
  EXPECT_TRUE(reply.has("The session has ended"));
  EXPECT_TRUE(
      shop_.ask("GET", "/console/session", {{"Cookie", cookie}}).has(R"("signed_in":false)"));
  // For good, whatever becomes of the key.
  all_.revoked_at = kNever;
  publish();
  EXPECT_EQ(read_with(cookie).status, 401);
  EXPECT_EQ(sign_in(key_of(1)).status, 200);
}

TEST_F(Session, EndsWhenItsKeyExpires) {
  all_.expires_at = shop_.clock().wall() + 1h;
  publish();
  const ShopReply reply = sign_in(key_of(1));
  EXPECT_TRUE(reply.has(R"("expires_at":"2026-11-11T13:00:00.000Z")")) << reply.body;
  shop_.clock().pass(59min);
  EXPECT_EQ(read_with(cookie_in(reply)).status, 200);
  shop_.clock().pass(1min);
  EXPECT_EQ(read_with(cookie_in(reply)).status, 401);
}

TEST_F(Session, EndsAfterTwelveHoursWhateverTheWallClockSays) {
  const std::string cookie = signed_in();
  shop_.clock().pass(12h - 1s);
  shop_.clock().step_wall(-24h);
  EXPECT_EQ(read_with(cookie).status, 200);
  shop_.clock().pass(1s);
  EXPECT_EQ(read_with(cookie).status, 401);
}

TEST_F(Session, EndsOnTheServerWhenItsBrowserSignsOut) {
  const std::string cookie = signed_in();
  const std::string other = signed_in();
  const ShopReply reply =
      shop_.ask("DELETE", "/console/session", with({{"Cookie", cookie}}, kOwnPage));
  EXPECT_EQ(reply.status, 204);
  EXPECT_EQ(reply.field("Set-Cookie"),
            "doorbuster_session=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict");
  EXPECT_EQ(read_with(cookie).status, 401);
  EXPECT_EQ(read_with(other).status, 200);
  EXPECT_EQ(shop_.ask("DELETE", "/console/session", kOwnPage).status, 204);
}

TEST_F(Session, TokenIsTheServersOwnChoice) {
  const std::string planted = "doorbuster_session=" + std::string(64, 'a');
  const std::string cookie = cookie_in(sign_in(key_of(1), with({{"Cookie", planted}}, kOwnPage)));
  EXPECT_NE(cookie, planted);
  EXPECT_EQ(read_with(planted).status, 401);
  EXPECT_EQ(read_with(cookie).status, 200);
  // Signing in again leaves no older session of the browser behind.
  const std::string next = cookie_in(sign_in(key_of(1), with({{"Cookie", cookie}}, kOwnPage)));
  EXPECT_EQ(read_with(cookie).status, 401);
  EXPECT_EQ(read_with(next).status, 200);
}

TEST_F(Session, TokenIsNotFoundByGuessing) {
  const std::string cookie = signed_in();
  const std::string token = cookie.substr(cookie.find('=') + 1);
  EXPECT_EQ(token.size(), 64U);
  std::string upper = token;
  for (char& c : upper) c = static_cast<char>(std::toupper(c));
  const std::string other_end = token.substr(0, 63) + (token.back() == '0' ? "1" : "0");
  for (const std::string& guess :
       {std::string(), token.substr(0, 63), token + "0", upper, other_end,
        to_hex(hash_of_key(token)), to_hex(all_.hash), key_of(1)}) {
    EXPECT_EQ(read_with("doorbuster_session=" + guess).status, 401) << guess;
  }
  EXPECT_EQ(read_with("x=1;doorbuster_session=" + token + "; y=2").status, 200);
  EXPECT_EQ(read_with("xdoorbuster_session=" + token).status, 401);
}

TEST_F(Session, TheOldestOfTooManyOfAKeyEnds) {
  const std::string reader = signed_in(2);
  std::vector<std::string> cookies;
  for (std::size_t i = 0; i <= Sessions::kOfOneKey; ++i) {
    cookies.push_back(signed_in(1));
    shop_.clock().pass(1s);
  }
  EXPECT_EQ(read_with(cookies.front()).status, 401);
  for (std::size_t i = 1; i < cookies.size(); ++i) EXPECT_EQ(read_with(cookies[i]).status, 200);
  EXPECT_EQ(read_with(reader).status, 200);
}

TEST_F(Session, IsNotOpenedWithoutAGoodKey) {
  for (const std::string& key : {std::string(), std::string("x"), key_of(9), key_of(1) + "x"}) {
    const ShopReply reply = sign_in(key);
    EXPECT_EQ(reply.status, 401) << key;
    EXPECT_NE(reply.field("WWW-Authenticate"), "");
    EXPECT_EQ(reply.field("Set-Cookie"), "");
  }
  EXPECT_EQ(sign_in("  " + key_of(1) + R"(\n)").status, 200);
  EXPECT_EQ(shop_.post_json("/console/session", "{}", kOwnPage).status, 422);
  EXPECT_EQ(shop_.post_json("/console/session", R"({"key":1})", kOwnPage).status, 422);
  EXPECT_EQ(shop_.post_json("/console/session", R"({"key":"x","more":1})", kOwnPage).status, 422);
  EXPECT_EQ(shop_.post_form("/console/session", "key=x", kOwnPage).status, 415);
}

// The browser of a merchant who is a buyer too sends the cookie with whatever it asks.
TEST_F(Session, IsLookedAtWhereNothingElseSaysWhoAsks) {
  const std::string cookie = signed_in();
  EXPECT_EQ(read_with(cookie, {{"Authorization", "Bearer " + key_of(9)}}).status, 401);
  EXPECT_EQ(read_with("doorbuster_session=x", {{"Authorization", "Bearer " + key_of(2)}}).status,
            200);
  const ShopReply reply = read_with(cookie, {{"X-Buyer-Id", "ann"}});
  EXPECT_EQ(reply.status, 401);  // 127.0.0.1 is no trusted proxy here
  EXPECT_TRUE(reply.has("trusted_proxies"));
}

TEST(SessionInDev, IsOpenToThisMachine) {
  const Shop shop(true);
  EXPECT_TRUE(
      shop.ask("GET", "/console/session").has(R"({"signed_in":true,"dev":true,"key":null)"));
  EXPECT_EQ(shop.ask("GET", "/console/session", {{"Host", "evil.example"}}).status, 403);
  EXPECT_EQ(shop.ask("GET", "/console/session", {{"Origin", "https://evil.example"}}).status, 403);
  const ShopReply reply = shop.post_json("/console/session", R"({"key":"x"})");
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.field("Set-Cookie"), "");
}

TEST(Sessions, AreBoundedInAll) {
  Sessions sessions([next = std::uint32_t{0}](std::span<std::uint8_t> bytes) mutable {
    std::fill(bytes.begin(), bytes.end(), std::uint8_t{0});
    for (std::size_t i = 0, left = next; i < 4; ++i, left >>= 8) {
      bytes[i] = static_cast<std::uint8_t>(left);
    }
    ++next;
  });
  std::string first;
  std::string last;
  for (std::size_t i = 0; i <= Sessions::kMost; ++i) {
    KeyHash key{};
    key[0] = static_cast<std::uint8_t>(i);
    key[1] = static_cast<std::uint8_t>(i >> 8);
    last = sessions.open("db_sk_1a2b3c4d", key, std::chrono::seconds(i));
    if (i == 0) first = last;
  }
  EXPECT_FALSE(sessions.find(first, std::chrono::seconds(1)));
  EXPECT_TRUE(sessions.find(last, std::chrono::seconds(1)));
}

}  // namespace
}  // namespace doorbuster::api
