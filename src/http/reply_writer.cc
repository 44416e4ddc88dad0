#include "http/reply_writer.h"

#include <array>
#include <charconv>

#include "base/pen.h"

namespace doorbuster::http {
namespace {

struct StatusLine {
  int status;
  std::string_view line;
};

constexpr StatusLine kStatusLines[] = {
    {200, "HTTP/1.1 200 OK\r\n"},
    {201, "HTTP/1.1 201 Created\r\n"},
    {202, "HTTP/1.1 202 Accepted\r\n"},
    {204, "HTTP/1.1 204 No Content\r\n"},
    {205, "HTTP/1.1 205 Reset Content\r\n"},
    {206, "HTTP/1.1 206 Partial Content\r\n"},
    {301, "HTTP/1.1 301 Moved Permanently\r\n"},
    {302, "HTTP/1.1 302 Found\r\n"},
    {303, "HTTP/1.1 303 See Other\r\n"},
    {304, "HTTP/1.1 304 Not Modified\r\n"},
    {307, "HTTP/1.1 307 Temporary Redirect\r\n"},
    {308, "HTTP/1.1 308 Permanent Redirect\r\n"},
    {400, "HTTP/1.1 400 Bad Request\r\n"},
    {401, "HTTP/1.1 401 Unauthorized\r\n"},
    {402, "HTTP/1.1 402 Payment Required\r\n"},
    {403, "HTTP/1.1 403 Forbidden\r\n"},
    {404, "HTTP/1.1 404 Not Found\r\n"},
    {405, "HTTP/1.1 405 Method Not Allowed\r\n"},
    {406, "HTTP/1.1 406 Not Acceptable\r\n"},
    {408, "HTTP/1.1 408 Request Timeout\r\n"},
    {409, "HTTP/1.1 409 Conflict\r\n"},
    {410, "HTTP/1.1 410 Gone\r\n"},
    {411, "HTTP/1.1 411 Length Required\r\n"},
    {412, "HTTP/1.1 412 Precondition Failed\r\n"},
    {413, "HTTP/1.1 413 Content Too Large\r\n"},
    {414, "HTTP/1.1 414 URI Too Long\r\n"},
    {415, "HTTP/1.1 415 Unsupported Media Type\r\n"},
    {416, "HTTP/1.1 416 Range Not Satisfiable\r\n"},
    {417, "HTTP/1.1 417 Expectation Failed\r\n"},
    {421, "HTTP/1.1 421 Misdirected Request\r\n"},
    {422, "HTTP/1.1 422 Unprocessable Content\r\n"},
    {426, "HTTP/1.1 426 Upgrade Required\r\n"},
    {428, "HTTP/1.1 428 Precondition Required\r\n"},
    {429, "HTTP/1.1 429 Too Many Requests\r\n"},
    {431, "HTTP/1.1 431 Request Header Fields Too Large\r\n"},
    {500, "HTTP/1.1 500 Internal Server Error\r\n"},
    {502, "HTTP/1.1 502 Bad Gateway\r\n"},
    {503, "HTTP/1.1 503 Service Unavailable\r\n"},
    {504, "HTTP/1.1 504 Gateway Timeout\r\n"},
    {507, "HTTP/1.1 507 Insufficient Storage\r\n"},
};

constexpr int kFirstStatus = 200;
constexpr int kLastStatus = 599;

constexpr auto kLineOfStatus = [] {
  std::array<std::string_view, kLastStatus - kFirstStatus + 1> lines{};
  for (const auto& each : kStatusLines) {
    lines[static_cast<std::size_t>(each.status - kFirstStatus)] = each.line;
  }
  return lines;
}();

void append_hexadecimal(std::string& out, std::size_t number) {
  std::array<char, 16> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number, 16).ptr;
  out.append(digits.data(), end);
}

void append_two(std::string& out, int number) {
  out.push_back(static_cast<char>('0' + number / 10 % 10));
  out.push_back(static_cast<char>('0' + number % 10));
}

// No head is longer than its parts and this: the status line and what is named below.
constexpr std::size_t kMostOfHead = 256;

std::size_t most_of_head(const Reply& reply, std::string_view date) {
  return kMostOfHead + date.size() + reply.content_type.size() + reply.fields.size();
}

void put_start(Pen& out, const Reply& reply, std::string_view date) {
  const auto line = status_line(reply.status);
  if (line.empty()) {
    out.put("HTTP/1.1 ").number(static_cast<std::uint64_t>(reply.status)).put(" \r\n");
  } else {
    out.put(line);
  }
  out.put(date);
  if (!reply.content_type.empty()) {
    out.put("Content-Type: ").put(reply.content_type).put("\r\n");
  }
  out.put(reply.fields);
}

void put_connection(Pen& out, Asked asked) {
  if (!asked.keep_alive) {
    out.put("Connection: close\r\n\r\n");
  } else if (asked.http10) {
    out.put("Connection: keep-alive\r\n\r\n");
  } else {
    out.put("\r\n");
  }
}

}  // namespace

