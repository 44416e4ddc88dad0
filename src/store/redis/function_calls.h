// Commands of a sale as calls of the function library (docs/redis.md), and the server's replies as
// values. A call is made for one sale by its real slug; who asks for `goods` finds out first which
// round that is, and has the call check it.
//
// Every call names what its caller was told last of the sale, and a server whose history does not
// hold that answers `rewound`, and has written nothing.
//
// Thread: any; pure functions. Whatever a server says is read, or refused as an Error: io_failed
// with the words of the server's own error, data_damaged for what is no reply of the library.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "sale/event.h"
#include "store/claim_store.h"
#include "store/redis/reply.h"

namespace doorbuster::redis {

// With what the keys of one sale begin, "{lamp}"; those of the rounds, "{goods}-7", share a slot.
std::string key_tag(std::string_view slug);
// All of them.
std::vector<std::string> sale_keys(std::string_view slug);
inline constexpr std::string_view kNewestRoundKey = "{goods}:rounds";  // its number

// A place in the history of a sale: the last sequence of an entry of its stream, and the hash of
// all entries up to it, 40 hex digits. Sequence 0: nothing is known.
struct ChainPoint {
  sale::Sequence sequence;
  std::string hash;
  friend bool operator==(const ChainPoint&, const ChainPoint&) = default;
};

// The sale that a call is about.
struct CalledSale {
  std::string_view slug;    // the real one
  bool as_newest = false;   // it was asked for as `goods`, and has to be the newest round
  const ChainPoint& known;  // what was told last of it
};

inline constexpr std::size_t kMaxClaimsPerCall = 256;
inline constexpr std::uint32_t kMaxUnitsPerCall = 4096;  // of all claims of one call together
inline constexpr std::uint32_t kMaxListedPerCall = 256;

// One FCALL or FCALL_RO.
class FunctionCall {
 public:
  // FCALL_RO where `read_only`.
  FunctionCall(std::string_view function, std::vector<std::string> keys, const ChainPoint& known,
               bool read_only = false);

  FunctionCall& add(std::string_view argument);
  FunctionCall& add(std::uint64_t argument) { return add(std::to_string(argument)); }

  // Views into this call.
  Arguments arguments() const { return {words_.begin(), words_.end()}; }

