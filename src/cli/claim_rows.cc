#include "cli/claim_rows.h"

#include "api/claim_csv.h"

namespace doorbuster::cli {
namespace {

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
      return api::append_csv_cell(out, value.node().text);
    case api::JsonKind::array:
      break;
  }
  std::string all;
  value.for_each([&](const JsonView& each) {
    if (!all.empty()) all += ' ';
    all += each.node().text;
  });
  api::append_csv_cell(out, all);
}

}  // namespace

std::string csv_header() {
  std::string out;
  api::append_csv_header(out);
  return out;
}

void append_csv_row(std::string& out, const JsonView& claim) {
  for (const std::string_view name : api::csv_columns()) {
    if (name != api::csv_columns().front()) out += ',';
    if (const auto value = claim.member(name)) append_value(out, *value);
  }
  out += "\r\n";
}

void append_ndjson_row(std::string& out, const JsonView& claim) {
  out += claim.compact();
  out += '\n';
}

}  // namespace doorbuster::cli
