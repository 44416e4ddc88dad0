#include "api/claim_csv.h"

#include <algorithm>
#include <iterator>

#include "api/text.h"

namespace doorbuster::api {
namespace {

constexpr std::string_view kColumns[] = {
    "id",        "sale",        "buyer",           "quantity",   "units",
    "status",    "released_by", "sequence",        "claimed_at", "expires_at",
    "reference", "refund_owed", "refunds_required"};

// The second four are the wide forms, which some spreadsheets take for the first four.
constexpr std::string_view kGuarded[] = {"=",  "+",  "-",  "@",  "＝", "＋",
                                         "－", "＠", "\t", "\r", "'"};

// Several with spaces between them.
void append_run(std::string& out, sale::UnitRun run, bool& first) {
  for (std::uint32_t i = 0; i < run.count; ++i) {
    if (!first) out += ' ';
    first = false;
    append_number(out, run.first + i);
  }
}

}  // namespace

std::span<const std::string_view> csv_columns() { return kColumns; }

void append_csv_header(std::string& out) {
  out += "\xef\xbb\xbf";
  for (const std::string_view name : kColumns) {
    if (name != kColumns[0]) out += ',';
    out += name;
  }
  out += "\r\n";
}

void append_csv_cell(std::string& out, std::string_view text) {
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

void append_csv_row(std::string& out, const store::ClaimView& claim, std::string_view slug) {
  sale::append(out, claim.id);
  out.append(",").append(slug).append(",");
  append_csv_cell(out, claim.buyer.view());
  out += ',';
  append_number(out, claim.quantity);
  out += ',';
  bool first = true;
  append_run(out, claim.units.first, first);
  for (const sale::UnitRun run : claim.units.more) append_run(out, run, first);
  out.append(",").append(to_string(claim.status)).append(",");
  if (claim.status == sale::ClaimStatus::released) out += to_string(claim.end_reason);
  out += ',';
  append_number(out, claim.sequence.value);
  out += ',';
  append_rfc3339(out, claim.claimed_at);
  out += ',';
  if (claim.expires_at != kNever) append_rfc3339(out, claim.expires_at);
  out += ',';
  append_csv_cell(out, claim.reference);
  out.append(",").append(claim.refund_owed ? "true," : ",");
  std::string refunds;
  for (const std::string& reference : claim.refunds) {
    if (!refunds.empty()) refunds += ' ';
    refunds += reference;
  }
  append_csv_cell(out, refunds);
  out += "\r\n";
}

}  // namespace doorbuster::api
