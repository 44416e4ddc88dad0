#include "api/route.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "api/admission.h"
#include "api/problem.h"

namespace doorbuster::api {
namespace {

RouteMatch match(http::Method method, std::string_view path) {
  return match_route(api_routes(), method, path);
}

TEST(Route, IsFoundWithItsParameters) {
  const RouteMatch found = match(http::Method::get, "/v1/sales/a-1/claims/clm_x");
  ASSERT_EQ(found.found, Found::route);
  EXPECT_EQ(found.route->path, "/v1/sales/{sale}/claims/{claim}");
  EXPECT_EQ(found.parameters.sale, "a-1");
  EXPECT_EQ(found.parameters.claim, "clm_x");
}

TEST(RouteMemory, FindsWhatTheTableFindsWhateverWasAskedBefore) {
  const std::vector<std::pair<http::Method, std::string>> asked = {
      {http::Method::post, "/v1/sales/a/claims"},
      {http::Method::post, "/v1/sales/a/claims"},
      {http::Method::get, "/v1/sales/a/claims"},
      {http::Method::get, "/v1/sales/b/claims"},
      {http::Method::get, "/v1/sales/b/claim"},
      {http::Method::get, ""},
      {http::Method::get, ""},
      {http::Method::options, "*"},
      {http::Method::other, "*"},
      {http::Method::post, "/v1/sales/a/claims"}};
  RouteMemory memory;
  for (const auto& [method, path] : asked) {
    // The text that was asked with goes: what is remembered must not point into it.
    const auto text = std::make_unique<std::string>(path);
    const RouteMatch expected = match(method, path);
    const RouteMatch& found = memory.match(method, *text);
    text->assign(text->size(), '?');
    EXPECT_EQ(found.found, expected.found) << path;
    EXPECT_EQ(found.route, expected.route) << path;
    EXPECT_EQ(found.parameters.sale, expected.parameters.sale) << path;
  }
}

TEST(Route, OfOnesOwnClaimsIsNoneOfOneClaim) {
  EXPECT_EQ(match(http::Method::get, "/v1/sales/a/claims/me").route->path,
            "/v1/sales/{sale}/claims/me");
  EXPECT_EQ(match(http::Method::delete_, "/v1/sales/a/claims/me").found, Found::no_such_method);
  EXPECT_EQ(match(http::Method::post, "/v1/sales/a/claims/me/confirm").found, Found::no_such_path);
}

TEST(Route, ThatChangesSomethingIsForThoseWhoMay) {
  for (const Route& route : api_routes()) {
    if (route.method == http::Method::get || route.who == Who::own_page) continue;
    const bool of_buyers = route.path == "/goods" || route.path == "/v1/sales/{sale}/claims" ||
                           (route.path == "/v1/sales/{sale}/claims/{claim}");
    const bool of_claims = route.path.find("/claims/") != std::string_view::npos;
    if (of_buyers) {
      EXPECT_TRUE(takes_buyers(route.who)) << route.path;
    } else {
      EXPECT_EQ(route.who, of_claims ? Who::claims_write : Who::sales_write) << route.path;
    }
  }
}

TEST(Route, ForGetAnswersHeadToo) {
  for (const Route& route : api_routes()) {
    if (route.method != http::Method::get) continue;
    std::string path(route.path);
    for (auto at = path.find('{'); at != std::string::npos; at = path.find('{')) {
      path.replace(at, path.find('}') + 1 - at, path.ends_with("{file}") ? "x.js" : "x");
    }
    EXPECT_EQ(match(http::Method::head, path).found, Found::route) << path;
  }
}

TEST(Route, IsNotFoundForAnyOtherSpellingOfItsPath) {
  for (const std::string_view path : {"",
                                      "*",
                                      "/index.html",
                                      "/console//",
                                      "/console/a/b",
                                      "/console/sales",
                                      "/demo/../console/",
                                      "/embed/",
                                      "/embed/v2.js",
                                      "//",
                                      "/v1",
                                      "/v1/",
                                      "/v1/sales/",
                                      "/v1//sales",
                                      "/V1/sales",
                                      "/v1/sales/A",
                                      "/v1/sales/a%2d",
                                      "/v1/sales/a/claims/",
                                      "/v1/sales//claims",
                                      "/v1/sales/../sales",
                                      "/v1/sales/a.b",
                                      "/v1/sales/a/claims/me/x",
                                      "/v1/sales/a/status/",
                                      "/goods/",
                                      "/problems/",
                                      "v1/sales",
                                      "/v1/sales/a/b/c/d/e/f/g",
                                      "/metrics",
                                      "/livez"}) {
    EXPECT_EQ(match(http::Method::get, path).found, Found::no_such_path) << path;
  }
  EXPECT_EQ(match(http::Method::get, "/v1/sales/" + std::string(65, 'a')).found,
            Found::no_such_path);
}

TEST(Route, OfAnotherMethodNamesThoseThatThereAre) {
  EXPECT_EQ(match(http::Method::delete_, "/v1/sales").found, Found::no_such_method);
  EXPECT_EQ(match(http::Method::other, "/goods").found, Found::no_such_method);
  EXPECT_EQ(match(http::Method::options, "/goods").found, Found::options);
  EXPECT_EQ(match(http::Method::options, "*").found, Found::options);
  EXPECT_EQ(match(http::Method::options, "/nothing").found, Found::no_such_path);
  EXPECT_EQ(allowed_methods(api_routes(), "/v1/sales/a/status"), "GET, HEAD, OPTIONS");
  EXPECT_EQ(allowed_methods(api_routes(), "/v1/sales/a/claims/me"), "GET, HEAD, OPTIONS");
  EXPECT_EQ(allowed_methods(api_routes(), "/v1/sales/a/claims/clm_x"),
            "DELETE, GET, HEAD, OPTIONS");
  EXPECT_EQ(allowed_methods(api_routes(), "/v1/sales/a/claims/clm_x/confirm"), "POST, OPTIONS");
  EXPECT_EQ(allowed_methods(api_routes(), "/v1/sales/a"), "GET, HEAD, PATCH, DELETE, OPTIONS");
  EXPECT_EQ(allowed_methods(api_routes(), "/v1/sales/a/pause"), "POST, OPTIONS");
  EXPECT_EQ(allowed_methods(api_routes(), "/goods"), "POST, GET, HEAD, OPTIONS");
  EXPECT_EQ(allowed_methods(api_routes(), "/send/goods"), "POST, OPTIONS");
  EXPECT_EQ(allowed_methods(api_routes(), "/console/session"), "GET, HEAD, POST, DELETE, OPTIONS");
  EXPECT_EQ(allowed_methods(api_routes(), "/console/a.js"), "GET, HEAD, OPTIONS");
}

struct Stranger {
  std::string_view host = "127.0.0.1:8080";
  std::optional<std::string_view> origin = std::nullopt;
  bool loopback = true;
};

std::optional<Refused> refuse(const Stranger& stranger) {
  KnownFields fields;
  fields.host = {stranger.host, 1};
  if (stranger.origin) fields.origin = {*stranger.origin, 1};
  return refuse_stranger({*http::IpAddress::parse(stranger.loopback ? "127.0.0.1" : "192.0.2.1")},
                         fields);
}

TEST(Admission, InDevIsForProgramsOfThisMachine) {
  for (const std::string_view host :
       {"localhost", "LocalHost:1", "127.0.0.1", "127.0.0.1:8080", "[::1]", "[::1]:65535"}) {
    EXPECT_FALSE(refuse({host})) << host;
    EXPECT_FALSE(refuse({host, "http://localhost:3000"})) << host;
  }
  EXPECT_FALSE(refuse({"localhost", "https://[::1]"}));
}

TEST(Admission, InDevIsForNoWebPageOfAnotherOrigin) {
  for (const std::string_view host :
       {"", "evil.example", "localhost.evil.example", "127.0.0.1.evil.example:80", "127.0.0.2",
        "localhost:80@evil", "[::1].evil", "[::1", "localhost:99999999", "localhost:x"}) {
    EXPECT_EQ(refuse({host})->remark, Remark::foreign_host) << host;
  }
  for (const std::string_view origin :
       {"", "null", "http://evil.example", "http://localhost.evil.example", "ftp://localhost",
        "http://localhost@evil.example", "http://127.0.0.1.evil", "HTTP//localhost"}) {
    EXPECT_EQ(refuse({"localhost", origin})->remark, Remark::foreign_origin) << origin;
  }
  EXPECT_EQ(refuse({"localhost", std::nullopt, false})->remark, Remark::peer_not_loopback);
}

TEST(Problem, HasItsCodeStatusAndWordsInBothLanguages) {
  for (std::size_t i = 0; i < kProblemCodes; ++i) {
    const auto code = static_cast<ProblemCode>(i);
    const ProblemText& text = text_of(code);
    EXPECT_EQ(problem_named(text.name), code);
    EXPECT_GE(text.status, 400);
    for (const Sentence& sentence : {text.title, text.detail}) {
      EXPECT_FALSE(sentence.english.empty()) << text.name;
      EXPECT_FALSE(sentence.chinese.empty()) << text.name;
    }
  }
  EXPECT_EQ(problem_named("nothing"), std::nullopt);
}

TEST(Problem, HasWordsForEachRemarkInBothLanguages) {
  for (auto i = static_cast<int>(Remark::none) + 1;
       i <= static_cast<int>(Remark::too_many_connections); ++i) {
    for (const Language language : {Language::english, Language::chinese}) {
      std::string plain;
      std::string exact;
      append_problem(plain, ProblemCode::malformed, language);
      append_problem(exact, ProblemCode::malformed, language, static_cast<Remark>(i));
      EXPECT_NE(exact, plain) << i;
      EXPECT_EQ(exact.find(R"("detail":"")"), std::string::npos) << i;
    }
  }
}

TEST(Problem, IsOneForEachRefusalWithTheSaleSOwnWord) {
  for (std::size_t i = 0; i < sale::kRefusals; ++i) {
    const auto refusal = static_cast<sale::Refusal>(i);
    EXPECT_EQ(text_of(problem_of(refusal)).name, to_string(refusal));
    EXPECT_EQ(text_of(problem_of(refusal)).status, 409);
  }
}

TEST(Problem, IsOneForEachChangeThatDoesNotHappen) {
  const auto name_of = [](auto change) -> std::string_view {
    const auto code = problem_of(change);
    return code ? text_of(*code).name : "";
  };
  EXPECT_EQ(name_of(sale::ClaimChange::done), "");
  EXPECT_EQ(name_of(sale::ClaimChange::unchanged), "");
  EXPECT_EQ(name_of(sale::ClaimChange::expired), "claim-expired");
  EXPECT_EQ(name_of(sale::ClaimChange::released), "claim-released");
  EXPECT_EQ(name_of(sale::ClaimChange::reference_mismatch), "reference-mismatch");
  EXPECT_EQ(name_of(sale::ClaimChange::confirmed), "claim-confirmed");
  EXPECT_EQ(name_of(sale::ClaimChange::not_extendable), "not-extendable");
  EXPECT_EQ(name_of(sale::SaleChange::done), "");
  EXPECT_EQ(name_of(sale::SaleChange::unchanged), "");
  EXPECT_EQ(name_of(sale::SaleChange::version_mismatch), "precondition-failed");
  EXPECT_EQ(name_of(sale::SaleChange::closed), "closed");
  EXPECT_EQ(name_of(sale::SaleChange::already_open), "already-open");
  EXPECT_EQ(name_of(sale::SaleChange::stock_below_claimed), "stock-below-claimed");
  EXPECT_EQ(name_of(sale::SaleChange::stock_out_of_range), "invalid");
  EXPECT_EQ(name_of(sale::SaleChange::closes_in_the_past), "invalid");
  EXPECT_EQ(name_of(sale::SaleChange::closes_before_opening), "invalid");
}

TEST(Problem, IsWrittenAsRfc9457Says) {
  std::string out;
  append_problem(out, ProblemCode::sold_out, Language::english);
  EXPECT_EQ(out,
            R"({"type":"/problems/sold-out","code":"sold-out","title":"Sold out","status":409,)"
            R"("detail":"Not one unit is free.")");
}

}  // namespace
}  // namespace doorbuster::api
