// Classes of characters for the grammar of HTTP, and checks of many at a time.
//
// Thread: any; pure functions.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace doorbuster::http {

inline constexpr unsigned char kTokenChar = 1;
inline constexpr unsigned char kTargetChar = 2;
inline constexpr unsigned char kHostChar = 4;

namespace detail {

constexpr bool is_alphanumeric(int c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

constexpr std::array<unsigned char, 256> make_classes() {
  std::array<unsigned char, 256> classes{};
  for (int c = 0x21; c < 0x7f; ++c) {
    auto& mine = classes[static_cast<std::size_t>(c)];
    const bool alphanumeric = is_alphanumeric(c);
    const auto one_of = [c](std::string_view set) {
      return set.find(static_cast<char>(c)) != std::string_view::npos;
    };
    if (alphanumeric || one_of("!#$%&'*+-.^_`|~")) mine |= kTokenChar;
    if (c != '#') mine |= kTargetChar;
    if (alphanumeric || one_of("-._~!$&'()*+,;=%")) mine |= kHostChar;
  }
  return classes;
}

inline constexpr auto kClasses = make_classes();

inline std::uint64_t eight_bytes(const char* at) {
  std::uint64_t word = 0;
  std::memcpy(&word, at, sizeof word);
  return word;
}

}  // namespace detail

inline bool is_of(char c, unsigned char wanted) {
  return (detail::kClasses[static_cast<unsigned char>(c)] & wanted) != 0;
}

inline bool all_of(std::string_view text, unsigned char wanted) {
  return std::all_of(text.begin(), text.end(), [wanted](char c) { return is_of(c, wanted); });
}

// Whether all are visible ASCII or spaces.
inline bool is_plain_text(std::string_view text) {
  // A byte's highest bit in `odd` becomes set if that byte is none of them; a carry or a borrow
  // between bytes comes only from one that is set anyway.
  std::uint64_t odd = 0;
  const auto look = [&odd](std::uint64_t word) {
    odd |= word | (word + 0x0101010101010101) | (word - 0x2020202020202020);
  };
  const char* at = text.data();
  std::size_t left = text.size();
  for (; left >= 8; left -= 8, at += 8) look(detail::eight_bytes(at));
  for (; left > 0; --left, ++at) look(0x2020202020202000 | static_cast<unsigned char>(*at));
  return (odd & 0x8080808080808080) == 0;
}

// Whether `name`, a token, is `known` in any case; `known` is of lower case letters, digits and
// '-'. (The bit that tells the cases apart makes no other token character into one of these.)
inline bool is_name(std::string_view name, std::string_view known) {
  if (name.size() != known.size()) return false;
  constexpr std::uint64_t kLowerCase = 0x2020202020202020;
  std::uint64_t differs = 0;
  std::size_t at = 0;
  for (; at + 8 <= known.size(); at += 8) {
    differs |= (detail::eight_bytes(name.data() + at) | kLowerCase) ^
               detail::eight_bytes(known.data() + at);
  }
  for (; at < known.size(); ++at) {
    differs |= static_cast<unsigned char>((name[at] | 0x20) ^ known[at]);
  }
  return differs == 0;
}

}  // namespace doorbuster::http
