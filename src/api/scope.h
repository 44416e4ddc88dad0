// What a key may do, as names that are granted one by one. None implies another: a key that shall
// read and write is given both.
//
// Thread: any; values and pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace doorbuster::api {

enum class Scope : std::uint8_t {
  sales_read,
  sales_write,
  claims_read,
  claims_write,
  events_read,
  webhooks_write,
};
inline constexpr std::size_t kScopes = 6;

std::string_view to_string(Scope scope);  // "sales:read"
std::optional<Scope> scope_named(std::string_view name);

// A set of them.
class Scopes {
 public:
  static Scopes all();

  void add(Scope scope) { bits_ |= bit(scope); }
  bool has(Scope scope) const { return (bits_ & bit(scope)) != 0; }
  bool empty() const { return bits_ == 0; }
  std::vector<std::string_view> names() const;  // in the order of the enumeration
  friend bool operator==(Scopes, Scopes) = default;

 private:
  static std::uint32_t bit(Scope scope) { return 1U << static_cast<unsigned>(scope); }
  std::uint32_t bits_ = 0;
};

// "sales:read,claims:read", or "all" for all there are in this version. invalid_argument for an
// empty list and for a name that is none, with the one that may have been meant.
Result<Scopes> parse_scopes(std::string_view list);

}  // namespace doorbuster::api
