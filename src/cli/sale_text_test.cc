#include "cli/sale_text.h"

#include <gtest/gtest.h>

#include "cli/api_client.h"
#include "cli/claim_rows.h"
#include "cli/sale_body.h"

namespace doorbuster::cli {
namespace {

// JSON that lives as long as the views of it.
struct Parsed {
  explicit Parsed(std::string_view text) { EXPECT_FALSE(document.parse(text)) << text; }
  JsonView view() const { return {document, document.root()}; }

  api::JsonDocument document;
};

constexpr const char* kSale =
    R"({"id":"drop","title":{"en":"iPhone drop","zh-CN":"iPhone 秒杀"},"stock":1000,)"
    R"("per_buyer_limit":2,"hold_seconds":600,"opens_at":"2026-11-11T12:00:00.000Z","closes_at":null,)"
    R"("late_payment":"reject","metadata":{"sku":7},"status":"open","version":3})";
constexpr const char* kStats =
    R"({"stock":1000,"available":312,"held":37,"confirmed":651,"burned":0,)"
    R"("released":{"buyer":4,"merchant":0,"expired":1052},"refused":{"sold-out":481022,"paused":0},)"
    R"("sequence":9,"conserved":true,"as_of":"2026-11-11T12:00:01.500Z"})";

TEST(SaleText, ListsASale) {
  const Parsed sale(kSale);
  EXPECT_EQ(table(kSaleColumns, {sale_row(sale.view(), {"zh", false})}, false),
            "ID    STATUS  STOCK  OPENS                 CLOSES  TITLE\n"
            "drop  open    1,000  2026-11-11 12:00:00Z  -       iPhone 秒杀\n");
}

TEST(SaleText, ShowsASaleAndHowItStands) {
  const Parsed sale(kSale);
  const Parsed stats(kStats);
  EXPECT_EQ(sale_page(sale.view(), stats.view(), {}),
            "drop  iPhone drop\n"
            "status       open\n"
            "opens        2026-11-11 12:00:00Z\n"
            "closes       -\n"
            "stock        1,000: 312 available, 37 held, 651 confirmed\n"
            "limit        2 units a buyer\n"
            "holds        600 s; late payment: reject\n"
            "released     4 by buyer, 1,052 by expired\n"
            "refused      481,022 sold-out\n"
            "metadata     {\"sku\":7}\n"
            "version      3\n"
            "as of        2026-11-11 12:00:01.500Z\n");
}

TEST(SaleText, SaysLoudlyWhatDoesNotAddUp) {
  const Parsed sale(kSale);
  const Parsed stats(R"({"stock":2,"available":2,"burned":1,"conserved":false})");
  const std::string page = sale_page(sale.view(), stats.view(), {});
  EXPECT_NE(page.find("2 available, 0 held, 0 confirmed, 1 burned; THIS DOES NOT ADD UP\n"),
            std::string::npos)
      << page;
}

TEST(SaleText, ReadsATitleInTheLanguageWantedElseInEnglish) {
  const Parsed sale(kSale);
  EXPECT_EQ(title_of(sale.view(), "zh"), "iPhone 秒杀");
  EXPECT_EQ(title_of(sale.view(), "de"), "iPhone drop");
  EXPECT_EQ(title_of(sale.view(), ""), "iPhone drop");
  EXPECT_EQ(title_of(Parsed(R"({"title":{"fr":"un","de":"eins"}})").view(), "en"), "un");
  EXPECT_EQ(title_of(Parsed(R"({"title":"a\u0007b"})").view(), ""), "a\uFFFDb");
  EXPECT_EQ(title_of(Parsed("{}").view(), ""), "");
}

TEST(SaleText, ShowsUnitsAsRuns) {
  const auto units = [](std::string list) {
    return shown_units(Parsed(R"({"units":[)" + list + "]}").view());
  };
  EXPECT_EQ(units(""), "");
  EXPECT_EQ(units("417"), "417");
  EXPECT_EQ(units("1,2,3,7,9,10"), "1-3, 7, 9-10");
  EXPECT_EQ(units("1,3,5,7,9,11"), "1, 3, 5, 7, ...");
}

TEST(SaleText, SaysWhoEndedAClaim) {
  const Parsed claim(
      R"({"id":"clm_1","buyer":"ann","units":[4],"status":"released","released_by":"expired",)"
      R"("claimed_at":"2026-11-11T12:00:00.000Z","expires_at":null,"reference":"order_9"})");
  EXPECT_EQ(table(kClaimColumns, {claim_row(claim.view())}, false),
            "CLAIM  BUYER  UNITS  STATUS              CLAIMED               EXPIRES  REFERENCE\n"
            "clm_1  ann    4      released (expired)  2026-11-11 12:00:00Z  -        order_9\n");
}

TEST(SaleText, SaysToWhomMoneyIsOwed) {
  const auto status = [](std::string more) {
    return claim_row(Parsed(R"({"status":"confirmed")" + more + "}").view())[3].text;
  };
  EXPECT_EQ(status(""), "confirmed");
  EXPECT_EQ(status(R"(,"refund_owed":true)"), "confirmed, refund owed");
  EXPECT_EQ(status(R"(,"released_by":"expired","refunds_required":["o_1"])"),
            "confirmed (expired), refund owed");
}

std::string csv_row(const std::string& buyer) {
  std::string json = R"({"id":"clm_1","sale":"s","buyer":")" + buyer +
                     R"(","quantity":2,"units":[3,4],"status":"held","sequence":7,)"
                     R"("claimed_at":"t","expires_at":null})";
  std::string row;
  append_csv_row(row, Parsed(json).view());
  return row;
}

