// Gathers the claims of all connections into calls, sale by sale. A lonely claim is a call at once;
// while one of its sale is under way claims gather, so that calls grow with the load and no timer
// is needed. Full ones do not wait for each other, up to a bound: the server has the next call
// there when it has finished one.
//
// A claim for more units than a call may take with others is a call by itself, of as many claims as
// fit. Claims of one sale leave in the order they came in, and sales take turns.
//
// Thread: one.
// Owns: the claims that wait.
// Invariants: a claim that was added is in exactly one batch, until that is put back; of a sale no
// more than `under_way` batches are out, but for those that were split off, and one that is not
// full only while no other is; what is kept of a sale goes with its last claim and batch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sale/command.h"
#include "store/ticket.h"

namespace doorbuster::redis {

struct BatchLimits {
  std::size_t claims = 256;     // a batch
  std::uint32_t units = 4'096;  // of a batch of more than one claim
  std::size_t under_way = 4;    // batches of one sale
  std::size_t waiting = 65'536;
};

struct WaitingClaim {
  sale::ClaimUnits claim;
  store::Ticket ticket;
};

struct ClaimBatch {
  sale::Slug sale;  // as it was asked for
  std::vector<WaitingClaim> claims;
};

class ClaimBatcher {
 public:
  explicit ClaimBatcher(BatchLimits limits);  // CHECKs that none is 0

  // False: too many are waiting, and nothing was taken.
  bool add(const sale::ClaimUnits& claim, const store::Ticket& ticket);
  // A batch that is to be called now; nothing: all others have to wait. To be asked at the end of a
  // turn, and when a batch has ended, until there is none.
  std::optional<ClaimBatch> next();
  // Takes the claims that `is_other` says out of the batch, as one more of that sale that is out;
  // empty, and not out, if there are none.
  ClaimBatch split(ClaimBatch& batch, const std::function<bool(const WaitingClaim&)>& is_other);
  // A batch of this sale has been answered, or never will be.
  void ended(const sale::Slug& sale);
  // The same, but nothing was decided: its claims come first again, before all that came later. Of
  // several batches of a sale that is asked for the latest first.
  void put_back(ClaimBatch batch);

  std::size_t waiting() const { return waiting_; }
  bool idle() const { return sales_.empty(); }

 private:
  struct OfSale {
    std::deque<WaitingClaim> claims;
    std::size_t under_way = 0;
    bool in_turns = false;
  };
  using Sales = std::map<std::string, OfSale, std::less<>>;

  // How many of the claims that wait make the next batch.
  std::size_t next_size(const OfSale& sale) const;
  // Whether a batch of this size takes all that one can.
  bool is_full(const OfSale& sale, std::size_t size) const;
  void take_turn(Sales::iterator sale);
  void batch_ended(std::string_view sale);
  void forget_if_idle(Sales::iterator sale);

  const BatchLimits limits_;
  Sales sales_;
  std::deque<Sales::iterator> turns_;  // sales that have claims waiting, and may have a batch
  std::size_t waiting_ = 0;
};

}  // namespace doorbuster::redis
