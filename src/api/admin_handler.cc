#include "api/admin_handler.h"

#include <algorithm>

#include "api/bad_request.h"
#include "api/known_fields.h"
#include "api/problem.h"

namespace doorbuster::api {
namespace {

constexpr std::size_t kBodyLimit = 1024;
constexpr std::string_view kAllowed = "GET, HEAD, OPTIONS";

// `verbose` alone or with any value, as Kubernetes has it.
bool asks_verbose(std::string_view query) {
  while (!query.empty()) {
    const auto end = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, end);
    if (pair.substr(0, pair.find('=')) == "verbose") return true;
    query.remove_prefix(std::min(end + 1, query.size()));
  }
  return false;
}

}  // namespace

std::size_t AdminHandler::body_limit(const http::Request&) { return kBodyLimit; }

void AdminHandler::on_request(const http::Request& request, http::Responder responder) {
  fields_ = "Cache-Control: no-store\r\n";
  body_.clear();
  responder.send(answer(request));
}

http::Reply AdminHandler::on_bad_request(http::BadRequest what) {
  return bad_request_reply(what, {}, fields_, body_);
}

http::Reply AdminHandler::answer(const http::Request& request) {
  const bool is_live = request.path == "/livez";
  const bool is_known = is_live || request.path == "/readyz";
  const bool is_read = request.method == http::Method::get || request.method == http::Method::head;
  if (is_known && is_read) {
    if (!is_live) return readiness(asks_verbose(request.query));
    body_ = "ok\n";
    return text(200);
  }
  if (is_known) fields_.append("Allow: ").append(kAllowed).append("\r\n");
  if (is_known && request.method == http::Method::options) return {204, {}, fields_, {}};
  const ProblemCode code = is_known ? ProblemCode::method_not_allowed : ProblemCode::not_found;
  append_problem(body_, code, Language::english);
  body_ += '}';
  return {text_of(code).status, kProblemType, fields_, body_};
}

// A part that is not well is named even where nobody asked for all of them.
http::Reply AdminHandler::readiness(bool verbose) {
  const store::StoreCondition condition = store_.condition();
  for (const auto& [part, state] : condition.lines) {
    const bool is_well = state == "ok";
    if (is_well && !verbose) continue;
    body_ += is_well ? "[+]" : "[-]";
    body_ += part;
    body_ += ' ';
    body_ += state;
    body_ += '\n';
  }
  if (verbose || !condition.ready) {
    body_ += condition.ready ? "readyz check passed\n" : "readyz check failed\n";
  } else {
    body_ += "ok\n";
  }
  return text(condition.ready ? 200 : 503);
}

http::Reply AdminHandler::text(int status) {
  fields_ += "X-Content-Type-Options: nosniff\r\n";
  return {status, "text/plain; charset=utf-8", fields_, body_};
}

}  // namespace doorbuster::api
