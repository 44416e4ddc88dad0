#include "cli/claim_rows.h"

#include <algorithm>

namespace doorbuster::cli {
namespace {

constexpr std::string_view kColumns[] = {
    "id",        "sale",        "buyer",           "quantity",   "units",
    "status",    "released_by", "sequence",        "claimed_at", "expires_at",
    "reference", "refund_owed", "refunds_required"};

// The second four are the wide forms, which some spreadsheets take for the first four.
constexpr std::string_view kGuarded[] = {"=",  "+",  "-",  "@",  "＝", "＋",
                                         "－", "＠", "\t", "\r", "'"};

void append_cell(std::string& out, std::string_view text) {
  const bool guarded = std::any_of(std::begin(kGuarded), std::end(kGuarded),
                                   [&](std::string_view start) { return text.starts_with(start); });
  const bool quoted = text.find_first_of(",\"\r\n\t;") != std::string_view::npos;
  if (quoted) out += '"';
  if (guarded) out += '\'';
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  if (quoted) out += '"';
}

// Several with spaces between them.
void append_value(std::string& out, const JsonView& value) {
  switch (value.node().kind) {
    case api::JsonKind::null:
    case api::JsonKind::object:
      return;
    case api::JsonKind::boolean:
      out += value.node().truth ? "true" : "false";
      return;
    case api::JsonKind::integer:
    case api::JsonKind::other_number:
      out += value.node().text;
      return;
    case api::JsonKind::string:
      return append_cell(out, value.node().text);
    case api::JsonKind::array:
      break;
  }
  std::string all;
  value.for_each([&](const JsonView& each) {
    if (!all.empty()) all += ' ';
    all += each.node().text;
  });
  append_cell(out, all);
}

}  // namespace

std::string csv_header() {
  std::string out = "\xef\xbb\xbf";
  for (const std::string_view name : kColumns) {
    if (name != kColumns[0]) out += ',';
    out += name;
  }
  return out + "\r\n";
}

void append_csv_row(std::string& out, const JsonView& claim) {
  for (const std::string_view name : kColumns) {
    if (name != kColumns[0]) out += ',';
    if (const auto value = claim.member(name)) append_value(out, *value);
  }
  out += "\r\n";
}

void append_ndjson_row(std::string& out, const JsonView& claim) {
  out += claim.compact();
  out += '\n';
}

}  // namespace doorbuster::cli
