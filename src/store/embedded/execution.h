// One command, decided: settles what is due, asks the core, has the events journaled and applied,
// and makes the reply.
//
// Thread: engine.
#pragma once

#include "store/embedded/engine.h"

namespace doorbuster::embedded {

class Execution {
 public:
  Execution(Engine& engine, Time now) : engine_(engine), now_(now) {}

  // Nothing: more is due than this turn may settle, and the answer would have to know all of it; or
  // the journal has no room yet; or the sale's claims are archived. The command has changed
  // nothing, and is to be run again.
  std::optional<store::Reply> run(const store::Command& command);
  // The reply to a claim where it is a refusal that changes nothing and rests on durable state
  // alone; nothing: run() has to say. Thread: any, while nobody changes the engine.
  std::optional<store::Reply> refusal(const sale::ClaimUnits& command);
  // The one sale that the reply tells of; nothing: it tells of others too, or of there being none.
  std::optional<sale::SaleOrdinal> about() const { return about_; }

  // Settles what is due for the sale (R13), as far as this turn still may. False: the disk has no
  // room for that.
  bool settle(const sale::SaleState& sale);

  using MaybeReply = std::optional<store::Reply>;

  // One overload a command.
  MaybeReply operator()(const sale::ClaimUnits& command);
  MaybeReply operator()(const store::ConfirmClaim& command);
  MaybeReply operator()(const store::ReleaseClaim& command);
  MaybeReply operator()(const store::ExtendClaim& command);
  MaybeReply operator()(const sale::CreateSale& command);
  MaybeReply operator()(const sale::ChangeSale& command);
  MaybeReply operator()(const sale::SteerSale& command);
  MaybeReply operator()(const sale::DeleteSale& command);
  MaybeReply operator()(const sale::PublishRound& command);
  MaybeReply operator()(const store::ReadSale& command);
  MaybeReply operator()(const store::ListSales& command);
  MaybeReply operator()(const store::ReadBuyerClaims& command);
  MaybeReply operator()(const store::ReadClaim& command);
  MaybeReply operator()(const store::ListClaims& command);

 private:
  bool is_settled(const sale::SaleState& sale) const;
  // Whether the claims of the sale are in memory; else the command is run again when they are.
  bool has_claims(const sale::SaleState& sale);
  // However much else is due: enough that a claim for `quantity` is decided rightly. False: no
  // room.
  bool settle_for(const sale::SaleState& sale, std::uint32_t quantity);
  // The holds of this buyer, this hold.
  bool settle_buyer(const sale::SaleState& sale, std::string_view buyer);
  bool settle_claim(const sale::SaleState& sale, sale::ClaimOrdinal claim);
  bool commit_decided();
  // The same of what came of a command, rather than of the clock.
  bool commit_caused(const TraceParent& trace);
  // The answer where there is no room for what was decided; none while a segment is being made.
  MaybeReply no_room();
  MaybeReply no_room_to_claim(const sale::SaleState& sale);
  void count(const sale::SaleState& sale, const store::ClaimReply& reply);

  store::SaleView view(const sale::SaleState& sale);
  store::ClaimView view(const sale::SaleState& sale, sale::ClaimOrdinal claim) const;
  // The same into `view`, which is as it was made; `id` is the claim's.
  void show(const sale::SaleState& sale, sale::ClaimOrdinal claim, sale::ClaimId id,
            store::ClaimView& view) const;
  sale::ClaimId id_of(const sale::SaleState& sale, sale::ClaimOrdinal claim) const;
  void fill_refusal(const sale::SaleState& sale, const sale::ClaimUnits& command,
                    store::ClaimReply& reply);

  // Runs `answer` on the sale of this slug, settled as far as this turn may.
  template <typename Answer>
  MaybeReply with_sale(const sale::Slug& slug, Answer answer);
  // The same on the sale settled altogether, in a later turn if need be.
  template <typename Answer>
  MaybeReply with_settled_sale(const sale::Slug& slug, Answer answer);
  // Runs `decide` on a claim that is settled, and replies with what became of it. A buyer who is
  // not empty must own it.
  template <typename Decide>
  MaybeReply change_claim(const sale::Slug& slug, sale::ClaimId id, std::string_view buyer,
                          const TraceParent& trace, Decide decide);
  template <typename Command>
  MaybeReply change_sale(const Command& command);

  // The reply to what was decided of a claim, but for its view.
  static store::ClaimReply& begin_reply(MaybeReply& reply, const sale::SaleState& sale,
                                        const sale::ClaimOutcome& outcome);

  Engine& engine_;
  Time now_;
  std::optional<sale::SaleOrdinal> about_;
};

}  // namespace doorbuster::embedded
