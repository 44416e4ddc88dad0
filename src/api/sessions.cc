#include "api/sessions.h"

#include <algorithm>
#include <utility>

namespace doorbuster::api {

std::string Sessions::open(std::string_view prefix, const KeyHash& key,
                           std::chrono::nanoseconds now) {
  KeyHash random{};
  random_(random);
  std::string token = to_hex(random);
  const std::lock_guard lock(mutex_);
  make_room(key, now);
  sessions_[hash_of_key(token)] = Holder{std::string(prefix), key, now + kLifetime};
  return token;
}

std::optional<Sessions::Holder> Sessions::find(std::string_view token,
                                               std::chrono::nanoseconds now) const {
  // The place of a hash tells nothing about a token that would have it.
  const KeyHash hash = hash_of_key(token);
  const std::lock_guard lock(mutex_);
  const auto found = sessions_.find(hash);
  if (found == sessions_.end() || now >= found->second.ends) return std::nullopt;
  return found->second;
}

void Sessions::end(std::string_view token) {
  const KeyHash hash = hash_of_key(token);
  const std::lock_guard lock(mutex_);
  sessions_.erase(hash);
}

void Sessions::make_room(const KeyHash& key, std::chrono::nanoseconds now) {
  std::erase_if(sessions_, [&](const auto& each) { return now >= each.second.ends; });
  const auto end_oldest_of = [&](auto counts, std::size_t most) {
    const auto count = std::count_if(sessions_.begin(), sessions_.end(), counts);
    if (static_cast<std::size_t>(count) < most) return;
    auto oldest = sessions_.end();
    for (auto each = sessions_.begin(); each != sessions_.end(); ++each) {
      if (!counts(*each)) continue;
      if (oldest == sessions_.end() || each->second.ends < oldest->second.ends) oldest = each;
    }
    sessions_.erase(oldest);
  };
  end_oldest_of([&](const auto& each) { return same_hash(each.second.key, key); }, kOfOneKey);
  end_oldest_of([](const auto&) { return true; }, kMost);
}

}  // namespace doorbuster::api
