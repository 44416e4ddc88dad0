// Every sequence of seven commands by two buyers over two units, against a model that is written
// from the rules alone and shares no code with the core. What goes wrong at all tends to go wrong
// in a small scope already (D. Jackson's small scope hypothesis).
#include <gtest/gtest.h>

#include <deque>

#include "sale/sale_test_world.h"

namespace doorbuster::sale {
namespace {

using namespace std::chrono_literals;

enum class Step {
  claim_ann,
  claim_bob,
  confirm_ann,
  confirm_bob,
  release_ann,
  release_bob,
  tick,  // past every deadline
  pause,
  resume,
  restock,  // by one unit
  close
};
constexpr int kSteps = 11;
constexpr int kHold = 10;  // seconds

struct Settings {
  bool late_money_counts = false;
  int attempts = 5;
};

// What a command did, in words: the same words from both sides.
using Words = std::string;

// A sale as the rules tell it.
class Model {
 public:
  explicit Model(Settings settings) : settings_(settings) {}

  Words take(Step step) {
    switch (step) {
      case Step::claim_ann:
        return claim(0);
      case Step::claim_bob:
        return claim(1);
      case Step::confirm_ann:
        return confirm(0);
      case Step::confirm_bob:
        return confirm(1);
      case Step::release_ann:
        return release(0);
      case Step::release_bob:
        return release(1);
      case Step::tick:
        return tick();
      case Step::pause:
        if (state_ == closed) return "closed";
        if (state_ == paused) return "unchanged";
        state_ = paused;
        return "done";
      case Step::resume:
        if (state_ == closed) return "closed";
        if (state_ == open) return "unchanged";
        state_ = open;
        return "done";
      case Step::restock:
        if (state_ == closed) return "closed";
        ++stock_;
        return "done";
      case Step::close:
        if (state_ == closed) return "unchanged";
        state_ = closed;
        return "done";
    }
    return "";
  }

  std::string totals() const {
    return std::to_string(stock_) + " " + std::to_string(free_count()) + " " +
           std::to_string(count('h')) + " " + std::to_string(count('c'));
  }
  // Each claim: its buyer, unit and fate.
  std::string claims() const {
    std::string words;
    for (const Claim& claim : claims_) {
      words += std::to_string(claim.buyer) + std::to_string(claim.unit) + claim.fate;
      words += claim.refunded ? "! " : " ";
    }
    return words;
  }

 private:
  enum State { open, paused, closed };
  struct Claim {
    int buyer;
    int unit;
    int ends;
    char fate;  // h held, c confirmed, b given back, e expired
    bool refunded = false;
  };

  int count(char fate) const {
    int units = 0;
    for (const Claim& claim : claims_) units += claim.fate == fate ? 1 : 0;
    return units;
  }
  int free_count() const { return stock_ - count('h') - count('c'); }
  int take_unit() {
    if (returned_.empty()) return next_++;
    const int unit = returned_.front();
    returned_.pop_front();
    return unit;
  }
  Claim* newest(int buyer) {
    for (auto claim = claims_.rbegin(); claim != claims_.rend(); ++claim) {
      if (claim->buyer == buyer) return &*claim;
    }
    return nullptr;
  }
  bool has_live(int buyer) const {
    for (const Claim& claim : claims_) {
      if (claim.buyer == buyer && (claim.fate == 'h' || claim.fate == 'c')) return true;
    }
    return false;
  }

  Words claim(int buyer) {
    if (has_live(buyer)) return "existing";
    if (state_ == paused) return "paused";
    if (state_ == closed) return "closed";
    int ended = 0;
    for (const Claim& claim : claims_) ended += claim.buyer == buyer ? 1 : 0;
    if (ended >= settings_.attempts) return "attempts-exhausted";
    if (free_count() == 0) return "sold-out";
    claims_.push_back({buyer, take_unit(), now_ + kHold, 'h'});
    return "granted";
  }
  Words confirm(int buyer) {
    Claim* claim = newest(buyer);
    if (claim == nullptr) return "none";
    if (claim->fate == 'c') return "unchanged";
    if (claim->fate == 'b') return "released";
    if (claim->fate == 'h') {
      claim->fate = 'c';
      return "done";
    }
    if (claim->refunded) return "expired";
    if (settings_.late_money_counts && state_ != closed && free_count() > 0) {
      claim->unit = take_unit();
      claim->fate = 'c';
      return "done";
    }
    claim->refunded = true;
    return "expired";
  }
  Words release(int buyer) {
    Claim* claim = newest(buyer);
    if (claim == nullptr) return "none";
    if (claim->fate == 'c') return "confirmed";
    if (claim->fate != 'h') return "unchanged";
    claim->fate = 'b';
    returned_.push_back(claim->unit);
    return "done";
  }
  Words tick() {
    now_ += kHold;
    for (Claim& claim : claims_) {
      if (claim.fate != 'h' || claim.ends > now_) continue;
      claim.fate = 'e';
      returned_.push_back(claim.unit);
    }
    return "";
  }

  Settings settings_;
  State state_ = open;
  int stock_ = 2;
  int next_ = 1;
  int now_ = 0;
  std::deque<int> returned_;
  std::vector<Claim> claims_;
};

Words words_of(ClaimChange change) {
  switch (change) {
    case ClaimChange::done:
      return "done";
    case ClaimChange::unchanged:
      return "unchanged";
    case ClaimChange::expired:
      return "expired";
    case ClaimChange::released:
      return "released";
    case ClaimChange::confirmed:
      return "confirmed";
    case ClaimChange::reference_mismatch:
    case ClaimChange::not_extendable:
      return "not expected";
  }
  return "";
}

Words words_of(SaleChange change) {
  if (change == SaleChange::done) return "done";
  if (change == SaleChange::unchanged) return "unchanged";
  return change == SaleChange::closed ? "closed" : "not expected";
}

// The core, told the same.
class Subject {
 public:
  explicit Subject(Settings settings) {
    SaleDefinition definition = stock(2);
    definition.hold_seconds = kHold;
    definition.claim_attempts = static_cast<Quantity>(settings.attempts);
    if (settings.late_money_counts) definition.late_payment = LatePayment::reacquire;
    world_.open_sale(definition);
  }

