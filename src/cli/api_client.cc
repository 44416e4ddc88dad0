#include "cli/api_client.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "api/text.h"
#include "cli/api_credential.h"
#include "cli/console.h"
#include "cli/table.h"

namespace doorbuster::cli {
namespace {

using namespace std::chrono_literals;

// Longer than a disk stalls that recovers.
constexpr auto kPatience = 30s;

constexpr int kUnauthorized = 401;

ExitCode exit_code_of_status(int status) {
  switch (status) {
    case 401:
    case 403:
      return ExitCode::denied;
    case 502:  // a proxy that finds nobody behind it, too
    case 503:
    case 504:
      return ExitCode::not_ready;
    default:
      return ExitCode::failure;
  }
}

std::string sentence_of(const JsonView& problem) {
  std::string sentence(problem.text("title"));
  if (const auto detail = problem.text("detail"); !detail.empty()) {
    sentence.append(": ").append(detail);
  }
  if (const auto scope = problem.text("required_scope"); !scope.empty()) {
    sentence.append(" Needed is ").append(scope).append(".");
  }
  const char* before = " ";
  problem.for_each_in("errors", [&](const JsonView& error) {
    sentence += std::exchange(before, "; ");
    for (const char* place : {"pointer", "header", "parameter"}) {
      sentence += error.text(place);
    }
    sentence.append(": ").append(error.text("detail"));
  });
  return harmless(sentence);
}

}  // namespace

Refusal refusal_of(int status, std::string_view body, const std::string& url) {
  Refusal refusal;
  refusal.status = status;
  refusal.exit_code = exit_code_of_status(status);
  api::JsonDocument json;
  if (!json.parse(body)) {
    const JsonView problem(json, json.root());
    if (!problem.text("title").empty()) {
      refusal.message = sentence_of(problem);
      const auto seconds = problem.number("retry_after_seconds");
      refusal.retry_after_seconds = static_cast<int>(std::min<std::uint64_t>(seconds, 3600));
      return refusal;
    }
  }
  refusal.message = url + " answers " + std::to_string(status) + ", and not as doorbuster does";
  return refusal;
}

ExitCode tell(const Refusal& refusal) {
  say(refusal.message);
  return refusal.exit_code;
}

ApiClient::ApiClient(ServerUrl server, std::string key)
    : http_(std::move(server), kPatience), key_(std::move(key)) {}

std::optional<Refusal> ApiClient::ask(ClientRequest request, ApiAnswer& answer) {
  if (!key_.empty()) request.fields += "Authorization: Bearer " + key_ + "\r\n";
  ClientAnswer got;
  if (auto none = http_.ask(request, got)) {
    const bool may_be_done = none->was_sent && request.method != "GET";
    return Refusal{ExitCode::not_ready, 0, may_be_done, 0, std::move(none->message)};
  }
  const std::string url = http_.server().text();
  if (got.status < 200 || got.status > 299) {
    Refusal refusal = refusal_of(got.status, got.body, url);
    const auto seconds = api::parse_number(got.field("Retry-After"), 3600);
    if (seconds) refusal.retry_after_seconds = static_cast<int>(*seconds);
    if (got.status == kUnauthorized && key_.empty()) {
      refusal.message += " Name one with --key-file or DOORBUSTER_API_KEY_FILE.";
    }
    return refusal;
  }
  answer.status = got.status;
  answer.etag = got.field("ETag");
  answer.body = std::move(got.body);
  const bool has_json = answer.status != 204;
  if (has_json && answer.json.parse(answer.body)) {
    return Refusal{ExitCode::failure, got.status, false, 0,
                   url + " answers not as doorbuster does"};
  }
  return std::nullopt;
}

std::optional<Refusal> ApiClient::get(std::string target, ApiAnswer& answer) {
  ClientRequest request;
  request.target = std::move(target);
  return ask(request, answer);
}

std::optional<ApiClient> client_of(const ApiArguments& arguments) {
  auto server = parse_server_url(arguments.url);
  auto key = credential_of(arguments);
  if (server && key) {
    return std::optional<ApiClient>(std::in_place, std::move(*server), std::move(*key));
  }
  say(server ? key.error().message : server.error().message);
  return std::nullopt;
}

std::string sale_path(std::string_view id, std::string_view rest) {
  return "/v1/sales/" + percent_encoded(id) + std::string(rest);
}

}  // namespace doorbuster::cli
