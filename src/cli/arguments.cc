#include "cli/arguments.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <limits>
#include <memory>

#include "api/text.h"
#include "cli/commands.h"
#include "cli/help.h"
#include "cli/usage_errors.h"

namespace doorbuster::cli {
namespace {

constexpr std::string_view kAbout =
    "Examples:\n"
    "  doorbuster serve --dev --demo                   try it on this machine, with a demo sale\n"
    "  doorbuster serve --config doorbuster.toml       serve as it says there\n"
    "  doorbuster sale create drop --stock 1000        put 1,000 units on offer\n"
    "  doorbuster sale show drop                       how is it going?\n"
    "  doorbuster claims export drop --output won.csv  who got one?\n"
    "  doorbuster keys create shop --scopes all        a key for the shop's programs\n"
    "  doorbuster verify ./data                        does what is stored add up?\n"
    "  doorbuster health                               is the server on this machine ready?\n"
    "  doorbuster bench                                send it a crowd, and check what it did\n"
    "\n"
    "doorbuster decides flash sales: every unit sold once, every win kept.\n"
    "\n"
    "Exit codes: 0 done, 1 refused or failed, 2 usage, 3 does not add up, 4 nobody answers or not\n"
    "ready, 5 not allowed, 78 bad configuration, 130 interrupted.\n";

}  // namespace

std::string_view version() { return DOORBUSTER_VERSION; }

CLI::App* add_command(CLI::App& app, const char* name, const char* line, std::string_view about) {
  CLI::App* command = app.add_subcommand(name, line);
  command->footer(std::string(about));
  command->require_subcommand(0, 1);
  return command;
}

void add_server(CLI::App& app, ApiArguments& api) {
  app.add_option("--url", api.url, "The server")->type_name("URL")->envname("DOORBUSTER_URL");
  // Not by CLI11's environment: DOORBUSTER_API_KEY comes between the two (cli/api_credential.h).
  app.add_option("--key-file", api.key_file,
                 "A file with the key for it (Env:DOORBUSTER_API_KEY_FILE; or DOORBUSTER_API_KEY, "
                 "the key itself)")
      ->type_name("FILE");
}

void add_api_options(CLI::App& app, ApiArguments& api) {
  add_server(app, api);
  app.add_flag("--json", api.json, "The result as JSON");
}

void add_admin_url(CLI::App& app, std::string& url) {
  app.add_option("--url", url, "The server's admin listener")
      ->type_name("URL")
      ->envname("DOORBUSTER_ADMIN_URL");
}

void add_sale_id(CLI::App& app, std::string& sale) {
  const auto flaw = [](const std::string& id) {
    return api::is_slug(id)
               ? std::string()
               : "'" + id + "' is no sale's id: 1 to 64 of the characters a-z, 0-9 and '-'";
  };
  app.add_option("ID", sale, "The sale's id")
      ->required()
      ->type_name("")
      ->check(CLI::Validator(flaw, "", "id"));
}

std::string whole_number_flaw(const std::string& text) {
  constexpr auto kMost = std::numeric_limits<std::int64_t>::max();
  if (api::parse_number(text, kMost)) return {};
  return "'" + text + "' is no whole number written in digits";
}

std::string utf8_flaw(const std::string& text) {
  return api::count_characters(text) ? std::string() : "is not UTF-8";
}

Arguments parse_arguments(int argc, const char* const* argv) {
  CLI::App app("", "doorbuster");
  app.formatter(std::make_shared<Help>());
  app.footer(std::string(kAbout));
  app.set_help_flag("-h,--help", "Show this help");
  app.set_version_flag("--version", "doorbuster " + std::string(version()), "Show the version");
  app.option_defaults()->always_capture_default();
  app.require_subcommand(0, 1);
  app.failure_message(CLI::FailureMessage::simple);
  Commands commands;
  add_server_commands(app, commands);
  add_backup_commands(app, commands);
  add_sale_commands(app, commands);
  add_claims_commands(app, commands);
  add_keys_commands(app, commands);
  add_events_commands(app, commands);
  add_bench_command(app, commands);
  add_config_commands(app, commands);
  add_completions(app, commands);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& shown) {  // --help, --version
    app.exit(shown);
    return ExitCode::ok;
  } catch (const CLI::ExtrasError&) {
    return explain_unknown(app);
  } catch (const CLI::ParseError& error) {
    return explain(app, error.what());
  }
  for (const Command& command : commands) {
    if (!command.app->parsed()) continue;
    Arguments arguments = command.arguments();
    const auto* code = std::get_if<ExitCode>(&arguments);
    if (code != nullptr && *code == ExitCode::usage) point_to_help(app);
    return arguments;
  }
  // A group without a command, or nothing at all.
  std::fputs(app.help().c_str(), stderr);
  return ExitCode::usage;
}

}  // namespace doorbuster::cli
