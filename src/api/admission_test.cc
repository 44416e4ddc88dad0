// Who is let in: the whole matrix of routes and callers, from the one table of routes; and what
// each kind of credential is told.

#include "api/admission.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "api/route.h"
#include "api/shop_test.h"

namespace doorbuster::api {
namespace {

constexpr const char* kProxy = "127.0.0.2";
constexpr const char* kElsewhere = "127.0.0.3";

std::string key_of(std::uint8_t seed) {
  std::array<std::uint8_t, kKeyRandomBytes> random{};
  for (std::uint8_t& byte : random) byte = seed = static_cast<std::uint8_t>(seed * 5 + 3);
  return make_key(random);
}

KeyRecord record_of(const std::string& name, const std::string& key, Scopes scopes) {
  KeyRecord record;
  record.name = name;
  record.prefix = prefix_of_key(key);
  record.hash = hash_of_key(key);
  record.scopes = scopes;
  record.created_at = *parse_rfc3339("2026-11-11T11:00:00Z");
  return record;
}

Headers bearer(const std::string& key) { return {{"Authorization", "Bearer " + key}}; }

ApiOptions behind_a_proxy() {
  ApiOptions options;
  options.admission.trusted_proxies = {*http::IpNetwork::parse(kProxy)};
  return options;
}

// A server without --dev, a proxy in front of it at kProxy, and keys of every kind.
class Door {
 public:
  Door() : shop_(false, 65'536, behind_a_proxy()) {
    std::vector<KeyRecord> records = {record_of("all", all_, Scopes::all())};
    for (std::size_t i = 0; i < kScopes; ++i) {
      Scopes only;
      only.add(static_cast<Scope>(i));
      Scopes but;
      for (std::size_t other = 0; other < kScopes; ++other) {
        if (other != i) but.add(static_cast<Scope>(other));
      }
      records.push_back(record_of("only", only_of(static_cast<Scope>(i)), only));
      records.push_back(record_of("but", all_but(static_cast<Scope>(i)), but));
    }
    records.push_back(record_of("revoked", revoked_, Scopes::all()));
    records.back().revoked_at = *parse_rfc3339("2026-11-11T11:30:00Z");
    records.push_back(record_of("expired", expired_, Scopes::all()));
    records.back().expires_at = *parse_rfc3339("2026-11-11T12:00:00Z");
    records.push_back(record_of("ending", ending_, Scopes::all()));
    records.back().expires_at = *parse_rfc3339("2026-11-11T12:00:01Z");
    shop_.keys().publish(std::make_shared<const KeySet>(std::move(records)));
    EXPECT_EQ(merchant("POST", "/v1/sales", R"({"id":"drop","stock":9,"hold_seconds":60})").status,
              201);
    const ShopReply claimed = buyer("ann", "POST", "/v1/sales/drop/claims");
    EXPECT_EQ(claimed.status, 201) << claimed.body;
    claim_ = claimed.field("Location");
  }

  Shop& shop() { return shop_; }
  const Shop& shop() const { return shop_; }
  const std::string& claim() const { return claim_; }  // ann's, "/v1/sales/drop/claims/clm_..."

  ShopReply buyer(const std::string& name, std::string_view method, std::string_view path,
                  Headers headers = {}, std::string_view body = {}) const {
    headers.emplace_back("X-Buyer-Id", name);
    return shop_.ask_from(kProxy, method, path, headers, body);
  }
  ShopReply merchant(std::string_view method, std::string_view path,
                     std::string_view json = {}) const {
    Headers headers = bearer(all_);
    if (!json.empty()) headers.emplace_back("Content-Type", "application/json");
    return shop_.ask(method, path, headers, json);
  }
  ShopReply with(const std::string& key, std::string_view method, std::string_view path) const {
    return shop_.ask(method, path, bearer(key));
  }

  static std::string only_of(Scope scope) { return key_of(static_cast<std::uint8_t>(scope) + 20); }
  static std::string all_but(Scope scope) { return key_of(static_cast<std::uint8_t>(scope) + 40); }

  const std::string all_ = key_of(1);
  const std::string revoked_ = key_of(2);
  const std::string expired_ = key_of(3);
  const std::string unknown_ = key_of(4);
  const std::string ending_ = key_of(5);

