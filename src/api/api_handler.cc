#include "api/api_handler.h"

#include <utility>

#include "api/bad_request.h"
#include "api/call.h"
#include "api/replies.h"

namespace doorbuster::api {
namespace {

// Which pages may read what is answered at `path`: any where it is public anyway, else those of the
// origins that are listed; none of another origin where the console's own page signs in. The answer
// to a preflight is about what would be asked.
void settle_page_origin(const http::Request& request, const KnownFields& fields,
                        const RouteMatch& match, const CorsOrigins& cors, Exchange& exchange) {
  const Route* route = match.route;
  if (match.found == Found::options) {
    route = match_route(api_routes(), http::Method::get, request.path).route;
  }
  if (route != nullptr && route->who == Who::own_page) return;
  if (route != nullptr && route->who == Who::anyone) {
    exchange.page_origin = "*";
    return;
  }
  exchange.varies_by_origin = !cors.empty();
  if (fields.origin.count == 1) exchange.page_origin = cors.listed(fields.origin.value);
}

// Keeps what a line about the request needs, if one is wanted.
void begin_note(const http::Request& request, const RouteMatch& match, Desk& desk,
                Exchange& exchange) {
  const auto now = std::chrono::steady_clock::now();
  if (!desk.access.wants(exchange.trace.sampled(), now)) return;
  exchange.note = std::make_unique<AccessNote>();
  AccessNote& note = *exchange.note;
  note.began = now;
  note.request_id = exchange.request_id;
  note.trace = exchange.trace.given() ? exchange.trace : desk.traces.begin();
  note.method = request.method;
  if (match.found != Found::route) return;
  note.route = match.route;
  if (!match.parameters.sale.empty()) note.sale.assign(match.parameters.sale);
  note.claim = sale::parse_claim_id(match.parameters.claim);
}

void answer_options(const http::Request& request, const KnownFields& fields, Answer& answer) {
  const std::string methods = allowed_methods(api_routes(), request.path);
  answer.field("Allow", methods);
  if (fields.cors_method.given() && !answer.exchange().page_origin.empty()) {
    answer.field("Access-Control-Allow-Methods", methods);
    std::string allowed(kAllowedFields);
    if (answer.desk().options.admission.dev) allowed += ", X-Buyer-Id";
    answer.field("Access-Control-Allow-Headers", allowed);
    answer.field("Access-Control-Max-Age", kPreflightSeconds);
  }
  answer.send(204, {});
}

void answer_call(const http::Request& request, KnownFields fields, const RouteMatch& match,
                 Admission& admission, Answer& answer) {
  switch (match.found) {
    case Found::no_such_path:
      return answer.problem(ProblemCode::not_found);
    case Found::options:
      return answer_options(request, fields, answer);
    case Found::no_such_method:
      answer.field("Allow", allowed_methods(api_routes(), request.path));
      return answer.problem(ProblemCode::method_not_allowed);
    case Found::route:
      break;
  }
  const auto admitted = admission.admit(match.route->who, request, fields);
  if (const auto* refused = std::get_if<Refused>(&admitted))
    return answer_refused(answer, *refused);
  const Caller caller = std::get<Caller>(admitted);
  if (const auto& note = answer.exchange().note; note && fields.buyer_id.given()) {
    note->buyer = answer.desk().options.access_log->hash_of(fields.buyer_id.value);
  }
  // Whatever it is, it names nobody (Admission); nobody shall take it for a buyer.
  if (caller == Caller::merchant) fields.buyer_id = {};
  Call call{request, fields, match.parameters, answer, caller, admission};
  match.route->answer(call);
}

}  // namespace

ApiHandler::ApiHandler(store::StorePort& port, store::EventFeed& feed, ApiOptions options)
    : desk_(port, feed, *this, std::move(options)), admission_(desk_.options.admission) {}

std::size_t ApiHandler::body_limit(const http::Request& head) {
  const RouteMatch& match = routes_.match(head.method, head.path);
  return match.found == Found::route ? match.route->body_limit : kMaxBody;
}

void ApiHandler::on_request(const http::Request& request, http::Responder responder) {
  const KnownFields fields = known_fields(request.fields);
  Exchange& exchange = desk_.exchanges.open();
  exchange.responder = std::move(responder);
  exchange.request_id = desk_.request_id(fields.request_id.value);
  exchange.language = preferred_language(fields.accept_language.value);
  exchange.head = request.method == http::Method::head;
  // Twice is once too often to know which is meant.
  if (fields.traceparent.count == 1) {
    const auto caller = TraceParent::parse(fields.traceparent.value);
    if (caller) exchange.trace = desk_.traces.continue_from(*caller);
  }
  const RouteMatch& match = routes_.match(request.method, request.path);
  exchange.mark = desk_.probe.request_came(match.route, request.method);
  if (desk_.access.may_want()) begin_note(request, match, desk_, exchange);
  settle_page_origin(request, fields, match, desk_.options.cors, exchange);
  Answer answer(desk_, exchange);
  answer_call(request, fields, match, admission_, answer);
  if (exchange.render == nullptr) desk_.exchanges.close(exchange);
}

void ApiHandler::on_reply(std::uint64_t context, store::Reply&& reply) {
  Exchange& exchange = desk_.exchanges.at(context);
  Answer answer(desk_, exchange);
  exchange.render(answer, reply);
  if (exchange.render == nullptr) desk_.exchanges.close(exchange);
}

http::Reply ApiHandler::on_bad_request(http::BadRequest what) {
  desk_.refusals->add(problem_of(what));
  const http::Reply reply = bad_request_reply(what, desk_.request_id({}), desk_.fields, desk_.body);
  desk_.probe.input_refused(reply.status);
  return reply;
}

void ApiHandler::end_turn() {
  desk_.events.flush(desk_);
  desk_.events.count_readers(desk_.probe);
  desk_.probe.turn_ended(desk_.exchanges.open_exchanges());
}

}  // namespace doorbuster::api
