// What every engine offers: commands in, durable replies out. The contract suite (contract_suite.h)
// says rule by rule what the replies are.
//
// A reply is delivered when the state it rests on is durable at the configured level, and not
// before (R7); reads wait behind the same barrier. After a journal failure nothing is delivered any
// more (R11).
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "base/result.h"
#include "sale/claim_id.h"
#include "sale/command.h"
#include "sale/outcome.h"
#include "store/event_feed.h"

namespace doorbuster::store {

struct ReadSale {
  sale::Slug sale;
};
// Sales in the order of their creation, from number `from` on; deleted ones are passed over.
struct ListSales {
  std::uint32_t from = 0;
  std::uint32_t limit = 100;  // 1..1000
};
// All claims of one buyer in one sale, newest first.
struct ReadBuyerClaims {
  sale::Slug sale;
  sale::BuyerId buyer;
};
struct ReadClaim {
  sale::Slug sale;
  sale::ClaimId claim;
};
// Claims in the order they were granted: those numbered from .. from + limit - 1, and below
// `below`.
struct ListClaims {
  sale::Slug sale;
  std::uint32_t from = 0;
  std::uint32_t limit = 1000;  // 1..1000
  std::uint32_t below = 0xffffffff;
};

// Confirms a hold under the shop's reference (R16, R20); `reference` is not empty.
struct ConfirmClaim {
  sale::Slug sale;
  sale::ClaimId claim;
  sale::Reference reference;
  TraceParent trace{};
};
// Ends a claim (R17). With a buyer it must be his, and held; an empty one is the merchant.
struct ReleaseClaim {
  sale::Slug sale;
  sale::ClaimId claim;
  sale::BuyerId buyer;
  TraceParent trace{};
};
// Makes a hold longer, once; `seconds` 0: by as much as the sale allows.
struct ExtendClaim {
  sale::Slug sale;
  sale::ClaimId claim;
  std::uint32_t seconds = 0;
  TraceParent trace{};
};

using Command =
    std::variant<sale::ClaimUnits, ConfirmClaim, ReleaseClaim, ExtendClaim, sale::CreateSale,
                 sale::ChangeSale, sale::SteerSale, sale::DeleteSale, sale::PublishRound, ReadSale,
                 ListSales, ReadBuyerClaims, ReadClaim, ListClaims>;

// A sale at one sequence.
struct SaleView {
  sale::SharedDefinition definition;  // its slug is the real one where `goods` was asked for
  std::uint32_t version = 0;
  sale::SaleStatus status = sale::SaleStatus::scheduled;
  sale::Availability availability = sale::Availability::gone;
  sale::Totals totals;
  sale::Sequence sequence;
  Time created_at;
  Time now;                      // the engine's time of the reading
  Time next_return_at = kNever;  // when the next hold ends, unless it is confirmed
  bool opened = false;           // has been open: a paused sale may not have been yet
  bool cancelled = false;        // closed that way
  std::uint32_t claims = 0;      // granted so far
  std::array<std::uint64_t, sale::kEndReasons> released{};  // claims that have ended, by reason
  std::array<std::uint64_t, sale::kRefusals> refused{};     // by Refusal, since the engine started
};

struct ClaimView {
  sale::ClaimId id;
  sale::BuyerId buyer;
  sale::Quantity quantity = 0;
  sale::UnitRuns units;
  sale::ClaimStatus status = sale::ClaimStatus::held;
  sale::EndReason end_reason = sale::EndReason::none;
  sale::Sequence sequence;
  Time claimed_at;
  Time expires_at = kNever;
  std::string reference;
  bool extended = false;
  bool refund_owed = false;          // confirmed, and the sale was cancelled
  std::vector<std::string> refunds;  // references whose money came too late (R20)
};

struct NoSuchSale {};
struct NoSuchClaim {
  sale::Sequence sequence;  // of the sale
};

struct ClaimReply {
  sale::ClaimVerdict verdict = sale::ClaimVerdict::refused;
  sale::Slug sale;          // the real one
  sale::Sequence sequence;  // of the sale, after the decision
  ClaimView claim;          // granted, existing
  // The rest for refusals alone.
  sale::Refusal refusal = sale::Refusal::sold_out;
  Time now;
  std::optional<Time> opens_at;
  std::uint64_t available = 0;
  sale::Availability availability = sale::Availability::gone;
  Time next_return_at = kNever;
  std::uint32_t claim_attempts = 0;
  std::vector<sale::ClaimId> claims;  // limit_exceeded: the live claims of the buyer
};

// To ConfirmClaim, ReleaseClaim, ExtendClaim.
struct ClaimChangeReply {
  sale::ClaimChange change = sale::ClaimChange::done;
  sale::Slug sale;
  sale::Sequence sequence;                  // of the sale, after the decision
  ClaimView claim;                          // as it now is
  std::uint32_t max_extension_seconds = 0;  // not_extendable
};

// To ChangeSale, SteerSale, DeleteSale.
struct SaleChangeReply {
  sale::SaleChange change = sale::SaleChange::done;
  SaleView sale;  // as it now is
};

struct CreateReply {
  sale::CreateVerdict verdict = sale::CreateVerdict::created;
  SaleView sale;  // but for closes_in_the_past
};

struct SalesPage {
  std::vector<SaleView> sales;
  std::uint32_t next = 0;  // where the next page begins
  bool has_more = false;
};

struct ClaimsPage {
  std::vector<ClaimView> claims;
  SaleView sale;  // at the same sequence
  bool has_more = false;
};

// PublishRound: CreateReply. ReadSale: SaleView. ReadBuyerClaims, ListClaims: ClaimsPage.
// ReadClaim: ClaimsPage with the one claim. A claim that is not the buyer's is NoSuchClaim to him.
// An Error: nothing was decided, for overloaded, storage_unavailable, clock_behind and
// data_damaged (the sale must not be sold from). unconfirmed: it is not known whether it was, or
// whether that lasts; who asks again is told.
using Reply = std::variant<ClaimReply, ClaimChangeReply, CreateReply, SaleChangeReply, SaleView,
                           SalesPage, ClaimsPage, NoSuchSale, NoSuchClaim, Error>;

class ReplySink {
 public:
  virtual ~ReplySink() = default;
  virtual void on_reply(std::uint64_t context, Reply&& reply) = 0;
};

// One I/O thread's way into the engine.
//
// Thread: the one that connected it, for everything.
class StorePort {
 public:
  virtual ~StorePort() = default;
  // Hands `command` over; its reply goes to `sink` with `context`, on this thread, from within some
  // later flush(). False: too much is waiting, and nothing was taken.
  virtual bool submit(const Command& command, ReplySink& sink, std::uint64_t context) = 0;
  // The end of a turn of the thread's loop: sends what was submitted as one batch and delivers the
  // replies that have become durable.
  virtual void flush() = 0;
};

// What an operator is told; any thread may ask.
struct StoreCondition {
  bool ready = false;
  std::vector<std::pair<std::string, std::string>> lines;  // part, "ok" or what is wrong with it
  // The wall clock has stepped, or is behind the journal, and is not followed; by how much it is
  // ahead of the engine's time, 0 without that alarm.
  bool clock_alarm = false;
  std::chrono::milliseconds wall_ahead{0};
  // How safe what is acknowledged is: "synced" of the embedded engine, "D1" of Redis.
  std::string durability{};
};

// A sale whose stored history lacks what was acknowledged: nothing is sold from it until an
// operator takes it as it is.
struct Rewind {
  struct Claim {
    sale::ClaimId id;
    std::string buyer;
  };

  std::string sale;
  // Acknowledged by this gateway and not there any more; only its last ones are looked for.
  std::vector<Claim> gone;
};

class ClaimStore {
 public:
  virtual ~ClaimStore() = default;
  // `wake` is called from any thread when the port has replies to deliver, and must lead to a
  // flush() on the port's thread soon. Ports go before the store.
  virtual std::unique_ptr<StorePort> connect(std::function<void()> wake) = 0;
  // Its events. What is read there goes before the store, too.
  virtual EventFeed& events() = 0;
  virtual StoreCondition condition() const = 0;
  // An operator takes the wall clock as it is (R15). Gives a sentence that says what is now true;
  // from any thread. With nothing to accept it changes nothing.
  virtual Result<std::string> accept_clock() = 0;
  // Of an engine that writes everything itself there are none; from any thread.
  virtual std::vector<Rewind> rewinds() const { return {}; }
  // An operator takes the history of such a sale as it now is, and it is sold from again. Gives a
  // sentence that says what is now true; from any thread. not_found: it is not one of them.
  virtual Result<std::string> accept_rewind(std::string_view sale) {
    return Error{ErrorCode::not_found, std::string(sale) + " was not rewound"};
  }
};

}  // namespace doorbuster::store
