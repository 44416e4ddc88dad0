#include "cli/bench/plan.h"

#include <algorithm>
#include <cmath>

#include "cli/bench/arrivals.h"

namespace doorbuster::bench {
namespace {

using cli::ArrivalShape;
using cli::BenchArguments;
using cli::BenchMix;

constexpr std::uint64_t kUsualBuyers = 50'000;
constexpr std::uint64_t kUsualSeconds = 10;
constexpr std::uint64_t kUsualStock = 1'000;
constexpr std::uint64_t kUsualHold = 60;
constexpr std::uint64_t kMostArrivals = 1'000'000'000;
constexpr std::uint64_t kMostBuyers = 99'999'999;  // as many as their names can count
constexpr std::uint64_t kMostStock = 100'000'000;

std::uint64_t requests_of_each(BenchMix mix) {
  return mix == BenchMix::duplicates ? kRequestsOfADuplicator : 1;
}

// As many as get one, if that is possible: who measures winners wants no other.
std::uint64_t usual_stock(BenchMix mix, std::uint64_t buyers) {
  switch (mix) {
    case BenchMix::sale:
      return kUsualStock;
    case BenchMix::losers:
      return 1;
    case BenchMix::winners:
    case BenchMix::duplicates:
    case BenchMix::holds:
      return std::clamp<std::uint64_t>(buyers, 1, kMostStock);
  }
  return kUsualStock;
}

}  // namespace

Result<Plan> plan_of(const BenchArguments& arguments) {
  const auto flaw = [](const char* what) { return Error{ErrorCode::invalid_argument, what}; };
  if (arguments.buyers && arguments.rate && arguments.duration_seconds) {
    return flaw("--buyers, --rate and --duration: two of them say how long the third is");
  }
  if (!arguments.sale.empty() && (arguments.stock || arguments.hold_seconds)) {
    return flaw("--stock and --hold-seconds are for a sale of its own, not for that of --sale");
  }
  Plan plan;
  plan.mix = arguments.mix;
  const bool is_sale = plan.mix == BenchMix::sale;
  plan.arrival = arguments.arrival.value_or(is_sale ? ArrivalShape::flash : ArrivalShape::constant);
  const std::uint64_t each = requests_of_each(plan.mix);
  const std::uint64_t asked = arguments.buyers.value_or(kUsualBuyers) * each;
  double seconds = static_cast<double>(arguments.duration_seconds.value_or(kUsualSeconds));
  plan.arrivals = asked;
  if (arguments.rate && arguments.buyers) {
    seconds = static_cast<double>(asked) / static_cast<double>(*arguments.rate);
  } else if (arguments.rate) {
    plan.arrivals = *arguments.rate * arguments.duration_seconds.value_or(kUsualSeconds);
  }
  if (plan.arrivals > kMostArrivals) return flaw("that are more than 1,000,000,000 requests");
  const std::uint64_t buyers = (plan.arrivals + each - 1) / each;
  if (buyers > kMostBuyers) return flaw("that are more than 99,999,999 buyers");
  plan.buyers = static_cast<std::uint32_t>(buyers);
  plan.duration = std::chrono::nanoseconds(std::llround(seconds * 1e9));
  plan.stock = arguments.stock.value_or(usual_stock(plan.mix, plan.buyers));
  plan.hold_seconds = arguments.hold_seconds.value_or(plan.mix == BenchMix::holds ? kUsualHold : 0);
  return plan;
}

// Of duplicates every tenth is a new buyer; the others repeat one who has come before.
std::uint32_t buyer_of(const Plan& plan, std::uint64_t n) {
  if (plan.mix != BenchMix::duplicates) return static_cast<std::uint32_t>(n);
  const std::uint64_t newest = n / kRequestsOfADuplicator;
  const bool is_new = n % kRequestsOfADuplicator == 0;
  return static_cast<std::uint32_t>(is_new ? newest : scattered(n) % (newest + 1));
}

}  // namespace doorbuster::bench
