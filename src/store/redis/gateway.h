// Commands as calls to Redis, and what became of them as replies. It keeps nothing that it could
// not lose: sales and claims are Redis' (docs/redis.md), here is only how far their history was
// told to somebody, so that a server that has forgotten some of it is found out.
//
// A reply is given when what it tells is safe at the level that is asked for (safe_caller.h).
//
// Thread: the caller's, for everything.
// Owns: the commands that have no reply yet.
// Invariants: each command that was submitted gets one reply, unless the caller is closed; after a
// history was found to be rewound its sale is frozen here.
#pragma once

#include <array>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sale/claim_id.h"
#include "store/redis/claim_batcher.h"
#include "store/redis/function_calls.h"
#include "store/redis/gateway_probe.h"
#include "store/redis/safe_caller.h"
#include "store/redis/sold_out.h"

namespace doorbuster::redis {

class Commands;

struct GatewayOptions {
  HashKey claim_id_key{};
  BatchLimits batches{};
  GatewayProbe* probe = nullptr;  // may be null
  // Called when it was learned that something happened to a sale; may be null.
  std::function<void(std::string_view slug)> on_change{};
};

class Gateway {
 public:
  // `wake` is called, also from within the caller's callbacks and submit(), when replies may be
  // taken. The caller outlives the gateway, and is closed before that ends.
  Gateway(SafeCaller& caller, const GatewayOptions& options, std::function<void()> wake);
  ~Gateway();
  Gateway(const Gateway&) = delete;
  Gateway& operator=(const Gateway&) = delete;

  void submit(const store::Ticket& ticket, const store::Command& command);
  // The end of a turn: claims that came in it leave together.
  void end_turn();
  // Appends the replies that there are to `out`.
  void take_released(std::vector<store::Released>& out);

  // How many sales it remembers: those that something was told of.
  std::size_t known_sales() const { return sales_.size(); }
  // Sales whose history on the server lacks what was told before, with those of the last claims
  // granted here that it lacks, as far as it was asked for them.
  using Rewinds = std::map<std::string, std::vector<store::Rewind::Claim>, std::less<>>;
  const Rewinds& rewound() const { return rewound_; }
  // Takes the history of such a sale as it is. False: it is not one of them.
  bool accept_rewind(std::string_view slug);

 private:
  friend class Commands;

  // A command other than a claim, on its way.
  struct Task {
    store::Ticket ticket;
    store::Command command;
    int vain_attempts = 0;     // since the history of its sale last went on
    sale::Sequence settled{};  // as far as it was heard then
  };
  using TaskPtr = std::shared_ptr<Task>;
  // A sale as its calls need it: its real slug, and whether it was asked for as the newest round.
  struct Place {
    std::string slug;
    bool as_newest = false;
  };
  struct Granted {
    sale::ClaimOrdinal number;
    std::string buyer;
  };
  struct OfSale {
    ChainPoint known;
    // The last claims that were granted here: what a rewind loses is among the last.
    std::deque<Granted> granted;
    std::uint64_t last_grant = 0;  // counted over all sales
    sale::SaleOrdinal ordinal;
    std::array<std::uint64_t, sale::kRefusals> refused{};  // by this gateway
  };

  // gateway.cc: calls, and claims in batches.

  void send(std::string_view slug, const FunctionCall& call, const SafeCaller::OnReply& on_reply);
  // The real slug behind `slug`. For `goods` the newest round is found out first, if it is not
  // known.
  void find_place(const sale::Slug& slug, std::function<void(Result<Place>)> found);
  // The server has said which round is the newest.
  void follow_round(std::uint32_t newest) { newest_round_ = newest; }
  // Sequence 0 of a sale that nothing was told of: who asks for any name leaves nothing behind.
  const ChainPoint& known(std::string_view slug) const;
  // Takes note of where the sale's history is: that will be told.
  void note(std::string_view slug, const ChainPoint& at);
  store::SaleView view(StoredSale sale);
  // Errors for a sale that must not be sold from.
  void freeze(std::string_view slug);
  void look_for_gone(const std::string& slug);
  Error rewound_error(std::string_view slug) const;

  void call_batch(ClaimBatch batch);
  void send_batch(ClaimBatch batch, const Place& place);
  void send_claims(ClaimBatch batch, const Place& place);
  // Claims of buyers who never claimed in a sale that was sold out when it was at `at`: refused if
  // it is there still, and else sent as any others.
  void refuse_batch(ClaimBatch batch, const Place& place, const ChainPoint& at);
  void take_look(ClaimBatch batch, const Place& place, const ChainPoint& at,
                 const Result<ReadAnswer>& answer);
  // Begins to find out who has claimed, if all of this batch were refused for want of units.
  void learn_if_sold_out(const Place& place, const ClaimsAnswer& answer);
  void take_batch(ClaimBatch batch, const Place& place, const Result<ClaimsAnswer>& answer);
  void fail_batch(const ClaimBatch& batch, const Error& error);
  void remember_grant(OfSale& sale, sale::SaleOrdinal ordinal, const sale::BuyerId& buyer,
                      sale::ClaimOrdinal number);
  void forget_oldest_grants();
  // Answers all of them, and counts: `answer_of` gives the one to the claim at that place.
  template <typename AnswerOf>
  void release_batch(const ClaimBatch& batch, const Place& place, const ClaimsAnswer& answer,
                     AnswerOf answer_of);
  store::ClaimReply reply_to(const WaitingClaim& waiting, const Place& place,
                             const ClaimsAnswer& answer, const ClaimAnswer& of_claim);

  void release(const store::Ticket& ticket, store::Reply&& reply);

  const GatewayOptions options_;
  const sale::ClaimIdCodec claim_ids_;
  const std::function<void()> wake_;
  SafeCaller& caller_;
  ClaimBatcher batcher_;
  SoldOut sold_out_;
  std::map<std::string, OfSale, std::less<>> sales_;  // by real slug
  std::uint64_t grants_ = 0;
  std::size_t remembered_ = 0;  // grants of all sales
  Rewinds rewound_;
  std::uint32_t newest_round_ = 0;  // as last heard; 0: not known, or there is none
  std::vector<store::Released> released_;
  const std::unique_ptr<Commands> commands_;
  bool in_end_turn_ = false;
};

}  // namespace doorbuster::redis
