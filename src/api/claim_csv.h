// Claims as rows of a CSV (RFC 4180), for spreadsheets: of the API and of the command line alike.
//
// Thread: any; pure functions.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "store/claim_store.h"

namespace doorbuster::api {

// The columns, by the names of a claim's members.
std::span<const std::string_view> csv_columns();

// The first line, with the byte order mark by which spreadsheets know UTF-8.
void append_csv_header(std::string& out);

// What a spreadsheet would run as a formula gets a ' before it; so does what begins with one, so
// that whoever takes one away has the text as it was.
void append_csv_cell(std::string& out, std::string_view text);

void append_csv_row(std::string& out, const store::ClaimView& claim, std::string_view slug);

}  // namespace doorbuster::api
