// For tests of the function library: a server that has it, with a clock that the test sets, and the
// pure core that answers the same calls.
#pragma once

#include <gtest/gtest.h>

#include <map>

#include "sale/decide.h"
#include "store/redis/function_calls.h"
#include "store/redis/running_redis_test.h"

namespace doorbuster::redis {

// The library with the server's TIME replaced by what stands under the key "clock".
std::string library_with_test_clock();

// A server with that library, and a connection to it.
class FunctionServer {
 public:
  explicit FunctionServer(RunningRedis::Lines lines = {});

  void set_clock(Time now);
  // Loads the library again, as after a start.
  void load();
  Reply ask(const FunctionCall& call) { return client.ask(call.arguments()).reply; }

  RunningRedis redis;
  Client client;
};

// What a call is expected to answer, and what it answered, as the same words.
std::string words_of(const FunctionAnswer& answer);
std::string words_of(const store::ClaimView& claim);
std::string words_of(const store::SaleView& sale);
std::string words_of(const Result<FunctionAnswer>& answer);
std::string words_of(const Result<ClaimsAnswer>& answer);
std::string words_of(const Result<ClaimChangeAnswer>& answer);
std::string words_of(const Result<CreateAnswer>& answer);
std::string words_of(const Result<SaleChangeAnswer>& answer);
std::string words_of(const Result<ReadAnswer>& answer);

// The rules of src/sale behind the same calls, each function giving the words of the reply. Like
// store/embedded/execution.cc it settles first, and no more in one call than the library does.
class Core {
 public:
  explicit Core(Time now) : now_(now) {}

  void at(Time now) { now_ = now; }

  std::string publish(const sale::SaleDefinition& definition, const TraceParent& trace = {});
  std::string publish_round(std::uint32_t stock);
  std::string claim(std::string_view slug, const std::vector<sale::ClaimUnits>& claims);
  std::string confirm(std::string_view slug, sale::ClaimPlace place, std::string_view reference);
  std::string release(std::string_view slug, sale::ClaimPlace place, std::string_view buyer);
  std::string extend(std::string_view slug, sale::ClaimPlace place, std::uint32_t seconds);
  std::string change(const sale::ChangeSale& command);
  std::string steer(const sale::SteerSale& command);
  std::string remove(std::string_view slug);
  std::string settle(std::string_view slug);
  std::string read_sale(std::string_view slug);
  std::string read_buyer(std::string_view slug, std::string_view buyer);
  std::string read_claim(std::string_view slug, sale::ClaimPlace place);
  std::string list_claims(std::string_view slug, std::uint32_t from, std::uint32_t limit,
                          std::uint32_t below);

  const sale::Catalog& catalog() const { return catalog_; }
  // Where the history of the sale is after each call, from sequence 0 on.
  const std::vector<ChainPoint>& points(sale::SaleOrdinal sale) { return chains_[sale]; }
  // All bytes of its events, as they stand in the stream.
  const std::string& events(sale::SaleOrdinal sale) { return histories_[sale]; }

 private:
  static constexpr int kDuePerCall = 64;

  sale::SaleState* begin(std::string_view slug);
  void take(std::vector<sale::Event>& events, const TraceParent& trace = {});
  void settle_some(const sale::SaleState& sale);
  void settle_for(const sale::SaleState& sale, std::uint32_t quantity);
  void settle_claim(const sale::SaleState& sale, sale::ClaimOrdinal claim);
  bool is_settled(const sale::SaleState& sale) const;
  // Ends the call: what has happened is one entry a sale.
  void end_call();
  std::string end_with(CallVerdict verdict, const sale::SaleState& sale);
  ClaimAnswer decide_one(const sale::SaleState& sale, const sale::ClaimUnits& command);
  template <typename Decide>
  std::string change_claim(std::string_view slug, sale::ClaimPlace place, std::string_view buyer,
                           Decide decide);
  template <typename Command>
  std::string change_sale(const Command& command);
  template <typename Read>
  std::string read(std::string_view slug, Read read_it);
  store::SaleView view(const sale::SaleState& sale) const;
  StoredSale stored(const sale::SaleState& sale) const;
  StoredClaim stored(const sale::SaleState& sale, sale::ClaimOrdinal claim) const;

  sale::Catalog catalog_{HashKey{1, 2}};
  Time now_;        // the server's clock
  Time call_time_;  // of the present call
  int due_left_ = 0;
  std::map<sale::SaleOrdinal, std::string> pending_;
  std::map<sale::SaleOrdinal, std::string> histories_;
  std::map<sale::SaleOrdinal, std::vector<ChainPoint>> chains_;
};

}  // namespace doorbuster::redis
