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

  store::Reply run(const store::Command& command);

  // One overload a command.
  store::Reply operator()(const sale::ClaimUnits& command);
  store::Reply operator()(const sale::CreateSale& command);
  store::Reply operator()(const sale::PublishRound& command);
  store::Reply operator()(const store::ReadSale& command);
  store::Reply operator()(const store::ListSales& command);
  store::Reply operator()(const store::ReadBuyerClaims& command);
  store::Reply operator()(const store::ReadClaim& command);
  store::Reply operator()(const store::ListClaims& command);

 private:
  // Settles what is due for the sale (R13). False: the disk has no room for that.
  bool settle(const sale::SaleState& sale);
  bool commit_decided();

  store::SaleView view(const sale::SaleState& sale);
  store::ClaimView view(const sale::SaleState& sale, sale::ClaimOrdinal claim) const;
  void fill_refusal(const sale::SaleState& sale, const sale::ClaimUnits& command,
                    store::ClaimReply& reply);

  // Runs `read` on the settled sale of this slug.
  template <typename Read>
  store::Reply with_sale(const sale::Slug& slug, Read read);

  Engine& engine_;
  Time now_;
};

}  // namespace doorbuster::embedded
