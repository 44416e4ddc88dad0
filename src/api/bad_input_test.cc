// What a bad request gets: each its own answer, never a 5xx, and nothing changed.

#include <gtest/gtest.h>

#include "api/shop_test.h"

namespace doorbuster::api {
namespace {

struct BadInput {
  std::string what;
  int status;
  std::string code;
  std::string at;  // of the one flaw of a 422: "pointer /stock", "header X-Buyer-Id"; else empty
  std::string body;
  std::string type = "application/json";
  Headers headers = {};
  std::string path = {};
};

std::string where_in(const ShopReply& reply) {
  const auto at = reply.body.find(R"("errors":[{")");
  if (at == std::string::npos) return {};
  const std::string rest = reply.body.substr(at + 12);
  const std::string place = rest.substr(0, rest.find('"'));
  const std::string value = rest.substr(place.size() + 3);
  return place + " " + value.substr(0, value.find("\",\""));
}

void expect_refused(const Shop& shop, const BadInput& bad, const std::string& default_path,
                    std::string_view method = "POST") {
  Headers headers = bad.headers;
  if (!bad.type.empty()) headers.emplace_back("Content-Type", bad.type);
  const ShopReply reply =
      shop.ask(method, bad.path.empty() ? default_path : bad.path, headers, bad.body);
  EXPECT_EQ(reply.status, bad.status) << bad.what << "\n" << reply.body;
  EXPECT_EQ(reply.code(), bad.code) << bad.what;
  EXPECT_EQ(where_in(reply), bad.at) << bad.what;
  EXPECT_EQ(reply.field("Content-Type"), "application/problem+json") << bad.what;
  EXPECT_FALSE(reply.field("X-Request-Id").empty()) << bad.what;
}

std::string sale_with(const std::string& member) {
  return R"({"id":"x","stock":5,)" + member + "}";
}

const std::string kForm = "application/x-www-form-urlencoded";

TEST(BadInput, NeverMakesASale) {
  const Shop shop;
  const std::string x64(64, 'x');
  const std::string deep = std::string(40, '[') + std::string(40, ']');
  std::string languages;
  for (char c = 'a'; c <= 'u'; ++c)
    languages += std::string(c == 'a' ? "" : ",") + "\"" + c + "\":\"t\"";
  const std::vector<BadInput> table = {
      {"empty body", 400, "malformed", "", ""},
      {"not JSON", 400, "malformed", "", "stock=5"},
      {"cut off", 400, "malformed", "", R"({"id":"x","stock":5)"},
      {"trailing garbage", 400, "malformed", "", R"({"id":"x","stock":5}})"},
      {"byte order mark", 400, "malformed", "", "\xef\xbb\xbf{\"id\":\"x\",\"stock\":5}"},
      {"not UTF-8", 400, "malformed", "", "{\"id\":\"x\",\"stock\":5,\"title\":\"\xff\"}"},
      {"lone surrogate", 400, "malformed", "", sale_with(R"("title":"\ud800")")},
      {"too deep", 400, "malformed", "", sale_with("\"metadata\":{\"a\":" + deep + "}")},
      {"a comment", 400, "malformed", "", sale_with("/* */\"title\":\"t\"")},
      {"an array", 422, "invalid", "pointer ", "[]"},
      {"null", 422, "invalid", "pointer ", "null"},
      {"no type", 415, "unsupported-media-type", "", R"({"id":"x","stock":5})", ""},
      {"a form", 415, "unsupported-media-type", "", "id=x&stock=5", kForm},
      {"text", 415, "unsupported-media-type", "", R"({"id":"x","stock":5})", "text/plain"},
      {"json-ish type", 415, "unsupported-media-type", "", R"({"id":"x","stock":5})",
       "application/jsonx"},
      {"two types",
       415,
       "unsupported-media-type",
       "",
       R"({"id":"x","stock":5})",
       "application/json",
       {{"Content-Type", "application/json"}}},
      {"too large", 413, "content-too-large", "",
       sale_with("\"title\":\"" + std::string(70'000, 'x') + "\"")},
      {"no id", 422, "invalid", "pointer /id", R"({"stock":5})"},
      {"no stock", 422, "invalid", "pointer /stock", R"({"id":"x"})"},
      {"id empty", 422, "invalid", "pointer /id", R"({"id":"","stock":5})"},
      {"id with a capital", 422, "invalid", "pointer /id", R"({"id":"X","stock":5})"},
      {"id too long", 422, "invalid", "pointer /id", R"({"id":")" + x64 + R"(x","stock":5})"},
      {"id a number", 422, "invalid", "pointer /id", R"({"id":7,"stock":5})"},
      {"id null", 422, "invalid", "pointer /id", R"({"id":null,"stock":5})"},
      {"id goods", 422, "invalid", "pointer /id", R"({"id":"goods","stock":5})"},
      {"id goods-9", 422, "invalid", "pointer /id", R"({"id":"goods-9","stock":5})"},
      {"stock 0", 422, "invalid", "pointer /stock", R"({"id":"x","stock":0})"},
      {"stock -0", 422, "invalid", "pointer /stock", R"({"id":"x","stock":-0})"},
      {"stock negative", 422, "invalid", "pointer /stock", R"({"id":"x","stock":-1})"},
      {"stock too large", 422, "invalid", "pointer /stock", R"({"id":"x","stock":100000001})"},
      {"stock huge", 422, "invalid", "pointer /stock",
       R"({"id":"x","stock":18446744073709551617})"},
      {"stock a fraction", 422, "invalid", "pointer /stock", R"({"id":"x","stock":1.5})"},
      {"stock 1.0", 422, "invalid", "pointer /stock", R"({"id":"x","stock":1.0})"},
      {"stock 1e3", 422, "invalid", "pointer /stock", R"({"id":"x","stock":1e3})"},
      {"stock digits", 422, "invalid", "pointer /stock", R"({"id":"x","stock":"5"})"},
      {"stock true", 422, "invalid", "pointer /stock", R"({"id":"x","stock":true})"},
      {"stock twice", 422, "invalid", "pointer /stock", R"({"id":"x","stock":5,"stock":6})"},
      {"limit 0", 422, "invalid", "pointer /per_buyer_limit", sale_with("\"per_buyer_limit\":0")},
      {"limit 1001", 422, "invalid", "pointer /per_buyer_limit",
       sale_with("\"per_buyer_limit\":1001")},
      {"holds too long", 422, "invalid", "pointer /hold_seconds",
       sale_with("\"hold_seconds\":2592001")},
      {"holds negative", 422, "invalid", "pointer /hold_seconds", sale_with("\"hold_seconds\":-1")},
      {"holds null", 422, "invalid", "pointer /hold_seconds", sale_with("\"hold_seconds\":null")},
      {"holds as text", 422, "invalid", "pointer /hold_seconds",
       sale_with("\"hold_seconds\":\"0\"")},
      {"late payment", 422, "invalid", "pointer /late_payment",
       sale_with(R"("late_payment":"Reject")")},
      {"late payment null", 422, "invalid", "pointer /late_payment",
       sale_with(R"("late_payment":null)")},
      {"late payment true", 422, "invalid", "pointer /late_payment",
       sale_with(R"("late_payment":true)")},
      {"no attempts", 422, "invalid", "pointer /claim_attempts", sale_with("\"claim_attempts\":0")},
      {"1001 attempts", 422, "invalid", "pointer /claim_attempts",
       sale_with("\"claim_attempts\":1001")},
      {"extension too long", 422, "invalid", "pointer /max_extension_seconds",
       sale_with("\"max_extension_seconds\":2592001")},
      {"extension a fraction", 422, "invalid", "pointer /max_extension_seconds",
       sale_with("\"max_extension_seconds\":1.5")},
      {"archive too late", 422, "invalid", "pointer /archive_after_seconds",
       sale_with("\"archive_after_seconds\":315360001")},
      {"archive text", 422, "invalid", "pointer /archive_after_seconds",
       sale_with("\"archive_after_seconds\":\"1\"")},
      {"status", 422, "invalid", "pointer /status", sale_with(R"("status":"open")")},
      {"opens_at a date", 422, "invalid", "pointer /opens_at",
       sale_with(R"("opens_at":"2026-11-11")")},
      {"opens_at a number", 422, "invalid", "pointer /opens_at",
       sale_with(R"("opens_at":1794398400)")},
      {"opens_at no day", 422, "invalid", "pointer /opens_at",
       sale_with(R"("opens_at":"2026-02-30T00:00:00Z")")},
      {"closes before", 422, "invalid", "pointer /closes_at",
       sale_with(R"("opens_at":"2027-01-02T00:00:00Z","closes_at":"2027-01-01T00:00:00Z")")},
      {"closes in the past", 422, "invalid", "pointer /closes_at",
       sale_with(R"("closes_at":"2026-11-11T11:59:59Z")")},
      {"title empty", 422, "invalid", "pointer /title", sale_with(R"("title":"")")},
      {"title long", 422, "invalid", "pointer /title",
       sale_with("\"title\":\"" + std::string(201, 'x') + "\"")},
      {"title control", 422, "invalid", "pointer /title", sale_with(R"("title":"a\nb")")},
      {"title a list", 422, "invalid", "pointer /title", sale_with(R"("title":["a"])")},
      {"title no language", 422, "invalid", "pointer /title", sale_with(R"("title":{})")},
      {"title bad tag", 422, "invalid", "pointer /title/en~1us",
       sale_with(R"("title":{"en/us":"t"})")},
      {"title number", 422, "invalid", "pointer /title/en", sale_with(R"("title":{"en":1})")},
      {"title twice", 422, "invalid", "pointer /title/en",
       sale_with(R"("title":{"en":"a","en":"b"})")},
      {"21 languages", 422, "invalid", "pointer /title",
       sale_with("\"title\":{" + languages + "}")},
      {"metadata a list", 422, "invalid", "pointer /metadata", sale_with("\"metadata\":[]")},
      {"metadata large", 422, "invalid", "pointer /metadata",
       sale_with("\"metadata\":{\"a\":\"" + std::string(4'090, 'x') + "\"}")},
      {"unknown member", 422, "invalid", "pointer /stokc", sale_with("\"stokc\":1")},
      {"member of later", 422, "invalid", "pointer /reveal", sale_with(R"("reveal":"hold")")},
  };
  for (const BadInput& bad : table) expect_refused(shop, bad, "/v1/sales");
  EXPECT_EQ(shop.get("/v1/sales").body, R"({"data":[],"has_more":false,"next":null})");
  EXPECT_TRUE(shop.post_json("/v1/sales", sale_with("\"stokc\":1")).has("did you mean 'stock'?"));
}

TEST(BadInput, NeverMakesAClaim) {
  const Shop shop;
  shop.create(R"("id":"drop","stock":100,"per_buyer_limit":1000)");
  const Headers ann = {{"X-Buyer-Id", "ann"}};
  const auto with = [&](Headers more) {
    more.insert(more.end(), ann.begin(), ann.end());
    return more;
  };
  const std::string long_key(65, 'k');
  const std::string long_buyer(129, 'b');
  const std::vector<BadInput> table = {
      {"no buyer", 401, "unauthenticated", "", R"({"quantity":1})"},
      {"buyer twice",
       422,
       "invalid",
       "header X-Buyer-Id",
       "",
       "",
       {{"X-Buyer-Id", "a"}, {"X-Buyer-Id", "a"}}},
      {"buyer empty", 422, "invalid", "header X-Buyer-Id", "", "", {{"X-Buyer-Id", ""}}},
      {"buyer long", 422, "invalid", "header X-Buyer-Id", "", "", {{"X-Buyer-Id", long_buyer}}},
      {"buyer not UTF-8", 422, "invalid", "header X-Buyer-Id", "", "", {{"X-Buyer-Id", "a\xff"}}},
      {"buyer empty member", 422, "invalid", "pointer /buyer", R"({"buyer":""})"},
      {"buyer a number", 422, "invalid", "pointer /buyer", R"({"buyer":1})"},
      {"buyer with control", 422, "invalid", "pointer /buyer", R"({"buyer":"a\u0000"})"},
      {"buyers differ", 422, "invalid", "pointer /buyer", R"({"buyer":"bob"})", "application/json",
       ann},
      {"uid empty", 422, "invalid", "pointer /uid", "uid=", kForm},
      {"uid twice", 422, "invalid", "pointer /uid", "uid=a&uid=b", kForm},
      {"uids differ", 422, "invalid", "pointer /uid", "uid=bob", kForm, ann},
      {"not JSON", 400, "malformed", "", "{", "application/json", ann},
      {"array", 422, "invalid", "pointer ", "[1]", "application/json", ann},
      {"quantity 0", 422, "invalid", "pointer /quantity", R"({"quantity":0})", "application/json",
       ann},
      {"quantity -1", 422, "invalid", "pointer /quantity", R"({"quantity":-1})", "application/json",
       ann},
      {"quantity 1001", 422, "invalid", "pointer /quantity", R"({"quantity":1001})",
       "application/json", ann},
      {"quantity 1.5", 422, "invalid", "pointer /quantity", R"({"quantity":1.5})",
       "application/json", ann},
      {"quantity text", 422, "invalid", "pointer /quantity", R"({"quantity":"1"})",
       "application/json", ann},
      {"quantity null", 422, "invalid", "pointer /quantity", R"({"quantity":null})",
       "application/json", ann},
      {"quantity twice", 422, "invalid", "pointer /quantity", R"({"quantity":1,"quantity":1})",
       "application/json", ann},
      {"unknown", 422, "invalid", "pointer /quantty", R"({"quantty":1})", "application/json", ann},
      {"form quantity", 422, "invalid", "pointer /quantity", "quantity=x", kForm, ann},
      {"form quantity sign", 422, "invalid", "pointer /quantity", "quantity=%2B1", kForm, ann},
      {"form quantity 0", 422, "invalid", "pointer /quantity", "quantity=0", kForm, ann},
      {"form quantity twice", 422, "invalid", "pointer /quantity", "quantity=1&quantity=1", kForm,
       ann},
      {"form unknown", 422, "invalid", "pointer /qty", "qty=1", kForm, ann},
      {"form escape", 400, "malformed", "", "quantity=%4", kForm, ann},
      {"form not UTF-8", 400, "malformed", "", "quantity=%ff", kForm, ann},
      {"key empty", 422, "invalid", "header Idempotency-Key", "", "",
       with({{"Idempotency-Key", ""}})},
      {"key long", 422, "invalid", "header Idempotency-Key", "", "",
       with({{"Idempotency-Key", long_key}})},
      {"key not ASCII", 422, "invalid", "header Idempotency-Key", "", "",
       with({{"Idempotency-Key", "é"}})},
      {"key twice", 422, "invalid", "header Idempotency-Key", "", "",
       with({{"Idempotency-Key", "a"}, {"Idempotency-Key", "a"}})},
      {"form key empty", 422, "invalid", "pointer /idempotency_key", "idempotency_key=", kForm,
       ann},
      {"form key long", 422, "invalid", "pointer /idempotency_key", "idempotency_key=" + long_key,
       kForm, ann},
      {"xml", 415, "unsupported-media-type", "", "<q/>", "application/xml", ann},
      {"too large", 413, "content-too-large", "", std::string(5'000, ' '), "application/json", ann},
      {"no sale", 404, "not-found", "", "", "", ann, "/v1/sales/none/claims"},
      {"odd sale", 404, "not-found", "", "", "", ann, "/v1/sales/Drop/claims"},
      {"encoded sale", 404, "not-found", "", "", "", ann, "/v1/sales/dro%70/claims"},
      {"slash behind", 404, "not-found", "", "", "", ann, "/v1/sales/drop/claims/"},
      {"foreign origin", 403, "insufficient-scope", "", "", "",
       with({{"Origin", "https://evil.example"}})},
      {"null origin", 403, "insufficient-scope", "", "", "", with({{"Origin", "null"}})},
      {"foreign host", 403, "insufficient-scope", "", "", "", with({{"Host", "evil.example"}})},
      {"post to one claim", 405, "method-not-allowed", "", "", "", ann,
       "/v1/sales/drop/claims/clm_x"},
      {"count missing", 422, "invalid", "pointer /count", "", "", {}, "/send/goods"},
      {"count text", 422, "invalid", "pointer /count", "count=many", kForm, {}, "/send/goods"},
      {"count negative", 422, "invalid", "pointer /count", "count=-1", kForm, {}, "/send/goods"},
      {"count zero", 422, "invalid", "pointer /count", "count=0", kForm, {}, "/send/goods"},
      {"count huge", 422, "invalid", "pointer /count", "count=100000001", kForm, {}, "/send/goods"},
      {"count twice",
       422,
       "invalid",
       "pointer /count",
       "count=1&count=1",
       kForm,
       {},
       "/send/goods"},
      {"count as JSON",
       415,
       "unsupported-media-type",
       "",
       R"({"count":1})",
       "application/json",
       {},
       "/send/goods"},
      {"goods quantity", 422, "invalid", "pointer /quantity", "quantity=2", kForm, {}, "/goods"},
  };
  for (const BadInput& bad : table) expect_refused(shop, bad, "/v1/sales/drop/claims");
  EXPECT_EQ(shop.get("/v1/sales/drop/claims").body, R"({"data":[],"has_more":false,"next":null})");
  EXPECT_EQ(shop.get("/v1/sales/drop/stats").field("Sale-Sequence"), "2");
  EXPECT_EQ(shop.get("/v1/sales/goods").status, 404);
}

TEST(BadInput, InAQueryNamesTheParameter) {
  const Shop shop;
  shop.create(R"("id":"drop","stock":100)");
  for (const char* const buyer : {"ann", "bob"}) EXPECT_EQ(shop.claim("drop", buyer).status, 201);
  const std::string link = shop.get("/v1/sales/drop/claims?limit=1").field("Link");
  const std::string cursor = link.substr(link.find("after=") + 6, 13);
  const std::vector<std::pair<std::string, std::string>> table = {
      {"limit=0", "limit"},
      {"limit=1001", "limit"},
      {"limit=x", "limit"},
      {"limit=", "limit"},
      {"limit=1&limit=1", "limit"},
      {"after=", "after"},
      {"after=1", "after"},
      {"after=c000000000001", "after"},
      {"afetr=1", "afetr"},
      {"status=gone", "status"},
      {"status=Held", "status"},
      {"buyer=", "buyer"},
      {"buyer=%ff", "buyer"},
      {"buyer=a%0Ab", "buyer"},
      {"buyer=%4", "buyer"},
      {"buyer=a&buyer=a", "buyer"},
      {"buyer=" + std::string(129, 'b'), "buyer"},
      // A cursor of the whole list is none of one buyer's.
      {"buyer=ann&after=" + cursor, "after"},
      {"limit=2&after=b" + cursor.substr(1), "after"},
  };
  for (const auto& [query, parameter] : table) {
    const ShopReply reply = shop.get("/v1/sales/drop/claims?" + query);
    EXPECT_EQ(reply.status, 422) << query;
    EXPECT_EQ(where_in(reply), "parameter " + parameter) << query;
  }
  EXPECT_EQ(where_in(shop.get("/v1/sales?buyer=ann")), "parameter buyer");
}

TEST(BadInput, NeverChangesASale) {
  const Shop shop;
  shop.create(R"("id":"drop","title":{"en":"Drop"},"stock":100,"metadata":{"a":1})");
  const std::string before = shop.get("/v1/sales/drop").body;
  std::string languages;
  for (char c = 'a'; c <= 's'; ++c) languages += std::string("\"") + c + "\":\"t\",";
  const Headers any = {{"If-Match", "*"}};
  const std::string patch = "application/merge-patch+json";
  const auto bad_member = [&](const std::string& what, const std::string& at,
                              const std::string& body) {
    return BadInput{what, 422, "invalid", "pointer " + at, body, patch, any};
  };
  std::vector<BadInput> table = {
      {"no precondition", 428, "precondition-required", "", R"({"stock":1})", patch},
      {"a version that is none",
       412,
       "precondition-failed",
       "",
       "{}",
       patch,
       {{"If-Match", "\"9\""}}},
      {"no entity tag", 400, "malformed", "", "{}", patch, {{"If-Match", "1"}}},
      {"an empty field", 400, "malformed", "", "{}", patch, {{"If-Match", ""}}},
      {"no type", 415, "unsupported-media-type", "", "{}", "", any},
      {"json patch", 415, "unsupported-media-type", "", "[]", "application/json-patch+json", any},
      {"a form", 415, "unsupported-media-type", "", "stock=1", kForm, any},
      {"nothing", 400, "malformed", "", "", patch, any},
      {"not JSON", 400, "malformed", "", "{", patch, any},
      {"not UTF-8", 400, "malformed", "", "{\"title\":\"\xff\"}", patch, any},
      {"too large", 413, "content-too-large", "", std::string(70'000, ' '), patch, any},
      {"no sale", 404, "not-found", "", "{}", patch, any, "/v1/sales/none"},
      bad_member("an array", "", "[]"),
      bad_member("null", "", "null"),
      bad_member("the id", "/id", R"({"id":"drop"})"),
      bad_member("the status", "/status", R"({"status":"closed"})"),
      bad_member("the version", "/version", R"({"version":1})"),
      bad_member("the time of creation", "/created_at", R"({"created_at":null})"),
      bad_member("cancelled", "/cancelled", R"({"cancelled":true})"),
      bad_member("unknown", "/stokc", R"({"stokc":1})"),
      bad_member("twice", "/stock", R"({"stock":1,"stock":2})"),
      bad_member("title empty", "/title", R"({"title":""})"),
      bad_member("title a list", "/title", R"({"title":[]})"),
      bad_member("title long", "/title/en", R"({"title":{"en":")" + std::string(201, 'x') + "\"}}"),
      bad_member("title bad tag", "/title/1", R"({"title":{"1":null}})"),
      bad_member("21 languages", "/title", "{\"title\":{" + languages + R"("t":"t","u":"t"}})"),
      bad_member("21 languages together", "/title", "{\"title\":{" + languages + R"("t":"t"}})"),
      bad_member("metadata a list", "/metadata", R"({"metadata":[1]})"),
      bad_member("metadata large", "/metadata",
                 R"({"metadata":{"b":")" + std::string(4'090, 'x') + "\"}}"),
      bad_member("opens_at a number", "/opens_at", R"({"opens_at":1})"),
      bad_member("closes_at a date", "/closes_at", R"({"closes_at":"2026-12-01"})"),
  };
  // What may be no null, and what may be no text.
  for (const std::string name :
       {"title", "stock", "per_buyer_limit", "hold_seconds", "late_payment", "claim_attempts",
        "max_extension_seconds", "archive_after_seconds"}) {
    table.push_back(bad_member(name + " null", "/" + name, "{\"" + name + "\":null}"));
    table.push_back(bad_member(name + " true", "/" + name, "{\"" + name + "\":true}"));
    table.push_back(bad_member(name + " a list", "/" + name, "{\"" + name + "\":[0]}"));
  }
  for (const BadInput& bad : table) expect_refused(shop, bad, "/v1/sales/drop", "PATCH");
  EXPECT_TRUE(shop.patch("drop", R"({"stokc":1})").has("did you mean 'stock'?"));
  EXPECT_FALSE(shop.patch("drop", R"({"ids":1})").has("did you mean 'id'?"));
  const ShopReply untyped = shop.ask("PATCH", "/v1/sales/drop", any, "{}");
  EXPECT_EQ(untyped.field("Accept-Patch"), "application/merge-patch+json, application/json");
  EXPECT_EQ(shop.get("/v1/sales/drop").body, before);
  EXPECT_EQ(shop.get("/v1/sales/drop/stats").field("Sale-Sequence"), "2");
}

TEST(BadInput, NeverChangesAClaim) {
  const Shop shop;
  shop.create(R"("id":"drop","stock":100,"hold_seconds":600,"max_extension_seconds":600)");
  const std::string claim = shop.claimed("drop", "ann");
  const std::string before = shop.get(claim).body;
  const std::string confirm = claim + "/confirm";
  const std::string extend = claim + "/extend";
  const auto json = [](const std::string& what, const std::string& at, const std::string& body,
                       const std::string& path) {
    return BadInput{what, 422, "invalid", "pointer " + at, body, "application/json", {}, path};
  };
  const std::vector<BadInput> table = {
      {"confirm nothing", 415, "unsupported-media-type", "", "", "", {}, confirm},
      {"confirm a form", 415, "unsupported-media-type", "", "reference=a", kForm, {}, confirm},
      {"confirm empty JSON", 400, "malformed", "", "", "application/json", {}, confirm},
      {"confirm half", 400, "malformed", "", "{", "application/json", {}, confirm},
      {"confirm not UTF-8",
       400,
       "malformed",
       "",
       "{\"reference\":\"\xff\"}",
       "application/json",
       {},
       confirm},
      {"confirm too large",
       413,
       "content-too-large",
       "",
       std::string(5'000, ' '),
       "application/json",
       {},
       confirm},
      json("no reference", "/reference", "{}", confirm),
      json("reference empty", "/reference", R"({"reference":""})", confirm),
      json("reference null", "/reference", R"({"reference":null})", confirm),
      json("reference a number", "/reference", R"({"reference":991})", confirm),
      json("reference long", "/reference", R"({"reference":")" + std::string(65, 'r') + "\"}",
           confirm),
      json("reference of 22 characters in 66 bytes", "/reference",
           R"({"reference":"单单单单单单单单单单单单单单单单单单单单单单"})", confirm),
      json("reference with control", "/reference", R"({"reference":"a\u0007"})", confirm),
      json("reference twice", "/reference", R"({"reference":"a","reference":"a"})", confirm),
      json("reference and more", "/referenc", R"({"reference":"a","referenc":"a"})", confirm),
      json("confirm an array", "", "[]", confirm),
      {"extend a form", 415, "unsupported-media-type", "", "seconds=1", kForm, {}, extend},
      {"extend half", 400, "malformed", "", "{", "application/json", {}, extend},
      json("extend by 0", "/seconds", R"({"seconds":0})", extend),
      json("extend by -1", "/seconds", R"({"seconds":-1})", extend),
      json("extend by too much", "/seconds", R"({"seconds":2592001})", extend),
      json("extend by 1.5", "/seconds", R"({"seconds":1.5})", extend),
      json("extend by text", "/seconds", R"({"seconds":"1"})", extend),
      json("extend by null", "/seconds", R"({"seconds":null})", extend),
      json("extend by 2^32 + 1", "/seconds", R"({"seconds":4294967297})", extend),
      json("extend twice", "/seconds", R"({"seconds":1,"seconds":1})", extend),
      json("extend misspelt", "/secnods", R"({"secnods":1})", extend),
      json("extend an array", "", "[]", extend),
      {"no claim",
       404,
       "not-found",
       "",
       R"({"reference":"a"})",
       "application/json",
       {},
       "/v1/sales/drop/claims/clm_x/confirm"},
      {"no sale",
       404,
       "not-found",
       "",
       R"({"reference":"a"})",
       "application/json",
       {},
       "/v1/sales/none/claims/clm_x/confirm"},
      {"no claim to extend",
       404,
       "not-found",
       "",
       "",
       "",
       {},
       "/v1/sales/drop/claims/clm_x/extend"},
      {"foreign origin",
       403,
       "insufficient-scope",
       "",
       R"({"reference":"a"})",
       "application/json",
       {{"Origin", "https://evil.example"}},
       confirm},
  };
  for (const BadInput& bad : table) expect_refused(shop, bad, confirm);
  const std::vector<BadInput> releases = {
      {"buyer empty", 422, "invalid", "header X-Buyer-Id", "", "", {{"X-Buyer-Id", ""}}},
      {"buyer twice",
       422,
       "invalid",
       "header X-Buyer-Id",
       "",
       "",
       {{"X-Buyer-Id", "ann"}, {"X-Buyer-Id", "ann"}}},
      {"another buyer", 404, "not-found", "", "", "", {{"X-Buyer-Id", "bob"}}},
      {"no such claim", 404, "not-found", "", "", "", {}, "/v1/sales/drop/claims/clm_x"},
      {"no such sale", 404, "not-found", "", "", "", {}, "/v1/sales/none/claims/clm_x"},
      {"one's own claims", 405, "method-not-allowed", "", "", "", {}, "/v1/sales/drop/claims/me"},
      {"all claims", 405, "method-not-allowed", "", "", "", {}, "/v1/sales/drop/claims"},
  };
  for (const BadInput& bad : releases) expect_refused(shop, bad, claim, "DELETE");
  EXPECT_TRUE(shop.post_json(extend, R"({"secnods":1})").has("did you mean 'seconds'?"));
  EXPECT_EQ(shop.get(claim).body, before);
  EXPECT_EQ(shop.get("/v1/sales/drop/stats").field("Sale-Sequence"), "3");
}

TEST(BadInput, NamesClaimsThatAreNotThere) {
  const Shop shop;
  shop.create(R"("id":"drop","stock":100)");
  for (const std::string id : {"clm_x", "clm_00000000000g00800000000000", "me2", "%00", "clm_"}) {
    const ShopReply reply = shop.get("/v1/sales/drop/claims/" + id);
    EXPECT_EQ(reply.status, 404) << id;
    EXPECT_EQ(reply.field("Sale-Sequence"), "2") << id;
  }
}

}  // namespace
}  // namespace doorbuster::api
