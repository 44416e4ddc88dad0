#include "cli/sale_text.h"

#include <algorithm>
#include <utility>

#include "cli/grouped.h"

namespace doorbuster::cli {
namespace {

constexpr std::size_t kMostRuns = 4;

Ink ink_of(std::string_view status) {
  if (status == "open" || status == "confirmed") return Ink::green;
  if (status == "paused" || status == "held") return Ink::yellow;
  if (status == "closed" || status == "released") return Ink::dim;
  return Ink::plain;
}

Cell status_cell(const JsonView& thing) {
  const std::string_view status = thing.text("status");
  const bool cancelled = thing.truth("cancelled");
  return {cancelled ? "cancelled" : harmless(status), ink_of(status)};
}

void append_line(std::string& out, std::string_view name, std::string_view value) {
  constexpr std::size_t kWidth = 13;
  out.append(name).append(kWidth - name.size(), ' ').append(value).append("\n");
}

// "4 by buyer, 52 by expired"; members that are 0 are left out.
std::string counts_in(const JsonView& stats, std::string_view name, const char* between) {
  std::string out;
  stats.for_each_in(name, [&](const JsonView& count) {
    const std::int64_t number = count.node().integer;
    if (number <= 0) return;
    if (!out.empty()) out += ", ";
    out += grouped(static_cast<std::uint64_t>(number)) + between + harmless(count.node().name);
  });
  return out;
}

std::string stock_line(const JsonView& stats) {
  std::string line = grouped(stats.number("stock")) + ": " + grouped(stats.number("available")) +
                     " available, " + grouped(stats.number("held")) + " held, " +
                     grouped(stats.number("confirmed")) + " confirmed";
  if (const auto burned = stats.number("burned"); burned > 0) {
    line += ", " + grouped(burned) + " burned";
  }
  return line + (stats.truth("conserved") ? "" : "; THIS DOES NOT ADD UP");
}

std::string holds_line(const JsonView& sale) {
  const auto seconds = sale.number("hold_seconds");
  if (seconds == 0) return "none: a claim is confirmed at once";
  std::string line = grouped(seconds) + " s";
  if (const auto more = sale.number("max_extension_seconds"); more > 0) {
    line += ", " + grouped(more) + " s more once";
  }
  return line + "; late payment: " + harmless(sale.text("late_payment"));
}

}  // namespace

const std::vector<Column> kSaleColumns = {{"ID"},    {"STATUS"}, {"STOCK", true},
                                          {"OPENS"}, {"CLOSES"}, {"TITLE"}};
const std::vector<Column> kClaimColumns = {{"CLAIM"},   {"BUYER"},   {"UNITS"},    {"STATUS"},
                                           {"CLAIMED"}, {"EXPIRES"}, {"REFERENCE"}};

std::string title_of(const JsonView& sale, std::string_view language) {
  const std::string_view plain = sale.text("title");
  if (!plain.empty()) return harmless(plain);
  std::string_view best;
  int best_rank = 0;
  sale.for_each_in("title", [&](const JsonView& each) {
    const std::string_view tag = each.node().name;
    const std::string_view primary = tag.substr(0, std::min(tag.find('-'), tag.size()));
    const int rank = !language.empty() && primary == language ? 3 : primary == "en" ? 2 : 1;
    if (rank > best_rank) {
      best = each.node().text;
      best_rank = rank;
    }
  });
  return harmless(best);
}

std::string shown_time(std::string_view time) {
  if (time.empty()) return "-";
  std::string shown = harmless(time);
  if (const auto zeros = shown.find(".000Z"); zeros != std::string::npos) shown.erase(zeros, 4);
  if (const auto t = shown.find('T'); t != std::string::npos) shown[t] = ' ';
  return shown;
}

std::vector<Cell> sale_row(const JsonView& sale, const Look& look) {
  return {{harmless(sale.text("id"))},          status_cell(sale),
          {grouped(sale.number("stock"))},      {shown_time(sale.text("opens_at"))},
          {shown_time(sale.text("closes_at"))}, {title_of(sale, look.language)}};
}

std::string sale_page(const JsonView& sale, const JsonView& stats, const Look& look) {
  const Cell status = status_cell(sale);
  std::string out = inked(harmless(sale.text("id")), Ink::bold, look.colours) + "  " +
                    title_of(sale, look.language) + "\n";
  append_line(out, "status", inked(status.text, status.ink, look.colours));
  append_line(out, "opens", shown_time(sale.text("opens_at")));
  append_line(out, "closes", shown_time(sale.text("closes_at")));
  append_line(out, "stock", stock_line(stats));
  append_line(out, "limit", counted(sale.number("per_buyer_limit"), "unit") + " a buyer");
  append_line(out, "holds", holds_line(sale));
  const std::string released = counts_in(stats, "released", " by ");
  if (!released.empty()) append_line(out, "released", released);
  const std::string refused = counts_in(stats, "refused", " ");
  if (!refused.empty()) append_line(out, "refused", refused);
  const auto metadata = sale.member("metadata");
  const std::string shop_own = metadata ? metadata->compact() : "{}";
  if (shop_own != "{}") append_line(out, "metadata", harmless(shop_own));
  append_line(out, "version", std::to_string(sale.number("version")));
  append_line(out, "as of", shown_time(stats.text("as_of")));
  return out;
}

std::string shown_units(const JsonView& claim) {
  std::vector<std::pair<std::int64_t, std::int64_t>> runs;
  claim.for_each_in("units", [&](const JsonView& unit) {
    const std::int64_t number = unit.node().integer;
    if (!runs.empty() && runs.back().second + 1 == number) {
      runs.back().second = number;
    } else {
      runs.emplace_back(number, number);
    }
  });
  std::string out;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    if (i > 0) out += ", ";
    if (i == kMostRuns) return out + "...";
    const auto [first, last] = runs[i];
    out += std::to_string(first);
    if (last > first) out += "-" + std::to_string(last);
  }
  return out;
}

std::vector<Cell> claim_row(const JsonView& claim) {
  Cell status = status_cell(claim);
  if (const auto by = claim.text("released_by"); !by.empty()) {
    status.text += " (" + harmless(by) + ")";
  }
  if (claim.truth("refund_owed") || claim.has("refunds_required")) status.text += ", refund owed";
  return {{harmless(claim.text("id"))},
          {harmless(claim.text("buyer"))},
          {shown_units(claim)},
          status,
          {shown_time(claim.text("claimed_at"))},
          {shown_time(claim.text("expires_at"))},
          {harmless(claim.text("reference"))}};
}

}  // namespace doorbuster::cli
