// What the groups of commands share while the command line is read: each adds its commands, with
// their options, to the whole.
//
// Thread: main.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/arguments.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace doorbuster::cli {

// A command that can be given, and what it means once it was.
struct Command {
  CLI::App* app;
  std::function<Arguments()> arguments;
};
using Commands = std::vector<Command>;

void add_server_commands(CLI::App& app, Commands& commands);  // serve, verify, health, clock
void add_backup_commands(CLI::App& app, Commands& commands);  // backup, restore, repair
void add_sale_commands(CLI::App& app, Commands& commands);
void add_claims_commands(CLI::App& app, Commands& commands);
void add_keys_commands(CLI::App& app, Commands& commands);
void add_events_commands(CLI::App& app, Commands& commands);
void add_bench_command(CLI::App& app, Commands& commands);
void add_config_commands(CLI::App& app, Commands& commands);
void add_completions(CLI::App& app, Commands& commands);  // of all commands there are then

// Adds a command to `app`: one line for the list of commands, and what its help begins with,
// examples first.
CLI::App* add_command(CLI::App& app, const char* name, const char* line, std::string_view about);

// --config and an option for each setting of the server. The result gives what was said of them,
// once the command line is read.
std::function<GivenSettings()> add_settings(CLI::App& app);

// --url and --key-file.
void add_server(CLI::App& app, ApiArguments& api);
// Those, and --json.
void add_api_options(CLI::App& app, ApiArguments& api);
void add_admin_url(CLI::App& app, std::string& url);
void add_sale_id(CLI::App& app, std::string& sale);

// Checks: an error for people, or nothing.
std::string whole_number_flaw(const std::string& text);
std::string utf8_flaw(const std::string& text);

}  // namespace doorbuster::cli
