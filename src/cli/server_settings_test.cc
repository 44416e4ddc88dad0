#include "cli/server_settings.h"

#include <gtest/gtest.h>

#include <set>

namespace doorbuster::cli {
namespace {

using Variables = std::vector<std::string>;

Configuration configured(std::vector<GivenFlag> flags, const Variables& variables = {}) {
  GivenSettings given;
  given.flags = std::move(flags);
  return read_configuration(given, variables);
}

std::string mistakes_of(const Configuration& configuration) {
  std::string out;
  for (const SettingMistake& mistake : configuration.mistakes) out += mistake.sentence() + "\n";
  return out;
}

TEST(ServerSettings, AreNamedByTheRules) {
  ServeArguments values;
  std::set<std::string> flags;
  std::set<std::string> variables;
  std::set<std::string_view> sections;
  std::string_view section;
  for (const Setting& setting : server_settings(values)) {
    EXPECT_EQ(setting.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz_."), std::string::npos)
        << setting.name;
    EXPECT_EQ(key_of(setting.name).find('.'), std::string_view::npos) << setting.name;
    EXPECT_TRUE(flags.insert(flag_of(setting)).second) << setting.name;
    EXPECT_TRUE(variables.insert(variable_of(setting)).second) << setting.name;
    EXPECT_FALSE(setting.about.empty()) << setting.name;
    EXPECT_EQ(is_switch(setting) || is_secret(setting), setting.type_name.empty()) << setting.name;
    // In `config print` they stand in the table's order, each section once and those of none first.
    if (section_of(setting.name) != section) {
      section = section_of(setting.name);
      EXPECT_TRUE(!section.empty() && sections.insert(section).second) << setting.name;
    }
  }
}

TEST(ServerSettings, AreGoodByDefault) {
  ServeArguments values;
  for (const Setting& setting : server_settings(values)) {
    // There is none by default, and one that is given is not empty.
    const char* flaw = is_secret(setting) ? "is empty" : "";
    EXPECT_EQ(flaw_of(setting, value_of(setting)), flaw) << setting.name;
  }
  EXPECT_EQ(mistakes_of(configured({})), "");
}

TEST(ServerSettings, ReachTheirMembers) {
  const Configuration read =
      configured({{"--http.listen", {"[::1]:1"}}, {"--journal.max-waiting", {"64"}}},
                 {"DOORBUSTER_DEV=true", "DOORBUSTER_RESTART_GRACE_SECONDS=0"});
  EXPECT_EQ(mistakes_of(read), "");
  EXPECT_EQ(read.values.http_listen, "[::1]:1");
  EXPECT_EQ(read.values.journal_max_waiting, 64U);
  EXPECT_TRUE(read.values.dev);
  EXPECT_EQ(read.values.restart_grace_seconds, 0U);
}

TEST(ServerSettings, ListenOnLoopbackUnlessAProxySpeaksTls) {
  EXPECT_EQ(mistakes_of(configured({{"--http.listen", {"localhost:0"}}})), "");
  EXPECT_EQ(mistakes_of(configured({{"--http.listen", {"0.0.0.0:80"}}})),
            "--http.listen: 0.0.0.0:80 could be reached from elsewhere without TLS: put a proxy "
            "in front that speaks TLS and say --behind-proxy\n");
  EXPECT_EQ(
      mistakes_of(configured({{"--http.listen", {"0.0.0.0:80"}}, {"--behind-proxy", {"true"}}})),
      "");
  EXPECT_EQ(mistakes_of(configured({{"--behind-proxy", {"true"}}, {"--dev", {"true"}}},
                                   {"DOORBUSTER_ADMIN_LISTEN=[::]:80"})),
            "DOORBUSTER_ADMIN_LISTEN: [::]:80: --dev trusts every caller, so it listens on "
            "loopback alone (127.0.0.1 or [::1])\n");
  // What rests on a mistake is no further one.
  EXPECT_EQ(configured({{"--http.listen", {"0.0.0.0:80"}}}, {"DOORBUSTER_BEHIND_PROXY=yes"})
                .mistakes.size(),
            1U);
}

TEST(ServerSettings, GiveEachListenerAnAddressOfItsOwn) {
  EXPECT_EQ(mistakes_of(configured({{"--http.listen", {"127.0.0.1:8081"}}})),
            "--http.listen: 127.0.0.1:8081 is the address of both http.listen and admin.listen\n");
  EXPECT_EQ(mistakes_of(configured({{"--admin.listen", {"localhost:8080"}}})),
            "--admin.listen: 127.0.0.1:8080 is the address of both http.listen and "
            "admin.listen\n");
  EXPECT_EQ(mistakes_of(configured(
                {{"--http.listen", {"localhost:0"}}, {"--admin.listen", {"localhost:0"}}})),
            "");
}

TEST(ServerSettings, ThatAreWrongAreUsageOnlyWhereFlagsAloneAre) {
  const GivenFlag bad{"--io-threads", {"0"}};
  EXPECT_EQ(exit_code_of(configured({bad}).mistakes), ExitCode::usage);
  EXPECT_EQ(exit_code_of(configured({bad}, {"DOORBUSTER_DEMO=x"}).mistakes),
            ExitCode::bad_configuration);
  EXPECT_EQ(exit_code_of(configured({}, {"DOORBUSTER_DEMO=x"}).mistakes),
            ExitCode::bad_configuration);
  EXPECT_EQ(exit_code_of(configured({}, {"DOORBUSTER_HTTP_LISTEN=0.0.0.0:80"}).mistakes),
            ExitCode::bad_configuration);
}

}  // namespace
}  // namespace doorbuster::cli
