// The figures of sales: the newest by name, the rest as "other". A sale of that very name is among
// the rest, since no series may stand in the text twice.

#include "cli/server_metrics.h"

namespace doorbuster::cli {
namespace {

using embedded::SaleFigures;
using metrics::Exposition;
using metrics::Family;
using metrics::Type;

constexpr Family kClaims = {"doorbuster_claims_total", Type::counter,
                            "Claims that were answered, by sale and result."};
constexpr Family kReleased = {"doorbuster_claims_released_total", Type::counter,
                              "Claims that ended, by sale and by what ended them."};
constexpr Family kStock = {"doorbuster_stock_units", Type::gauge,
                           "Units of a sale by where they are."};
constexpr Family kLimit = {"doorbuster_stock_limit_units", Type::gauge, "All units of a sale."};
constexpr Family kState = {"doorbuster_sale_state", Type::gauge,
                           "1 for the state that a sale is in; of the others, how many are in it."};

constexpr std::string_view kOther = "other";

// Calls `append(label, figures)` for each sale, and then for the others.
template <typename Append>
void for_each_sale(const embedded::BoardReading& sales, Append append) {
  SaleFigures others = sales.others;
  bool has_others = sales.has_others;
  for (const auto& each : sales.named) {
    if (each.slug.view() == kOther) {
      others.add(each.figures);
      has_others = true;
    } else {
      append(each.slug.view(), each.figures);
    }
  }
  if (has_others) append(kOther, others);
}

void append_claims_of(Exposition& out, std::string_view sale, const store::ClaimCounts& counts) {
  for (std::size_t i = 0; i < counts.size(); ++i) {
    out.sample({{"sale", sale}, {"result", store::claim_result_name(i)}}, counts[i]);
  }
}

}  // namespace

void append_claims(Exposition& out, const redis::GatewayProbe::Reading& claims) {
  out.begin(kClaims);
  store::ClaimCounts others = claims.others;
  bool has_others = claims.has_others;
  for (const auto& [sale, counts] : claims.named) {
    if (sale != kOther) {
      append_claims_of(out, sale, counts);
      continue;
    }
    has_others = true;
    for (std::size_t i = 0; i < others.size(); ++i) others[i] += counts[i];
  }
  if (has_others) append_claims_of(out, kOther, others);
}

void append_sales(Exposition& out, const embedded::BoardReading& sales) {
  out.begin(kClaims);
  for_each_sale(sales, [&](std::string_view sale, const SaleFigures& figures) {
    append_claims_of(out, sale, figures.claims);
  });
  out.begin(kReleased);
  for_each_sale(sales, [&](std::string_view sale, const SaleFigures& figures) {
    for (std::size_t i = 1; i < figures.released.size(); ++i) {
      const auto reason = static_cast<sale::EndReason>(i);
      out.sample({{"sale", sale}, {"reason", to_string(reason)}}, figures.released[i]);
    }
  });
  out.begin(kStock);
  for_each_sale(sales, [&](std::string_view sale, const SaleFigures& figures) {
    out.sample({{"sale", sale}, {"state", "available"}}, figures.available);
    out.sample({{"sale", sale}, {"state", "held"}}, figures.held);
    out.sample({{"sale", sale}, {"state", "confirmed"}}, figures.confirmed);
  });
  out.begin(kLimit);
  for_each_sale(sales, [&](std::string_view sale, const SaleFigures& figures) {
    out.sample({{"sale", sale}}, figures.stock);
  });
  out.begin(kState);
  for_each_sale(sales, [&](std::string_view sale, const SaleFigures& figures) {
    for (std::size_t i = 0; i < figures.in_status.size(); ++i) {
      const auto state = static_cast<sale::SaleStatus>(i);
      out.sample({{"sale", sale}, {"state", to_string(state)}}, figures.in_status[i]);
    }
  });
}

}  // namespace doorbuster::cli
