#include "api/query.h"

#include <algorithm>

#include "api/body_internal.h"
#include "base/check.h"

namespace doorbuster::api {

void read_query(std::string_view query, std::span<const std::string_view> known,
                std::span<QueryValue> values, Flaws& flaws) {
  CHECK(values.size() >= known.size());
  while (!query.empty() && flaws.size() < kMaxFlaws) {
    const auto end = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (pair.empty()) continue;
    const auto equals = std::min(pair.find('='), pair.size());
    const std::string_view name = pair.substr(0, equals);
    const auto at = std::find(known.begin(), known.end(), name);
    if (at == known.end()) {
      flaws.push_back(unknown_member(FlawPlace::parameter, std::string(name), name, known));
      continue;
    }
    QueryValue& value = values[static_cast<std::size_t>(at - known.begin())];
    if (value) flaws.push_back(parameter_flaw(FlawKind::repeated, name));
    value = pair.substr(std::min(equals + 1, pair.size()));
  }
}

bool names_parameter(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    const auto end = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, end);
    if (pair.substr(0, pair.find('=')) == name) return true;
    query.remove_prefix(std::min(end + 1, query.size()));
  }
  return false;
}

Flaw parameter_flaw(FlawKind kind, std::string_view name, std::string first, std::string second) {
  return {kind, FlawPlace::parameter, std::string(name), std::move(first), std::move(second)};
}

}  // namespace doorbuster::api
