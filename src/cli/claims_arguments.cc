#include <CLI/CLI.hpp>
#include <map>
#include <memory>

#include "cli/commands.h"

namespace doorbuster::cli {
namespace {

constexpr std::string_view kClaimsAbout =
    "Examples:\n"
    "  doorbuster claims list drop\n"
    "  doorbuster claims export drop --output winners.csv\n"
    "\n"
    "Reads the claims of a sale.\n";

constexpr std::string_view kListAbout =
    "Examples:\n"
    "  doorbuster claims list drop\n"
    "  doorbuster claims list drop --buyer alice\n"
    "  doorbuster claims list drop --limit 1000 --json\n"
    "\n"
    "The first claims of a sale, and where to go on; `claims export` writes all of them.\n";

constexpr std::string_view kExportAbout =
    "Examples:\n"
    "  doorbuster claims export drop --output winners.csv\n"
    "  doorbuster claims export drop --format ndjson | jq -r "
    "'select(.status==\"confirmed\").buyer'\n"
    "\n"
    "Writes every claim of a sale, each as it stands when its page is read.\n"
    "  csv     for spreadsheets: RFC 4180, UTF-8 with a byte order mark. A buyer or reference that "
    "a\n"
    "          spreadsheet would run as a formula (=, +, -, @ first), and one that begins with ',\n"
    "          has a ' put before it.\n"
    "  ndjson  for programs: exact, one JSON object a line.\n"
    "A file is replaced only by a whole one.\n";

}  // namespace

void add_claims_commands(CLI::App& app, Commands& commands) {
  CLI::App* claims = add_command(app, "claims", "Read the claims of a sale", kClaimsAbout);

  const auto list = std::make_shared<ClaimsListArguments>();
  CLI::App* command = add_command(*claims, "list", "List the first claims", kListAbout);
  add_sale_id(*command, list->sale);
  command->add_option("--limit", list->limit, "How many, 1 to 1000")
      ->type_name("N")
      ->check(CLI::Range(1, 1000).description(""));
  command->add_option("--buyer", list->buyer, "Those of one buyer")->type_name("BUYER");
  command->add_option("--after", list->after, "Go on where a list before ended")
      ->type_name("CURSOR");
  add_api_options(*command, list->api);
  commands.push_back({command, [list] { return Arguments(*list); }});

  const auto exported = std::make_shared<ClaimsExportArguments>();
  command = add_command(*claims, "export", "Write every claim as CSV or NDJSON", kExportAbout);
  add_sale_id(*command, exported->sale);
  const std::map<std::string, ExportFormat> formats = {{"csv", ExportFormat::csv},
                                                       {"ndjson", ExportFormat::ndjson}};
  command
      ->add_option_function<std::string>(
          "--format",
          [exported, formats](const std::string& name) { exported->format = formats.at(name); },
          "How it is written")
      ->type_name("csv|ndjson")
      ->default_str("csv")
      ->check(CLI::IsMember({"csv", "ndjson"}).description(""));
  command->add_flag_callback(
      "--json", [exported] { exported->format = ExportFormat::ndjson; },
      "The same as --format ndjson");
  command->add_option("--output", exported->output, "The file; without it, stdout")
      ->type_name("FILE");
  add_server(*command, exported->api);
  commands.push_back({command, [exported] { return Arguments(*exported); }});
}

}  // namespace doorbuster::cli
