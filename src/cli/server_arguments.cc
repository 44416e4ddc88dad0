#include <CLI/CLI.hpp>
#include <memory>

#include "api/text.h"
#include "cli/commands.h"

namespace doorbuster::cli {
namespace {

constexpr std::string_view kServeAbout =
    "Examples:\n"
    "  doorbuster serve --dev --demo\n"
    "  doorbuster serve --dev --http.listen 127.0.0.1:9000 --data-dir /tmp/trial\n"
    "  doorbuster serve --data-dir /srv/sales --http.listen 10.0.0.5:8080 --behind-proxy \\\n"
    "      --trusted-proxies 10.0.0.2\n"
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

// What is wrong with it; empty: nothing. A file is read at once, and written in blocks.
std::string segment_bytes_flaw(const std::string& text) {
  constexpr std::uint64_t kLeast = std::uint64_t{1} << 20;
  constexpr std::uint64_t kMost = std::uint64_t{1} << 30;
  const auto bytes = api::parse_number(text, kMost);
  if (bytes && *bytes >= kLeast && *bytes % 4096 == 0) return {};
  return "'" + text + "' is no multiple of 4096 from 1048576 to 1073741824";
}

void add_serve(CLI::App& app, Commands& commands) {
  const auto serve = std::make_shared<ServeArguments>();
  CLI::App* command = add_command(app, "serve", "Serve sales", kServeAbout);
  command->add_flag("--dev", serve->dev, "Trust the programs of this machine: no keys are needed");
  command->add_flag("--demo", serve->demo, "Make sure there is a sale \"demo\" of 1,000 units");
  command->add_flag("--behind-proxy", serve->behind_proxy,
                    "Listen on other addresses than loopback: a proxy in front speaks TLS");
  command->add_option("--data-dir", serve->data_dir, "Where sales and claims are kept")
      ->type_name("DIR");
  command
      ->add_option("--keys.file", serve->keys_file,
                   "The file of merchants' keys; without it, DIR/keys.json")
      ->type_name("FILE");
  command
      ->add_option("--trusted-proxies", serve->trusted_proxies,
                   "Whose X-Buyer-Id is taken: addresses and networks between commas")
      ->type_name("LIST");
  command->add_option("--http.listen", serve->http_listen, "Address and port of the API")
      ->type_name("ADDRESS");
  command
      ->add_option("--http.cors-origins", serve->cors_origins,
                   "Whose pages may read answers: origins between commas, https://shop.example")
      ->type_name("LIST");
  command
      ->add_option("--admin.listen", serve->admin_listen, "Address and port of /livez and /readyz")
      ->type_name("ADDRESS");
  command->add_option("--io-threads", serve->io_threads, "Threads that serve connections")
      ->type_name("N")
      ->check(CLI::Range(1, 64).description(""));
  command
      ->add_option("--journal.segment-bytes", serve->journal_segment_bytes,
                   "Size of the journal's files; less for a small disk")
      ->type_name("BYTES")
      ->check(CLI::Validator(segment_bytes_flaw, "", "segment-bytes"));
  commands.push_back({command, [serve] { return Arguments(*serve); }});
}

}  // namespace

void add_server_commands(CLI::App& app, Commands& commands) {
  add_serve(app, commands);

  const auto verify = std::make_shared<VerifyArguments>();
  CLI::App* command =
      add_command(app, "verify", "Say whether a data directory adds up", kVerifyAbout);
  command->add_option("DIR", verify->data_dir, "The data directory")->required()->type_name("");
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
