#include "cli/sale_body.h"

#include <limits>

#include "api/text.h"
#include "cli/grouped.h"

namespace doorbuster::cli {
namespace {

// An object that grows member by member.
class Members {
 public:
  void add(std::string_view name, std::string_view json) {
    out_ += out_.empty() ? '{' : ',';
    api::append_json_string(out_, name);
    out_ += ':';
    out_ += json;
  }
  void add_text(std::string_view name, const std::optional<std::string>& text) {
    if (!text) return;
    std::string json;
    api::append_json_string(json, *text);
    add(name, json);
  }
  void add_time(std::string_view name, const std::optional<std::string>& time) {
    if (time == "none") return add(name, "null");
    add_text(name, time);
  }
  void add_number(std::string_view name, const std::optional<std::uint64_t>& number) {
    if (number) add(name, std::to_string(*number));
  }

  void add_terms(const SaleTerms& terms) {
    add_text("title", terms.title);
    add_number("per_buyer_limit", terms.per_buyer_limit);
    add_number("hold_seconds", terms.hold_seconds);
    add_time("opens_at", terms.opens_at);
    add_time("closes_at", terms.closes_at);
    add_text("late_payment", terms.late_payment);
    add_number("claim_attempts", terms.claim_attempts);
    add_number("max_extension_seconds", terms.max_extension_seconds);
    add_number("archive_after_seconds", terms.archive_after_seconds);
    if (terms.metadata) add("metadata", *terms.metadata);
  }

  std::string finish() const { return out_.empty() ? "{}" : out_ + "}"; }

 private:
  std::string out_;
};

// Digits that were checked when the command line was read.
std::uint64_t number_of(std::string_view digits) {
  return api::parse_number(digits, std::numeric_limits<std::int64_t>::max()).value_or(0);
}

}  // namespace

std::string definition_json(std::string_view id, const SaleTerms& terms) {
  Members members;
  members.add_text("id", std::string(id));
  members.add_number("stock", number_of(terms.stock));
  members.add_terms(terms);
  return members.finish();
}

bool is_empty(const SaleTerms& terms) {
  Members members;
  members.add_terms(terms);
  return terms.stock.empty() && members.finish() == "{}";
}

Result<std::string> patch_json(const SaleTerms& terms, std::uint64_t present_stock) {
  Members members;
  if (terms.stock.starts_with('-')) {
    const std::uint64_t fewer = number_of(std::string_view(terms.stock).substr(1));
    if (fewer > present_stock) {
      return Error{ErrorCode::invalid_argument, "a stock of " + grouped(present_stock) +
                                                    " cannot become " + grouped(fewer) + " less"};
    }
    members.add_number("stock", present_stock - fewer);
  } else if (terms.stock.starts_with('+')) {
    members.add_number("stock", present_stock + number_of(std::string_view(terms.stock).substr(1)));
  } else if (!terms.stock.empty()) {
    members.add_number("stock", number_of(terms.stock));
  }
  members.add_terms(terms);
  return members.finish();
}

}  // namespace doorbuster::cli
