#include "cli/arguments.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <limits>
#include <memory>
#include <vector>

#include "api/text.h"
#include "cli/commands.h"

namespace doorbuster::cli {
namespace {

constexpr std::string_view kAbout =
    "Examples:\n"
    "  doorbuster serve --dev --demo                   try it: a server for this machine, with a "
    "demo sale\n"
    "  doorbuster serve --data-dir /srv/sales          keep the data elsewhere\n"
    "  doorbuster sale create drop --stock 1000        put 1,000 units on offer\n"
    "  doorbuster sale show drop                       how is it going?\n"
    "  doorbuster claims export drop --output won.csv  who got one?\n"
    "  doorbuster keys create shop --scopes all        a key for the shop's programs\n"
    "  doorbuster verify ./data                        does what is stored add up?\n"
    "  doorbuster health                               is the server on this machine ready?\n"
    "\n"
    "doorbuster decides flash sales: every unit sold once, every win kept.\n";

// Help that begins with examples. They are the app's footer, since what is called an app's
// description stands in the list of commands.
class ExamplesFirst final : public CLI::Formatter {
 public:
  std::string make_description(const CLI::App* app) const override {
    return app->get_footer() + "\n";
  }
  std::string make_footer(const CLI::App*) const override { return {}; }
};

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

// The command that was named, as far as it was understood.
const CLI::App& chosen(const CLI::App& app) {
  const CLI::App* command = &app;
  while (!command->get_subcommands().empty()) command = command->get_subcommands().front();
  return *command;
}

// "doorbuster sale create"
std::string full_name(const CLI::App& command) {
  const CLI::App* parent = command.get_parent();
  return parent == nullptr ? command.get_name() : full_name(*parent) + " " + command.get_name();
}

ExitCode point_to_help(const CLI::App& app) {
  std::fprintf(stderr, "Try '%s --help'.\n", full_name(chosen(app)).c_str());
  return ExitCode::usage;
}

ExitCode explain_unknown(const CLI::App& app) {
  const CLI::App& command = chosen(app);
  const auto unknown = app.remaining(true);
  std::string word = unknown.empty() ? "" : unknown.front();
  const bool is_option = word.starts_with('-');
  const bool has_commands = !command.get_subcommands({}).empty();
  const char* kind = is_option ? "option" : has_commands ? "command" : "argument";
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
  app.formatter(std::make_shared<ExamplesFirst>());
  app.footer(std::string(kAbout));
  app.set_version_flag("--version", "doorbuster " + std::string(version()));
  app.option_defaults()->always_capture_default();
  app.require_subcommand(0, 1);
  app.failure_message(CLI::FailureMessage::simple);
  Commands commands;
  add_server_commands(app, commands);
  add_sale_commands(app, commands);
  add_claims_commands(app, commands);
  add_keys_commands(app, commands);
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
  for (const Command& command : commands) {
    if (command.app->parsed()) return command.arguments();
  }
  // A group without a command, or nothing at all.
  std::fputs(app.help().c_str(), stderr);
  return ExitCode::usage;
}

}  // namespace doorbuster::cli
