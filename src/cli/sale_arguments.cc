#include <CLI/CLI.hpp>
#include <memory>

#include "api/json.h"
#include "cli/commands.h"

namespace doorbuster::cli {
namespace {

constexpr std::string_view kSaleAbout =
    "Examples:\n"
    "  doorbuster sale create drop --stock 1000 --opens-at 2026-11-11T12:00:00Z\n"
    "  doorbuster sale list\n"
    "  doorbuster sale set drop --stock +100\n"
    "  doorbuster sale pause drop\n"
    "\n"
    "Publishes, reads and changes the sales of a running server.\n";

constexpr std::string_view kSaleCreateAbout =
    "Examples:\n"
    "  doorbuster sale create drop --stock 1000\n"
    "  doorbuster sale create drop --stock 1000 --title 'The drop' --per-buyer-limit 2 \\\n"
    "      --hold-seconds 600 --opens-at 2026-11-11T12:00:00Z --closes-at 2026-11-11T13:00:00Z\n"
    "\n"
    "Publishes a sale; without --opens-at it is open at once. The same command again is safe: it "
    "finds\n"
    "the sale that is there. Exit code: 1 where a sale of that id has another definition.\n";

constexpr std::string_view kSaleListAbout =
    "Examples:\n"
    "  doorbuster sale list\n"
    "  doorbuster sale list --json\n"
    "\n"
    "All sales, in the order in which they were created.\n";

constexpr std::string_view kShowAbout =
    "Examples:\n"
    "  doorbuster sale show drop\n"
    "  doorbuster sale show drop --json\n"
    "\n"
    "A sale's definition and how it stands; with --json the sale with its `stats` as a member.\n";

constexpr std::string_view kSetAbout =
    "Examples:\n"
    "  doorbuster sale set drop --stock +100               100 more\n"
    "  doorbuster sale set drop --closes-at none           until it is closed by hand\n"
    "  doorbuster sale set drop --metadata '{\"sku\":null}'  members are merged; null removes one\n"
    "\n"
    "Changes a sale; what is not named stays. Nothing is changed when somebody else has changed "
    "it\n"
    "meanwhile: that is exit code 1, and then it is to be looked at again.\n";

constexpr std::string_view kPauseAbout =
    "Examples:\n"
    "  doorbuster sale pause drop\n"
    "\n"
    "Grants no further claims until it is resumed; holds are confirmed, released and end as "
    "before.\n";

constexpr std::string_view kResumeAbout =
    "Examples:\n"
    "  doorbuster sale resume drop\n"
    "\n"
    "Goes on with a sale that was paused.\n";

constexpr std::string_view kCloseAbout =
    "Examples:\n"
    "  doorbuster sale close drop\n"
    "  doorbuster sale close drop --yes\n"
    "\n"
    "Closes a sale for ever. Claims stay; live holds may still be confirmed until they end.\n";

constexpr std::string_view kCancelAbout =
    "Examples:\n"
    "  doorbuster sale cancel drop\n"
    "  doorbuster sale cancel drop --yes\n"
    "\n"
    "Closes a sale for ever, releases its holds, and owes a refund for each confirmed claim.\n";

constexpr std::string_view kDeleteAbout =
    "Examples:\n"
    "  doorbuster sale delete drop\n"
    "  doorbuster sale delete drop --yes\n"
    "\n"
    "Deletes a sale that has not opened yet. Its id is not used again.\n";

std::string stock_change_flaw(const std::string& text) {
  const bool is_signed = text.starts_with('+') || text.starts_with('-');
  return whole_number_flaw(is_signed ? text.substr(1) : text);
}

std::string json_flaw(const std::string& text) {
  api::JsonDocument json;
  return json.parse(text) ? "'" + text + "' is not JSON" : std::string();
}

// Options whose absence says something.
template <typename Value>
CLI::Option* add_optional(CLI::App& app, const char* name, std::optional<Value>& value,
                          const char* about, const char* type) {
  return app
      .add_option_function<std::string>(
          name,
          [&value](const std::string& text) {
            if constexpr (std::is_same_v<Value, std::uint64_t>) {
              value = std::stoull(text);
            } else {
              value = text;
            }
          },
          about)
      ->type_name(type)
      ->check(CLI::Validator(
          [](const std::string& text) {
            return std::is_same_v<Value, std::uint64_t> ? whole_number_flaw(text) : utf8_flaw(text);
          },
          "", ""));
}

void add_terms(CLI::App& app, SaleTerms& terms) {
  add_optional(app, "--title", terms.title, "What it is called", "TEXT");
  add_optional(app, "--per-buyer-limit", terms.per_buyer_limit, "Units a buyer may have", "N");
  add_optional(app, "--hold-seconds", terms.hold_seconds,
               "How long a claim waits for its confirmation; 0: none is needed", "N");
  add_optional(app, "--opens-at", terms.opens_at, "RFC 3339, or none", "TIME");
  add_optional(app, "--closes-at", terms.closes_at, "RFC 3339, or none", "TIME");
  add_optional(app, "--late-payment", terms.late_payment,
               "What becomes of money for a hold that has ended", "reject|reacquire")
      ->check(CLI::IsMember({"reject", "reacquire"}).description(""));
  add_optional(app, "--claim-attempts", terms.claim_attempts,
               "How often a buyer whose claim has ended may claim again", "N");
  add_optional(app, "--max-extension-seconds", terms.max_extension_seconds,
               "By how much a hold may be extended, once", "N");
  add_optional(app, "--archive-after-seconds", terms.archive_after_seconds,
               "How long after its end a closed sale stays in memory", "N");
  add_optional(app, "--metadata", terms.metadata, "The shop's own, an object", "JSON")
      ->check(CLI::Validator(json_flaw, "", "json"));
}

constexpr std::string_view kAcceptRewindAbout =
    "Examples:\n"
    "  doorbuster health              which sales were rewound?\n"
    "  doorbuster sale accept-rewind drop\n"
    "  doorbuster sale accept-rewind drop --yes --url http://10.0.0.5:8081\n"
    "\n"
    "A Redis that was restored, or a failover, may have lost what this gateway had acknowledged; "
    "then\n"
    "it sells nothing of that sale any more. This lists the claims that are gone, of the last "
    "4,096\n"
    "that this gateway granted, and after a yes sells on from what there is. What those buyers "
    "were\n"
    "told no longer holds: tell them. It is said to each gateway that has found the same.\n";

void add_act(CLI::App& sale, Commands& commands, SaleAct act, const char* name, const char* line,
             std::string_view about) {
  const auto arguments = std::make_shared<SaleActArguments>();
  arguments->act = act;
  CLI::App* command = add_command(sale, name, line, about);
  add_sale_id(*command, arguments->sale);
  if (act != SaleAct::pause && act != SaleAct::resume) {
    command->add_flag("--yes", arguments->yes, "Do not ask; needed where nobody can be asked");
  }
  add_api_options(*command, arguments->api);
  commands.push_back({command, [arguments] { return Arguments(*arguments); }});
}

}  // namespace

void add_sale_commands(CLI::App& app, Commands& commands) {
  CLI::App* sale = add_command(app, "sale", "Publish, read and change sales", kSaleAbout);

  const auto create = std::make_shared<SaleCreateArguments>();
  CLI::App* command = add_command(*sale, "create", "Publish a sale", kSaleCreateAbout);
  add_sale_id(*command, create->sale);
  command->add_option("--stock", create->terms.stock, "Units on offer")
      ->required()
      ->type_name("N")
      ->check(CLI::Validator(whole_number_flaw, "", "stock"));
  add_terms(*command, create->terms);
  add_api_options(*command, create->api);
  commands.push_back({command, [create] { return Arguments(*create); }});

  const auto list = std::make_shared<SaleListArguments>();
  command = add_command(*sale, "list", "List all sales", kSaleListAbout);
  add_api_options(*command, list->api);
  commands.push_back({command, [list] { return Arguments(*list); }});

  const auto show = std::make_shared<SaleShowArguments>();
  command = add_command(*sale, "show", "Show a sale and how it stands", kShowAbout);
  add_sale_id(*command, show->sale);
  add_api_options(*command, show->api);
  commands.push_back({command, [show] { return Arguments(*show); }});

  const auto set = std::make_shared<SaleSetArguments>();
  command = add_command(*sale, "set", "Change a sale", kSetAbout);
  add_sale_id(*command, set->sale);
  command->add_option("--stock", set->terms.stock, "Units in all; +N or -N: so many more or fewer")
      ->type_name("N")
      ->check(CLI::Validator(stock_change_flaw, "", "stock"));
  add_terms(*command, set->terms);
  add_api_options(*command, set->api);
  commands.push_back({command, [set] { return Arguments(*set); }});

  add_act(*sale, commands, SaleAct::pause, "pause", "Grant no claims for now", kPauseAbout);
  add_act(*sale, commands, SaleAct::resume, "resume", "Go on after a pause", kResumeAbout);
  add_act(*sale, commands, SaleAct::close, "close", "End a sale", kCloseAbout);
  add_act(*sale, commands, SaleAct::cancel, "cancel", "End a sale and undo it", kCancelAbout);
  add_act(*sale, commands, SaleAct::delete_, "delete", "Delete a sale", kDeleteAbout);

  const auto accept = std::make_shared<RewindAcceptArguments>();
  command = add_command(*sale, "accept-rewind", "Go on with a sale that Redis has lost a part of",
                        kAcceptRewindAbout);
  add_sale_id(*command, accept->sale);
  command->add_flag("--yes", accept->yes, "Do not ask; needed where nobody can be asked");
  add_admin_url(*command, accept->url);
  commands.push_back({command, [accept] { return Arguments(*accept); }});
}

}  // namespace doorbuster::cli