  Words take(Step step) {
    switch (step) {
      case Step::claim_ann:
        return claim(0);
      case Step::claim_bob:
        return claim(1);
      case Step::confirm_ann:
        return newest_[0] ? words_of(world_.confirm(*newest_[0], "order of ann")) : "none";
      case Step::confirm_bob:
        return newest_[1] ? words_of(world_.confirm(*newest_[1], "order of bob")) : "none";
      case Step::release_ann:
        return newest_[0] ? words_of(world_.release(*newest_[0], EndReason::buyer)) : "none";
      case Step::release_bob:
        return newest_[1] ? words_of(world_.release(*newest_[1], EndReason::buyer)) : "none";
      case Step::tick:
        now_ += std::chrono::seconds(kHold);
        world_.at(now_);
        world_.settle();
        return "";
      case Step::pause:
        return words_of(world_.steer(SaleAction::pause));
      case Step::resume:
        return words_of(world_.steer(SaleAction::resume));
      case Step::restock: {
        SaleChanges changes;
        changes.stock = world_.sale().definition().stock + 1;
        return words_of(world_.change(changes));
      }
      case Step::close:
        return words_of(world_.steer(SaleAction::close));
    }
    return "";
  }

  std::string totals() const {
    const Totals& totals = world_.sale().totals();
    return std::to_string(totals.stock) + " " + std::to_string(totals.available) + " " +
           std::to_string(totals.held) + " " + std::to_string(totals.confirmed);
  }
  std::string claims() const {
    const ClaimTable& claims = world_.sale().claims();
    std::string words;
    for (std::uint32_t i = 0; i < claims.size(); ++i) {
      const Claim& claim = claims[{i}];
      words += claims.buyer(claim) == "ann" ? "0" : "1";
      words += std::to_string(claim.first_unit) + fate_of(claim);
      words += claims.refunds(claim).empty() ? " " : "! ";
    }
    return words;
  }

 private:
  static char fate_of(const Claim& claim) {
    if (claim.status == ClaimStatus::held) return 'h';
    if (claim.status == ClaimStatus::confirmed) return 'c';
    return claim.end_reason == EndReason::expired ? 'e' : 'b';
  }
  Words claim(int buyer) {
    const ClaimOutcome outcome = world_.claim(buyer == 0 ? "ann" : "bob");
    if (outcome.verdict == ClaimVerdict::refused) return Words(to_string(outcome.refusal));
    if (outcome.verdict == ClaimVerdict::existing) return "existing";
    newest_[buyer] = outcome;
    return "granted";
  }

  World world_;
  std::optional<ClaimOutcome> newest_[2];
  std::chrono::milliseconds now_{0};
};

// All sequences of `length` steps. The core cannot be copied, so it is told each from its
// beginning.
class Enumeration {
 public:
  Enumeration(Settings settings, std::size_t length) : settings_(settings), length_(length) {}

  void run() { extend(Model(settings_)); }
  std::uint64_t sequences() const { return sequences_; }

 private:
  void extend(const Model& model) {
    if (steps_.size() == length_ || testing::Test::HasFailure()) return;
    for (int i = 0; i < kSteps; ++i) {
      steps_.push_back(static_cast<Step>(i));
      Model next = model;
      const Words expected = next.take(steps_.back());
      // Buyers are alike: what begins with bob is the mirror of what begins with ann.
      if (!is_mirror()) {
        if (steps_.size() == length_) compare(next, expected);
        extend(next);
      }
      steps_.pop_back();
    }
  }

  bool is_mirror() const {
    for (const Step step : steps_) {
      if (step == Step::claim_ann) return false;
      if (step == Step::claim_bob) return true;
    }
    return false;
  }

  // Every shorter sequence is the beginning of a longer one, and is compared with it.
  void compare(const Model& model, const Words& expected) {
    ++sequences_;
    Subject subject(settings_);
    Words told;
    for (const Step step : steps_) told = subject.take(step);
    if (told == expected && subject.totals() == model.totals() &&
        subject.claims() == model.claims()) {
      return;
    }
    std::string words;
    for (const Step step : steps_) words += std::to_string(static_cast<int>(step)) + " ";
    FAIL() << "steps " << words << ": " << told << ", " << subject.totals() << ", "
           << subject.claims() << "; expected " << expected << ", " << model.totals() << ", "
           << model.claims();
  }

  Settings settings_;
  std::size_t length_;
  std::vector<Step> steps_;
  std::uint64_t sequences_ = 0;
};

class SmallScope : public testing::TestWithParam<std::tuple<bool, int>> {};

TEST_P(SmallScope, EverySequenceOfCommandsAnswersAsTheModelDoes) {
  const auto [late_money_counts, attempts] = GetParam();
  for (std::size_t length = 1; length <= DOORBUSTER_SMALL_SCOPE; ++length) {
    Enumeration enumeration({late_money_counts, attempts}, length);
    enumeration.run();
    if (length == DOORBUSTER_SMALL_SCOPE) {
      std::printf("%llu sequences of %zu commands\n",
                  static_cast<unsigned long long>(enumeration.sequences()), length);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, SmallScope, testing::Combine(testing::Bool(), testing::Values(5, 1)));

}  // namespace
}  // namespace doorbuster::sale
