// A claim as one row of an export.
//
// Thread: any; pure functions.
#pragma once

#include <string>
#include <string_view>

#include "cli/json_view.h"

namespace doorbuster::cli {

// The first line of a CSV, with the byte order mark by which spreadsheets know UTF-8.
std::string csv_header();

// RFC 4180. What a spreadsheet would run as a formula gets a ' before it; so does what begins with
// one, so that whoever takes one away has the text as it was.
void append_csv_row(std::string& out, const JsonView& claim);

// One line with the claim exactly as the server gave it.
void append_ndjson_row(std::string& out, const JsonView& claim);

}  // namespace doorbuster::cli
