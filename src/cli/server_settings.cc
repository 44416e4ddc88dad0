#include "cli/server_settings.h"

#include <unistd.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "api/access_log.h"
#include "api/cors.h"
#include "cli/listen_address.h"
#include "cli/log_line.h"
#include "cli/redis_engine.h"
#include "http/ip_address.h"

namespace doorbuster::cli {
namespace {

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;
constexpr std::uint64_t kHour = 3600;

// Rules that need more than one value: they name the setting to be changed.
void check_listeners(const ServeArguments& values, SettingsReader& reader) {
  const auto check = [&](std::string_view name, const std::string& text) {
    const auto endpoint = parse_endpoint(text);
    if (!endpoint || is_loopback(*endpoint)) return;
    const std::string_view resting_on[] = {name, "dev", "behind_proxy"};
    if (values.dev) {
      reader.blame(name,
                   endpoint->text() +
                       ": --dev trusts every caller, so it listens on loopback "
                       "alone (127.0.0.1 or [::1])",
                   resting_on);
    } else if (!values.behind_proxy) {
      reader.blame(name,
                   endpoint->text() +
                       " could be reached from elsewhere without TLS: put a proxy "
                       "in front that speaks TLS and say --behind-proxy",
                   resting_on);
    }
  };
  check("http.listen", values.http_listen);
  check("admin.listen", values.admin_listen);
  const auto http = parse_endpoint(values.http_listen);
  const auto admin = parse_endpoint(values.admin_listen);
  if (http && admin && http->port != 0 && http->text() == admin->text()) {
    const std::string_view resting_on[] = {"http.listen", "admin.listen"};
    // The one that somebody chose, rather than a default.
    const bool blame_admin =
        reader.origin_of("admin.listen").source >= reader.origin_of("http.listen").source;
    reader.blame(resting_on[blame_admin ? 1 : 0],
                 admin->text() + " is the address of both http.listen and admin.listen",
                 resting_on);
  }
}

std::vector<std::string> environment_variables() {
  std::vector<std::string> variables;
  for (char** variable = environ; variable != nullptr && *variable != nullptr; ++variable) {
    variables.emplace_back(*variable);
  }
  return variables;
}

// Settings of one section each; those of none come first.
using SettingsPart = std::vector<Setting> (*)(ServeArguments&);

std::string word_flaw(const std::string& text, bool is_known, std::string_view words) {
  return is_known ? std::string() : "'" + text + "' is none of " + std::string(words);
}

std::vector<Setting> of_the_server(ServeArguments& a) {
  return {
      {"engine",
       &a.engine,
       "What decides and keeps: this process, or Redis behind any number of these",
       "embedded|redis",
       {},
       [](const std::string& text) {
         return word_flaw(text, text == "embedded" || text == "redis", "embedded and redis");
       }},
      {"dev", &a.dev, "Trust the programs of this machine: no keys are needed"},
      {"demo", &a.demo, "Make sure there is a sale \"demo\" of 1,000 units"},
      {"behind_proxy", &a.behind_proxy, "Listen beyond loopback: a proxy in front speaks TLS"},
      {"data_dir", &a.data_dir, "Where sales, claims and keys are kept; with Redis the keys",
       "DIR"},
      {"trusted_proxies",
       &a.trusted_proxies,
       "Whose X-Buyer-Id is taken: addresses and networks",
       "LIST",
       {},
       http::network_flaw},
      {"io_threads", &a.io_threads, "Threads that serve connections", "N", {1, 64}},
      {"restart_grace_seconds",
       &a.restart_grace_seconds,
       "After a start no hold ends before this has passed",
       "N",
       {0, kHour}},
  };
}

std::vector<Setting> of_http(ServeArguments& a) {
  const auto time_limit = [](const char* name, std::uint64_t& value, const char* about) {
    return Setting{name, &value, about, "N", {1, kHour}, nullptr, Takes::effect_at_once};
  };
  const auto size_limit = [](const char* name, std::uint64_t& value, const char* about,
                             const char* type, Numbers numbers) {
    return Setting{name, &value, about, type, numbers, nullptr, Takes::effect_at_once};
  };
  return {
      {"http.listen", &a.http_listen, "Address and port of the API", "ADDRESS", {}, endpoint_flaw},
      {"http.cors_origins",
       &a.http_cors_origins,
       "Whose pages may read answers: https://shop.example",
       "LIST",
       {},
       api::origin_flaw},
      size_limit("http.max_connections", a.http_max_connections,
                 "Connections of each listener and I/O thread; further ones get 503", "N",
                 {1, 1'000'000}),
      size_limit("http.max_pipelined", a.http_max_pipelined,
                 "Requests of a connection that are unanswered at a time", "N", {1, 1024}),
      size_limit("http.max_head_bytes", a.http_max_head_bytes,
                 "Size of a request's head; larger ones get 431", "BYTES", {1024, kMiB / 4}),
      time_limit("http.head_timeout_seconds", a.http_head_timeout_seconds,
                 "From the first byte of a request's head to its end"),
      time_limit("http.body_timeout_seconds", a.http_body_timeout_seconds,
                 "From there to the end of its body"),
      time_limit("http.idle_timeout_seconds", a.http_idle_timeout_seconds,
                 "Between requests, and for a client that does not read"),
      time_limit("http.drain_timeout_seconds", a.http_drain_timeout_seconds,
                 "When stopped, to answer what is under way"),
  };
}

std::vector<Setting> of_keys(ServeArguments& a) {
  Setting file{"keys.file", &a.keys_file, "Merchants' keys; empty: keys.json in data_dir", "FILE"};
  file.may_be_empty = true;
  return {std::move(file)};
}

std::vector<Setting> of_web(ServeArguments& a) {
  Setting dir{"web.dir", &a.web_dir,
              "Console and element from a folder, to work on them; empty: those within", "DIR"};
  dir.may_be_empty = true;
  return {std::move(dir)};
}

std::vector<Setting> of_admin(ServeArguments& a) {
  return {
      {"admin.listen",
       &a.admin_listen,
       "Address of /livez, /readyz and /metrics",
       "ADDRESS",
       {},
       endpoint_flaw},
  };
}

std::vector<Setting> of_the_journal(ServeArguments& a) {
  return {
      // A file is read at once, and written in blocks.
      {"journal.segment_bytes",
       &a.journal_segment_bytes,
       "Size of the journal's files; less for a small disk",
       "BYTES",
       {kMiB, 1024 * kMiB, 4096}},
      {"journal.max_waiting",
       &a.journal_max_waiting,
       "Requests that wait for a decision or the disk; more get 503",
       "N",
       {64, 16 * kMiB}},
      {"journal.retain_bytes",
       &a.journal_retain_bytes,
       "Room for events that are kept to be read, at most",
       "BYTES",
       {0, kMiB * kMiB}},
      {"journal.retain_seconds",
       &a.journal_retain_seconds,
       "How long they are kept in that room; 0: as long as there is some",
       "N",
       {0, 10 * 365 * 24 * kHour}},
  };
}

std::vector<Setting> of_redis(ServeArguments& a) {
  const auto file = [](const char* name, std::string& value, const char* about) {
    Setting setting{name, &value, about, "FILE"};
    setting.may_be_empty = true;
    return setting;
  };
  return {
      {"redis.url",
       &a.redis_url,
       "The server, or a node of the cluster: redis://user@host:6379, rediss:// for TLS",
       "URL",
       {},
       redis_url_flaw},
      {"redis.cluster", &a.redis_cluster, "It is a cluster: its nodes are found"},
      {"redis.nodes",
       &a.redis_nodes,
       "Further nodes to find the cluster by, should that one be down: host:6379",
       "LIST",
       {},
       redis_node_flaw},
      {"redis.password", &a.redis_password, "By which the servers know who this is"},
      file("redis.ca_file", a.redis_ca_file, "Whose certificates are taken; empty: the system's"),
      file("redis.certificate_file", a.redis_certificate_file,
           "Shown to servers that ask for one; empty: none"),
      file("redis.key_file", a.redis_key_file, "Its key"),
      {"redis.durability",
       &a.redis_durability,
       "The least to answer at; from D2 on replicas are waited for",
       "D0|D1|D2|D3|none|unverified",
       {},
       [](const std::string& text) {
         return word_flaw(text, redis_level(text).has_value(),
                          "D0, D1, D2, D3, none and unverified");
       }},
      {"redis.kept_events",
       &a.redis_kept_events,
       "How many of the newest events can be read in the feed, at least",
       "N",
       {1'000, 1'000'000'000'000}},
  };
}

std::vector<Setting> of_the_log(ServeArguments& a) {
  const auto word = [](const char* name, std::string& value, const char* about, const char* words,
                       std::string (*flaw)(const std::string&), Takes takes) {
    return Setting{name, &value, about, words, {}, flaw, takes};
  };
  return {
      word(
          "log.format", a.log_format, "Lines on stderr: auto is text on a terminal and else json",
          "auto|json|text",
          [](const std::string& text) {
            return word_flaw(text, parse_log_format(text).has_value(), "auto, json and text");
          },
          Takes::a_restart),
      word(
          "log.level", a.log_level, "The least that is told", "debug|info|warning|error",
          [](const std::string& text) {
            return word_flaw(text, parse_log_level(text).has_value(),
                             "debug, info, warning and error");
          },
          Takes::effect_at_once),
      word(
          "log.access", a.log_access,
          "Requests told singly; sampled: those whose traceparent says so", "off|sampled|all",
          [](const std::string& text) {
            return word_flaw(text, api::parse_access_mode(text).has_value(),
                             "off, sampled and all");
          },
          Takes::effect_at_once),
  };
}

}  // namespace

std::vector<Setting> server_settings(ServeArguments& arguments) {
  std::vector<Setting> all;
  for (const SettingsPart part :
       {SettingsPart(of_the_server), SettingsPart(of_http), SettingsPart(of_keys),
        SettingsPart(of_web), SettingsPart(of_admin), SettingsPart(of_the_journal),
        SettingsPart(of_redis), SettingsPart(of_the_log)}) {
    for (Setting& setting : part(arguments)) all.push_back(std::move(setting));
  }
  return all;
}

Configuration read_configuration(const GivenSettings& given,
                                 std::span<const std::string> variables) {
  Configuration configuration;
  configuration.values.given = given;
  SettingsReader reader(server_settings(configuration.values));
  if (!given.file.empty()) reader.read_file(given.file);
  reader.read_environment(variables, given.other_variables);
  reader.read_flags(given.flags);
  check_listeners(configuration.values, reader);
  configuration.settings = reader.settings();
  configuration.mistakes = reader.mistakes();
  // Those of values together come to what else is wrong at their place.
  std::stable_sort(configuration.mistakes.begin(), configuration.mistakes.end(),
                   [](const SettingMistake& a, const SettingMistake& b) {
                     return a.origin.source < b.origin.source;
                   });
  return configuration;
}

Configuration read_configuration(const GivenSettings& given) {
  return read_configuration(given, environment_variables());
}

ExitCode exit_code_of(const std::vector<SettingMistake>& mistakes) {
  const bool flags_alone = std::all_of(
      mistakes.begin(), mistakes.end(),
      [](const SettingMistake& mistake) { return mistake.origin.source == SettingSource::flag; });
  return flags_alone ? ExitCode::usage : ExitCode::bad_configuration;
}

}  // namespace doorbuster::cli
