#include "api/bad_request.h"

#include "api/problem.h"
#include "api/text.h"

namespace doorbuster::api {

http::Reply bad_request_reply(http::BadRequest what, const RequestId& id, std::string& fields,
                              std::string& body) {
  constexpr std::string_view kRetryAfter = "5";
  const ProblemCode code = problem_of(what);
  const bool is_full = what == http::BadRequest::too_many_connections;
  fields.clear();
  if (!id.empty()) fields.append("X-Request-Id: ").append(id.view()).append("\r\n");
  if (is_full) fields.append("Retry-After: ").append(kRetryAfter).append("\r\n");
  fields += "Cache-Control: no-store\r\n";
  body.clear();
  append_problem(body, code, Language::english,
                 is_full ? Remark::too_many_connections : Remark::none);
  if (is_full) body.append(R"(,"retry_after_seconds":)").append(kRetryAfter);
  body += '}';
  return {text_of(code).status, kProblemType, fields, body};
}

}  // namespace doorbuster::api
