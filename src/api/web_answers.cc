#include "api/answers.h"
#include "api/precondition.h"
#include "api/web_site.h"

namespace doorbuster::api {
namespace {

constexpr std::string_view kForEver = "public, max-age=31536000, immutable";
constexpr std::string_view kAskAgain = "no-cache";
// The crowd's browsers ask for it at once, and a CDN answers them; a new version reaches all soon.
constexpr std::string_view kAWhile = "public, max-age=300";

// Nothing but what this server itself serves; no inline code, no inline style, no frame around it.
constexpr std::string_view kPagePolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'";

void guard_page(Answer& answer) {
  answer.field("Content-Security-Policy", kPagePolicy);
  answer.field("Cross-Origin-Opener-Policy", "same-origin");
  answer.field("Cross-Origin-Resource-Policy", "same-origin");
  answer.field("Referrer-Policy", "same-origin");
}

std::string etag_of(std::string_view tag, ContentCoding coding) {
  std::string etag = "\"";
  etag += tag;
  if (coding == ContentCoding::gzip) etag += "-gz";
  if (coding == ContentCoding::brotli) etag += "-br";
  return etag += '"';
}

// `guard` adds what a browser shall hold the file to; a 304 carries it too.
void send_file(Call& call, void (*guard)(Answer&), std::string_view lasting) {
  Answer& answer = call.answer;
  const auto file = answer.desk().options.web.find(call.request.path, answer.body());
  if (!file) {
    answer.body().clear();
    return answer.problem(ProblemCode::not_found);
  }
  const ContentCoding coding = preferred_coding(call.request.fields, *file);
  answer.field("Vary", "Accept-Encoding");
  answer.field("X-Content-Type-Options", "nosniff");
  guard(answer);
  answer.cache_control(file->immutable ? kForEver : lasting);
  if (file->tag.empty()) {  // from a folder: it may change at any time
    answer.cache_control("no-store");
    return answer.send(200, file->content_type);
  }
  const std::string etag = etag_of(file->tag, coding);
  answer.field("ETag", etag);
  if (names_tag(if_none_match(call.request.fields), etag)) {
    answer.body().clear();
    return answer.send(304, {});
  }
  switch (coding) {
    case ContentCoding::identity:
      answer.body() = file->text;
      break;
    case ContentCoding::gzip:
      answer.field("Content-Encoding", "gzip");
      answer.body() = file->gzip;
      break;
    case ContentCoding::brotli:
      answer.field("Content-Encoding", "br");
      answer.body() = file->brotli;
      break;
  }
  answer.send(200, file->content_type);
}

void lead_to(Call& call, std::string_view path) {
  call.answer.field("Location", path);
  call.answer.cache_control("public, max-age=300");
  call.answer.send(302, {});
}

}  // namespace

void lead_to_console(Call& call) { lead_to(call, "/console/"); }
void lead_to_demo(Call& call) { lead_to(call, "/demo/"); }

void send_console_file(Call& call) { send_file(call, guard_page, kAskAgain); }
void send_demo_file(Call& call) { send_file(call, guard_page, kAskAgain); }

// A script for the pages of every shop.
void send_element(Call& call) {
  send_file(
      call, [](Answer& answer) { answer.field("Cross-Origin-Resource-Policy", "cross-origin"); },
      kAWhile);
}

}  // namespace doorbuster::api
