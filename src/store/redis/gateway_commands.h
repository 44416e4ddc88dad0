// What a gateway does with each command but claims: which calls it makes, and the reply that comes
// of their answers. A command that may be asked again is, a bounded number of times.
//
// Thread: the gateway's, which owns it.
#pragma once

#include "store/redis/gateway.h"

namespace doorbuster::redis {

class Commands {
 public:
  explicit Commands(Gateway& gateway) : gateway_(gateway) {}

  void run(const Gateway::TaskPtr& task);

 private:
  using TaskPtr = Gateway::TaskPtr;
  using Place = Gateway::Place;
  template <typename Answer>
  using Reader = Result<Answer> (*)(const Reply&);

  // Runs the command once more; an error instead when that has been done too often without the
  // history of its sale, which is now at `at`, going on.
  void again(const TaskPtr& task, sale::Sequence at);
  bool goes_on(const TaskPtr& task, sale::Sequence at);
  void finish(const TaskPtr& task, store::Reply reply);
  // Finds the real slug, and goes on with it unless there is no such sale, or it is frozen.
  void with_place(const TaskPtr& task, const sale::Slug& slug,
                  std::function<void(const Place&)> go_on);
  CalledSale called(const Place& place) { return {place.slug, place.as_newest, known(place)}; }
  const ChainPoint& known(const Place& place) { return gateway_.known(place.slug); }
  // Sends the call and goes on with its answer where that is a decision; it tells where the
  // history of the sale is.
  template <typename Answer>
  void ask(const TaskPtr& task, const Place& place, const FunctionCall& call, Reader<Answer> read,
           std::function<void(Answer)> decided);
  // The same, of which `decided` finds out what it tells.
  template <typename Answer>
  void ask_about(const TaskPtr& task, const Place& place, const FunctionCall& call,
                 Reader<Answer> read, std::function<void(Answer)> decided);
  // Has happen what is due, and calls `go_on` unless that is in vain.
  void settle(const TaskPtr& task, const Place& place, std::function<void()> go_on);
  void register_slug(const TaskPtr& task, const std::string& slug,
                     std::function<void(sale::SaleOrdinal)> registered);
  // The reply to a claim id that stands for no claim: it says where the sale is.
  void say_no_claim(const TaskPtr& task, const Place& place);
  void list_from(const TaskPtr& task, const Place& place,
                 const std::shared_ptr<store::ClaimsPage>& page, std::uint32_t from);
  void list_sales_from(const TaskPtr& task, const std::shared_ptr<store::SalesPage>& page,
                       std::uint32_t from);
  void read_listed(const TaskPtr& task, const std::shared_ptr<store::SalesPage>& page,
                   const std::shared_ptr<std::vector<std::string>>& slugs, std::size_t at,
                   std::uint32_t from, bool more);

  void run_one(const TaskPtr& task, const sale::ClaimUnits& command);
  void run_one(const TaskPtr& task, const store::ConfirmClaim& command);
  void run_one(const TaskPtr& task, const store::ReleaseClaim& command);
  void run_one(const TaskPtr& task, const store::ExtendClaim& command);
  void run_one(const TaskPtr& task, const sale::CreateSale& command);
  void run_one(const TaskPtr& task, const sale::ChangeSale& command);
  void run_one(const TaskPtr& task, const sale::SteerSale& command);
  void run_one(const TaskPtr& task, const sale::DeleteSale& command);
  void run_one(const TaskPtr& task, const sale::PublishRound& command);
  void run_one(const TaskPtr& task, const store::ReadSale& command);
  void run_one(const TaskPtr& task, const store::ListSales& command);
  void run_one(const TaskPtr& task, const store::ReadBuyerClaims& command);
  void run_one(const TaskPtr& task, const store::ReadClaim& command);
  void run_one(const TaskPtr& task, const store::ListClaims& command);

  template <typename Command, typename MakeCall>
  void change_claim(const TaskPtr& task, const Command& command, MakeCall make_call);
  template <typename Command, typename MakeCall>
  void change_sale(const TaskPtr& task, const Command& command, MakeCall make_call);
  store::ClaimView view_of(const StoredSale& sale, const StoredClaim& claim) const;

  Gateway& gateway_;
};

}  // namespace doorbuster::redis
