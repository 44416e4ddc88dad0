#include <array>
#include <span>

#include "api/body_internal.h"
#include "api/query.h"
#include "api/text.h"

namespace doorbuster::api {
namespace {

constexpr std::uint32_t kMaxPage = 1000;

// A cursor is a letter for the kind of list, the first number to show and a check over both, in
// hexadecimal: short, and a made-up one is refused.
constexpr std::size_t kCursorDigits = 12;

std::uint32_t check_of(PageOf list, std::uint32_t from) {
  std::uint32_t mixed = (from ^ static_cast<unsigned char>(list)) * 0x9e3779b1U;
  mixed ^= mixed >> 15;
  return (mixed * 0x85ebca6bU) >> 16;
}

std::optional<std::uint32_t> parse_cursor(std::string_view text, PageOf list) {
  if (text.size() != 1 + kCursorDigits || text.front() != static_cast<char>(list)) {
    return std::nullopt;
  }
  std::uint64_t number = 0;
  for (const char c : text.substr(1)) {
    const bool is_letter = c >= 'a' && c <= 'f';
    if (!is_letter && (c < '0' || c > '9')) return std::nullopt;
    number = number * 16 + static_cast<std::uint64_t>(is_letter ? c - 'a' + 10 : c - '0');
  }
  const auto from = static_cast<std::uint32_t>(number >> 16);
  if ((number & 0xffff) != check_of(list, from)) return std::nullopt;
  return from;
}

// What a query may name: the place of a page, then which claims.
constexpr std::array<std::string_view, 5> kNames = {"after", "limit", "buyer", "status", "format"};
constexpr std::size_t kAfter = 0;
constexpr std::size_t kLimit = 1;
constexpr std::size_t kBuyer = 2;
constexpr std::size_t kStatus = 3;
constexpr std::size_t kFormatPlace = 4;

using Values = std::array<QueryValue, kNames.size()>;

void read_buyer(Form& form, std::string_view encoded, sale::BuyerId& buyer, Flaws& flaws) {
  constexpr std::string_view kName = kNames[kBuyer];
  // Percent-encoding is the same in a query and in a form.
  const bool decoded = form.parse("buyer=" + std::string(encoded));
  const std::string_view value = decoded ? form.fields().front().value : std::string_view{};
  if (!decoded || !is_printable(value)) {
    flaws.push_back(parameter_flaw(FlawKind::not_printable, kName));
  } else if (value.empty() || !sale::BuyerId::fits(value)) {
    flaws.push_back(parameter_flaw(FlawKind::wrong_byte_count, kName,
                                   std::to_string(sale::BuyerId::kCapacity)));
  } else {
    buyer.assign(value);
  }
}

void read_status(std::string_view value, std::optional<sale::ClaimStatus>& status, Flaws& flaws) {
  for (const auto each :
       {sale::ClaimStatus::held, sale::ClaimStatus::confirmed, sale::ClaimStatus::released}) {
    if (value == to_string(each)) status = each;
  }
  if (!status) flaws.push_back(parameter_flaw(FlawKind::not_a_status, kNames[kStatus]));
}

void read_format(std::string_view value, std::optional<ExportForm>& format, Flaws& flaws) {
  if (value == "csv") format = ExportForm::csv;
  if (value == "ndjson") format = ExportForm::ndjson;
  if (!format) flaws.push_back(parameter_flaw(FlawKind::not_a_format, kNames[kFormatPlace]));
}

void read_which_claims(const Call& call, const Values& values, PageQuery& page, Flaws& flaws) {
  if (values[kBuyer]) read_buyer(call.answer.desk().form, *values[kBuyer], page.buyer, flaws);
  if (values[kStatus]) read_status(*values[kStatus], page.status, flaws);
}

}  // namespace

std::optional<Unreadable> parse_export(const Call& call, PageQuery& page) {
  Flaws flaws;
  Values values;
  read_query(call.request.query, std::span(kNames).subspan(kBuyer),
             std::span(values).subspan(kBuyer), flaws);
  read_which_claims(call, values, page, flaws);
  if (values[kFormatPlace]) read_format(*values[kFormatPlace], page.format, flaws);
  if (!flaws.empty()) return Unreadable{ProblemCode::invalid, Remark::none, std::move(flaws)};
  return std::nullopt;
}

std::optional<Unreadable> parse_page(const Call& call, PageOf list, PageQuery& page) {
  const bool of_claims = list != PageOf::sales;
  const auto known = std::span(kNames).first(of_claims ? kFormatPlace : kBuyer);
  Flaws flaws;
  Values values;
  read_query(call.request.query, known, values, flaws);
  read_which_claims(call, values, page, flaws);
  if (values[kLimit]) {
    const auto limit = parse_number(*values[kLimit], kMaxPage);
    if (limit.value_or(0) == 0) {
      flaws.push_back(
          parameter_flaw(FlawKind::not_a_number, kNames[kLimit], "1", std::to_string(kMaxPage)));
    }
    page.limit = static_cast<std::uint32_t>(limit.value_or(1));
  }
  if (values[kAfter]) {
    const auto from =
        parse_cursor(*values[kAfter], values[kBuyer] ? PageOf::claims_of_buyer : list);
    if (!from) flaws.push_back(parameter_flaw(FlawKind::not_a_cursor, kNames[kAfter]));
    page.from = from.value_or(0);
  }
  if (!flaws.empty()) return Unreadable{ProblemCode::invalid, Remark::none, std::move(flaws)};
  return std::nullopt;
}

void append_cursor(std::string& out, PageOf list, std::uint32_t from) {
  constexpr std::string_view kHex = "0123456789abcdef";
  const std::uint64_t number = std::uint64_t{from} << 16 | check_of(list, from);
  out += static_cast<char>(list);
  for (std::size_t i = kCursorDigits; i-- > 0;) out += kHex[(number >> (i * 4)) & 15];
}

}  // namespace doorbuster::api
