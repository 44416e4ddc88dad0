#include "api/api_handler.h"

#include <utility>

#include "api/bad_request.h"
#include "api/call.h"

namespace doorbuster::api {
namespace {

void answer_options(const http::Request& request, Answer& answer) {
  answer.field("Allow", allowed_methods(api_routes(), request.path));
  answer.send(204, {});
}

void answer_call(const http::Request& request, const KnownFields& fields, Answer& answer) {
  const RouteMatch match = match_route(api_routes(), request.method, request.path);
  switch (match.found) {
    case Found::no_such_path:
      return answer.problem(ProblemCode::not_found);
    case Found::options:
      return answer_options(request, answer);
    case Found::no_such_method:
      answer.field("Allow", allowed_methods(api_routes(), request.path));
      return answer.problem(ProblemCode::method_not_allowed);
    case Found::route:
      break;
  }
  const bool dev = answer.desk().options.dev;
  if (const auto refused = refuse_entry(dev, match.route->who, request.peer, fields)) {
    return answer.problem(refused->code, refused->remark);
  }
  Call call{request, fields, match.parameters, answer};
  match.route->answer(call);
}

}  // namespace

ApiHandler::ApiHandler(store::StorePort& port, store::EventFeed& feed, ApiOptions options)
    : desk_(port, feed, *this, std::move(options)) {}

std::size_t ApiHandler::body_limit(const http::Request& head) {
  const RouteMatch match = match_route(api_routes(), head.method, head.path);
  return match.found == Found::route ? match.route->body_limit : kMaxBody;
}

void ApiHandler::on_request(const http::Request& request, http::Responder responder) {
  const KnownFields fields = known_fields(request.fields);
  Exchange& exchange = desk_.exchanges.open();
  exchange.responder = std::move(responder);
  exchange.request_id = desk_.request_id(fields.request_id.value);
  exchange.language = preferred_language(fields.accept_language.value);
  exchange.head = request.method == http::Method::head;
  Answer answer(desk_, exchange);
  answer_call(request, fields, answer);
  if (exchange.render == nullptr) desk_.exchanges.close(exchange);
}

void ApiHandler::on_reply(std::uint64_t context, store::Reply reply) {
  Exchange& exchange = desk_.exchanges.at(context);
  Answer answer(desk_, exchange);
  exchange.render(answer, reply);
  if (exchange.render == nullptr) desk_.exchanges.close(exchange);
}

http::Reply ApiHandler::on_bad_request(http::BadRequest what) {
  return bad_request_reply(what, desk_.request_id({}), desk_.fields, desk_.body);
}

}  // namespace doorbuster::api