 private:
  Shop shop_;
  std::string claim_;
};

// What a route answers those that may come in, and who they are. It is asked of a sale that is not
// there wherever that tells being let in (404) from being refused.
struct Row {
  const char* path;   // as asked; "CLAIM" is ann's
  const char* scope;  // that a key needs; "": any key will do; "-": no key does; "*": nobody asks
  int buyer;          // ann
  int other_buyer;    // bob
  int key;            // with the scope
};

using Place = std::pair<http::Method, std::string_view>;

constexpr auto kGet = http::Method::get;
constexpr auto kPost = http::Method::post;
constexpr auto kPatch = http::Method::patch;
constexpr auto kDelete = http::Method::delete_;

const std::map<Place, Row> kMatrix = {
    {{kPost, "/v1/sales/{sale}/claims"},
     {"/v1/sales/none/claims", "claims:write", 404, 404,
      422}},  // a key names the buyer in the body
    {{kGet, "/v1/sales/{sale}/status"}, {"/v1/sales/none/status", "*", 404, 404, 404}},
    {{kPost, "/goods"}, {"/goods", "-", 200, 200, 403}},
    {{kPost, "/v1/sales/{sale}/claims/{claim}/confirm"},
     {"CLAIM/confirm", "claims:write", 403, 403, 415}},
    {{kPost, "/v1/sales/{sale}/claims/{claim}/extend"},
     {"/v1/sales/none/claims/clm_x/extend", "claims:write", 403, 403, 404}},
    {{kDelete, "/v1/sales/{sale}/claims/{claim}"}, {"CLAIM", "claims:write", 200, 404, 200}},
    {{kGet, "/v1/sales/{sale}/claims/me"}, {"/v1/sales/drop/claims/me", "-", 200, 200, 403}},
    {{kGet, "/v1/sales/{sale}/claims/{claim}"}, {"CLAIM", "claims:read", 200, 404, 200}},
    {{kGet, "/v1/sales/{sale}/claims"}, {"/v1/sales/drop/claims", "claims:read", 403, 403, 200}},
    {{kGet, "/v1/sales/{sale}/stats"}, {"/v1/sales/drop/stats", "sales:read", 403, 403, 200}},
    {{kGet, "/v1/sales/{sale}"}, {"/v1/sales/drop", "sales:read", 403, 403, 200}},
    {{kGet, "/v1/sales"}, {"/v1/sales", "sales:read", 403, 403, 200}},
    {{kPost, "/v1/sales"}, {"/v1/sales", "sales:write", 403, 403, 415}},
    {{kPatch, "/v1/sales/{sale}"}, {"/v1/sales/none", "sales:write", 403, 403, 415}},
    {{kDelete, "/v1/sales/{sale}"}, {"/v1/sales/none", "sales:write", 403, 403, 404}},
    {{kPost, "/v1/sales/{sale}/pause"}, {"/v1/sales/none/pause", "sales:write", 403, 403, 404}},
    {{kPost, "/v1/sales/{sale}/resume"}, {"/v1/sales/none/resume", "sales:write", 403, 403, 404}},
    {{kPost, "/v1/sales/{sale}/close"}, {"/v1/sales/none/close", "sales:write", 403, 403, 404}},
    {{kPost, "/v1/sales/{sale}/cancel"}, {"/v1/sales/none/cancel", "sales:write", 403, 403, 404}},
    {{kGet, "/v1/events"}, {"/v1/events", "events:read", 403, 403, 200}},
    {{kGet, "/v1/server"}, {"/v1/server", "", 403, 403, 200}},
    {{kGet, "/openapi.json"}, {"/openapi.json", "*", 200, 200, 200}},
    {{kGet, "/problems/{code}"}, {"/problems/sold-out", "*", 200, 200, 200}},
    // Of no site: this server serves none.
    {{kGet, "/"}, {"/", "*", 302, 302, 302}},
    {{kGet, "/console"}, {"/console", "*", 302, 302, 302}},
    {{kGet, "/console/"}, {"/console/", "*", 404, 404, 404}},
    {{kGet, "/console/{file}"}, {"/console/x.js", "*", 404, 404, 404}},
    {{kGet, "/embed/v1.js"}, {"/embed/v1.js", "*", 404, 404, 404}},
    {{kGet, "/demo"}, {"/demo", "*", 302, 302, 302}},
    {{kGet, "/demo/"}, {"/demo/", "*", 404, 404, 404}},
    {{kGet, "/demo/{file}"}, {"/demo/x.js", "*", 404, 404, 404}},
    // For pages that say their origin (session_test.cc), which nobody here does.
    {{kGet, "/console/session"}, {"/console/session", "*", 200, 200, 200}},
    {{kPost, "/console/session"}, {"/console/session", "*", 403, 403, 403}},
    {{kDelete, "/console/session"}, {"/console/session", "*", 403, 403, 403}},
    {{kPost, "/send/goods"}, {"/send/goods", "sales:write", 403, 403, 422}},
    {{kGet, "/goods"}, {"/goods", "claims:read", 403, 403, 200}},
};

// One row of the matrix, every cell of it asked of the server.
class RowOfDoor {
 public:
  RowOfDoor(const Door& door, const Route& route, const Row& row)
      : door_(door), row_(row), verb_(name_of(route.method)), path_(row.path) {
    if (path_.starts_with("CLAIM")) path_.replace(0, 5, door.claim());
  }

