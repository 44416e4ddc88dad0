// What clients and merchants of a simulated shop do, drawn by dice, and what they remember of what
// they were told: claims to confirm, give back and make longer, versions, answers that never came.
//
// Thread: one. Owns: the memory of everybody.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "sim/random.h"
#include "store/claim_store.h"

namespace doorbuster::simulation {

class Workload {
 public:
  explicit Workload(Random& random) : random_(random) {}

  // The sales that a shop begins with.
  std::vector<store::Command> opening(Time now);

  // One overload a kind of doing.
  store::Command claim();
  store::Command change_claim();  // confirm, release, extend
  store::Command look();
  store::Command merchant(Time now);  // publish, change, steer, delete

  // What was told, and what was asked but never answered: it is asked again.
  void heard(const store::Command& command, const store::Reply& reply);
  void lost(const store::Command& command) { lost_.push_back(command); }
  bool asks_again() const { return asks_again_; }

  // A moment in which a hold is at its end, or nearly; what is done next is about that hold.
  std::optional<Time> next_moment(Time now);

 private:
  struct Remembered {
    std::string sale;
    sale::ClaimId id;
    std::string buyer;
    Time expires_at;
    bool held = false;         // as was told last
    std::uint64_t number = 0;  // makes its order's id
  };

  sale::SaleDefinition draw_sale(const std::string& slug, Time now);
  sale::SaleDefinition draw_holding(const std::string& slug, Time now);
  store::Command publish(Time now);
  store::Command patch(Time now);
  store::Command steer();
  std::string pick_sale();
  const Remembered* pick_claim();
  void remember(const std::string& slug, const store::ClaimView& claim);
  void over(const std::string& slug);
  template <typename Value>
  Value among(std::initializer_list<Value> values) {
    return values.begin()[below(random_, values.size())];
  }

  Random& random_;
  std::vector<std::string> slugs_;
  std::vector<std::string> lively_;  // those not known to be closed
  std::set<std::string> paused_;     // as was told last
  std::vector<std::string> drafts_;  // made to open in an hour
  std::deque<Remembered> claims_;    // newest last
  std::map<std::string, std::uint32_t> versions_;
  std::vector<store::Command> lost_;
  std::optional<Remembered> at_its_end_;
  std::uint64_t next_number_ = 1;
  std::uint64_t next_sale_ = 1;
  bool asks_again_ = false;
};

}  // namespace doorbuster::simulation
