// One line of the server's log, as JSON for programs and as words for a terminal.
//
// Thread: any; pure functions.
// Invariants: a line of JSON is one object on one line and valid UTF-8, whatever stood in the
// texts; no character of either form steers a terminal.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "base/time.h"

namespace doorbuster::cli {

enum class LogLevel : std::uint8_t { debug, info, warning, error };
enum class LogFormat : std::uint8_t { automatic, json, text };  // automatic: text on a terminal

// As they are written in settings; nothing for any other word.
std::optional<LogLevel> parse_log_level(std::string_view word);
std::optional<LogFormat> parse_log_format(std::string_view word);
std::string_view to_string(LogLevel level);

// A text, a number, or a duration, which is written in milliseconds.
using LogValue = std::variant<std::string_view, std::uint64_t, std::chrono::microseconds>;

struct LogMember {
  std::string_view name;  // one of our own words
  LogValue value;
};

struct LogLine {
  Time at;
  LogLevel level = LogLevel::info;
  std::string_view event;    // one of our own words, for programs to look for
  std::string_view message;  // a sentence
  std::span<const LogMember> members{};
};

// {"ts":"2026-11-11T12:00:00.000Z","level":"info","event":"reload","msg":"...","status":201}
void append_json_line(std::string& out, const LogLine& line);
// 12:00:00Z warning  keys: 3 keys read  status=201
void append_text_line(std::string& out, const LogLine& line);

}  // namespace doorbuster::cli
