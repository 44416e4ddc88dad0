#include "api/admin_handler.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "api/admission.h"
#include "api/answer.h"
#include "api/bad_request.h"
#include "api/known_fields.h"
#include "api/problem.h"
#include "base/json_text.h"
#include "sale/types.h"

namespace doorbuster::api {
namespace {

constexpr std::size_t kBodyLimit = 1024;

enum class Asked : std::uint8_t {
  liveness,
  readiness,
  metrics,
  clock_accept,
  rewinds,
  rewind_accept
};

struct Address {
  std::string_view path;
  Asked what;
};

constexpr std::array<Address, 6> kAddresses = {{
    {"/livez", Asked::liveness},
    {"/readyz", Asked::readiness},
    {"/metrics", Asked::metrics},
    {"/clock/accept", Asked::clock_accept},
    {"/rewinds", Asked::rewinds},
    {"/rewinds/accept", Asked::rewind_accept},
}};

const Address* find_address(std::string_view path) {
  for (const Address& address : kAddresses) {
    if (address.path == path) return &address;
  }
  return nullptr;
}

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
  if (const auto reply = answer(request, responder)) responder.send(*reply);
}

http::Reply AdminHandler::on_bad_request(http::BadRequest what) {
  return bad_request_reply(what, {}, fields_, body_);
}

std::optional<http::Reply> AdminHandler::answer(const http::Request& request,
                                                http::Responder& responder) {
  const Address* address = find_address(request.path);
  const bool missing = address != nullptr && address->what == Asked::metrics && metrics_ == nullptr;
  if (address == nullptr || missing) return problem(ProblemCode::not_found);
  const bool is_command =
      address->what == Asked::clock_accept || address->what == Asked::rewind_accept;
  const bool is_read = request.method == http::Method::get || request.method == http::Method::head;
  // Names of buyers, and orders, are for the machine's own programs.
  if (is_command || address->what == Asked::rewinds) {
    const auto refused = refuse_stranger(request.peer, known_fields(request.fields));
    if (refused) return problem(refused->code, refused->remark);
  }
  if (is_command ? request.method == http::Method::post : is_read) {
    switch (address->what) {
      case Asked::liveness:
        body_ = "ok\n";
        return text(200);
      case Asked::readiness:
        return readiness(asks_verbose(request.query));
      case Asked::metrics:
        metrics_->answer(std::move(responder));
        return std::nullopt;
      case Asked::clock_accept:
        return accept_clock();
      case Asked::rewinds:
        return rewinds();
      case Asked::rewind_accept:
        return accept_rewind(request.query);
    }
  }
  fields_ += is_command ? "Allow: POST, OPTIONS\r\n" : "Allow: GET, HEAD, OPTIONS\r\n";
  if (request.method == http::Method::options) return http::Reply{204, {}, fields_, {}};
  return problem(ProblemCode::method_not_allowed);
}

http::Reply AdminHandler::problem(ProblemCode code, Remark remark) {
  append_problem(body_, code, Language::english, remark);
  body_ += '}';
  return {text_of(code).status, kProblemType, fields_, body_};
}

http::Reply AdminHandler::accept_clock() {
  const auto sentence = store_.accept_clock();
  if (!sentence) return problem(problem_of(sentence.error().code));
  body_ = *sentence + "\n";
  return text(200);
}

http::Reply AdminHandler::rewinds() {
  body_ = R"({"rewinds":[)";
  for (const store::Rewind& rewind : store_.rewinds()) {
    if (body_.back() == '}') body_ += ',';
    body_ += R"({"sale":)";
    append_json_string(body_, rewind.sale);
    body_ += R"(,"gone":[)";
    for (const store::Rewind::Claim& claim : rewind.gone) {
      if (body_.back() == '}') body_ += ',';
      body_ += R"({"claim":")";
      append(body_, claim.id);
      body_ += R"(","buyer":)";
      append_json_string(body_, claim.buyer);
      body_ += '}';
    }
    body_ += "]}";
  }
  body_ += "]}\n";
  return {200, kJsonType, fields_, body_};
}

http::Reply AdminHandler::accept_rewind(std::string_view query) {
  constexpr std::string_view kSale = "sale=";
  const std::string_view sale = query.starts_with(kSale) ? query.substr(kSale.size()) : "";
  if (!sale::Slug::fits(sale) || sale.empty()) return problem(ProblemCode::invalid);
  const auto sentence = store_.accept_rewind(sale);
  if (!sentence) return problem(ProblemCode::not_found, Remark::no_such_sale);
  body_ = *sentence + "\n";
  return text(200);
}

// A part that is not well is named even where nobody asked for all of them.
http::Reply AdminHandler::readiness(bool verbose) {
  store::StoreCondition condition = store_.condition();
  // Whatever is the matter with their file, the keys read before are in force.
  if (keys_ != nullptr) condition.lines.emplace_back("keys", keys_->condition());
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
