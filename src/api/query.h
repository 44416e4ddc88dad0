// A query of a request taken apart: `limit=3&after=x`.
//
// Thread: any; pure functions.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "api/flaw.h"

namespace doorbuster::api {

// As sent, not decoded; none: not given.
using QueryValue = std::optional<std::string_view>;

// The values of `known`, each in its place of `values`, which are as many. What is not known and
// what is given twice becomes a flaw.
void read_query(std::string_view query, std::span<const std::string_view> known,
                std::span<QueryValue> values, Flaws& flaws);

// Whether it is there, with whatever value.
bool names_parameter(std::string_view query, std::string_view name);

Flaw parameter_flaw(FlawKind kind, std::string_view name, std::string first = {},
                    std::string second = {});

}  // namespace doorbuster::api