 private:
  std::vector<std::string> words_;
};

FunctionCall publish_call(const sale::CreateSale& command, sale::SaleOrdinal ordinal,
                          const ChainPoint& known);
// `newest`: the number of the newest round, 0 where there is none, and `known` of that round.
FunctionCall publish_round_call(const sale::PublishRound& command, std::uint32_t newest,
                                sale::SaleOrdinal ordinal, const ChainPoint& known);
// `claims`: 1 to kMaxClaimsPerCall of them, of at most kMaxUnitsPerCall units (checked); their slug
// is not looked at.
FunctionCall claim_call(const CalledSale& sale, std::span<const sale::ClaimUnits> claims);
// `place`: what the command's claim id stands for.
FunctionCall confirm_call(const CalledSale& sale, sale::ClaimPlace place,
                          const store::ConfirmClaim& command);
FunctionCall release_call(const CalledSale& sale, sale::ClaimPlace place,
                          const store::ReleaseClaim& command);
FunctionCall extend_call(const CalledSale& sale, sale::ClaimPlace place,
                         const store::ExtendClaim& command);
FunctionCall change_call(const CalledSale& sale, const sale::ChangeSale& command);
FunctionCall steer_call(const CalledSale& sale, const sale::SteerSale& command);
FunctionCall delete_call(const CalledSale& sale, const sale::DeleteSale& command);
FunctionCall settle_call(const CalledSale& sale);
FunctionCall read_sale_call(const CalledSale& sale);
FunctionCall read_buyer_call(const CalledSale& sale, std::string_view buyer);
FunctionCall read_claim_call(const CalledSale& sale, sale::ClaimPlace place);
// `limit`: 1..kMaxListedPerCall (checked).
FunctionCall list_claims_call(const CalledSale& sale, std::uint32_t from, std::uint32_t limit,
                              std::uint32_t below);

// Both of a sale that may be deleted, and `rewound` where its history does not hold `known`.
// The first place that has `events` events (at least 1, checked) between it and `known`, or where
// the history ends.
FunctionCall place_call(std::string_view slug, const ChainPoint& known, std::uint64_t events);
inline constexpr std::uint32_t kMaxEventsPerCall = 1000;
// The entries of the stream that end behind `after` and not behind `known`, until they have `most`
// events (1 to kMaxEventsPerCall, checked) or there are no more.
FunctionCall history_call(std::string_view slug, const ChainPoint& known, sale::Sequence after,
                          std::uint32_t most);

enum class CallVerdict : std::uint8_t {
  decided,
  again,        // more is due than one call settles: some of it has been, call again
  due,          // a read: something is due, and has to be settled by a call that may write
  rewound,      // the history does not hold what the caller knows; `at` is where it ends
  no_sale,      // there is none, or no more
  no_claim,     // none of this number, or of another buyer
  other_round,  // `newest_round` is another one than the call was made for
};

struct FunctionAnswer {
  CallVerdict verdict = CallVerdict::decided;
  ChainPoint at;  // of the sale, after the call
  std::uint32_t newest_round = 0;
};

// A sale as it is stored: `view.refused` is empty, since no server counts refusals.
struct StoredSale {
  sale::SaleOrdinal ordinal;
  bool deleted = false;
  store::SaleView view;
};

// A claim as it is stored: `view.id` is empty, since no server knows the key of the ids.
struct StoredClaim {
  sale::ClaimOrdinal number;
  std::string key;
  store::ClaimView view;
};

struct ClaimAnswer {
  sale::ClaimVerdict verdict = sale::ClaimVerdict::refused;
  sale::Sequence sequence;  // of the sale, after this decision
  StoredClaim claim;        // granted, existing; without what the caller knows: the buyer, and
                            // the key of one that is granted
  // The rest for refusals alone.
  sale::Refusal refusal = sale::Refusal::sold_out;
  std::uint64_t available = 0;
  std::uint64_t held = 0;
  Time next_return_at = kNever;
  std::vector<sale::ClaimOrdinal> live;  // limit_exceeded: the live claims of the buyer
};

struct ClaimsAnswer : FunctionAnswer {
  sale::SaleOrdinal ordinal;
  Time now;
  std::optional<Time> opens_at;
  std::uint32_t claim_attempts = 0;
  std::vector<ClaimAnswer> claims;  // in the order of the call
};

struct ClaimChangeAnswer : FunctionAnswer {
  sale::SaleOrdinal ordinal;
  sale::ClaimChange change = sale::ClaimChange::done;
  StoredClaim claim;
  std::uint32_t max_extension_seconds = 0;
};

struct CreateAnswer : FunctionAnswer {
  sale::CreateVerdict created = sale::CreateVerdict::created;
  StoredSale sale;    // but for closes_in_the_past
  ChainPoint before;  // the round before, after it was closed; sequence 0: there was none
};

struct SaleChangeAnswer : FunctionAnswer {
  sale::SaleChange change = sale::SaleChange::done;
  StoredSale sale;
};

struct ReadAnswer : FunctionAnswer {
  StoredSale sale;
  std::vector<StoredClaim> claims;  // of a buyer: oldest first; of a list: by number
};

// One entry of a sale's stream.
struct StreamEntry {
  ChainPoint at;
  std::string events;  // their bytes, each after its length
};

struct HistoryAnswer : FunctionAnswer {  // decided, rewound or no_sale
  sale::SaleOrdinal ordinal;
  sale::Sequence trimmed;  // entries up to there may be gone
  std::vector<StreamEntry> entries;
};

Result<FunctionAnswer> read_settle_reply(const Reply& reply);
Result<FunctionAnswer> read_place_reply(const Reply& reply);  // decided, rewound or no_sale
// `claims`: how many the call was made of.
Result<ClaimsAnswer> read_claim_reply(const Reply& reply, std::size_t claims);
Result<ClaimChangeAnswer> read_claim_change_reply(const Reply& reply);
Result<CreateAnswer> read_publish_reply(const Reply& reply);
Result<SaleChangeAnswer> read_sale_change_reply(const Reply& reply);
Result<ReadAnswer> read_read_reply(const Reply& reply);
Result<HistoryAnswer> read_history_reply(const Reply& reply);
// Whether there is this claim among those of a buyer as the hash of buyers has them.
bool has_claim(std::string_view lines, sale::ClaimOrdinal number);
// As XRANGE gives it.
Result<StreamEntry> read_stream_entry(const Reply& reply);
// The hash of an entry with these bytes that follows one of the hash `before` ("": it is the
// first).
std::string chain_hash(std::string_view before, std::string_view events);
// The events of an entry; they have views into `bytes`.
Result<std::vector<sale::Event>> read_events(sale::SaleOrdinal sale, std::string_view bytes);

}  // namespace doorbuster::redis
