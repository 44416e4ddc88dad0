#include <string>
#include <vector>

#include "cli/api_client.h"
#include "cli/claims_commands.h"
#include "cli/console.h"
#include "cli/sale_text.h"

namespace doorbuster::cli {

ExitCode list_claims(const ClaimsListArguments& arguments) {
  auto client = client_of(arguments.api);
  if (!client) return ExitCode::usage;
  std::string target =
      sale_path(arguments.sale, "/claims?limit=" + std::to_string(arguments.limit));
  if (!arguments.after.empty()) target += "&after=" + percent_encoded(arguments.after);
  if (!arguments.buyer.empty()) target += "&buyer=" + percent_encoded(arguments.buyer);
  ApiAnswer page;
  if (const auto refusal = client->get(std::move(target), page)) return tell(*refusal);
  if (arguments.api.json) return print(page.root().compact() + "\n");
  std::vector<std::vector<Cell>> rows;
  page.root().for_each_in("data", [&](const JsonView& claim) { rows.push_back(claim_row(claim)); });
  if (rows.empty()) {
    say("there are no claims here");
    return ExitCode::ok;
  }
  const ExitCode printed = print(table(kClaimColumns, rows, colours_wanted()));
  const std::string next = harmless(page.root().text("next"));
  if (!next.empty()) {
    const std::string buyer = arguments.buyer.empty() ? "" : " --buyer ...";
    say("there are more: 'doorbuster claims list " + arguments.sale + buyer + " --after " + next +
        "' goes on, 'doorbuster claims export " + arguments.sale + "' writes all");
  }
  return printed;
}

}  // namespace doorbuster::cli
