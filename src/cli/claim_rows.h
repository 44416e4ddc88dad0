// A claim as one row of an export.
//
// Thread: any; pure functions.
#pragma once

#include <string>
#include <string_view>

#include "cli/json_view.h"

namespace doorbuster::cli {

// As the server's own CSV has them (api/claim_csv.h).
std::string csv_header();
void append_csv_row(std::string& out, const JsonView& claim);

// One line with the claim exactly as the server gave it.
void append_ndjson_row(std::string& out, const JsonView& claim);

}  // namespace doorbuster::cli
