#include "cli/clock_accept.h"

#include <string>

#include "cli/admin_client.h"
#include "cli/console.h"
#include "cli/table.h"

namespace doorbuster::cli {

ExitCode accept_clock(const ClockAcceptArguments& arguments) {
  std::string said;
  const ExitCode asked = ask_admin({arguments.url, "POST", "/clock/accept"}, said);
  if (asked != ExitCode::ok) return asked;
  return print((said.empty() ? "accepted" : harmless(said)) + "\n");
}

}  // namespace doorbuster::cli
