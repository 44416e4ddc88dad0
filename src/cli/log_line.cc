#include "cli/log_line.h"

#include <array>
#include <utility>

#include "api/text.h"
#include "base/json_text.h"
#include "cli/table.h"

namespace doorbuster::cli {
namespace {

constexpr std::array<std::pair<std::string_view, LogLevel>, 4> kLevels = {{
    {"debug", LogLevel::debug},
    {"info", LogLevel::info},
    {"warning", LogLevel::warning},
    {"error", LogLevel::error},
}};
constexpr std::array<std::pair<std::string_view, LogFormat>, 3> kFormats = {{
    {"auto", LogFormat::automatic},
    {"json", LogFormat::json},
    {"text", LogFormat::text},
}};

template <typename Words>
auto parse(const Words& words, std::string_view text)
    -> std::optional<decltype(words.front().second)> {
  for (const auto& [word, meaning] : words) {
    if (word == text) return meaning;
  }
  return std::nullopt;
}

void append_unit(std::string& out, std::uint32_t unit) {
  constexpr std::string_view kHex = "0123456789abcdef";
  out += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) out += kHex[unit >> shift & 15];
}

// What JSON lets stand as it is, but steers the terminal of who reads the log there, is escaped
// too; what is no UTF-8 is replaced.
void append_string(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    const api::CodePoint point = api::first_code_point(text);
    if (point.bytes == 0) {
      out += "\xef\xbf\xbd";
      text.remove_prefix(1);
      continue;
    }
    const std::string_view character = text.substr(0, point.bytes);
    // Everything that steers and is not among JSON's own escapes lies in the first plane.
    const bool is_escaped = point.value >= 0x7f && is_steering(point.value);
    if (is_escaped) {
      append_unit(out, point.value);
    } else {
      append_json_escaped(out, character);
    }
    text.remove_prefix(point.bytes);
  }
  out += '"';
}

void append_milliseconds(std::string& out, std::chrono::microseconds duration) {
  const auto count = static_cast<std::uint64_t>(std::max<std::int64_t>(duration.count(), 0));
  append_number(out, count / 1000);
  const std::string thousandths = std::to_string(count % 1000);
  out.append(".").append(3 - thousandths.size(), '0').append(thousandths);
}

struct JsonValue {
  std::string& out;
  void operator()(std::string_view text) const { append_string(out, text); }
  void operator()(std::uint64_t number) const { append_number(out, number); }
  void operator()(std::chrono::microseconds duration) const { append_milliseconds(out, duration); }
};

struct TextValue {
  std::string& out;
  void operator()(std::string_view text) const { out += harmless(text); }
  void operator()(std::uint64_t number) const { append_number(out, number); }
  void operator()(std::chrono::microseconds duration) const { append_milliseconds(out, duration); }
};

}  // namespace

std::optional<LogLevel> parse_log_level(std::string_view word) { return parse(kLevels, word); }

std::optional<LogFormat> parse_log_format(std::string_view word) { return parse(kFormats, word); }

std::string_view to_string(LogLevel level) {
  return kLevels[static_cast<std::size_t>(level)].first;
}

void append_json_line(std::string& out, const LogLine& line) {
  out += R"({"ts":)";
  append_json_time(out, line.at);
  out.append(R"(,"level":")").append(to_string(line.level));
  out.append(R"(","event":")").append(line.event).append(R"(","msg":)");
  append_string(out, line.message);
  for (const LogMember& member : line.members) {
    out.append(",\"").append(member.name).append("\":");
    std::visit(JsonValue{out}, member.value);
  }
  out += "}\n";
}

void append_text_line(std::string& out, const LogLine& line) {
  const std::string at = to_rfc3339(line.at);
  out.append(at, 11, 8).append("Z ");
  if (line.level != LogLevel::info) out.append(to_string(line.level)).append(" ");
  out.append(" ").append(harmless(line.message));
  const char* gap = "  ";
  for (const LogMember& member : line.members) {
    out.append(std::exchange(gap, " ")).append(member.name).append("=");
    std::visit(TextValue{out}, member.value);
  }
  out += '\n';
}

}  // namespace doorbuster::cli
