#include <CLI/CLI.hpp>
#include <memory>
#include <utility>

#include "cli/commands.h"
#include "cli/config_commands.h"
#include "cli/server_settings.h"

namespace doorbuster::cli {
namespace {

constexpr std::string_view kServeAbout =
    "Examples:\n"
    "  doorbuster serve --dev --demo\n"
    "  doorbuster serve --dev --http.listen 127.0.0.1:9000 --data-dir /tmp/trial\n"
    "  doorbuster serve --config /etc/doorbuster.toml\n"
    "  doorbuster serve --data-dir /srv/sales --trusted-proxies 10.0.0.2\n"
    "\n"
    "Serves sales until it is told to stop (Ctrl-C or SIGTERM), then finishes what is under way.\n"
    "SIGHUP reads the file of settings again.\n"
    "\n"
    "Every setting can be given in three ways, of which the first wins: --http.listen here,\n"
    "DOORBUSTER_HTTP_LISTEN in the environment, `listen` under [http] in the file (TOML).\n";

constexpr std::string_view kVerifyAbout =
    "Examples:\n"
    "  doorbuster verify ./data\n"
    "  doorbuster verify ./data --json\n"
    "  doorbuster verify /backups/2026-11-26\n"
    "\n"
    "Reads a data directory or a backup, changes nothing, and says whether it adds up. A server "
    "may\n"
    "be running on it. What is damaged is named: file, offset, sale, sequence. Exit code: 0 it "
    "does,\n"
    "3 it does not, 4 there is none, 1 anything else.\n";

constexpr std::string_view kHealthAbout =
    "Examples:\n"
    "  doorbuster health\n"
    "  doorbuster health --url http://127.0.0.1:8081 --json\n"
    "\n"
    "Asks a server's admin listener whether it is ready. Exit code: 0 it is, 4 it is not.\n";

constexpr std::string_view kClockAbout =
    "Examples:\n"
    "  doorbuster clock accept\n"
    "\n"
    "Sees to the clock by which a server opens and ends things.\n";

constexpr std::string_view kAcceptAbout =
    "Examples:\n"
    "  doorbuster health          what does it say of the clock?\n"
    "  doorbuster clock accept    the machine's clock is as it shall be\n"
    "\n"
    "A server does not follow a clock that steps by more than 5 s, since a sale would open, or a "
    "hold\n"
    "end, too early; and it does not begin with one that is behind its journal. After this command "
    "it\n"
    "follows a step forward, lets one back be, and goes on from the journal's time. That cannot "
    "be\n"
    "undone: set the machine's clock first, and look at it twice.\n";

void add_serve(CLI::App& app, Commands& commands) {
  CLI::App* command = add_command(app, "serve", "Serve sales", kServeAbout);
  commands.push_back({command, [given = add_settings(*command)]() -> Arguments {
                        Configuration configuration = read_configuration(given());
                        if (configuration.mistakes.empty()) return std::move(configuration.values);
                        tell(configuration.mistakes);
                        return exit_code_of(configuration.mistakes);
                      }});
}

}  // namespace

void add_server_commands(CLI::App& app, Commands& commands) {
  add_serve(app, commands);

  const auto verify = std::make_shared<VerifyArguments>();
  CLI::App* command =
      add_command(app, "verify", "Say whether data or a backup adds up", kVerifyAbout);
  command->add_option("DIR", verify->data_dir, "The data directory, or the backup")
      ->required()
      ->type_name("");
  command->add_flag("--json", verify->json, "The result as JSON");
  commands.push_back({command, [verify] { return Arguments(*verify); }});

  const auto health = std::make_shared<HealthArguments>();
  command = add_command(app, "health", "Ask a server whether it is ready", kHealthAbout);
  add_admin_url(*command, health->url);
  command->add_flag("--json", health->json, "The result as JSON");
  commands.push_back({command, [health] { return Arguments(*health); }});

  const auto accept = std::make_shared<ClockAcceptArguments>();
  CLI::App* clock = add_command(app, "clock", "See to a server's clock", kClockAbout);
  command = add_command(*clock, "accept", "Take the machine's clock as it is now", kAcceptAbout);
  add_admin_url(*command, accept->url);
  commands.push_back({command, [accept] { return Arguments(*accept); }});
}

}  // namespace doorbuster::cli
