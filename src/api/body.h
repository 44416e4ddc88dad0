// Bodies made into commands: claims, sales and the recipe's forms.
//
// Thread: I/O. Nothing here answers: what is wrong is handed back.
#pragma once

#include <optional>

#include "api/call.h"
#include "api/flaw.h"
#include "api/problem.h"
#include "sale/command.h"

namespace doorbuster::api {

// Why a request is no command: `flaws` where the problem is `invalid`.
struct Unreadable {
  ProblemCode code = ProblemCode::invalid;
  Remark remark = Remark::none;
  Flaws flaws;
};

void answer_unreadable(Answer& answer, const Unreadable& why);

// A claim, from a JSON body, a form or nothing, and the header fields Idempotency-Key and
// X-Buyer-Id; a merchant names the buyer in the body. `command.sale` is left alone. With
// `draw_buyer` a request that names no buyer gets a number from 1 to 10, as the recipe's did, and
// there is no quantity to be chosen.
std::optional<Unreadable> parse_claim(const Call& call, bool draw_buyer, sale::ClaimUnits& command);

// The buyer of X-Buyer-Id; there must be one.
std::optional<Unreadable> parse_buyer(const Call& call, sale::BuyerId& buyer);

// The buyer of X-Buyer-Id; left empty when there is none, which stands for the merchant.
std::optional<Unreadable> parse_buyer_if_named(const Call& call, sale::BuyerId& buyer);

// {"reference":"order_991"}
std::optional<Unreadable> parse_confirmation(const Call& call, sale::Reference& reference);

// {"seconds":N}, {} or nothing; `seconds` is 0 where none are given.
std::optional<Unreadable> parse_extension(const Call& call, std::uint32_t& seconds);

// The recipe's form: count=N.
std::optional<Unreadable> parse_round(const Call& call, std::uint32_t& stock);

// A sale's definition.
std::optional<Unreadable> parse_sale(const Call& call, sale::SaleDefinition& sale);

// A page's `limit` and `after` (a cursor made by append_cursor); `from` is the first number to
// show. A list of claims takes `buyer` and `status` too; an export takes these two and `format`,
// which says in the address what a link cannot say by Accept.
enum class PageOf : char { sales = 's', claims = 'c', claims_of_buyer = 'b' };
enum class ExportForm : std::uint8_t { csv, ndjson };
struct PageQuery {
  std::uint32_t from = 0;
  std::uint32_t limit = 100;
  sale::BuyerId buyer;                      // empty: not given
  std::optional<sale::ClaimStatus> status;  // nothing: any
  std::optional<ExportForm> format;         // nothing: not given
};
std::optional<Unreadable> parse_export(const Call& call, PageQuery& page);
std::optional<Unreadable> parse_page(const Call& call, PageOf list, PageQuery& page);
void append_cursor(std::string& out, PageOf list, std::uint32_t from);

}  // namespace doorbuster::api
