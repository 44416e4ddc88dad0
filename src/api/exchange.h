// Requests that are waiting for their answer: what is kept of each while the store decides.
//
// Thread: I/O. Owns: the right to answer (Responder), and what the answer is made from.
// Invariants: a place that was given back has another generation, so that a late reply cannot
// answer another request.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "api/access_log.h"
#include "api/api_probe.h"
#include "api/language.h"
#include "base/fixed_text.h"
#include "base/trace_parent.h"
#include "http/responder.h"
#include "store/claim_store.h"

namespace doorbuster::api {

class Answer;
struct ClaimSearch;
struct ClaimStream;
struct SalePatch;

// Makes the store's reply into an answer.
using Render = void (*)(Answer&, store::Reply&);

using RequestId = FixedText<64>;

struct Exchange {
  http::Responder responder;
  Render render = nullptr;  // of the reply that is being waited for; null: for none
  RequestId request_id;
  TraceParent trace;                 // the server's own step, where the caller has sent his
  std::unique_ptr<AccessNote> note;  // null: no line is wanted
  RequestMark mark;
  Language language = Language::english;
  std::string_view page_origin;  // whose pages may read the answer; empty: none
  bool varies_by_origin = false;
  bool head = false;            // HEAD
  bool as_text = false;         // the recipe's words, not JSON
  sale::BuyerId only_of;        // whose claim alone is shown; empty: anybody's
  bool as_csv = false;          // an export of claims
  bool names_file = false;      // it is to be saved under the sale's name
  std::uint32_t page_from = 0;  // lists
  std::uint32_t page_limit = 0;
  std::optional<sale::ClaimStatus> claim_status;  // lists and exports of claims: these alone
  std::shared_ptr<const SalePatch> patch;         // PATCH of a sale, until it is decided
  std::shared_ptr<ClaimStream> claims;            // of an answer with all claims, under way
  std::shared_ptr<ClaimSearch> search;            // of a list of claims by status
  std::string if_none_match;                      // of a reading of a sale

  std::uint32_t place = 0;
  std::uint32_t generation = 0;
};

class ExchangeSlab {
 public:
  Exchange& open();
  std::size_t open_exchanges() const { return exchanges_.size() - free_.size(); }
  void close(Exchange& exchange);

  std::uint64_t context_of(const Exchange& exchange) const {
    return std::uint64_t{exchange.generation} << 32 | exchange.place;
  }
  // The exchange that was open when this context was made; checked.
  Exchange& at(std::uint64_t context);

 private:
  std::deque<Exchange> exchanges_;  // a deque: answering one request may open another
  std::vector<std::uint32_t> free_;
};

}  // namespace doorbuster::api
