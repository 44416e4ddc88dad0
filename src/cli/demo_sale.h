// The sale "demo" of `serve --demo`: made on the first start, found on every other.
//
// Thread: that of its port.
#pragma once

#include <functional>

#include "store/claim_store.h"

namespace doorbuster::cli {

class DemoSale final : private store::ReplySink {
 public:
  // `done` gets the number of units on offer, or why there is no such sale.
  explicit DemoSale(std::function<void(const Result<std::uint32_t>&)> done);

  void create(store::StorePort& port);

 private:
  void on_reply(std::uint64_t context, store::Reply&& reply) override;

  std::function<void(const Result<std::uint32_t>&)> done_;
};

}  // namespace doorbuster::cli
