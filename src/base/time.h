// Points in time as the product keeps them: milliseconds since 1970 in UTC, printed as RFC 3339.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace doorbuster {

using Time = std::chrono::sys_time<std::chrono::milliseconds>;

inline constexpr Time kNever = Time::max();

// "2026-11-11T12:00:00.000Z" appended to `out`. Years 0 to 9999 alone (checked).
void append_rfc3339(std::string& out, Time time);
inline constexpr std::size_t kRfc3339Bytes = 24;
// The same into so many bytes.
void write_rfc3339(char* text, Time time);
std::string to_rfc3339(Time time);

// Reads RFC 3339 (section 5.6) with any offset, any number of fractional digits (cut to
// milliseconds) and the year 1970 or later; nothing where the text is not exactly that. A leap
// second (":60") is read as the second that follows it.
std::optional<Time> parse_rfc3339(std::string_view text);

}  // namespace doorbuster
