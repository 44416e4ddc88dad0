// Text as it goes out and text as it comes in: appending to a buffer that is reused, and looking at
// bytes that a stranger sent.
//
// Thread: any; pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/json_text.h"

namespace doorbuster::api {

using doorbuster::append_json_escaped;
using doorbuster::append_json_string;
using doorbuster::append_json_time;
using doorbuster::append_number;

// `text` as a part of a query (RFC 3986): all but its unreserved characters as %XX.
void append_percent_encoded(std::string& out, std::string_view text);

struct CodePoint {
  char32_t value = 0;
  std::size_t bytes = 0;  // 0: not UTF-8
};
// The first of `text`, which is not empty.
CodePoint first_code_point(std::string_view text);

// The number of characters (code points) of `text`; nothing if it is not UTF-8 (RFC 3629: no
// surrogates, no overlong forms, nothing above U+10FFFF).
std::optional<std::size_t> count_characters(std::string_view text);

// UTF-8 without control characters, line and paragraph separators and noncharacters.
bool is_printable(std::string_view text);

// 0x20 to 0x7e alone.
bool is_printable_ascii(std::string_view text);

// The weight that `parameters` give an element of Accept and its like (";q=0.8"), in thousandths;
// 1000 without one, or with one that cannot be read.
unsigned weight_of(std::string_view parameters);

// A sale's id: 1..64 of [a-z0-9-].
bool is_slug(std::string_view text);

// Digits alone, at most `most`.
std::optional<std::uint64_t> parse_number(std::string_view digits, std::uint64_t most);

// The one of `known` that `word` may have been meant to be; empty when none is near.
template <typename Words>
std::string_view nearest_word(std::string_view word, const Words& known);

// How many letters must be added, removed, replaced or swapped with their neighbour.
std::size_t edit_distance(std::string_view a, std::string_view b);

template <typename Words>
std::string_view nearest_word(std::string_view word, const Words& known) {
  std::string_view nearest;
  std::size_t least = word.size() / 3 + 2;  // further away is no slip of the keyboard
  if (word.size() > 64) return {};
  for (const std::string_view each : known) {
    const std::size_t distance = edit_distance(word, each);
    if (distance < least && distance < each.size()) {
      least = distance;
      nearest = each;
    }
  }
  return nearest;
}

}  // namespace doorbuster::api
