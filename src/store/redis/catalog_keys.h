// The keys of all sales together, in a slot of their own (docs/redis.md).
#pragma once

#include <string_view>

namespace doorbuster::redis {

inline constexpr std::string_view kCatalogTag = "{doorbuster}";
inline constexpr std::string_view kOrdinalsKey = "{doorbuster}:sales";  // by slug
inline constexpr std::string_view kSlugsKey = "{doorbuster}:slugs";     // by ordinal
inline constexpr std::string_view kFeedKey = "{doorbuster}:feed";
inline constexpr std::string_view kRelayedKey = "{doorbuster}:relayed";  // by slug
inline constexpr std::string_view kDroppedKey = "{doorbuster}:dropped";  // by slug

}  // namespace doorbuster::redis
