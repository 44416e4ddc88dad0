// The file of keys as text (docs/formats.md): JSON with one record for each key, and no key.
//
// Thread: any; pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/api_key.h"
#include "api/scope.h"
#include "base/result.h"
#include "base/time.h"

namespace doorbuster::api {

struct KeyRecord {
  std::string name;
  std::string prefix;
  KeyHash hash{};
  Scopes scopes;
  Time created_at;
  Time expires_at = kNever;
  Time revoked_at = kNever;

  bool is_revoked() const { return revoked_at != kNever; }
  bool is_expired(Time now) const { return now >= expires_at; }
};

inline constexpr std::size_t kMaxKeys = 10'000;
inline constexpr std::size_t kMaxKeyFileBytes = std::size_t{8} << 20;

// 1 to 64 of letters, digits, '.', '_' and '-', the first of them no sign, and nothing that looks
// like a key.
bool is_key_name(std::string_view text);

// data_damaged, with the place, for a text that is no such file or only a part of one; unsupported
// for one that a newer version wrote.
Result<std::vector<KeyRecord>> parse_key_file(std::string_view text);

std::string render_key_file(const std::vector<KeyRecord>& records);

// `record` as one JSON object, as it stands in the file.
void append_key_record(std::string& out, const KeyRecord& record);

}  // namespace doorbuster::api
