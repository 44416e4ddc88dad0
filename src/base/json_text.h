// JSON as it goes out, written piece by piece to the end of a buffer that is reused.
//
// Thread: any; pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/pen.h"
#include "base/time.h"

namespace doorbuster {

void append_number(std::string& out, std::uint64_t number);

// `text`, which is valid UTF-8, as a JSON string with its quotation marks.
void append_json_string(std::string& out, std::string_view text);
// The same without the marks.
void append_json_escaped(std::string& out, std::string_view text);

// The same at a pen, which needs so many bytes for it.
void put_json_string(Pen& out, std::string_view text);
constexpr std::size_t most_of_json_string(std::string_view text) { return 6 * text.size() + 2; }

// A time as a JSON string; null for none and for kNever.
void append_json_time(std::string& out, Time time);
void append_json_time(std::string& out, const std::optional<Time>& time);
void put_json_time(Pen& out, Time time);

// `,"name":value`
void append_member(std::string& out, std::string_view name, std::uint64_t value);

}  // namespace doorbuster
