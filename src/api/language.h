// The languages in which the API speaks to people. Programs switch on codes, never on these words.
//
// Thread: any; pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace doorbuster::api {

enum class Language : std::uint8_t { english, chinese };
inline constexpr std::size_t kLanguages = 2;

// From an Accept-Language field (RFC 9110, 12.5.4); English where it names neither.
Language preferred_language(std::string_view accept_language);

std::string_view tag_of(Language language);  // "en", "zh-CN"

// One sentence in each; {1} and {2} stand for what it is about.
struct Sentence {
  std::string_view english;
  std::string_view chinese;

  std::string_view in(Language language) const {
    return language == Language::chinese ? chinese : english;
  }
};

// Appends `pattern` as the inside of a JSON string, its places filled in.
void append_filled(std::string& out, std::string_view pattern, std::string_view first = {},
                   std::string_view second = {});

}  // namespace doorbuster::api
