#include "api/answer.h"

#include <utility>

#include "api/text.h"
#include "base/pen.h"

namespace doorbuster::api {
namespace {

constexpr std::size_t kAroundField = std::string_view(": \r\n").size();
constexpr std::size_t kMostOfName = 16;  // of the last fields

// What the store refuses for want of room is short; a full disk or a wrong clock takes longer.
constexpr RetryRange kOverloadedRetry{1, 3};
constexpr RetryRange kStorageRetry{3, 10};
constexpr RetryRange kClockRetry{3, 10};

}  // namespace

Answer::Answer(Desk& desk, Exchange& exchange) : desk_(desk), exchange_(exchange) {
  desk_.fields.clear();
  desk_.body.clear();
}

void Answer::field(std::string_view name, std::string_view value) {
  Pen pen(fields(), name.size() + value.size() + kAroundField);
  pen.put(name).put(": ").put(value).put("\r\n");
}

void Answer::field(std::string_view name, std::uint64_t value) {
  Pen pen(fields(), name.size() + Pen::kNumber + kAroundField);
  pen.put(name).put(": ").number(value).put("\r\n");
}

void Answer::stay_away(std::uint64_t seconds) {
  retry_after_ = seconds;
  field("Retry-After", seconds);
}

// What every answer has.
void Answer::end_fields() {
  if (exchange_.varies_by_origin) field("Vary", "Origin");
  if (!exchange_.page_origin.empty()) {
    field("Access-Control-Allow-Origin", exchange_.page_origin);
    field("Access-Control-Expose-Headers", kExposedFields);
  }
  const std::string_view id = exchange_.request_id.view();
  Pen pen(fields(), 2 * (kMostOfName + kAroundField) + id.size() + cache_control_.size());
  pen.put("X-Request-Id: ").put(id).put("\r\nCache-Control: ").put(cache_control_).put("\r\n");
}

void Answer::send(int status, std::string_view content_type) {
  end_fields();
  desk_.probe.request_answered(exchange_.mark, status);
  exchange_.render = nullptr;
  http::Responder responder = std::move(exchange_.responder);
  responder.send({status, content_type, desk_.fields, desk_.body});
  if (exchange_.note) tell_access(status);
}

http::Stream Answer::stream(int status, std::string_view content_type) {
  end_fields();
  desk_.probe.request_answered(exchange_.mark, status);
  exchange_.render = nullptr;
  http::Responder responder = std::move(exchange_.responder);
  if (exchange_.note) tell_access(status);
  return responder.stream({status, content_type, desk_.fields, desk_.body});
}

void Answer::tell_access(int status) {
  const auto note = std::move(exchange_.note);
  note->status = status;
  note->took = std::chrono::duration_cast<std::chrono::microseconds>(
      std::chrono::steady_clock::now() - note->began);
  desk_.options.access_log->on_answer(*note);
}

void Answer::start_problem(ProblemCode code, Remark remark) {
  desk_.probe.problem_told(code, remark);
  status_ = text_of(code).status;
  desk_.refusals->add(code);
  body().clear();
  append_problem(body(), code, exchange_.language, remark);
  field("Content-Language", tag_of(exchange_.language));
  if (code == ProblemCode::overloaded) stay_away(kOverloadedRetry);
  if (code == ProblemCode::storage_unavailable || code == ProblemCode::claim_unconfirmed) {
    stay_away(kStorageRetry);
  }
  if (code == ProblemCode::clock_behind) stay_away(kClockRetry);
  if (code == ProblemCode::unauthenticated) field("WWW-Authenticate", challenge_of(remark));
}

void Answer::finish_problem() {
  if (retry_after_ > 0) {
    body() += R"(,"retry_after_seconds":)";
    append_number(body(), retry_after_);
  }
  body() += '}';
  send(status_, kProblemType);
}

void Answer::problem(ProblemCode code, Remark remark) {
  start_problem(code, remark);
  finish_problem();
}

void Answer::invalid(const Flaws& flaws) {
  start_problem(ProblemCode::invalid);
  body() += R"(,"errors":)";
  append_flaws(body(), flaws, exchange_.language);
  finish_problem();
}

void Answer::invalid(const Flaw& flaw) { invalid(Flaws{flaw}); }

void Answer::ask(store::Command&& command, Render render) {
  exchange_.render = render;
  if (exchange_.trace.given()) {
    const auto put = [this](auto& asked) {
      if constexpr (requires { asked.trace; }) asked.trace = exchange_.trace;
    };
    std::visit(put, command);
  }
  const auto context = desk_.exchanges.context_of(exchange_);
  if (!desk_.port.submit(command, desk_.sink, context)) problem(ProblemCode::overloaded);
}

}  // namespace doorbuster::api
