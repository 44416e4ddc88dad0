#include "cli/bench/request_texts.h"

namespace doorbuster::bench {
namespace {

constexpr std::string_view kBuyerField = "X-Buyer-Id: ";

}  // namespace

RequestTexts::RequestTexts(std::string_view authority, std::string_view sale, const Ledger& ledger,
                           std::string_view fields)
    : ledger_(ledger) {
  const std::string nobody = ledger.names().name(0);
  rest_of_head_.append(" HTTP/1.1\r\nHost: ").append(authority).append("\r\n").append(fields);
  claims_path_.append(" /v1/sales/").append(sale).append("/claims");
  claim_ = "POST" + claims_path_ + rest_of_head_ + std::string(kBuyerField) + nobody;
  claim_digits_ = claim_.size() - BuyerNames::kDigits;
  claim_ += "\r\nContent-Length: 0\r\n\r\n";
  claims_path_ += '/';
  reference_ = R"({"reference":"order-)" + nobody;
  reference_digits_ = reference_.size() - BuyerNames::kDigits;
  reference_ += "\"}";
}

void RequestTexts::append_with_buyer(std::string& out, const std::string& text,
                                     std::size_t digits_at, BuyerNumber buyer) const {
  const std::size_t from = out.size();
  out += text;
  char* digits = out.data() + from + digits_at;
  for (std::size_t i = BuyerNames::kDigits; i-- > 0; buyer /= 10) {
    digits[i] = static_cast<char>('0' + buyer % 10);
  }
}

void RequestTexts::append(std::string& out, const Request& request) const {
  if (request.act == Act::claim) {
    return append_with_buyer(out, claim_, claim_digits_, request.buyer);
  }
  const bool confirms = request.act == Act::confirm;
  out.append(confirms ? "POST" : "DELETE").append(claims_path_);
  out.append(ledger_.claim(request.claim).id.view()).append(confirms ? "/confirm" : "");
  out += rest_of_head_;
  if (!confirms) {
    out.append(kBuyerField).append(ledger_.names().name(request.buyer)).append("\r\n\r\n");
    return;
  }
  out += "Content-Type: application/json\r\nContent-Length: ";
  out.append(std::to_string(reference_.size())).append("\r\n\r\n");
  append_with_buyer(out, reference_, reference_digits_, request.buyer);
}

}  // namespace doorbuster::bench