  bool is_public() const { return row_.scope == std::string_view("*"); }

  void nobody_is_let_in() const {
    const int all = row_.key;
    refused("nobody", door_.shop().ask(verb_, path_), 401, all);
    refused("a buyer from elsewhere",
            door_.shop().ask_from(kElsewhere, verb_, path_, {{"X-Buyer-Id", "ann"}}), 401, all);
    for (const std::string& key :
         {door_.revoked_, door_.expired_, door_.unknown_, door_.all_.substr(0, 52),
          std::string("eyJhbGciOiJub25lIn0.e.x"), std::string()}) {
      refused(key, door_.with(key, verb_, path_), 401, all);
    }
    refused("Basic", door_.shop().ask(verb_, path_, {{"Authorization", "Basic YTpi"}}), 401, all);
    Headers twice = bearer(door_.all_);
    twice.push_back(twice.front());
    refused("two keys", door_.shop().ask(verb_, path_, twice), 400, all);
    Headers both = bearer(door_.all_);
    both.emplace_back("X-Buyer-Id", "ann");
    refused("a key and a buyer", door_.shop().ask_from(kProxy, verb_, path_, both), 400, all);
    refused(
        "two buyers",
        door_.shop().ask_from(kProxy, verb_, path_, {{"X-Buyer-Id", "ann"}, {"X-Buyer-Id", "ann"}}),
        400, all);
    refused("a key in the address", door_.with(door_.all_, verb_, path_ + "?key=" + door_.all_),
            400, all);
  }

  void buyers_see_what_is_theirs() const {
    const ShopReply ann = door_.buyer("ann", verb_, path_);
    EXPECT_EQ(ann.status, row_.buyer) << "ann " << verb_ << " " << path_ << ann.body;
    const ShopReply bob = door_.buyer("bob", verb_, path_);
    EXPECT_EQ(bob.status, row_.other_buyer) << "bob " << verb_ << " " << path_ << bob.body;
    const auto scope = scope_named(row_.scope);
    for (const ShopReply* reply : {&ann, &bob}) {
      if (reply->status != 403) continue;
      EXPECT_EQ(reply->code(), "insufficient-scope");
      EXPECT_EQ(reply->has("required_scope"), scope.has_value()) << reply->body;
    }
  }

