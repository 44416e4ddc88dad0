#include "api/key_set.h"

#include <algorithm>
#include <utility>

namespace doorbuster::api {
namespace {

struct ByPrefix {
  bool operator()(const KeyRecord& record, std::string_view prefix) const {
    return record.prefix < prefix;
  }
  bool operator()(std::string_view prefix, const KeyRecord& record) const {
    return prefix < record.prefix;
  }
};

}  // namespace

KeySet::KeySet(std::vector<KeyRecord> records) : records_(std::move(records)) {
  std::sort(records_.begin(), records_.end(),
            [](const KeyRecord& a, const KeyRecord& b) { return a.prefix < b.prefix; });
}

const KeyRecord* KeySet::find(std::string_view key) const {
  return find(prefix_of_key(key), hash_of_key(key));
}

const KeyRecord* KeySet::find(std::string_view prefix, const KeyHash& hash) const {
  const auto [first, last] = std::equal_range(records_.begin(), records_.end(), prefix, ByPrefix{});
  const KeyRecord* found = nullptr;
  for (auto record = first; record != last; ++record) {
    if (same_hash(record->hash, hash)) found = &*record;
  }
  return found;
}

std::size_t KeySet::usable(Time now) const {
  return static_cast<std::size_t>(std::count_if(
      records_.begin(), records_.end(),
      [now](const KeyRecord& record) { return !record.is_revoked() && !record.is_expired(now); }));
}

}  // namespace doorbuster::api
