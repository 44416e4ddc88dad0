// The rules that every engine keeps, as tests that any engine can be plugged into: a program that
// tests an engine compiles contract_suite.cc (claims, durability), contract_holds.cc (the life of a
// claim) and contract_sales.cc (the life of a sale), and instantiates `Contract` with its subjects;
// and contract_events.cc and `FeedContract` with those that have a feed.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "store/claim_store.h"

namespace doorbuster::store {

// An engine under test, with a clock of its own.
class ContractSubject {
 public:
  virtual ~ContractSubject() = default;
  // The reply to `command`, awaited.
  virtual Reply ask(const Command& command) = 0;
  // The same for several that are handed over at once, in their order.
  virtual std::vector<Reply> ask_all(const std::vector<Command>& commands) = 0;
  // Lets the engine's time go on.
  virtual void advance(std::chrono::milliseconds by) = 0;
  // Ends the engine, in good order or at once, and starts it again on what it had stored.
  virtual void restart(bool in_good_order) = 0;
  // Its events, until the next restart; null for a subject that FeedContract is not run with.
  virtual EventFeed* feed() { return nullptr; }
};

struct ContractParameter {
  std::string name;
  std::function<std::unique_ptr<ContractSubject>()> make;
  // Of a subject that takes seconds to come up, and that others show the rest of.
  bool ends_suddenly_alone = false;
};

class Contract : public testing::TestWithParam<ContractParameter> {
 protected:
  void SetUp() override { subject_ = GetParam().make(); }

  SaleView open_sale(const std::string& slug, std::uint32_t stock, sale::Quantity limit = 1);
  // A sale `s` of holds, to be made by create().
  static sale::SaleDefinition holding(std::uint32_t stock, std::uint32_t hold_seconds = 10,
                                      sale::Quantity limit = 1);
  CreateReply create(sale::SaleDefinition definition);
  ClaimReply claim(const std::string& sale, const std::string& buyer, sale::Quantity quantity = 1,
                   const std::string& key = "");
  SaleView look(const std::string& sale = "s");
  ClaimsPage claims_of(const std::string& sale, const std::string& buyer);
  ClaimsPage list(const std::string& sale, std::uint32_t from = 0, std::uint32_t limit = 1000,
                  std::uint32_t below = 0xffffffff);
  SaleView publish_round(std::uint32_t stock);
  // Of sale `s`.
  ClaimView claimed(const std::string& buyer, sale::Quantity quantity = 1,
                    const std::string& key = "");
  ClaimView claim_now(const ClaimView& claim);
  ClaimChangeReply confirm(const ClaimView& claim, const std::string& reference);
  ClaimChangeReply release(const ClaimView& claim, const std::string& buyer = "");
  ClaimChangeReply extend(const ClaimView& claim, std::uint32_t seconds = 0);
  SaleChangeReply change(const sale::SaleChanges& changes,
                         std::optional<std::uint32_t> if_version = {});
  SaleChangeReply steer(sale::SaleAction action);
  Reply remove(const std::string& sale = "s");
  // What is true now must be so after a sudden end, and after another in good order.
  void across_restarts(const std::function<void()>& check);
  // The engine's time, told by a sale made for that.
  Time look_time();

  ContractSubject& subject() { return *subject_; }

 private:
  std::unique_ptr<ContractSubject> subject_;
};

// The part about the feed, for subjects that have one.
class FeedContract : public Contract {};

inline std::string name_of(const testing::TestParamInfo<ContractParameter>& info) {
  return info.param.name;
}

}  // namespace doorbuster::store
