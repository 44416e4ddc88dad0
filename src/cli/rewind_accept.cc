#include "cli/rewind_accept.h"

#include <optional>
#include <string>
#include <vector>

#include "cli/admin_client.h"
#include "cli/confirmation.h"
#include "cli/console.h"
#include "cli/json_view.h"
#include "cli/table.h"

namespace doorbuster::cli {
namespace {

// A line for each acknowledged claim that is gone; nothing: the sale was not rewound.
std::optional<std::vector<std::string>> gone_of(const std::string& sale, const JsonView& root) {
  std::optional<std::vector<std::string>> lines;
  root.for_each_in("rewinds", [&](const JsonView& rewind) {
    if (rewind.text("sale") != sale) return;
    lines.emplace();
    rewind.for_each_in("gone", [&](const JsonView& claim) {
      lines->push_back("gone  " + harmless(claim.text("claim")) + "  " +
                       harmless(claim.text("buyer")) + "\n");
    });
  });
  return lines;
}

}  // namespace

ExitCode accept_rewind(const RewindAcceptArguments& arguments) {
  std::string text;
  const ExitCode asked = ask_admin({arguments.url, "GET", "/rewinds"}, text);
  if (asked != ExitCode::ok) return asked;
  api::JsonDocument document;
  if (document.parse(text)) {
    say("the server's answer is not understood");
    return ExitCode::failure;
  }
  const auto gone = gone_of(arguments.sale, JsonView(document, document.root()));
  if (!gone) {
    say("'" + arguments.sale + "' was not rewound, as this gateway sees it: nothing to accept");
    return ExitCode::failure;
  }
  std::string list;
  for (const std::string& line : *gone) list += line;
  if (const ExitCode printed = print(list); printed != ExitCode::ok) return printed;
  if (!arguments.yes) {
    const std::string warning = "accepting that '" + arguments.sale + "' goes on without these " +
                                std::to_string(gone->size()) + " claims is final";
    if (const auto ended = ask_to_type(arguments.sale, warning)) return *ended;
  }
  std::string said;
  const ExitCode accepted =
      ask_admin({arguments.url, "POST", "/rewinds/accept?sale=" + arguments.sale}, said);
  if (accepted != ExitCode::ok) return accepted;
  return print(harmless(said) + "\n");
}

}  // namespace doorbuster::cli
