// What is wrong with a member, a field or a parameter of a request: the `errors` of a 422.
//
// Thread: any. Owns: its texts.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/language.h"
#include "api/text.h"

namespace doorbuster::api {

enum class FlawKind : std::uint8_t {
  unknown,  // {1}: the one that may have been meant, or empty
  repeated,
  missing,
  not_an_object,
  not_a_string,
  not_a_number,           // a whole number from {1} to {2} was expected
  wrong_byte_count,       // 1 to {1} were expected
  wrong_character_count,  // 1 to {1} were expected
  not_printable,
  not_printable_ascii,
  not_a_slug,
  reserved_slug,
  not_a_time,
  closes_before_opening,
  closes_in_the_past,
  not_a_title,
  no_languages,
  too_many_languages,  // {1}: how many there may be
  not_a_language,
  metadata_too_large,  // {1}: how many bytes there may be
  not_one_of,          // {1} or {2} was expected
  not_changeable,
  out_of_unit_numbers,
  keys_differ,
  buyers_differ,
  not_a_cursor,
  not_a_status,  // of a claim
  not_a_format,  // of an export
  not_an_event_cursor,
};

// Where it stands: a member of the body (a JSON pointer, of a form too), a header field, or a
// parameter of the query.
enum class FlawPlace : std::uint8_t { pointer, header, parameter };

struct Flaw {
  FlawKind kind;
  FlawPlace place = FlawPlace::pointer;
  std::string at;
  std::string first;
  std::string second;
};

using Flaws = std::vector<Flaw>;

// `[{"pointer":"/stock","detail":"..."}]`
void append_flaws(std::string& out, const Flaws& flaws, Language language);

// "did you mean": an unknown member at `at`, when `known` are the ones there are.
template <typename Words>
Flaw unknown_member(FlawPlace place, std::string at, std::string_view name, const Words& known) {
  return {FlawKind::unknown, place, std::move(at), std::string(nearest_word(name, known)), {}};
}

Flaw member_flaw(FlawKind kind, std::string_view name, std::string first = {},
                 std::string second = {});
Flaw header_flaw(FlawKind kind, std::string_view name, std::string first = {},
                 std::string second = {});

}  // namespace doorbuster::api
