#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "api/claim_csv.h"
#include "api/shop_test.h"

namespace doorbuster::api {
namespace {

const Headers kCsv = {{"Accept", "text/csv"}};
const Headers kNdjson = {{"Accept", "application/x-ndjson"}};

std::size_t count(const std::string& text, std::string_view part) {
  std::size_t found = 0;
  for (auto at = text.find(part); at != text.npos; at = text.find(part, at + part.size())) ++found;
  return found;
}

// Twenty held claims, every sixth of them given back. Made once, and read by each test; more than a
// page of a stream, and than a step of a search, are in tests/e2e/test_exports.py.
class Claims : public testing::Test {
 protected:
  static constexpr int kClaims = 20;

  static void SetUpTestSuite() {
    shop = std::make_unique<Shop>();
    shop->create(R"("id":"drop","stock":2000,"hold_seconds":600)");
    for (int i = 0; i < kClaims; ++i) {
      const std::string claim = shop->claim("drop", "b" + std::to_string(i)).body;
      if (i % 6 != 5) continue;
      const auto at = claim.find("clm_");
      ids.push_back(claim.substr(at, claim.find('"', at) - at));
      EXPECT_EQ(shop->ask("DELETE", "/v1/sales/drop/claims/" + ids.back()).status, 200);
    }
  }
  static void TearDownTestSuite() { shop.reset(); }

