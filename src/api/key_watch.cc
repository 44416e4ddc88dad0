#include "api/key_watch.h"

#include <algorithm>

#include "api/session_cookie.h"

namespace doorbuster::api {

KeyWatch::KeyWatch(const AdmissionOptions& options)
    : clock_(options.clock), sessions_(options.sessions) {
  if (options.keys != nullptr && !options.dev) keys_.emplace(*options.keys);
}

std::optional<WatchedKey> KeyWatch::watch(Who who, const KnownFields& fields) {
  if (!keys_) return std::nullopt;
  soonest_ = Time::min();  // judged at the next look, should it have been revoked just now
  if (!fields.authorization.given() && sessions_ != nullptr) {
    const auto token = session_token(fields);
    const auto holder = token ? sessions_->find(*token, clock_->since_boot()) : std::nullopt;
    if (holder) return WatchedKey{holder->prefix, holder->key, who, holder->ends};
  }
  const auto key = bearer_token(fields.authorization.value);
  if (!key || shape_of_key(*key) != KeyShape::whole) return std::nullopt;
  return WatchedKey{std::string(prefix_of_key(*key)), hash_of_key(*key), who, {}};
}

bool KeyWatch::has_news() {
  if (!keys_) return false;
  if (keys_->is_current() && (soonest_ == kNever || clock_->wall() < soonest_)) return false;
  soonest_ = kNever;
  return true;
}

std::optional<Refused> KeyWatch::judge(const WatchedKey& key) {
  const KeyRecord* record = keys_->look().find(key.prefix, key.hash);
  const auto admitted = judge_key(record, key.who, *clock_);
  if (const auto* refused = std::get_if<Refused>(&admitted)) return *refused;
  soonest_ = std::min(soonest_, record->expires_at);
  if (!key.ends) return std::nullopt;
  const auto left = *key.ends - clock_->since_boot();
  if (left <= left.zero()) return Refused{ProblemCode::unauthenticated, Remark::session_ended, {}};
  soonest_ = std::min(soonest_, clock_->wall() + std::chrono::ceil<Time::duration>(left));
  return std::nullopt;
}

}  // namespace doorbuster::api