TEST(ClaimRows, AreCsvForSpreadsheets) {
  EXPECT_EQ(csv_header(),
            "\xef\xbb\xbfid,sale,buyer,quantity,units,status,released_by,sequence,claimed_at,"
            "expires_at,reference,refund_owed,refunds_required\r\n");
  EXPECT_EQ(csv_row("ann"), "clm_1,s,ann,2,3 4,held,,7,t,,,,\r\n");
  EXPECT_EQ(csv_row(R"(a,\"b\")"), "clm_1,s,\"a,\"\"b\"\"\",2,3 4,held,,7,t,,,,\r\n");
  EXPECT_EQ(csv_row(R"(a\nb)"), "clm_1,s,\"a\nb\",2,3 4,held,,7,t,,,,\r\n");
}

TEST(ClaimRows, NameWhatIsToBePaidBack) {
  std::string row;
  append_csv_row(row, Parsed(R"({"id":"c","units":[3],"refund_owed":true,)"
                             R"("refunds_required":["=1","b,c"]})")
                          .view());
  EXPECT_EQ(row, "c,,,,3,,,,,,,true,\"'=1 b,c\"\r\n");
}

TEST(ClaimRows, RunNoFormulas) {
  for (const std::string start : {"=", "+", "-", "@", "＝", "＋", "－", "＠", "'"}) {
    EXPECT_EQ(csv_row(start + "1+1"), "clm_1,s,'" + start + "1+1,2,3 4,held,,7,t,,,,\r\n");
  }
  EXPECT_EQ(csv_row("=A1,B1"), "clm_1,s,\"'=A1,B1\",2,3 4,held,,7,t,,,,\r\n");
  EXPECT_EQ(csv_row("a=1"), "clm_1,s,a=1,2,3 4,held,,7,t,,,,\r\n");
}

TEST(ClaimRows, AreExactAsJson) {
  std::string row;
  append_ndjson_row(row, Parsed(R"({ "buyer" : "=1", "units":[1, 2], "new":{"x":1.50} })").view());
  EXPECT_EQ(row, "{\"buyer\":\"=1\",\"units\":[1,2],\"new\":{\"x\":1.50}}\n");
}

