#include "cli/arguments.h"

#include <gtest/gtest.h>

#include <vector>

#include "cli/arguments_test.h"
#include "cli/grouped.h"
#include "cli/setting.h"

namespace doorbuster::cli {
namespace {

TEST(Arguments, OfServeHaveDefaultsForThisMachine) {
  const auto serve = std::get<ServeArguments>(parse({"serve"}).arguments);
  EXPECT_FALSE(serve.dev || serve.demo || serve.behind_proxy);
  EXPECT_EQ(serve.data_dir, "./data");
  EXPECT_EQ(serve.http_listen, "127.0.0.1:8080");
  EXPECT_EQ(serve.admin_listen, "127.0.0.1:8081");
  EXPECT_EQ(serve.io_threads, 1U);
  EXPECT_EQ(serve.journal_segment_bytes, 64U << 20);
  EXPECT_EQ(serve.journal_retain_bytes, 1U << 30);
  EXPECT_EQ(serve.journal_retain_seconds, 0U);
}

TEST(Arguments, OfTheTailAskForWhatIsNewUnlessTheySayOtherwise) {
  const auto tail = std::get<EventsTailArguments>(parse({"events", "tail"}).arguments);
  EXPECT_EQ(tail.after, "latest");
  EXPECT_TRUE(tail.sale.empty());
  const auto all = std::get<EventsTailArguments>(
      parse({"events", "tail", "--sale", "drop", "--after=0", "--json"}).arguments);
  EXPECT_EQ(all.after, "0");
  EXPECT_EQ(all.sale, "drop");
  EXPECT_TRUE(all.api.json);
}

TEST(Arguments, AreReadInBothSpellings) {
  const auto serve = std::get<ServeArguments>(
      parse({"serve", "--dev", "--http.listen", "[::1]:1", "--admin.listen=127.0.0.1:2",
             "--data-dir=/x", "--io-threads", "2", "--journal.segment-bytes=2097152",
             "--keys.file=/k", "--trusted-proxies", "10.0.0.0/8,::1",
             "--http.cors-origins=https://a.example"})
          .arguments);
  EXPECT_TRUE(serve.dev);
  EXPECT_EQ(serve.http_listen, "[::1]:1");
  EXPECT_EQ(serve.admin_listen, "127.0.0.1:2");
  EXPECT_EQ(serve.data_dir, "/x");
  EXPECT_EQ(serve.keys_file, "/k");
  EXPECT_EQ(serve.http_cors_origins, (TextList{"https://a.example"}));
  EXPECT_EQ(serve.trusted_proxies, (TextList{"10.0.0.0/8", "::1"}));
  EXPECT_EQ(serve.io_threads, 2U);
  EXPECT_EQ(serve.journal_segment_bytes, 2U << 20);
  EXPECT_EQ(std::get<VerifyArguments>(parse({"verify", "d", "--json"}).arguments).data_dir, "d");
  EXPECT_EQ(std::get<HealthArguments>(parse({"health", "--url=u"}).arguments).url, "u");
}

TEST(Arguments, ThatAreWrongAreExplainedOnStderrAndEndWithTwo) {
  const std::vector<std::pair<std::vector<const char*>, std::string>> table = {
      {{}, "Examples:"},
      {{"srve"}, "unknown command 'srve'; did you mean 'serve'?"},
      {{"nonsense"}, "unknown command 'nonsense'\n"},
      {{"serve", "--dve"}, "unknown option '--dve'; did you mean '--dev'?"},
      {{"serve", "--http.listne=x"}, "did you mean '--http.listen'?"},
      {{"serve", "extra"}, "unknown argument 'extra'"},
      {{"serve", "--io-threads", "0"}, "--io-threads"},
      {{"serve", "--journal.retain-bytes", "1G"}, "'1G' is no whole number"},
      {{"serve", "--journal.retain-seconds", "-1"}, "--journal.retain-seconds"},
      {{"serve", "--journal.retain-seconds", "315360001"}, "from 0 to 315360000"},
      {{"serve", "--journal.segment-bytes", "4096"}, "'4096' is no multiple of 4096 from 1048576"},
      {{"serve", "--journal.segment-bytes", "1048577"}, "'1048577' is no multiple of 4096"},
      {{"serve", "--journal.segment-bytes", "64M"}, "'64M' is no multiple"},
      {{"serve", "--journal.segment-bytes", "-1048576"}, "--journal.segment-bytes"},
      {{"serve", "--journal.segment-bytes", "2147483648"}, "to 1073741824"},
      {{"serve", "--io-threads", "many"}, "--io-threads"},
      {{"serve", "--data-dir"}, "--data-dir"},
      {{"verify"}, "DIR is required"},
      {{"verify", "a", "b"}, "unknown argument 'b'"},
      {{"help"}, "unknown command 'help'; did you mean '--help'?"},
      {{"version"}, "unknown command 'version'; did you mean '--version'?"},
      {{"sale", "--json", "list"}, "option '--json' belongs behind 'doorbuster sale list'\n"},
      {{"serve", "--data-dir", "a", "--data-dir", "b"}, "--data-dir: is given 2 times"},
      {{"health", "--url", "a", "--url", "b"}, "--url is given 2 times"},
      {{"health", "--url"}, "--url needs a value: URL"},
      {{"claims", "list", "s", "--limit", "0"}, "--limit: '0' is not from 1 to 1000"},
      {{"completions"}, "SHELL is required"},
      {{"completions", "fish"}, "SHELL: 'fish' is none of bash, zsh"},
      {{"s\x1b[2Jrve"}, "unknown command 's\ufffd[2Jrve'\n"},
      {{"clock"}, "Examples:\n  doorbuster clock accept"},
      {{"clock", "acept"},
       "unknown command 'acept'; did you mean 'accept'?\nTry 'doorbuster clock"},
      {{"keys"}, "Examples:\n  doorbuster keys create"},
      {{"keys", "create", "--scopes", "all"}, "NAME is required"},
      {{"keys", "create", "shop"}, "--scopes is required"},
      {{"keys", "create", "my shop", "--scopes", "all"}, "'my shop' is no name for a key"},
      {{"keys", "create", "db_sk_1a2b3c4d", "--scopes", "all"}, "is no name for a key"},
      {{"keys", "create", "shop", "--scopes", "sales"},
       "'sales' is no scope: there are sales:read"},
      {{"keys", "create", "shop", "--scopes", "claim:read"}, "did you mean 'claims:read'?"},
      {{"keys", "create", "shop", "--scopes", ""}, "--scopes"},
      {{"keys", "create", "shop", "--scopes", "all", "--expires", "soon"},
       "'soon' is no time such"},
      {{"keys", "create", "s", "--scopes", "all", "--expires", "2001-01-01T00:00:00Z"},
       "has passed"},
      {{"keys", "revoke"}, "KEY is required"},
      {{"keys", "remove", "shop"}, "unknown command 'remove'; did you mean 'revoke'?"},
  };
  for (const auto& [words, message] : table) {
    const ParsedArguments parsed = parse(words);
    EXPECT_EQ(parsed.code(), ExitCode::usage) << message;
    EXPECT_NE(parsed.err.find(message), std::string::npos) << parsed.err;
    EXPECT_EQ(parsed.out, "");
  }
}

TEST(Arguments, HelpBeginsWithExamplesOnStdout) {
  for (const std::vector<const char*>& words : {std::vector<const char*>{"--help"},
                                                {"serve", "--help"},
                                                {"verify", "-h"},
                                                {"health", "--help"},
                                                {"clock", "--help"},
                                                {"clock", "accept", "--help"},
                                                {"sale", "--help"},
                                                {"sale", "create", "--help"},
                                                {"sale", "list", "--help"},
                                                {"sale", "show", "--help"},
                                                {"sale", "set", "--help"},
                                                {"sale", "pause", "--help"},
                                                {"sale", "resume", "--help"},
                                                {"sale", "close", "--help"},
                                                {"sale", "cancel", "--help"},
                                                {"sale", "delete", "--help"},
                                                {"claims", "--help"},
                                                {"claims", "list", "--help"},
                                                {"claims", "export", "--help"},
                                                {"keys", "--help"},
                                                {"keys", "create", "--help"},
                                                {"keys", "list", "--help"},
                                                {"keys", "revoke", "--help"}}) {
    const ParsedArguments parsed = parse(words);
    EXPECT_EQ(parsed.code(), ExitCode::ok);
    EXPECT_EQ(parsed.out.rfind("Examples:\n  doorbuster ", 0), 0U) << parsed.out;
    EXPECT_EQ(parsed.err, "");
  }
  EXPECT_EQ(parse({"--version"}).out, "doorbuster " + std::string(version()) + "\n");
}

TEST(Grouped, PutsCommasBetweenThousands) {
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(grouped(1'000), "1,000");
  EXPECT_EQ(grouped(100'000'000), "100,000,000");
}

}  // namespace
}  // namespace doorbuster::cli
