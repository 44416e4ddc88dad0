#include "api/answers.h"
#include "api/render.h"
#include "api/text.h"
#include "sale/types.h"

namespace doorbuster::api {

void describe_server(Call& call) {
  const ApiOptions& options = call.answer.desk().options;
  std::string& body = call.answer.body();
  body += R"({"name":"doorbuster","version":)";
  append_json_string(body, options.version);
  body += R"(,"engine":)";
  append_json_string(body, options.engine);
  // Every answer waits for the sync of the journal (R7); the embedded engine knows no other level.
  body += R"(,"durability":"synced","limits":{"stock":)";
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
  const ProblemText& text = text_of(*code);
  const Language language = answer.exchange().language;
  std::string& body = answer.body();
  body += text.name;
  body += " (HTTP ";
  append_number(body, static_cast<std::uint64_t>(text.status));
  body += ")\n";
  body += text.title.in(language);
  body += "\n\n";
  body += text.detail.in(language);
  body += '\n';
  answer.field("Content-Language", tag_of(language));
  answer.field("Vary", "Accept-Language");
  answer.cache_control("public, max-age=3600");
  answer.send(200, kTextType);
}

}  // namespace doorbuster::api