TEST(SaleBody, IsExactlyWhatWasGiven) {
  SaleTerms terms;
  terms.stock = "1000";
  EXPECT_EQ(definition_json("drop", terms), R"({"id":"drop","stock":1000})");
  terms.title = "The \"drop\"";
  terms.per_buyer_limit = 2;
  terms.hold_seconds = 600;
  terms.opens_at = "2026-11-11T12:00:00+01:00";
  terms.closes_at = "none";
  terms.late_payment = "reacquire";
  terms.claim_attempts = 3;
  terms.max_extension_seconds = 60;
  terms.archive_after_seconds = 0;
  terms.metadata = R"({"sku":7})";
  EXPECT_EQ(definition_json("drop", terms),
            R"({"id":"drop","stock":1000,"title":"The \"drop\"","per_buyer_limit":2,)"
            R"("hold_seconds":600,"opens_at":"2026-11-11T12:00:00+01:00","closes_at":null,)"
            R"("late_payment":"reacquire","claim_attempts":3,"max_extension_seconds":60,)"
            R"("archive_after_seconds":0,"metadata":{"sku":7}})");
}

TEST(SaleBody, ReckonsADifferenceOfStock) {
  const auto patch = [](const char* stock) {
    SaleTerms terms;
    terms.stock = stock;
    return patch_json(terms, 50);
  };
  EXPECT_EQ(*patch("70"), R"({"stock":70})");
  EXPECT_EQ(*patch("+100"), R"({"stock":150})");
  EXPECT_EQ(*patch("-20"), R"({"stock":30})");
  EXPECT_EQ(*patch("-50"), R"({"stock":0})");  // for the server to judge
  ASSERT_FALSE(patch("-51").ok());
  EXPECT_EQ(patch("-51").error().message, "a stock of 50 cannot become 51 less");
}

TEST(SaleBody, KnowsWhenThereIsNothingToChange) {
  SaleTerms terms;
  EXPECT_TRUE(is_empty(terms));
  terms.stock = "-100";
  EXPECT_FALSE(is_empty(terms));
  terms.stock.clear();
  terms.closes_at = "none";
  EXPECT_FALSE(is_empty(terms));
}

TEST(Refusal, IsOneSentence) {
  const Refusal refusal = refusal_of(
      422,
      R"({"title":"Invalid request","detail":"Something.","errors":[{"pointer":"/stock",)"
      R"("detail":"must be a number"},{"parameter":"limit","detail":"too\u001b large"}]})",
      "http://h:1");
  EXPECT_EQ(refusal.message,
            "Invalid request: Something. /stock: must be a number; limit: too\uFFFD large");
  EXPECT_EQ(refusal.exit_code, ExitCode::failure);
  EXPECT_EQ(refusal_of(409, R"({"title":"Closed"})", "u").message, "Closed");
}

TEST(Refusal, HasAnExitCodeForScripts) {
  const std::pair<int, ExitCode> table[] = {
      {400, ExitCode::failure},   {401, ExitCode::denied},    {403, ExitCode::denied},
      {404, ExitCode::failure},   {409, ExitCode::failure},   {412, ExitCode::failure},
      {429, ExitCode::failure},   {500, ExitCode::failure},   {502, ExitCode::not_ready},
      {503, ExitCode::not_ready}, {504, ExitCode::not_ready},
  };
  for (const auto& [status, code] : table) {
    EXPECT_EQ(refusal_of(status, R"({"title":"T"})", "u").exit_code, code) << status;
  }
}

TEST(Refusal, OfSomebodyElseNamesHim) {
  for (const char* body : {"<html>Bad gateway</html>", "", "[]", R"({"title":1})"}) {
    EXPECT_EQ(refusal_of(502, body, "http://h:1").message,
              "http://h:1 answers 502, and not as doorbuster does");
  }
}

}  // namespace
}  // namespace doorbuster::cli
