#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "cli/command_tree.h"
#include "cli/commands.h"
#include "cli/server_settings.h"

namespace doorbuster::cli {
namespace {

constexpr std::string_view kConfigAbout =
    "Examples:\n"
    "  doorbuster config print\n"
    "  doorbuster config check --config /etc/doorbuster.toml\n"
    "\n"
    "Shows and checks the server's settings. Starts nothing.\n";

constexpr std::string_view kPrintAbout =
    "Examples:\n"
    "  doorbuster config print                                      all there is to set\n"
    "  doorbuster config print --config /etc/doorbuster.toml --dev  as `serve` would have it\n"
    "  doorbuster config print > doorbuster.toml                    a file to begin with\n"
    "\n"
    "Prints every setting as it would be in effect, and where it comes from. It takes the options\n"
    "of `serve`. Secrets are not shown. Exit code: 78 where the environment or the file is "
    "wrong.\n";

constexpr std::string_view kCheckAbout =
    "Examples:\n"
    "  doorbuster config check --config /etc/doorbuster.toml\n"
    "  doorbuster config check --config /etc/doorbuster.toml && systemctl reload doorbuster\n"
    "\n"
    "Says all that is wrong with the settings. It takes the options of `serve`, and starts "
    "nothing.\n"
    "Exit code: 0 they are good, 78 the environment or the file is wrong, 2 an option is.\n";

CLI::Option* add_setting(CLI::App& app, const Setting& setting) {
  CLI::Option* option;
  if (is_switch(setting)) {
    option = app.add_flag(flag_of(setting));
  } else {
    // Their values are checked together with those of file and environment.
    option = app.add_option(flag_of(setting))->expected(1);
    option->type_name(is_secret(setting) ? "FILE" : setting.type_name);
    if (!is_secret(setting)) {
      const SettingValue value = value_of(setting);
      const auto* text = std::get_if<std::string>(&value);
      option->default_str(text == nullptr ? shown(value) : *text);
    }
  }
  option->description(setting.about);
  option->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  return option;
}

// Every variable by which some option of some command can be given. (A client's key is in the
// environment alone.)
void append_variables(const CLI::App& app, std::vector<std::string>& variables) {
  for (const CLI::Option* option : app.get_options()) {
    if (!option->get_envname().empty()) variables.push_back(option->get_envname());
  }
  for (const CLI::App* command : app.get_subcommands({})) append_variables(*command, variables);
}

}  // namespace

std::function<GivenSettings()> add_settings(CLI::App& app) {
  const auto file = std::make_shared<std::string>();
  app.add_option("--config", *file, "File of settings, in TOML")
      ->type_name("FILE")
      ->envname("DOORBUSTER_CONFIG");
  std::vector<std::pair<std::string, const CLI::Option*>> options;
  ServeArguments defaults;
  for (const Setting& setting : server_settings(defaults)) {
    options.emplace_back(flag_of(setting), add_setting(app, setting));
  }
  return [&app, file, options] {
    GivenSettings given;
    given.file = *file;
    for (const auto& [flag, option] : options) {
      if (option->count() > 0) given.flags.push_back({flag, option->results()});
    }
    given.other_variables = {"DOORBUSTER_API_KEY", "DOORBUSTER_API_KEY_FILE"};
    append_variables(root_of(app), given.other_variables);
    return given;
  };
}

void add_config_commands(CLI::App& app, Commands& commands) {
  CLI::App* config = add_command(app, "config", "Show and check the settings", kConfigAbout);

  const auto print_json = std::make_shared<bool>(false);
  CLI::App* command = add_command(*config, "print", "Print the settings in effect", kPrintAbout);
  command->add_flag("--json", *print_json, "The result as JSON");
  commands.push_back({command, [given = add_settings(*command), print_json] {
                        return Arguments(ConfigPrintArguments{given(), *print_json});
                      }});

  const auto check_json = std::make_shared<bool>(false);
  command = add_command(*config, "check", "Say what is wrong with the settings", kCheckAbout);
  command->add_flag("--json", *check_json, "The result as JSON");
  commands.push_back({command, [given = add_settings(*command), check_json] {
                        return Arguments(ConfigCheckArguments{given(), *check_json});
                      }});
}

}  // namespace doorbuster::cli
