#include "base/json_text.h"

#include <algorithm>
#include <charconv>

namespace doorbuster {
namespace {

// What must not stand in a JSON string as it is (RFC 8259, section 7).
bool needs_escape(char c) { return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\'; }

void append_escape(std::string& out, char c) {
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      break;
  }
  constexpr std::string_view kHex = "0123456789abcdef";
  out += "\\u00";
  out += kHex[static_cast<unsigned char>(c) >> 4];
  out += kHex[static_cast<unsigned char>(c) & 15];
}

}  // namespace

void append_number(std::string& out, std::uint64_t number) {
  char digits[20];
  const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  out.append(digits, end);
}

void append_json_escaped(std::string& out, std::string_view text) {
  std::size_t plain = 0;  // where the part that may go out as it is begins
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!needs_escape(text[i])) continue;
    out.append(text, plain, i - plain);
    append_escape(out, text[i]);
    plain = i + 1;
  }
  out.append(text, plain);
}

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  append_json_escaped(out, text);
  out += '"';
}

void put_json_string(Pen& out, std::string_view text) {
  if (std::ranges::none_of(text, needs_escape)) {
    out.put('"').put(text).put('"');
    return;
  }
  std::string escaped;
  append_json_string(escaped, text);
  out.put(escaped);
}

void put_json_time(Pen& out, Time time) {
  if (time == kNever) {
    out.put("null");
    return;
  }
  out.put('"');
  write_rfc3339(out.take(kRfc3339Bytes), time);
  out.put('"');
}

void append_json_time(std::string& out, Time time) {
  if (time == kNever) {
    out += "null";
    return;
  }
  out += '"';
  append_rfc3339(out, time);
  out += '"';
}

void append_json_time(std::string& out, const std::optional<Time>& time) {
  append_json_time(out, time.value_or(kNever));
}

void append_member(std::string& out, std::string_view name, std::uint64_t value) {
  out += ",\"";
  out += name;
  out += "\":";
  append_number(out, value);
}

}  // namespace doorbuster
