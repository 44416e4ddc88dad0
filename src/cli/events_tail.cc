#include "cli/events_tail.h"

#include <unistd.h>

#include <algorithm>
#include <string>

#include "cli/api_client.h"
#include "cli/console.h"
#include "cli/table.h"

namespace doorbuster::cli {
namespace {

constexpr int kWaitForEvents = 25;  // less than the client's patience

// "2026-11-11T12:00:00.123Z  42  claim.held  sales/drop/claims/clm_...  ann  1"
void append_line(std::string& out, const JsonView& event) {
  constexpr std::string_view kPrefix = "doorbuster.";
  std::string_view type = event.text("type");
  if (type.starts_with(kPrefix)) type.remove_prefix(kPrefix.size());
  out += harmless(event.text("time"));
  for (const std::string_view part : {event.text("id"), type, event.text("subject")}) {
    out.append("  ").append(harmless(part));
  }
  if (const auto data = event.member("data"); data && data->has("buyer")) {
    out.append("  ").append(harmless(data->text("buyer")));
    out.append("  ").append(std::to_string(data->number("quantity")));
  }
  out += '\n';
}

// Follows the feed of one server.
class Tail {
 public:
  Tail(const EventsTailArguments& arguments, ApiClient& client)
      : arguments_(arguments), client_(client), after_(arguments.after) {}

  ExitCode run() {
    while (true) {
      if (const auto refusal = client_.get(target(), page_)) {
        // At the beginning it is said at once that nobody is there; later he is waited for.
        if (!began_ || refusal->exit_code != ExitCode::not_ready) return tell(*refusal);
        wait_for_server(*refusal);
        continue;
      }
      if (lost_) say("reading on");
      lost_ = false;
      began_ = true;
      if (const ExitCode shown = show(); shown != ExitCode::ok) return shown;
    }
  }

 private:
  // The first answer is not waited for: it says whether there is anybody, and where to go on.
  std::string target() const {
    std::string target = "/v1/events?limit=1000&after=" + percent_encoded(after_);
    if (began_) target += "&wait=" + std::to_string(kWaitForEvents);
    if (!arguments_.sale.empty()) target += "&sale=" + percent_encoded(arguments_.sale);
    return target;
  }

  ExitCode show() {
    const JsonView page = page_.root();
    std::string lines;
    page.for_each_in("data", [&](const JsonView& event) {
      if (arguments_.api.json) {
        lines.append(event.compact()).append("\n");
      } else {
        append_line(lines, event);
      }
    });
    if (page.text("next").empty()) {
      say("the server does not say where to go on");
      return ExitCode::failure;
    }
    after_ = page.text("next");
    return lines.empty() ? ExitCode::ok : print(lines);
  }

  void wait_for_server(const Refusal& refusal) {
    if (!lost_) say(refusal.message + "; trying again");
    lost_ = true;
    ::sleep(static_cast<unsigned>(std::clamp(refusal.retry_after_seconds, 1, kLongestWaitSeconds)));
  }

  const EventsTailArguments& arguments_;
  ApiClient& client_;
  ApiAnswer page_;
  std::string after_;
  bool began_ = false;
  bool lost_ = false;
};

}  // namespace

ExitCode tail_events(const EventsTailArguments& arguments) {
  auto client = client_of(arguments.api);
  if (!client) return ExitCode::usage;
  return Tail(arguments, *client).run();
}

}  // namespace doorbuster::cli
