// The bytes of a crowd's requests, prepared once, so that to send one is to copy it and to write a
// buyer's number into it.
//
// Thread: one at a time.
#pragma once

#include <string>
#include <string_view>

#include "cli/bench/crowd.h"

namespace doorbuster::bench {

class RequestTexts {
 public:
  // `authority`: what Host says. `sale`: its id. `fields`: more header lines of every request, each
  // with its CRLF.
  RequestTexts(std::string_view authority, std::string_view sale, const Ledger& ledger,
               std::string_view fields);

  void append(std::string& out, const Request& request) const;

 private:
  void append_with_buyer(std::string& out, const std::string& text, std::size_t digits_at,
                         BuyerNumber buyer) const;

  const Ledger& ledger_;
  std::string claim_;
  std::size_t claim_digits_ = 0;  // where the buyer's number stands in it
  std::string claims_path_;       // " /v1/sales/ID/claims/"
  std::string rest_of_head_;      // behind the target
  std::string reference_;         // the body of a confirmation
  std::size_t reference_digits_ = 0;
};

}  // namespace doorbuster::bench
