#include "api/language.h"

#include <algorithm>

#include "api/text.h"
#include "http/syntax.h"

namespace doorbuster::api {
namespace {

bool begins_ignoring_case(std::string_view text, std::string_view beginning) {
  return text.size() >= beginning.size() &&
         http::same_ignoring_case(text.substr(0, beginning.size()), beginning);
}

bool is_simplified_chinese(std::string_view range) {
  return http::same_ignoring_case(range, "zh") || http::same_ignoring_case(range, "zh-sg") ||
         begins_ignoring_case(range, "zh-cn") || begins_ignoring_case(range, "zh-hans");
}

}  // namespace

Language preferred_language(std::string_view accept_language) {
  int english = 0;
  int chinese = 0;
  while (!accept_language.empty()) {
    const auto comma = std::min(accept_language.find(','), accept_language.size());
    const std::string_view item = accept_language.substr(0, comma);
    accept_language.remove_prefix(std::min(comma + 1, accept_language.size()));
    const auto semicolon = std::min(item.find(';'), item.size());
    const std::string_view range = http::without_spaces_around(item.substr(0, semicolon));
    const int weight = static_cast<int>(weight_of(item.substr(semicolon)));
    // Of equal weights the one named first wins.
    if (is_simplified_chinese(range) && weight > english) chinese = std::max(chinese, weight);
    const bool is_english = begins_ignoring_case(range, "en") || range == "*";
    if (is_english && weight > chinese) english = std::max(english, weight);
  }
  return chinese > english ? Language::chinese : Language::english;
}

std::string_view tag_of(Language language) {
  switch (language) {
    case Language::english:
      return "en";
    case Language::chinese:
      return "zh-CN";
  }
  return {};
}

void append_filled(std::string& out, std::string_view pattern, std::string_view first,
                   std::string_view second) {
  for (auto at = pattern.find('{'); at != std::string_view::npos; at = pattern.find('{')) {
    append_json_escaped(out, pattern.substr(0, at));
    append_json_escaped(out, pattern.substr(at, 3) == "{1}" ? first : second);
    pattern.remove_prefix(std::min(at + 3, pattern.size()));
  }
  append_json_escaped(out, pattern);
}

}  // namespace doorbuster::api
