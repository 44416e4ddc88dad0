#include "cli/arguments.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <cstdio>
#include <memory>
#include <vector>

#include "api/text.h"

namespace doorbuster::cli {
namespace {

constexpr std::string_view kAbout =
    "Examples:\n"
    "  doorbuster serve --dev --demo            try it: a server for this machine, with a demo "
    "sale\n"
    "  doorbuster serve --data-dir /srv/sales   keep the data elsewhere\n"
    "  doorbuster verify ./data                 does what is stored add up?\n"
    "  doorbuster health                        is the server on this machine ready?\n"
    "\n"
    "doorbuster decides flash sales: every unit sold once, every win kept.\n";

constexpr std::string_view kServeAbout =
    "Examples:\n"
    "  doorbuster serve --dev --demo\n"
    "  doorbuster serve --dev --http.listen 127.0.0.1:9000 --data-dir /tmp/trial\n"
    "\n"
    "Serves sales until it is told to stop (Ctrl-C or SIGTERM), then finishes what is under way.\n";

constexpr std::string_view kVerifyAbout =
    "Examples:\n"
    "  doorbuster verify ./data\n"
    "  doorbuster verify ./data --json\n"
    "\n"
    "Reads a data directory, changes nothing, and says whether it adds up. A server may be "
    "running\n"
    "on it. Exit code: 0 it does, 3 it does not, 4 there is none, 1 anything else.\n";

constexpr std::string_view kHealthAbout =
    "Examples:\n"
    "  doorbuster health\n"
    "  doorbuster health --url http://127.0.0.1:8081 --json\n"
    "\n"
    "Asks a server's admin listener whether it is ready. Exit code: 0 it is, 4 it is not.\n";

// Help that begins with examples; what an app's own description says is for the list of commands.
class ExamplesFirst final : public CLI::Formatter {
 public:
  std::string make_description(const CLI::App* app) const override {
    const std::string& name = app->get_name();
    const std::string_view about = name == "serve"    ? kServeAbout
                                   : name == "verify" ? kVerifyAbout
                                   : name == "health" ? kHealthAbout
                                                      : kAbout;
    return std::string(about) + "\n";
  }
};

// What is wrong with it; empty: nothing. A file is read at once, and written in blocks.
std::string segment_bytes_flaw(const std::string& text) {
  constexpr std::uint64_t kLeast = std::uint64_t{1} << 20;
  constexpr std::uint64_t kMost = std::uint64_t{1} << 30;
  std::uint64_t bytes = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), bytes);
  const bool is_number = error == std::errc{} && end == text.data() + text.size();
  if (is_number && bytes >= kLeast && bytes <= kMost && bytes % 4096 == 0) return {};
  return "'" + text + "' is no multiple of 4096 from 1048576 to 1073741824";
}

void set_up_serve(CLI::App& app, ServeArguments& serve) {
  app.add_flag("--dev", serve.dev, "Trust the programs of this machine: no keys are needed");
  app.add_flag("--demo", serve.demo, "Make sure there is a sale \"demo\" of 1,000 units");
  app.add_flag("--behind-proxy", serve.behind_proxy,
               "Listen on other addresses than loopback: a proxy in front speaks TLS");
  app.add_option("--data-dir", serve.data_dir, "Where sales and claims are kept")->type_name("DIR");
  app.add_option("--http.listen", serve.http_listen, "Address and port of the API")
      ->type_name("ADDRESS");
  app.add_option("--admin.listen", serve.admin_listen, "Address and port of /livez and /readyz")
      ->type_name("ADDRESS");
  app.add_option("--io-threads", serve.io_threads, "Threads that serve connections")
      ->type_name("N")
      ->check(CLI::Range(1, 64).description(""));
  app.add_option("--journal.segment-bytes", serve.journal_segment_bytes,
                 "Size of the journal's files; less for a small disk")
      ->type_name("BYTES")
      ->check(CLI::Validator(segment_bytes_flaw, "", "segment-bytes"));
}

void set_up_verify(CLI::App& app, VerifyArguments& verify) {
  app.add_option("DIR", verify.data_dir, "The data directory")->required()->type_name("");
  app.add_flag("--json", verify.json, "The result as JSON");
}

void set_up_health(CLI::App& app, HealthArguments& health) {
  app.add_option("--url", health.url, "The admin listener")->type_name("URL");
  app.add_flag("--json", health.json, "The result as JSON");
}

// The options of `app`, or its commands.
std::vector<std::string_view> words_of(const CLI::App& app, bool options) {
  std::vector<std::string_view> words;
  if (options) {
    for (const CLI::Option* option : app.get_options()) {
      for (const std::string& name : option->get_lnames()) words.push_back(name);
    }
  } else {
    for (const CLI::App* command : app.get_subcommands({})) words.push_back(command->get_name());
  }
  return words;
}

const CLI::App& chosen(const CLI::App& app) {
  const auto commands = app.get_subcommands();
  return commands.empty() ? app : *commands.front();
}

ExitCode point_to_help(const CLI::App& app) {
  const CLI::App& command = chosen(app);
  const std::string name = &command == &app ? "" : " " + command.get_name();
  std::fprintf(stderr, "Try 'doorbuster%s --help'.\n", name.c_str());
  return ExitCode::usage;
}

ExitCode explain_unknown(const CLI::App& app) {
  const CLI::App& command = chosen(app);
  const auto unknown = app.remaining(true);
  std::string word = unknown.empty() ? "" : unknown.front();
  const bool is_option = word.starts_with('-');
  const char* kind = is_option ? "option" : &command == &app ? "command" : "argument";
  std::fprintf(stderr, "doorbuster: unknown %s '%s'", kind, word.c_str());
  word.erase(0, word.find_first_not_of('-'));
  word.erase(std::min(word.find('='), word.size()));
  const auto meant = api::nearest_word(word, words_of(command, is_option));
  if (!meant.empty()) {
    std::fprintf(stderr, "; did you mean '%s%s'?", is_option ? "--" : "",
                 std::string(meant).c_str());
  }
  std::fputc('\n', stderr);
  return point_to_help(app);
}

}  // namespace

std::string_view version() { return DOORBUSTER_VERSION; }

Arguments parse_arguments(int argc, const char* const* argv) {
  CLI::App app("", "doorbuster");
  app.formatter(std::make_shared<ExamplesFirst>());
  app.set_version_flag("--version", "doorbuster " + std::string(version()));
  app.option_defaults()->always_capture_default();
  app.require_subcommand(0, 1);
  app.failure_message(CLI::FailureMessage::simple);
  ServeArguments serve;
  VerifyArguments verify;
  HealthArguments health;
  CLI::App* serve_app = app.add_subcommand("serve", "Serve sales");
  CLI::App* verify_app = app.add_subcommand("verify", "Say whether a data directory adds up");
  CLI::App* health_app = app.add_subcommand("health", "Ask a server whether it is ready");
  set_up_serve(*serve_app, serve);
  set_up_verify(*verify_app, verify);
  set_up_health(*health_app, health);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& shown) {  // --help, --version
    app.exit(shown);
    return ExitCode::ok;
  } catch (const CLI::ExtrasError&) {
    return explain_unknown(app);
  } catch (const CLI::ParseError& error) {
    std::fprintf(stderr, "doorbuster: %s\n", error.what());
    return point_to_help(app);
  }
  if (serve_app->parsed()) return serve;
  if (verify_app->parsed()) return verify;
  if (health_app->parsed()) return health;
  std::fputs(app.help().c_str(), stderr);
  return ExitCode::usage;
}

}  // namespace doorbuster::cli
