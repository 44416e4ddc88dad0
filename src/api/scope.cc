#include "api/scope.h"

#include <algorithm>
#include <array>

#include "api/text.h"
#include "http/syntax.h"

namespace doorbuster::api {
namespace {

// In the order of the enumeration.
constexpr std::array<std::string_view, kScopes> kScopeNames = {
    "sales:read", "sales:write", "claims:read", "claims:write", "events:read", "webhooks:write"};

Error unknown_scope(std::string_view name) {
  std::string message = "'" + std::string(name) + "' is no scope";
  const auto meant = nearest_word(name, kScopeNames);
  if (!meant.empty()) {
    message.append("; did you mean '").append(meant).append("'?");
  } else {
    const char* before = ": there are ";
    for (const std::string_view known : kScopeNames) {
      message.append(before).append(known);
      before = ", ";
    }
  }
  return {ErrorCode::invalid_argument, std::move(message)};
}

}  // namespace

std::string_view to_string(Scope scope) { return kScopeNames[static_cast<std::size_t>(scope)]; }

std::optional<Scope> scope_named(std::string_view name) {
  const auto* const found = std::find(kScopeNames.begin(), kScopeNames.end(), name);
  if (found == kScopeNames.end()) return std::nullopt;
  return static_cast<Scope>(found - kScopeNames.begin());
}

Scopes Scopes::all() {
  Scopes scopes;
  for (std::size_t i = 0; i < kScopes; ++i) scopes.add(static_cast<Scope>(i));
  return scopes;
}

std::vector<std::string_view> Scopes::names() const {
  std::vector<std::string_view> names;
  for (std::size_t i = 0; i < kScopes; ++i) {
    if (has(static_cast<Scope>(i))) names.push_back(kScopeNames[i]);
  }
  return names;
}

Result<Scopes> parse_scopes(std::string_view list) {
  if (list == "all") return Scopes::all();
  Scopes scopes;
  for (;;) {
    const auto end = std::min(list.find(','), list.size());
    const std::string_view name = http::without_spaces_around(list.substr(0, end));
    const auto scope = scope_named(name);
    if (!scope) return unknown_scope(name);
    scopes.add(*scope);
    if (end == list.size()) return scopes;
    list.remove_prefix(end + 1);
  }
}

}  // namespace doorbuster::api
