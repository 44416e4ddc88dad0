#include "cli/clock_accept.h"

#include <chrono>
#include <string>

#include "cli/api_client.h"
#include "cli/console.h"
#include "cli/table.h"

namespace doorbuster::cli {
namespace {

using namespace std::chrono_literals;

constexpr auto kPatienceWithClock = 30s;

}  // namespace

ExitCode accept_clock(const ClockAcceptArguments& arguments) {
  auto server = parse_server_url(arguments.url);
  if (!server) {
    say(server.error().message);
    return ExitCode::usage;
  }
  HttpClient http(std::move(*server), kPatienceWithClock);
  const std::string url = http.server().text();
  ClientRequest request;
  request.method = "POST";
  request.target = "/clock/accept";
  ClientAnswer answer;
  if (const auto none = http.ask(request, answer)) {
    say(none->message + (none->was_sent ? "; the same command again is safe" : ""));
    return ExitCode::not_ready;
  }
  if (answer.status < 200 || answer.status > 299) {
    return tell(refusal_of(answer.status, answer.body, url));
  }
  std::string said = answer.body;
  while (said.ends_with('\n')) said.pop_back();
  return print((said.empty() ? "accepted" : harmless(said)) + "\n");
}

}  // namespace doorbuster::cli
