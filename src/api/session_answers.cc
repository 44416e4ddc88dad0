#include "api/admission.h"
#include "api/answers.h"
#include "api/body_internal.h"
#include "api/render.h"
#include "api/session_cookie.h"
#include "api/text.h"

namespace doorbuster::api {
namespace {

void append_scopes(std::string& body, Scopes scopes) {
  body += R"(,"scopes":[)";
  for (const std::string_view name : scopes.names()) {
    if (body.back() != '[') body += ',';
    append_json_string(body, name);
  }
  body += ']';
}

void answer_session(Answer& answer, const SignedIn& session) {
  std::string& body = answer.body();
  body += R"({"signed_in":true,"dev":false,"key":{"name":)";
  append_json_string(body, session.key->name);
  body += R"(,"prefix":)";
  append_json_string(body, session.key->prefix);
  body += '}';
  append_scopes(body, session.key->scopes);
  body += R"(,"expires_at":)";
  append_json_time(body, session.ends);
  body += '}';
  answer.send(200);
}

// In --dev this machine's programs need no key, and its browser is one of them.
void answer_dev(Answer& answer) {
  answer.body() += R"({"signed_in":true,"dev":true,"key":null)";
  append_scopes(answer.body(), Scopes::all());
  answer.body() += R"(,"expires_at":null})";
  answer.send(200);
}

void answer_nobody(Answer& answer) {
  answer.body() += R"({"signed_in":false,"dev":false,"key":null,"scopes":[],"expires_at":null})";
  answer.send(200);
}

// {"key":"db_sk_..."}; what is pasted may have a space or a newline around it.
std::optional<Unreadable> parse_sign_in(const Call& call, std::string& key) {
  if (auto why = read_json_body(call)) return why;
  Flaws flaws;
  const JsonNode* member = only_member(call.answer.desk().json, "key", flaws);
  if (member == nullptr) {
    flaws.push_back(member_flaw(FlawKind::missing, "key"));
  } else if (member->kind != JsonKind::string) {
    flaws.push_back(member_flaw(FlawKind::not_a_string, "key"));
  } else {
    std::string_view text = member->text;
    const auto is_space = [](char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; };
    while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
    key = text;
  }
  return unreadable_if(std::move(flaws));
}

}  // namespace

void read_session(Call& call) {
  if (call.admission.is_dev()) return answer_dev(call.answer);
  const auto session = call.admission.signed_in(call.fields);
  if (!session) return answer_nobody(call.answer);
  answer_session(call.answer, *session);
}

void sign_in(Call& call) {
  Answer& answer = call.answer;
  std::string key;
  if (const auto why = parse_sign_in(call, key)) return answer_unreadable(answer, *why);
  if (call.admission.is_dev()) return answer_dev(answer);
  std::string token;
  const auto signed_in = call.admission.sign_in(key, call.fields, token);
  if (const auto* refused = std::get_if<Refused>(&signed_in)) {
    return answer.problem(refused->code, refused->remark);
  }
  answer.field("Set-Cookie", session_cookie(call.fields, token));
  answer_session(answer, std::get<SignedIn>(signed_in));
}

void sign_out(Call& call) {
  call.admission.sign_out(call.fields);
  call.answer.field("Set-Cookie", no_session_cookie(call.fields));
  call.answer.send(204, {});
}

}  // namespace doorbuster::api
