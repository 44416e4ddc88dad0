#include "sim/simulation.h"

#include "base/siphash.h"
#include "store/embedded/verify.h"

namespace doorbuster::simulation {
namespace {

using namespace std::chrono_literals;

constexpr std::array<const char*, 4> kSlugs = {"plain", "multi", "timed", "goods"};
constexpr std::uint64_t kBuyers = 24;
constexpr std::uint64_t kKeys = 3;

sale::SaleDefinition definition_of(const std::string& slug, Random& random) {
  sale::SaleDefinition sale;
  sale.slug = slug;
  sale.stock = static_cast<std::uint32_t>(1 + below(random, 40));
  if (slug == "multi") sale.per_buyer_limit = static_cast<sale::Quantity>(2 + below(random, 4));
  if (slug == "timed") {
    sale.opens_at = ManualClock::kBegin + std::chrono::milliseconds(below(random, 3000));
    sale.closes_at = *sale.opens_at + std::chrono::milliseconds(1 + below(random, 6000));
  }
  return sale;
}

constexpr std::uint64_t kSegmentBytes = 200 * 1024;

// Often, so that a life of some segments has many; sales together or one by one; with everything
// kept that they cover, or with little of it.
embedded::SnapshotOptions snapshots_of(std::uint64_t seed) {
  return {.segments = 1 + seed % 3,
          .retain_bytes = seed / 3 % 3 * 2 * kSegmentBytes,
          .batch_bytes = seed % 2 == 0 ? 1 : std::uint64_t{1} << 20};
}

}  // namespace

Simulation::Simulation(std::uint64_t seed, std::uint64_t operations)
    : operations_(operations),
      engine_(seed, {.segment_bytes = kSegmentBytes,
                     .max_group_bytes = 192 * 1024,
                     .snapshots = snapshots_of(seed)}),
      random_(seed ^ 0x5eed) {
  plan_faults();
}

void Simulation::plan_faults() {
  for (bool& enabled : enabled_) enabled = chance(random_, 0.5);
}

bool Simulation::may(Fault fault, double probability) {
  return enabled_[static_cast<std::size_t>(fault)] && chance(random_, probability);
}

std::optional<std::string> Simulation::run() {
  start();
  for (const char* slug : kSlugs) {
    if (std::string_view(slug) == "goods") continue;
    const auto made = std::make_shared<sale::SaleDefinition>(definition_of(slug, random_));
    other_requests_.insert(*engine_.submit(sale::CreateSale{made}));
    engine_.settle();
    resolve();
  }
  for (std::uint64_t i = 0; i < operations_; ++i) {
    operate();
    if (extra_violation_) return extra_violation_;
    if (auditor_.violation()) return auditor_.violation();
  }
  // No more faults: everything that was asked must find its end.
  enabled_.fill(false);
  engine_.files().faults().clear();
  engine_.files().set_capacity(std::numeric_limits<std::uint64_t>::max());
  engine_.settle();
  resolve();
  if (engine_.failure()) restart_after_end();
  engine_.settle();
  resolve();
  if (!claims_under_way_.empty()) return "S10: a request found no end";
  engine_.engine().time_line().accept();
  engine_.clock().advance(1min);
  audit_store();
  engine_.stop_in_good_order();
  verify_store();
  start();
  audit_store();
  coverage_.note("claims granted", auditor_.grants());
  coverage_.note("claims replayed", auditor_.replays());
  for (const auto& [refusal, count] : auditor_.refusals()) {
    coverage_.note("refused: " + std::string(sale::to_string(refusal)), count);
  }
  if (extra_violation_) return extra_violation_;
  return auditor_.violation();
}

void Simulation::operate() {
  switch (below(random_, 16)) {
    case 0:
      publish();
      break;
    case 1:
      look();
      break;
    case 2:
      engine_.clock().advance(std::chrono::milliseconds(below(random_, 50)));
      break;
    case 3:
    case 4:
    case 5:
    case 6:
    case 7:
      claim();
      break;
    default:
      engine_.step();
  }
  resolve();
  perhaps_fail();
}

void Simulation::claim() {
  SentClaim sent;
  if (!lost_answers_.empty() && chance(random_, 0.5)) {
    sent = lost_answers_.back();
    lost_answers_.pop_back();
    coverage_.note("asked again after a lost answer");
  } else {
    sent.sale = kSlugs[below(random_, kSlugs.size())];
    sent.buyer = "buyer-" + std::to_string(below(random_, kBuyers));
    if (chance(random_, 0.1)) sent.buyer += "-with-an-id-that-does-not-fit-in-place";
    if (chance(random_, 0.3)) sent.quantity = static_cast<sale::Quantity>(1 + below(random_, 4));
    if (chance(random_, 0.5)) sent.key = "key-" + std::to_string(below(random_, kKeys));
  }
  const auto request = engine_.submit(sale::ClaimUnits{
      sale::Slug(sent.sale), sale::BuyerId(sent.buyer), sent.quantity, sale::Key(sent.key)});
  if (request) claims_under_way_[*request] = auditor_.sent(sent);
}

void Simulation::publish() {
  if (!chance(random_, 0.3)) return;
  const auto stock = static_cast<std::uint32_t>(1 + below(random_, 20));
  if (const auto request = engine_.submit(sale::PublishRound{stock})) {
    other_requests_.insert(*request);
  }
}

void Simulation::look() {
  const char* slug = kSlugs[below(random_, kSlugs.size())];
  if (const auto request = engine_.submit(store::ReadSale{sale::Slug(slug)})) {
    other_requests_.insert(*request);
  }
}

// Hears what was answered; a journal that failed means that the process ended.
void Simulation::resolve() {
  for (auto& [request, reply] : engine_.take_replies()) {
    trace_ = siphash24(HashKey{trace_, request}, std::to_string(reply.index()));
    const auto claim = claims_under_way_.extract(request);
    if (!claim.empty()) {
      if (const auto* answer = std::get_if<store::ClaimReply>(&reply)) {
        auditor_.answered(claim.mapped(), *answer);
      } else if (const auto* error = std::get_if<Error>(&reply)) {
        if (error->code == ErrorCode::clock_behind) {
          engine_.engine().time_line().accept();
        } else if (error->code != ErrorCode::storage_unavailable) {
          violated("R8: " + error->message);
        }
        coverage_.note("refused for want of room on the disk");
      }
    } else if (const auto* created = std::get_if<store::CreateReply>(&reply)) {
      auditor_.told(created->sale);
    } else if (const auto* sale = std::get_if<store::SaleView>(&reply)) {
      auditor_.told(*sale);
    }
    other_requests_.erase(request);
  }
  if (engine_.running() && engine_.failure()) {
    coverage_.note("ended by a failed journal");
    engine_.kill();
    restart_after_end();
  }
}

void Simulation::perhaps_fail() {
  if (may(Fault::power, 0.004)) {
    coverage_.note("power lost");
    engine_.lose_power();
    restart_after_end();
  }
  if (may(Fault::kill, 0.004)) {
    coverage_.note("killed");
    engine_.kill();
    restart_after_end();
  }
  if (may(Fault::restart, 0.002)) {
    coverage_.note("stopped in good order");
    engine_.stop_in_good_order();
    restart_after_end();
  }
  if (may(Fault::clock, 0.004)) {
    const auto by = std::chrono::milliseconds(below(random_, 20'000)) - 10s;
    engine_.clock().step_wall(by);
    coverage_.note("wall clock stepped");
  }
  fail_io();
  fail_snapshot();
}

void Simulation::fail_snapshot() {
  if (may(Fault::snapshot_error, 0.01)) {
    using Kind = simulation::Fault::Kind;
    engine_.files().faults().add({.kind = chance(random_, 0.5) ? Kind::error : Kind::no_space,
                                  .path_part = "snapshots",
                                  .skip = below(random_, 40)});
    coverage_.note("snapshot made to fail");
    engine_.clock().advance(1s);
  }
  if (may(Fault::snapshot_power, 0.5) && !engine_.snapshots().idle()) {
    coverage_.note("power lost in a snapshot");
    engine_.lose_power_in_snapshot();
    restart_after_end();
  }
}

void Simulation::fail_io() {
  SimulatedFileSystem& files = engine_.files();
  using Kind = simulation::Fault::Kind;
  if (may(Fault::write_error, 0.003)) {
    const Kind kind = chance(random_, 0.5) ? Kind::error : Kind::short_write;
    files.faults().add({.kind = kind, .operation = Operation::write, .path_part = ".seg"});
    coverage_.note("write made to fail");
  }
  if (may(Fault::sync_error, 0.003)) {
    files.faults().add({.operation = Operation::sync, .path_part = ".seg"});
    coverage_.note("sync made to fail");
  }
  if (may(Fault::disk_full, 0.003)) {
    // Long enough that the open segment is used up, more often than not.
    const bool full = chance(random_, 0.85);
    files.set_capacity(full ? files.used_bytes() : std::numeric_limits<std::uint64_t>::max());
    coverage_.note(full ? "disk filled" : "disk given room");
    engine_.clock().advance(1100ms);
  }
}

// The engine has ended. What was under way has an unknown end; clients remember and ask again.
void Simulation::restart_after_end() {
  if (engine_.running()) engine_.kill();
  for (const auto& [request, sent] : claims_under_way_) {
    lost_answers_.push_back(auditor_.claim_of(sent));
  }
  claims_under_way_.clear();
  other_requests_.clear();
  start();
  audit_store();
  if (chance(random_, 0.2)) verify_store();
}

// S11, S14: the files themselves add up, snapshot and journal both.
void Simulation::verify_store() {
  if (extra_violation_) return;
  const auto report = embedded::verify_directory(engine_.files(), "data");
  if (!report.ok()) violated("verify: " + report.error().message);
}

// Starts; a start that meets faults ends, and the next one may meet none.
void Simulation::start() {
  SimulatedFileSystem& files = engine_.files();
  // A full disk makes a first start impossible, which is no fault of the engine's.
  for (int attempt = 0; attempt < 20; ++attempt) {
    if (attempt < 3 && may(Fault::start_error, 0.5)) {
      files.fail_operation(files.operations() + 1 + below(random_, 40), false);
      coverage_.note("start made to fail");
    }
    const bool flips = attempt < 3 && may(Fault::read_flip, 0.3);
    if (flips) files.faults().set_bit_flip_rate(0.2);
    const Status started = engine_.start();
    files.faults().clear();
    if (started.ok() && engine_.began_with_snapshot()) coverage_.note("started with a snapshot");
    if (started.ok()) return;
    if (flips) coverage_.note("start refused what it read wrongly");
    if (started.error().code == ErrorCode::data_damaged && !flips) {
      violated("S7: an undamaged store is called damaged: " + started.error().message);
      return;
    }
    coverage_.note("start failed");
    files.set_capacity(std::numeric_limits<std::uint64_t>::max());
    if (chance(random_, 0.3)) {
      files.crash(random_);
      coverage_.note("power lost in recovery");
    }
  }
  violated("the engine did not start without faults");
}

std::vector<store::SaleView> Simulation::all_sales() {
  std::vector<store::SaleView> sales;
  for (bool more = true; more;) {
    const store::Reply reply =
        engine_.ask(store::ListSales{static_cast<std::uint32_t>(sales.size()), 100});
    const auto* page = std::get_if<store::SalesPage>(&reply);
    if (page == nullptr) return {};  // the disk is full, and something was due
    sales.insert(sales.end(), page->sales.begin(), page->sales.end());
    more = page->has_more;
  }
  return sales;
}

void Simulation::audit_store() {
  if (extra_violation_ || !engine_.running()) return;
  std::uint64_t open_rounds = 0;
  for (const store::SaleView& sale : all_sales()) {
    const std::string& slug = sale.definition->slug;
    if (slug.starts_with("goods-") && sale.status != sale::SaleStatus::closed) ++open_rounds;
    const store::Reply reply = engine_.ask(store::ListClaims{sale::Slug(slug), 0, 1000});
    const auto* page = std::get_if<store::ClaimsPage>(&reply);
    if (page == nullptr) continue;
    auditor_.shown(page->sale, page->claims);
    trace_ = siphash24(HashKey{trace_, page->claims.size()}, slug);
  }
  if (open_rounds > 1) violated("R14: more than one round is open");
}

}  // namespace doorbuster::simulation
