#include <gtest/gtest.h>

#include <cstdlib>

#include "cli/arguments_test.h"

namespace doorbuster::cli {
namespace {

TEST(SaleArguments, OfCreateAreTheTermsOfASale) {
  const auto create = std::get<SaleCreateArguments>(parse({"sale",
                                                           "create",
                                                           "drop",
                                                           "--stock",
                                                           "1000",
                                                           "--title",
                                                           "-The drop-",
                                                           "--per-buyer-limit",
                                                           "2",
                                                           "--hold-seconds=600",
                                                           "--opens-at",
                                                           "2026-11-11T12:00:00Z",
                                                           "--closes-at",
                                                           "none",
                                                           "--late-payment",
                                                           "reacquire",
                                                           "--claim-attempts",
                                                           "3",
                                                           "--max-extension-seconds",
                                                           "60",
                                                           "--archive-after-seconds",
                                                           "0",
                                                           "--metadata",
                                                           R"({"sku":7})",
                                                           "--json"})
                                                        .arguments);
  EXPECT_EQ(create.sale, "drop");
  EXPECT_EQ(create.api.url, "http://127.0.0.1:8080");
  EXPECT_TRUE(create.api.json);
  EXPECT_EQ(create.terms.stock, "1000");
  EXPECT_EQ(create.terms.title, "-The drop-");
  EXPECT_EQ(create.terms.per_buyer_limit, 2U);
  EXPECT_EQ(create.terms.hold_seconds, 600U);
  EXPECT_EQ(create.terms.opens_at, "2026-11-11T12:00:00Z");
  EXPECT_EQ(create.terms.closes_at, "none");
  EXPECT_EQ(create.terms.late_payment, "reacquire");
  EXPECT_EQ(create.terms.claim_attempts, 3U);
  EXPECT_EQ(create.terms.max_extension_seconds, 60U);
  EXPECT_EQ(create.terms.archive_after_seconds, 0U);
  EXPECT_EQ(create.terms.metadata, R"({"sku":7})");
}

TEST(SaleArguments, ThatWereNotGivenAreNotThere) {
  const auto set = std::get<SaleSetArguments>(parse({"sale", "set", "drop"}).arguments);
  EXPECT_EQ(set.terms.stock, "");
  EXPECT_FALSE(set.terms.title || set.terms.per_buyer_limit || set.terms.hold_seconds ||
               set.terms.opens_at || set.terms.closes_at || set.terms.late_payment ||
               set.terms.claim_attempts || set.terms.max_extension_seconds ||
               set.terms.archive_after_seconds || set.terms.metadata);
}

TEST(SaleArguments, OfSetTakeADifferenceOfStock) {
  const auto stock = [](std::vector<const char*> words) {
    words.insert(words.begin(), {"sale", "set", "drop"});
    return std::get<SaleSetArguments>(parse(words).arguments).terms.stock;
  };
  EXPECT_EQ(stock({"--stock", "+100"}), "+100");
  EXPECT_EQ(stock({"--stock", "-100"}), "-100");
  EXPECT_EQ(stock({"--stock=-100"}), "-100");
  EXPECT_EQ(stock({"--stock", "100"}), "100");
}

TEST(SaleArguments, NameOneOfTheActs) {
  const std::pair<const char*, SaleAct> table[] = {{"pause", SaleAct::pause},
                                                   {"resume", SaleAct::resume},
                                                   {"close", SaleAct::close},
                                                   {"cancel", SaleAct::cancel},
                                                   {"delete", SaleAct::delete_}};
  for (const auto& [word, act] : table) {
    // A sale may have the name of a command.
    const auto given = std::get<SaleActArguments>(parse({"sale", word, "list"}).arguments);
    EXPECT_EQ(given.act, act);
    EXPECT_EQ(given.sale, "list");
    EXPECT_FALSE(given.yes);
  }
  EXPECT_TRUE(std::get<SaleActArguments>(parse({"sale", "close", "drop", "--yes"}).arguments).yes);
  EXPECT_EQ(std::get<SaleShowArguments>(parse({"sale", "show", "serve"}).arguments).sale, "serve");
  EXPECT_EQ(std::get<SaleShowArguments>(parse({"sale", "show", "--", "-x"}).arguments).sale, "-x");
}

TEST(ClaimsArguments, HaveDefaults) {
  const auto list = std::get<ClaimsListArguments>(parse({"claims", "list", "drop"}).arguments);
  EXPECT_EQ(list.limit, 50U);
  EXPECT_EQ(list.after + list.buyer, "");
  const auto exported =
      std::get<ClaimsExportArguments>(parse({"claims", "export", "drop"}).arguments);
  EXPECT_EQ(exported.format, ExportFormat::csv);
  EXPECT_EQ(exported.output, "");
}

TEST(ClaimsArguments, AreRead) {
  const auto list = std::get<ClaimsListArguments>(
      parse({"claims", "list", "drop", "--limit", "7", "--after", "c1", "--buyer", "ann"})
          .arguments);
  EXPECT_EQ(list.limit, 7U);
  EXPECT_EQ(list.after, "c1");
  EXPECT_EQ(list.buyer, "ann");
  for (const std::vector<const char*>& words :
       {std::vector<const char*>{"--format", "ndjson"}, {"--json"}}) {
    std::vector<const char*> all = {"claims", "export", "drop", "--output", "x"};
    all.insert(all.end(), words.begin(), words.end());
    const auto exported = std::get<ClaimsExportArguments>(parse(all).arguments);
    EXPECT_EQ(exported.format, ExportFormat::ndjson);
    EXPECT_EQ(exported.output, "x");
  }
}

TEST(SaleArguments, ThatAreWrongAreExplained) {
  const std::vector<std::pair<std::vector<const char*>, std::string>> table = {
      {{"sale"}, "Examples:\n  doorbuster sale create"},
      {{"claims"}, "Examples:\n  doorbuster claims list"},
      {{"sales"}, "unknown command 'sales'; did you mean 'sale'?"},
      {{"sale", "lst"},
       "unknown command 'lst'; did you mean 'list'?\nTry 'doorbuster sale --help'"},
      {{"sale", "create", "drop"}, "--stock is required\nTry 'doorbuster sale create --help'"},
      {{"sale", "create", "--stock", "1"}, "ID is required"},
      {{"sale", "show", "Drop"}, "'Drop' is no sale's id"},
      {{"sale", "show", ""}, "'' is no sale's id"},
      {{"sale", "show", "a/../b"}, "is no sale's id"},
      {{"sale", "create", "drop", "--stock", "many"}, "'many' is no whole number"},
      {{"sale", "create", "drop", "--stock", "+1"}, "'+1' is no whole number"},
      {{"sale", "create", "drop", "--stock", "1e3"}, "'1e3' is no whole number"},
      {{"sale", "set", "drop", "--stock", "+-1"}, "no whole number"},
      {{"sale", "set", "drop", "--stock", "99999999999999999999"}, "no whole number"},
      {{"sale", "set", "drop", "--hold-seconds", "-1"}, "'-1' is no whole number"},
      {{"sale", "set", "drop", "--hold-secs", "1"}, "did you mean '--hold-seconds'?"},
      {{"sale", "set", "drop", "--title", "\xff"}, "is not UTF-8"},
      {{"sale", "set", "drop", "--metadata", "{a:1}"}, "'{a:1}' is not JSON"},
      {{"sale", "set", "drop", "--late-payment", "later"}, "'later' is none of reject, reacquire"},
      {{"sale", "pause", "drop", "--yes"}, "unknown option '--yes'"},
      {{"claims", "list", "drop", "--limit", "1001"}, "--limit"},
      {{"claims", "export", "drop", "--format", "xls"}, "'xls' is none of csv, ndjson"},
      {{"claims", "exprot", "drop"}, "did you mean 'export'?"},
  };
  for (const auto& [words, message] : table) {
    const ParsedArguments parsed = parse(words);
    EXPECT_EQ(parsed.code(), ExitCode::usage) << message;
    EXPECT_NE(parsed.err.find(message), std::string::npos) << parsed.err;
    EXPECT_EQ(parsed.out, "");
  }
}

TEST(SaleArguments, TakeTheServerFromTheEnvironmentUnlessItIsNamed) {
  ASSERT_EQ(::setenv("DOORBUSTER_URL", "http://elsewhere:1", 1), 0);
  ASSERT_EQ(::setenv("DOORBUSTER_ADMIN_URL", "http://elsewhere:2", 1), 0);
  EXPECT_EQ(std::get<SaleListArguments>(parse({"sale", "list"}).arguments).api.url,
            "http://elsewhere:1");
  EXPECT_EQ(std::get<SaleListArguments>(parse({"sale", "list", "--url", "u"}).arguments).api.url,
            "u");
  EXPECT_EQ(std::get<ClockAcceptArguments>(parse({"clock", "accept"}).arguments).url,
            "http://elsewhere:2");
  EXPECT_EQ(std::get<HealthArguments>(parse({"health"}).arguments).url, "http://elsewhere:2");
  ::unsetenv("DOORBUSTER_URL");
  ::unsetenv("DOORBUSTER_ADMIN_URL");
}

}  // namespace
}  // namespace doorbuster::cli