std::string date_field(std::time_t seconds) {
  static constexpr std::string_view kDays = "SunMonTueWedThuFriSat";
  static constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  std::string out = "Date: ";
  out.append(kDays.substr(static_cast<std::size_t>(utc.tm_wday) * 3, 3)).append(", ");
  append_two(out, utc.tm_mday);
  out.push_back(' ');
  out.append(kMonths.substr(static_cast<std::size_t>(utc.tm_mon) * 3, 3)).push_back(' ');
  append_two(out, (utc.tm_year + 1900) / 100);
  append_two(out, utc.tm_year + 1900);
  out.push_back(' ');
  append_two(out, utc.tm_hour);
  out.push_back(':');
  append_two(out, utc.tm_min);
  out.push_back(':');
  append_two(out, utc.tm_sec);
  return out.append(" GMT\r\n");
}

std::string_view status_line(int status) {
  if (status < kFirstStatus || status > kLastStatus) return {};
  return kLineOfStatus[static_cast<std::size_t>(status - kFirstStatus)];
}

int status_of(BadRequest what) {
  switch (what) {
    case BadRequest::malformed:
      return 400;
    case BadRequest::target_too_long:
      return 414;
    case BadRequest::head_too_large:
      return 431;
    case BadRequest::body_too_large:
      return 413;
    case BadRequest::timed_out:
      return 408;
    // 505 and 501 by RFC 9110; but what a client sends must not look like a failure of the server
    // to those who count 5xx.
    case BadRequest::unsupported_version:
    case BadRequest::unsupported_encoding:
      return 400;
    case BadRequest::expectation_failed:
      return 417;
    case BadRequest::too_many_connections:
      return 503;
  }
  return 400;
}

bool may_have_body(int status) { return status != 204 && status != 304; }

void append_reply(std::string& out, const Reply& reply, Asked asked, std::string_view date) {
  const bool body = may_have_body(reply.status);
  const std::string_view sent = body && !asked.head ? reply.body : std::string_view();
  Pen pen(out, most_of_head(reply, date) + sent.size());
  put_start(pen, reply, date);
  if (body) pen.put("Content-Length: ").number(reply.body.size()).put("\r\n");
  put_connection(pen, asked);
  pen.put(sent);
}

void append_stream_head(std::string& out, const Reply& reply, Asked asked, std::string_view date) {
  Pen pen(out, most_of_head(reply, date));
  put_start(pen, reply, date);
  if (may_have_body(reply.status) && !asked.http10) pen.put("Transfer-Encoding: chunked\r\n");
  put_connection(pen, asked);
}

void append_chunk(std::string& out, std::string_view bytes) {
  if (bytes.empty()) return;
  append_hexadecimal(out, bytes.size());
  out.append("\r\n").append(bytes).append("\r\n");
}

}  // namespace doorbuster::http
