#include "api/access_log.h"

namespace doorbuster::api {

std::optional<AccessMode> parse_access_mode(std::string_view word) {
  if (word == "off") return AccessMode::off;
  if (word == "sampled") return AccessMode::sampled;
  if (word == "all") return AccessMode::all;
  return std::nullopt;
}

bool AccessChoice::wants(bool sampled, std::chrono::steady_clock::time_point now) {
  switch (log_->mode()) {
    case AccessMode::off:
      return false;
    case AccessMode::all:
      return true;
    case AccessMode::sampled:
      break;
  }
  if (!sampled) return false;
  const auto second = std::chrono::floor<std::chrono::seconds>(now.time_since_epoch());
  if (second != second_) {
    second_ = second;
    left_ = kSampledASecond;
  }
  if (left_ == 0) return false;
  --left_;
  return true;
}

}  // namespace doorbuster::api