  void keys_need_their_scope() const {
    const ShopReply all = door_.with(door_.all_, verb_, path_);
    EXPECT_EQ(all.status, row_.key) << "all " << verb_ << " " << path_ << all.body;
    for (std::size_t i = 0; i < kScopes; ++i) {
      const auto each = static_cast<Scope>(i);
      const bool has =
          std::string_view(row_.scope).empty() || is_public() || to_string(each) == row_.scope;
      const ShopReply only = door_.with(Door::only_of(each), verb_, path_);
      EXPECT_EQ(only.status, has ? row_.key : 403)
          << to_string(each) << " " << verb_ << " " << path_ << only.body;
    }
    const auto scope = scope_named(row_.scope);
    if (!scope) return;
    const ShopReply without = door_.with(Door::all_but(*scope), verb_, path_);
    EXPECT_EQ(without.status, 403) << verb_ << " " << path_;
    EXPECT_EQ(without.code(), "insufficient-scope");
    EXPECT_TRUE(without.has(std::string(R"("required_scope":")") + row_.scope + '"'))
        << without.body;
    EXPECT_EQ(without.field("WWW-Authenticate"),
              std::string(R"(Bearer realm="doorbuster", error="insufficient_scope", scope=")") +
                  row_.scope + '"');
  }

 private:
  void refused(const std::string& whom, const ShopReply& reply, int status, int let_in) const {
    EXPECT_EQ(reply.status, is_public() ? let_in : status)
        << whom << " " << verb_ << " " << path_ << reply.body;
    if (is_public()) return;
    EXPECT_EQ(reply.code(), status == 401 ? "unauthenticated" : "malformed");
    EXPECT_EQ(reply.field("WWW-Authenticate").find(R"(Bearer realm="doorbuster")"), 0U);
    EXPECT_EQ(reply.field("Sale-Sequence"), "");  // nothing is told of any sale
  }

  const Door& door_;
  const Row& row_;
  const std::string_view verb_;
  std::string path_;
};

TEST(Admission, IsAsTheMatrixSaysForEachRouteAndEachCaller) {
  const Door door;
  std::set<Place> asked;
  for (const Route& route : api_routes()) {
    const auto row = kMatrix.find({route.method, route.path});
    if (row == kMatrix.end()) {
      ADD_FAILURE() << "a route of which the matrix says nothing: " << name_of(route.method) << " "
                    << route.path;
      continue;
    }
    asked.insert(row->first);
    const RowOfDoor cells(door, route, row->second);
    cells.nobody_is_let_in();
    cells.buyers_see_what_is_theirs();
    cells.keys_need_their_scope();
  }
  EXPECT_EQ(asked.size(), kMatrix.size()) << "the matrix has routes that there are not";
}

// The detail of a refusal, which says what to do.
std::string told(const ShopReply& reply) {
  constexpr std::string_view kStart = R"("detail":")";
  const auto at = reply.body.find(kStart);
  if (at == std::string::npos) return reply.body;
  return reply.body.substr(at + kStart.size(),
                           reply.body.find('"', at + kStart.size()) - at - kStart.size());
}

TEST(Admission, SaysOfEachCredentialWhatIsWrongWithIt) {
  const Door door;
  const auto detail = [&](const Headers& headers, const std::string& path = "/v1/sales") {
    return told(door.shop().ask("GET", path, headers));
  };
  EXPECT_EQ(detail({}).find("Send a key (`Authorization: Bearer db_sk_...`)"), 0U);
  EXPECT_EQ(detail(bearer(door.unknown_)).find("The key is not known here."), 0U);
  EXPECT_EQ(detail(bearer(door.revoked_)), "The key has been revoked.");
  EXPECT_EQ(detail(bearer(door.expired_)), "The key has expired.");
  EXPECT_EQ(detail(bearer("db_sk_")).find("The key is not as it was made"), 0U);
  EXPECT_EQ(detail(bearer(door.all_ + " x")).find("The key is not as it was made"), 0U);
  EXPECT_EQ(detail(bearer("DB_SK_x")).find("What was sent is no key"), 0U);
  for (const char* other : {"", "Basic YTpi", "Bearer", "Bearerdb_sk_", "db_sk_x"}) {
    const auto said = detail({{"Authorization", other}});
    EXPECT_TRUE(said.find("must be `Bearer` and a key") != std::string::npos ||
                said.find("What was sent is no key") == 0)
        << other << ": " << said;
  }
  EXPECT_EQ(detail({{"X-Buyer-Id", "ann"}}).find("X-Buyer-Id is taken from the proxies"), 0U);
  for (const std::string query : {"?access_token=eyJ", "?limit=1&api_key=x", "?x=db_sk_y"}) {
    EXPECT_EQ(detail(bearer(door.all_), "/v1/sales" + query).find("A key or token does not belong"),
              0U);
  }
  EXPECT_EQ(detail(bearer(door.all_), "/v1/sales?key=1").find("A key or token"), std::string::npos);
}

TEST(Admission, ReadsTheSchemeInAnyCase) {
  const Door door;
  for (const char* scheme : {"Bearer ", "bearer ", "BEARER   "}) {
    EXPECT_EQ(door.shop().ask("GET", "/v1/sales", {{"Authorization", scheme + door.all_}}).status,
              200);
  }
}

TEST(Admission, EndsAKeyAtItsTimeAndWithTheNextReadingOfTheFile) {
  Door door;
  EXPECT_EQ(door.with(door.ending_, "GET", "/v1/sales").status, 200);
  door.shop().clock().pass(std::chrono::milliseconds(999));
  EXPECT_EQ(door.with(door.ending_, "GET", "/v1/sales").status, 200);
  door.shop().clock().pass(std::chrono::milliseconds(1));
  EXPECT_EQ(told(door.with(door.ending_, "GET", "/v1/sales")), "The key has expired.");
  EXPECT_EQ(door.with(door.all_, "GET", "/v1/sales").status, 200);
  door.shop().keys().publish(std::make_shared<const KeySet>());
  EXPECT_EQ(told(door.with(door.all_, "GET", "/v1/sales")).find("The key is not known here."), 0U);
}

TEST(Admission, LetsAMerchantNameTheBuyerInTheBody) {
  const Door door;
  const ShopReply named = door.merchant("POST", "/v1/sales/drop/claims", R"({"buyer":"cid"})");
  EXPECT_EQ(named.status, 201) << named.body;
  EXPECT_TRUE(named.has(R"("buyer":"cid")"));
  Headers form = bearer(door.all_);
  form.emplace_back("Content-Type", "application/x-www-form-urlencoded");
  EXPECT_EQ(door.shop().ask("POST", "/v1/sales/drop/claims", form, "uid=cid").status, 200);
  const ShopReply nobody = door.merchant("POST", "/v1/sales/drop/claims", R"({"quantity":1})");
  EXPECT_EQ(nobody.status, 422);
  EXPECT_TRUE(nobody.has(R"("pointer":"/buyer")")) << nobody.body;
  // A proxy may send the field empty where it knows of no buyer.
  Headers empty = bearer(door.all_);
  empty.emplace_back("X-Buyer-Id", "");
  EXPECT_EQ(door.shop().ask_from(kProxy, "GET", "/v1/sales/drop/stats", empty).status, 200);
  EXPECT_EQ(door.shop().ask_from(kProxy, "DELETE", door.claim(), empty).status, 200);
  EXPECT_EQ(door.buyer("", "GET", "/v1/sales/drop/claims/me").status, 401);
}

TEST(Admission, KeepsABuyerToHimself) {
  const Door door;
  const Headers json = {{"Content-Type", "application/json"}};
  const ShopReply other =
      door.buyer("bob", "POST", "/v1/sales/drop/claims", json, R"({"buyer":"ann"})");
  EXPECT_EQ(other.status, 422);
  EXPECT_TRUE(other.has(R"("pointer":"/buyer")")) << other.body;
  const Headers form = {{"Content-Type", "application/x-www-form-urlencoded"}};
  EXPECT_EQ(door.buyer("bob", "POST", "/v1/sales/drop/claims", form, "uid=ann").status, 422);
  EXPECT_EQ(door.buyer("bob", "POST", "/goods", form, "uid=ann").status, 422);
  // What is somebody else's cannot be told from what is not there.
  const ShopReply anns = door.buyer("bob", "GET", door.claim());
  std::string nobodys = door.claim();
  nobodys.back() = nobodys.back() == '0' ? '1' : '0';
  const ShopReply none = door.buyer("bob", "GET", nobodys);
  EXPECT_EQ(anns.status, 404);
  EXPECT_EQ(anns.body, none.body);
  EXPECT_EQ(anns.field("Sale-Sequence"), none.field("Sale-Sequence"));
  EXPECT_EQ(door.buyer("bob", "DELETE", door.claim()).status, 404);
  EXPECT_TRUE(door.buyer("ann", "GET", door.claim()).has(R"("status":"held")"));
  EXPECT_TRUE(door.buyer("ann", "DELETE", door.claim()).has(R"("released_by":"buyer")"));
}

TEST(Admission, InDevTakesABuyerFromProgramsOfThisMachineAndLooksAtNoKey) {
  const Shop shop;
  shop.create(R"("id":"drop","stock":3)");
  const std::string claim = shop.claimed("drop", "ann");
  EXPECT_EQ(shop.ask("GET", claim, bearer("db_sk_whatever")).status, 200);
  EXPECT_EQ(shop.ask("GET", claim, {{"X-Buyer-Id", "ann"}}).status, 200);
  EXPECT_EQ(shop.ask("GET", claim, {{"X-Buyer-Id", "bob"}}).status, 404);
}

}  // namespace
}  // namespace doorbuster::api
