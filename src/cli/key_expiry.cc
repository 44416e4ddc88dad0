#include "cli/key_expiry.h"

#include <optional>
#include <string>

#include "api/text.h"

namespace doorbuster::cli {
namespace {

using std::chrono::hours;

std::optional<hours> unit_of(char letter) {
  switch (letter) {
    case 'h':
      return hours(1);
    case 'd':
      return hours(24);
    case 'w':
      return hours(7 * 24);
    default:
      return std::nullopt;
  }
}

Error no_expiry(std::string_view text, const char* why) {
  return {ErrorCode::invalid_argument, "'" + std::string(text) + "' " + why};
}

}  // namespace

Result<Time> parse_expiry(std::string_view text, Time now) {
  constexpr std::uint64_t kMostUnits = 5200;  // a century of weeks
  constexpr const char* kForms = "is no time such as 90d, 12h, 2w, 2027-01-31T00:00:00Z or never";
  if (text == "never") return kNever;
  if (const auto time = parse_rfc3339(text)) {
    if (*time <= now) return no_expiry(text, "has passed");
    return *time;
  }
  const auto unit = text.empty() ? std::nullopt : unit_of(text.back());
  if (!unit) return no_expiry(text, kForms);
  const auto count = api::parse_number(text.substr(0, text.size() - 1), kMostUnits);
  if (!count) return no_expiry(text, kForms);
  if (*count == 0) return no_expiry(text, "would have passed at once");
  return now + *unit * static_cast<int>(*count);
}

}  // namespace doorbuster::cli
