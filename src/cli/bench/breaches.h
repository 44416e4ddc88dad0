// What does not add up: how often each way of it was seen, with a few examples. Pure.
//
// Thread: one at a time.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace doorbuster::bench {

// In brackets the rule that is broken.
enum class BreachKind : std::uint8_t {
  not_conserved,         // R1: available + held + confirmed + burned is not the stock
  oversold,              // R1: more units are claimed than the sale says
  undersold,             // R8: somebody was told "sold out", and units are left
  over_limit,            // R2
  unit_twice,            // R5: a unit belongs to two live claims
  not_found,             // R7: an acknowledged claim is not listed
  other_buyer,           // R7: it is listed as somebody else's
  other_units,           // R7: it is listed with other units
  end_not_found,         // R7: a confirmation or release was acknowledged, and is not listed
  acknowledged_to_two,   // R7: one claim was acknowledged to two buyers
  changed_answer,        // R9: a buyer who asked again was told of another claim
  claim_of_the_refused,  // R7: a buyer was told no each time, and has a claim
  wrong_answer,          // an answer that is no claim of who asked
  listed_twice,          // the list names one claim twice, or what is no claim
};
inline constexpr std::size_t kBreachKinds = 14;

class Breaches {
 public:
  void add(BreachKind kind, std::string_view example);

  bool none() const;
  std::uint64_t count(BreachKind kind) const {
    return found_[static_cast<std::size_t>(kind)].count;
  }
  // One sentence for each kind that was seen.
  std::vector<std::string> sentences() const;

 private:
  struct Found {
    std::uint64_t count = 0;
    std::vector<std::string> examples;
  };
  std::array<Found, kBreachKinds> found_;
};

}  // namespace doorbuster::bench
