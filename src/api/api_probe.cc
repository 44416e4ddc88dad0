#include "api/api_probe.h"

#include <algorithm>

#include "api/answers.h"

namespace doorbuster::api {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kMostStatus = 600;

constexpr std::array<std::uint8_t, kMostStatus> kPlaceOfStatus = [] {
  std::array<std::uint8_t, kMostStatus> places{};
  for (std::uint8_t& place : places) place = kStatuses.size();
  for (std::size_t i = 0; i < kStatuses.size(); ++i) {
    places[kStatuses[i]] = static_cast<std::uint8_t>(i);
  }
  return places;
}();

static_assert(static_cast<std::size_t>(http::Method::other) + 1 == kMethods);
static_assert(static_cast<std::size_t>(Remark::too_many_connections) < kRemarks);

}  // namespace

std::string_view method_label(http::Method method) {
  return method == http::Method::other ? "other" : name_of(method);
}

std::string_view auth_failure_name(Remark remark) {
  switch (remark) {
    case Remark::buyer_missing:
      return "buyer_missing";
    case Remark::no_credential:
      return "no_credential";
    case Remark::not_bearer:
      return "not_bearer";
    case Remark::not_a_key:
      return "not_a_key";
    case Remark::key_mistyped:
      return "key_mistyped";
    case Remark::key_unknown:
      return "key_unknown";
    case Remark::key_revoked:
      return "key_revoked";
    case Remark::key_expired:
      return "key_expired";
    case Remark::proxy_not_trusted:
      return "proxy_not_trusted";
    case Remark::credentials_twice:
      return "credentials_twice";
    case Remark::credential_in_address:
      return "credential_in_address";
    case Remark::key_and_buyer:
      return "key_and_buyer";
    case Remark::buyer_twice:
      return "buyer_twice";
    case Remark::buyers_only:
      return "buyers_only";
    case Remark::needs_scope:
      return "needs_scope";
    case Remark::needs_key:
      return "needs_key";
    case Remark::peer_not_loopback:
      return "peer_not_loopback";
    case Remark::foreign_host:
      return "foreign_host";
    case Remark::foreign_origin:
      return "foreign_origin";
    case Remark::session_ended:
      return "session_ended";
    case Remark::foreign_page:
      return "foreign_page";
    case Remark::none:
    case Remark::not_json:
    case Remark::json_too_deep:
    case Remark::not_a_form:
    case Remark::needs_json:
    case Remark::needs_json_or_form:
    case Remark::needs_form:
    case Remark::no_such_sale:
    case Remark::no_such_claim:
    case Remark::closed_is_final:
    case Remark::needs_merge_patch:
    case Remark::not_entity_tags:
    case Remark::too_many_connections:
      break;
  }
  return {};
}

ApiFigures::ApiFigures()
    : requests(api_routes().size() + 1), durations(api_routes().size(), AnswerTimes::nothing()) {}

ApiProbe::ApiProbe() : routes_(api_routes().size() + 1) {}

RequestMark ApiProbe::request_came(const Route* route, http::Method method) {
  if (turn_begun_ == Clock::time_point{}) turn_begun_ = Clock::now();
  const std::size_t place =
      route != nullptr ? static_cast<std::size_t>(route - api_routes().data()) : routes_.size() - 1;
  return {static_cast<std::uint16_t>(place), method, turn_begun_};
}

metrics::Counter& ApiProbe::requests(const RequestMark& mark, std::uint16_t status) {
  const std::size_t place = kPlaceOfStatus[std::min<std::size_t>(status, kMostStatus - 1)];
  return routes_[mark.route].requests[static_cast<std::size_t>(mark.method)][place];
}

void ApiProbe::input_refused(int status) {
  const auto none = static_cast<std::uint16_t>(routes_.size() - 1);
  requests({none, http::Method::other, {}}, static_cast<std::uint16_t>(status)).add();
}

void ApiProbe::turn_ended(std::size_t in_flight) {
  if (!answered_.empty()) {
    const auto now = Clock::now();
    for (const Answered& each : answered_) {
      requests(each.mark, each.status).add();
      routes_[each.mark.route].duration.observe(now - each.mark.came);
    }
    answered_.clear();
  }
  turn_begun_ = {};
  in_flight_.set(in_flight);
}

void ApiProbe::readers_counted(std::size_t pages, std::size_t streams) {
  page_readers_.set(pages);
  stream_readers_.set(streams);
}

void ApiProbe::add_to(ApiFigures& figures) const {
  for (std::size_t route = 0; route < routes_.size(); ++route) {
    for (std::size_t method = 0; method < kMethods; ++method) {
      for (std::size_t status = 0; status < kStatusPlaces; ++status) {
        figures.requests[route][method][status] += routes_[route].requests[method][status].value();
      }
    }
  }
  for (std::size_t i = 0; i < figures.durations.size(); ++i) {
    routes_[i].duration.add_to(figures.durations[i]);
  }
  for (std::size_t i = 0; i < problems_.size(); ++i) figures.problems[i] += problems_[i].value();
  for (std::size_t i = 0; i < remarks_.size(); ++i) figures.remarks[i] += remarks_[i].value();
  figures.in_flight += in_flight_.value();
  figures.page_readers += page_readers_.value();
  figures.stream_readers += stream_readers_.value();
}

void ApiProbe::add_claim_answers(metrics::HistogramReading& reading) const {
  const auto routes = api_routes();
  for (std::size_t i = 0; i < routes.size(); ++i) {
    const Answering answer = routes[i].answer;
    if (answer == claim_units || answer == claim_goods) routes_[i].duration.add_to(reading);
  }
}

}  // namespace doorbuster::api
