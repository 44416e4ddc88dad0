#include "cli/health.h"

#include <chrono>
#include <cstdio>
#include <string>

#include "api/text.h"
#include "cli/console.h"
#include "cli/http_client.h"
#include "cli/table.h"

namespace doorbuster::cli {
namespace {

using namespace std::chrono_literals;

constexpr auto kPatienceWithHealth = 5s;

// What the server says of its parts, on one line.
std::string on_one_line(std::string parts) {
  for (char& c : parts) {
    if (c == '\n') c = ' ';
  }
  while (parts.ends_with(' ')) parts.pop_back();
  return harmless(parts);
}

ExitCode report(const HealthArguments& arguments, bool ready, const std::string& detail) {
  if (arguments.json) {
    std::string out = R"({"ready":)";
    out += ready ? "true" : "false";
    out += R"(,"detail":)";
    api::append_json_string(out, detail);
    std::printf("%s}\n", out.c_str());
  } else if (ready) {
    std::puts("ready");
  }
  if (!ready) say(detail);
  return ready ? ExitCode::ok : ExitCode::not_ready;
}

}  // namespace

ExitCode health(const HealthArguments& arguments) {
  auto server = parse_server_url(arguments.url);
  if (!server) {
    say(server.error().message);
    return ExitCode::usage;
  }
  HttpClient http(std::move(*server), kPatienceWithHealth);
  const std::string url = http.server().text();
  ClientRequest request;
  request.target = "/readyz?verbose";
  ClientAnswer answer;
  if (const auto none = http.ask(request, answer)) {
    return report(arguments, false, none->message);
  }
  const std::string parts = on_one_line(answer.body);
  if (answer.status == 200) return report(arguments, true, parts);
  if (answer.status == 503) return report(arguments, false, url + " is not ready: " + parts);
  return report(arguments, false, url + " is no admin listener of doorbuster");
}

}  // namespace doorbuster::cli
