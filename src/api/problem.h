// Every no of the API: its code, its status and its words (RFC 9457). Outcomes of a sale, errors of
// the world and refusals of the HTTP server become problems here and nowhere else.
//
// Thread: any; pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "api/language.h"
#include "base/result.h"
#include "http/handler.h"
#include "sale/outcome.h"

namespace doorbuster::api {

enum class ProblemCode : std::uint8_t {
  malformed,
  unauthenticated,
  insufficient_scope,
  not_found,
  method_not_allowed,
  request_timeout,
  not_open,
  paused,
  sold_out,
  insufficient_stock,
  limit_exceeded,
  attempts_exhausted,
  closed,
  claim_expired,
  claim_released,
  claim_confirmed,
  reference_mismatch,
  not_extendable,
  already_exists,
  already_open,
  stock_below_claimed,
  idempotency_key_reused,
  cursor_expired,
  precondition_failed,
  content_too_large,
  uri_too_long,
  unsupported_media_type,
  expectation_failed,
  invalid,
  precondition_required,
  header_fields_too_large,
  not_implemented,
  overloaded,
  storage_unavailable,
  claim_unconfirmed,
  clock_behind,
  http_version_not_supported,
};
inline constexpr std::size_t kProblemCodes = 37;

// A more exact detail than the code's own.
enum class Remark : std::uint8_t {
  none,
  buyer_missing,
  no_credential,  // from here to needs_key: credential_remarks.cc
  not_bearer,
  not_a_key,
  key_mistyped,
  key_unknown,
  key_revoked,
  key_expired,
  session_ended,
  foreign_page,
  proxy_not_trusted,
  credentials_twice,
  credential_in_address,
  key_and_buyer,
  buyer_twice,
  buyers_only,
  needs_scope,
  needs_key,
  peer_not_loopback,
  foreign_host,
  foreign_origin,
  not_json,
  json_too_deep,
  not_a_form,
  needs_json,
  needs_json_or_form,
  needs_form,
  no_such_sale,
  no_such_claim,
  closed_is_final,
  needs_merge_patch,
  not_entity_tags,
  too_many_connections,
};

struct ProblemText {
  ProblemCode code;
  int status;
  std::string_view name;  // "sold-out"
  Sentence title;
  Sentence detail;
};

const ProblemText& text_of(ProblemCode code);
std::optional<ProblemCode> problem_named(std::string_view name);

ProblemCode problem_of(sale::Refusal refusal);
// Nothing where it is as was asked for.
std::optional<ProblemCode> problem_of(sale::ClaimChange change);
std::optional<ProblemCode> problem_of(sale::SaleChange change);
ProblemCode problem_of(ErrorCode error);
ProblemCode problem_of(http::BadRequest what);

// The words of the remarks about credentials; empty ones for any other.
Sentence sentence_about_credential(Remark remark);

// For `WWW-Authenticate` (RFC 6750, section 3), with the error that the remark stands for.
std::string_view challenge_of(Remark remark);

inline constexpr std::string_view kProblemType = "application/problem+json";

// `{"type":...,"code":...,"title":...,"status":...,"detail":...` without the closing brace, so that
// further members can follow.
void append_problem(std::string& out, ProblemCode code, Language language,
                    Remark remark = Remark::none);

}  // namespace doorbuster::api
