#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "api/answers.h"
#include "api/asset.h"
#include "api/precondition.h"
#include "api/problem_page.h"
#include "api/render.h"
#include "api/text.h"
#include "sale/types.h"

namespace doorbuster::api {
namespace {

// The lines of /readyz?verbose, for who asks with a key and cannot reach the admin listener.
void append_condition(std::string& body, const ApiOptions& options) {
  if (!options.condition) return;
  store::StoreCondition condition = options.condition();
  body += R"(,"durability":)";
  append_json_string(body, condition.durability);
  if (options.admission.keys != nullptr) {
    condition.lines.emplace_back("keys", options.admission.keys->condition());
  }
  body += condition.ready ? R"(,"ready":true,"checks":[)" : R"(,"ready":false,"checks":[)";
  for (const auto& [part, state] : condition.lines) {
    if (body.back() == '}') body += ',';
    body += R"({"name":)";
    append_json_string(body, part);
    body += state == "ok" ? R"(,"ok":true,"detail":)" : R"(,"ok":false,"detail":)";
    append_json_string(body, state);
    body += '}';
  }
  body += ']';
}

void append_last_backup(std::string& body, const ApiOptions& options) {
  if (!options.last_backup) return;
  const std::optional<Time> last = options.last_backup();
  body += R"(,"last_backup_at":)";
  if (!last) {
    body += "null";
  } else {
    body += '"';
    append_rfc3339(body, *last);
    body += '"';
  }
}

void append_array(std::string& body, std::string_view name, std::span<const std::uint64_t> numbers,
                  std::uint64_t divisor) {
  body += name;
  for (const std::uint64_t number : numbers) {
    append_number(body, number / divisor);
    body += ',';
  }
  body.back() = ']';
}

// How long claims waited for their answers. Ranges and not percentiles: of two looks the
// difference tells about the time between them, whoever else looks.
void append_claim_answers(std::string& body, const ApiOptions& options) {
  if (!options.claim_answers) return;
  constexpr std::uint64_t kNanosecondsInOne = 1000;
  const metrics::HistogramReading reading = options.claim_answers();
  append_array(body, R"(,"claim_answers":{"within_microseconds":[)", reading.upper,
               kNanosecondsInOne);
  append_array(body, R"(,"counts":[)", reading.counts, 1);
  body += '}';
}

}  // namespace

void describe_server(Call& call) {
  const ApiOptions& options = call.answer.desk().options;
  std::string& body = call.answer.body();
  body += R"({"name":"doorbuster","version":)";
  append_json_string(body, options.version);
  body += R"(,"engine":)";
  append_json_string(body, options.engine);
  append_condition(body, options);
  append_last_backup(body, options);
  append_claim_answers(body, options);
  body += R"(,"limits":{"stock":)";
  append_number(body, sale::kMaxStock);
  body += R"(,"quantity":)";
  append_number(body, sale::kMaxQuantity);
  body += R"(,"buyer_bytes":)";
  append_number(body, sale::BuyerId::kCapacity);
  body += R"(,"idempotency_key_bytes":)";
  append_number(body, sale::Key::kCapacity);
  body += R"(,"reference_bytes":)";
  append_number(body, sale::Reference::kCapacity);
  body += R"(,"slug_bytes":)";
  append_number(body, sale::Slug::kCapacity);
  body += R"(,"metadata_bytes":)";
  append_number(body, sale::kMaxMetadataBytes);
  append_member(body, "hold_seconds", sale::kMaxHoldSeconds);
  append_member(body, "max_extension_seconds", sale::kMaxHoldSeconds);
  append_member(body, "claim_attempts", sale::kMaxClaimAttempts);
  append_member(body, "archive_after_seconds", sale::kMaxArchiveAfterSeconds);
  body += "}}";
  call.answer.send(200);
}

void describe_problem(Call& call) {
  Answer& answer = call.answer;
  const auto code = problem_named(call.parameters.code);
  if (!code) return answer.problem(ProblemCode::not_found);
  const Language language = answer.exchange().language;
  answer.field("Content-Language", tag_of(language));
  answer.field("Vary", "Accept, Accept-Language");
  answer.field("X-Content-Type-Options", "nosniff");
  answer.cache_control("public, max-age=3600");
  if (!names(call.fields.accept, "text/html")) {
    append_problem_text(answer.body(), *code, language);
    return answer.send(200, kTextType);
  }
  answer.field("Content-Security-Policy", kProblemPagePolicy);
  append_problem_page(answer.body(), *code, language);
  answer.send(200, kHtmlType);
}

void describe_api(Call& call) {
  Answer& answer = call.answer;
  answer.field("ETag", kOpenApiDocument.tag);
  answer.cache_control("public, max-age=300");
  if (names_tag(if_none_match(call.request.fields), kOpenApiDocument.tag)) {
    return answer.send(304, {});
  }
  answer.body() = kOpenApiDocument.text;
  answer.send(200);
}

}  // namespace doorbuster::api