  static inline std::unique_ptr<Shop> shop;
  static inline std::vector<std::string> ids;  // given back
};

TEST_F(Claims, AreExportedWholeInTheOrderTheyWereGranted) {
  const ShopReply lines = shop->ask("GET", "/v1/sales/drop/claims", kNdjson);
  EXPECT_EQ(lines.status, 200);
  EXPECT_EQ(lines.field("Content-Type"), "application/x-ndjson");
  EXPECT_EQ(count(lines.body, "\n"), kClaims);
  EXPECT_LT(lines.body.find(R"("buyer":"b0")"), lines.body.find(R"("buyer":"b19")"));

  const ShopReply csv = shop->ask("GET", "/v1/sales/drop/claims", kCsv);
  EXPECT_EQ(csv.field("Content-Type"), "text/csv; charset=utf-8; header=present");
  EXPECT_EQ(count(csv.body, "\r\n"), kClaims + 1);
  EXPECT_TRUE(csv.body.starts_with("\xef\xbb\xbfid,sale,buyer,quantity,"));
  EXPECT_TRUE(csv.has("," + std::string("released,merchant,")));
}

TEST_F(Claims, AreAFileForALinkThatCannotSayWhatItAccepts) {
  const Headers browser = {{"Accept", "text/html,*/*;q=0.8"}};
  const ShopReply csv = shop->ask("GET", "/v1/sales/drop/claims?format=csv", browser);
  EXPECT_EQ(csv.body, shop->ask("GET", "/v1/sales/drop/claims", kCsv).body);
  EXPECT_EQ(csv.field("Content-Disposition"), "attachment; filename=\"drop.csv\"");
  const ShopReply lines =
      shop->ask("GET", "/v1/sales/drop/claims?format=ndjson&buyer=b7&status=held", browser);
  EXPECT_EQ(lines.field("Content-Type"), "application/x-ndjson");
  EXPECT_EQ(lines.field("Content-Disposition"), "attachment; filename=\"drop.ndjson\"");
  EXPECT_EQ(count(lines.body, "\n"), 1U);
  // The address overrules Accept, which alone makes no file.
  EXPECT_EQ(shop->ask("GET", "/v1/sales/drop/claims?format=ndjson", kCsv).field("Content-Type"),
            "application/x-ndjson");
  EXPECT_EQ(shop->ask("GET", "/v1/sales/drop/claims", kCsv).field("Content-Disposition"), "");

  const ShopReply wrong = shop->get("/v1/sales/drop/claims?format=xlsx");
  EXPECT_EQ(wrong.status, 422);
  EXPECT_TRUE(wrong.has(R"("parameter":"format","detail":"must be csv or ndjson")"));
  EXPECT_EQ(wrong.field("Content-Disposition"), "");
  EXPECT_EQ(shop->get("/v1/sales/drop/claims?format=csv&limit=5").status, 422);
  EXPECT_EQ(shop->get("/v1/sales/none/claims?format=csv").field("Content-Disposition"), "");
}

TEST_F(Claims, AreExportedByStatusAndByBuyer) {
  const ShopReply released = shop->ask("GET", "/v1/sales/drop/claims?status=released", kNdjson);
  EXPECT_EQ(count(released.body, "\n"), ids.size());
  for (const std::string& id : ids) EXPECT_TRUE(released.has(id));
  EXPECT_EQ(count(shop->ask("GET", "/v1/sales/drop/claims?buyer=b7", kCsv).body, "\r\n"), 2U);
  EXPECT_EQ(shop->ask("GET", "/v1/sales/drop/claims?buyer=b7&status=released", kNdjson).body, "");
  EXPECT_EQ(shop->ask("GET", "/v1/sales/drop/claims?status=confirmed", kNdjson).body, "");
  EXPECT_EQ(shop->ask("HEAD", "/v1/sales/drop/claims", kCsv).body, "");
}

TEST_F(Claims, AreListedByStatusOverAsManyPagesAsItTakes) {
  std::string target = "/v1/sales/drop/claims?status=released&limit=2";
  std::size_t pages = 0;
  std::string seen;
  while (!target.empty()) {
    const ShopReply page = shop->get(target);
    ASSERT_EQ(page.status, 200) << page.body;
    ++pages;
    seen += page.body;
    const std::string link = page.field("Link");
    target = link.empty() ? "" : link.substr(1, link.find('>') - 1);
  }
  EXPECT_EQ(pages, 2U);
  EXPECT_EQ(count(seen, R"("status":"released")"), ids.size());
  for (const std::string& id : ids) EXPECT_EQ(count(seen, id), 1U);
  const ShopReply held = shop->get("/v1/sales/drop/claims?status=held&limit=17");
  EXPECT_EQ(count(held.body, R"("status":"held")"), 17U);
}

TEST(ClaimList, OfAStatusThatNobodyHasIsRefused) {
  const Shop shop;
  shop.create(R"("id":"drop","stock":1)");
  for (const std::string target : {"?status=", "?status=gone", "?status=held&status=held"}) {
    const ShopReply refused = shop.get("/v1/sales/drop/claims" + target);
    EXPECT_EQ(refused.status, 422) << target;
    EXPECT_TRUE(refused.has(R"("parameter":"status")")) << target;
  }
  for (const std::string target : {"?limit=1", "?after=x"}) {
    EXPECT_EQ(shop.ask("GET", "/v1/sales/drop/claims" + target, kCsv).status, 422) << target;
  }
  EXPECT_EQ(shop.ask("GET", "/v1/sales/none/claims", kCsv).code(), "not-found");
  EXPECT_EQ(shop.get("/v1/sales/drop/claims?status=held").body,
            R"({"data":[],"has_more":false,"next":null})");
}

TEST(Csv, GuardsWhatASpreadsheetWouldRun) {
  std::string cell;
  append_csv_cell(cell, "=1+1;\"a\"");
  EXPECT_EQ(cell, "\"'=1+1;\"\"a\"\"\"");
}

TEST(Sale, IsNotSentAgainToWhoHasIt) {
  const Shop shop;
  shop.create(R"("id":"drop","stock":1)");
  const auto ask = [&](std::string_view path, const std::string& tags) {
    return shop.ask("GET", std::string(path), {{"If-None-Match", tags}});
  };
  const ShopReply kept = ask("/v1/sales/drop", R"(W/"7", "1")");
  EXPECT_EQ(kept.status, 304);
  EXPECT_EQ(kept.body, "");
  EXPECT_EQ(kept.field("ETag"), R"("1")");
  EXPECT_EQ(kept.field("Sale-Sequence"), "2");
  EXPECT_EQ(ask("/v1/sales/drop", R"("2")").status, 200);
  EXPECT_EQ(ask("/v1/sales/drop", "1").status, 200);
  EXPECT_EQ(ask("/v1/sales/none", "*").status, 404);
  // Another round may have the same version.
  EXPECT_EQ(shop.post_form("/send/goods", "count=1").status, 200);
  EXPECT_EQ(ask("/v1/sales/goods", R"("1")").status, 200);
  EXPECT_EQ(ask("/v1/sales/goods-1", R"("1")").status, 304);
}

}  // namespace
}  // namespace doorbuster::api
