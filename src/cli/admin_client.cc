#include "cli/admin_client.h"

#include <chrono>

#include "cli/api_client.h"
#include "cli/console.h"

namespace doorbuster::cli {
namespace {

using namespace std::chrono_literals;

constexpr auto kAdminPatience = 30s;

}  // namespace

ExitCode ask_admin(const AdminRequest& request, std::string& body) {
  auto server = parse_server_url(request.url);
  if (!server) {
    say(server.error().message);
    return ExitCode::usage;
  }
  HttpClient http(std::move(*server), kAdminPatience);
  const std::string url = http.server().text();
  ClientRequest asked;
  asked.method = request.method;
  asked.target = request.target;
  ClientAnswer answer;
  if (const auto none = http.ask(asked, answer)) {
    say(none->message + (none->was_sent ? "; the same command again is safe" : ""));
    return ExitCode::not_ready;
  }
  if (answer.status < 200 || answer.status > 299) {
    return tell(refusal_of(answer.status, answer.body, url));
  }
  body = answer.body;
  while (body.ends_with('\n')) body.pop_back();
  return ExitCode::ok;
}

}  // namespace doorbuster::cli
