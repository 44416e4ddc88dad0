#include <CLI/CLI.hpp>
#include <memory>

#include "api/text.h"
#include "cli/commands.h"

namespace doorbuster::cli {
namespace {

constexpr std::string_view kEventsAbout =
    "Examples:\n"
    "  doorbuster events tail\n"
    "\n"
    "Reads what happened on a server.\n";

constexpr std::string_view kTailAbout =
    "Examples:\n"
    "  doorbuster events tail\n"
    "  doorbuster events tail --sale drop --after 0\n"
    "  doorbuster events tail --json | jq -r "
    "'select(.type==\"doorbuster.claim.held\").data.buyer'\n"
    "\n"
    "Shows events as they happen, until it is interrupted. A server that goes away is waited for, "
    "and\n"
    "read on where it was left: no event is missed, none is shown twice.\n"
    "With --json each is a CloudEvent, one a line; its id is a cursor for --after.\n";

constexpr std::string_view kExplainAbout =
    "Examples:\n"
    "  doorbuster explain drop alice\n"
    "  doorbuster explain drop alice --json\n"
    "\n"
    "Tells, event by event, why a buyer has what he has: what happened to the sale, and what "
    "became\n"
    "of each of his claims. What was refused is no event, and not told.\n";

std::string slug_flaw(const std::string& id) {
  if (api::is_slug(id)) return {};
  return "'" + id + "' is no sale's id: 1 to 64 of the characters a-z, 0-9 and '-'";
}

}  // namespace

void add_events_commands(CLI::App& app, Commands& commands) {
  CLI::App* events = add_command(app, "events", "Read what happened on a server", kEventsAbout);
  const auto tail = std::make_shared<EventsTailArguments>();
  CLI::App* command = add_command(*events, "tail", "Show events as they happen", kTailAbout);
  command->add_option("--sale", tail->sale, "Those of one sale")
      ->type_name("ID")
      ->check(CLI::Validator(slug_flaw, "", "id"));
  command
      ->add_option("--after", tail->after,
                   "Those behind this event's id; 0: all that are kept; latest: what is new")
      ->type_name("CURSOR");
  add_api_options(*command, tail->api);
  commands.push_back({command, [tail] { return Arguments(*tail); }});

  const auto explain = std::make_shared<ExplainArguments>();
  command = add_command(app, "explain", "Tell why a buyer has what he has", kExplainAbout);
  add_sale_id(*command, explain->sale);
  command->add_option("BUYER", explain->buyer, "The buyer")->required()->type_name("");
  add_api_options(*command, explain->api);
  commands.push_back({command, [explain] { return Arguments(*explain); }});
}

}  // namespace doorbuster::cli
