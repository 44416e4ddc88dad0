#include "sim/scenario_machine.h"

#include "base/check.h"
#include "store/embedded/verify.h"

namespace doorbuster::simulation {
namespace {

using namespace std::chrono_literals;

constexpr const char* kDataDir = "data";
constexpr std::uint64_t kSegmentBytes = 208 * 1024;

}  // namespace

void ScenarioMachine::start() {
  if (is_up()) return;
  start_error_.reset();
  const auto begin = [&]() -> Status {
    if (Status s = embedded::make_data_directory(files_, kDataDir); !s.ok()) return s;
    auto lock = files_.lock(embedded::lock_path(kDataDir));
    if (!lock) return lock.error();
    lock_ = std::move(*lock);
    auto recovered = embedded::recover_store(files_, kDataDir, [this](auto bytes) {
      for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random_());
    });
    if (!recovered) return recovered.error();
    embedded::EngineOptions options{kDataDir, kSegmentBytes, 192 * 1024, 1000, 0ms, {}};
    options.snapshots = {.segments = 1, .retain_bytes = 0, .archive_pause = 0ms};
    engine_ = std::make_unique<embedded::Engine>(
        files_, clock_, embedded::EngineWorkers{{committer_, preparer_}, snapshots_, archive_},
        options, std::move(*recovered), [] {});
    return engine_->open();
  };
  const Status begun = begin();
  if (begun.ok()) return;
  start_error_ = begun.error();
  drop();
}

void ScenarioMachine::drop() {
  engine_.reset();
  lock_.reset();
  for (SimulatedWorker* worker : {&committer_, &preparer_, &snapshots_, &archive_}) {
    worker->forget();
  }
  failed_ = false;
}

void ScenarioMachine::on_reply(std::uint64_t, store::Reply&& reply) { reply_ = std::move(reply); }

void ScenarioMachine::turn() {
  if (!engine_->collect().ok()) failed_ = true;
  engine_->settle_due();
  engine_->end_turn();
  std::vector<embedded::Released> released;
  engine_->take_released(released);
  for (embedded::Released& one : released) {
    one.ticket.sink->on_reply(one.ticket.context, std::move(one.reply));
  }
}

void ScenarioMachine::settle() {
  turn();
  while (!failed_ && (!committer_.idle() || !preparer_.idle() || !snapshots_.idle() ||
                      !archive_.idle() || engine_->wants_turn())) {
    for (SimulatedWorker* worker : {&committer_, &preparer_, &snapshots_, &archive_}) {
      if (!worker->idle()) worker->run_one();
    }
    turn();
  }
  if (failed_) kill();  // R11
}

std::optional<store::Reply> ScenarioMachine::ask(const store::Command& command) {
  reply_.reset();
  if (!is_up() || !engine_->submit({0, this, 1}, command)) return std::nullopt;
  settle();
  return std::exchange(reply_, std::nullopt);
}

void ScenarioMachine::create(const std::string& slug, std::uint32_t stock,
                             std::uint32_t hold_seconds) {
  auto definition = std::make_shared<sale::SaleDefinition>();
  definition->slug = slug;
  definition->stock = stock;
  definition->hold_seconds = hold_seconds;
  const auto reply = ask(sale::CreateSale{definition});
  if (reply && std::holds_alternative<store::CreateReply>(*reply)) created_.insert(slug);
}

void ScenarioMachine::create_for_archive(const std::string& slug) {
  auto definition = std::make_shared<sale::SaleDefinition>();
  definition->slug = slug;
  definition->stock = 20;
  definition->archive_after_seconds = 1;
  const auto reply = ask(sale::CreateSale{definition});
  if (reply && std::holds_alternative<store::CreateReply>(*reply)) created_.insert(slug);
}

void ScenarioMachine::claim(const std::string& slug, int buyers) {
  for (int i = 0; i < buyers; ++i) {
    const std::string buyer = "buyer-" + std::to_string(buyers_++);
    asked_[slug].insert(buyer);
    const auto reply = ask(sale::ClaimUnits{sale::Slug(slug), sale::BuyerId(buyer), 1,
                                            sale::Key(i % 2 == 0 ? "key" : "")});
    const auto* told = reply ? std::get_if<store::ClaimReply>(&*reply) : nullptr;
    if (told == nullptr || told->verdict != sale::ClaimVerdict::granted) continue;
    claims_.push_back({std::string(told->sale.view()), told->claim.id, buyer});
  }
}

void ScenarioMachine::confirm(const std::string& slug) {
  for (Acknowledged& claim : claims_) {
    if (claim.slug != slug || claim.is_confirmed || !is_up()) continue;
    claim.is_unsure = true;
    const auto reply =
        ask(store::ConfirmClaim{sale::Slug(slug), claim.id, sale::Reference("order")});
    const auto* told = reply ? std::get_if<store::ClaimChangeReply>(&*reply) : nullptr;
    if (told == nullptr) continue;
    claim.is_unsure = false;
    claim.is_confirmed = told->claim.status == sale::ClaimStatus::confirmed;
  }
}

void ScenarioMachine::release(const std::string& slug) {
  for (Acknowledged& claim : claims_) {
    if (claim.slug != slug || claim.is_released || !is_up()) continue;
    claim.is_unsure = true;
    const auto reply = ask(store::ReleaseClaim{sale::Slug(slug), claim.id, {}});
    const auto* told = reply ? std::get_if<store::ClaimChangeReply>(&*reply) : nullptr;
    if (told != nullptr) {
      claim.is_unsure = false;
      claim.is_released = told->claim.status == sale::ClaimStatus::released;
      claim.is_confirmed = claim.is_confirmed && !claim.is_released;
    }
    return;
  }
}

void ScenarioMachine::extend(const std::string& slug) {
  for (const Acknowledged& claim : claims_) {
    if (claim.slug == slug) ask(store::ExtendClaim{sale::Slug(slug), claim.id, 0});
  }
}

void ScenarioMachine::steer(const std::string& slug, sale::SaleAction action) {
  if (action == sale::SaleAction::cancel) touched_.insert(slug);
  ask(sale::SteerSale{sale::Slug(slug), action});
}

void ScenarioMachine::change_stock(const std::string& slug, std::uint32_t stock) {
  auto changes = std::make_shared<sale::SaleChanges>();
  changes->stock = stock;
  ask(sale::ChangeSale{sale::Slug(slug), std::nullopt, changes});
}

void ScenarioMachine::remove(const std::string& slug) {
  if (is_up()) touched_.insert(slug);
  ask(sale::DeleteSale{sale::Slug(slug)});
}

void ScenarioMachine::publish(std::uint32_t stock) { ask(sale::PublishRound{stock}); }

void ScenarioMachine::list(const std::string& slug) { ask(store::ListClaims{sale::Slug(slug)}); }

void ScenarioMachine::wait(std::chrono::milliseconds time) {
  clock_.advance(time);
  if (is_up()) settle();
}

void ScenarioMachine::stop() {
  if (!is_up()) return;
  engine_->begin_stop();
  while (is_up() && !engine_->stopped()) settle();
  if (is_up()) drop();
}

void ScenarioMachine::kill() {
  disk_.kill();
  drop();
}

bool ScenarioMachine::may_have_gone(const Acknowledged& claim) const {
  return claim.is_unsure || touched_.contains(claim.slug);
}

std::string ScenarioMachine::check_claim(const Acknowledged& claim) {
  const std::string what = "the claim of " + claim.buyer + " in " + claim.slug;
  const auto reply = ask(store::ReadClaim{sale::Slug(claim.slug), claim.id});
  if (!reply) return what + ": no answer";
  const auto* page = std::get_if<store::ClaimsPage>(&*reply);
  if (page == nullptr || page->claims.size() != 1) {
    return touched_.contains(claim.slug) ? "" : what + " is lost";
  }
  const store::ClaimView& found = page->claims[0];
  if (found.buyer.view() != claim.buyer || found.id != claim.id) return what + " is another's";
  if (may_have_gone(claim)) return "";
  if (claim.is_confirmed && found.status != sale::ClaimStatus::confirmed) {
    return what + " was confirmed";
  }
  if (claim.is_released && found.status != sale::ClaimStatus::released) {
    return what + " was released";
  }
  return "";
}

std::string ScenarioMachine::check_sale(const std::string& slug) {
  const auto reply = ask(store::ListClaims{sale::Slug(slug)});
  if (!reply) return slug + ": no answer";
  const auto* page = std::get_if<store::ClaimsPage>(&*reply);
  if (page == nullptr) return touched_.contains(slug) ? "" : "the sale " + slug + " is lost";
  for (const store::ClaimView& claim : page->claims) {
    const auto& asked = asked_[slug];
    if (asked.count(std::string(claim.buyer.view())) == 0) {
      return "S4: a claim in " + slug + " that nobody asked for";
    }
  }
  return "";
}

std::string ScenarioMachine::check() {
  CHECK(is_up());
  for (const std::string& slug : created_) {
    if (auto wrong = check_sale(slug); !wrong.empty()) return wrong;
  }
  for (const Acknowledged& claim : claims_) {
    if (auto wrong = check_claim(claim); !wrong.empty()) return wrong;
  }
  if (!is_up()) return "the engine ended without a fault";
  const auto report = embedded::verify_directory(disk_, kDataDir);
  if (!report.ok()) return "verify: " + report.error().message;
  for (const embedded::SaleReport& sale : report->sales) {
    if (sale.available + sale.held + sale.confirmed + sale.burned != sale.stock) {
      return "S1: " + sale.slug + " does not add up";
    }
  }
  return "";
}

const std::vector<Scenario>& scenarios() {
  using M = ScenarioMachine;
  using sale::SaleAction;
  static const std::vector<Scenario> all = {
      {"first start", [](M&) {}},
      {"one sale", [](M& m) { m.create("a", 5); }},
      {"one claim", [](M& m) { m.create("a", 5), m.claim("a", 1); }},
      {"sold out", [](M& m) { m.create("a", 2), m.claim("a", 4); }},
      {"two sales", [](M& m) { m.create("a", 5), m.create("b", 5), m.claim("b", 2); }},
      {"a hold", [](M& m) { m.create("a", 5, 60), m.claim("a", 2); }},
      {"confirmed", [](M& m) { m.create("a", 5, 60), m.claim("a", 2), m.confirm("a"); }},
      {"given back", [](M& m) { m.create("a", 5, 60), m.claim("a", 2), m.release("a"); }},
      {"refunded", [](M& m) { m.create("a", 5), m.claim("a", 2), m.release("a"); }},
      {"extended", [](M& m) { m.create("a", 5, 60), m.claim("a", 2), m.extend("a"); }},
      {"expired", [](M& m) { m.create("a", 5, 60), m.claim("a", 3), m.wait(61s); }},
      {"expired and sold again",
       [](M& m) { m.create("a", 1, 60), m.claim("a", 1), m.wait(61s), m.claim("a", 1); }},
      {"paid too late",
       [](M& m) { m.create("a", 5, 60), m.claim("a", 2), m.wait(61s), m.confirm("a"); }},
      {"paused", [](M& m) { m.create("a", 5), m.steer("a", SaleAction::pause), m.claim("a", 1); }},
      {"resumed",
       [](M& m) {
         m.create("a", 5), m.steer("a", SaleAction::pause), m.steer("a", SaleAction::resume),
             m.claim("a", 1);
       }},
      {"closed", [](M& m) { m.create("a", 5), m.claim("a", 1), m.steer("a", SaleAction::close); }},
      {"cancelled",
       [](M& m) { m.create("a", 5, 60), m.claim("a", 2), m.steer("a", SaleAction::cancel); }},
      {"more stock",
       [](M& m) { m.create("a", 1), m.claim("a", 1), m.change_stock("a", 3), m.claim("a", 1); }},
      {"less stock", [](M& m) { m.create("a", 9), m.claim("a", 1), m.change_stock("a", 2); }},
      {"rounds",
       [](M& m) { m.publish(5), m.claim("goods", 2), m.publish(3), m.claim("goods", 1); }},
      {"a clean restart",
       [](M& m) { m.create("a", 5), m.claim("a", 1), m.stop(), m.start(), m.claim("a", 1); }},
      {"a kill",
       [](M& m) { m.create("a", 5), m.claim("a", 1), m.kill(), m.start(), m.claim("a", 1); }},
      {"three restarts",
       [](M& m) {
         m.create("a", 9);
         for (int i = 0; i < 3; ++i) m.claim("a", 1), m.stop(), m.start();
       }},
      {"restarted with holds",
       [](M& m) {
         m.create("a", 5, 60), m.claim("a", 2), m.kill(), m.wait(61s), m.start(), m.claim("a", 1);
       }},
      {"a segment is full", [](M& m) { m.create("a", 99), m.claim("a", 55); }},
      {"a snapshot", [](M& m) { m.create("a", 200), m.claim("a", 110); }},
      {"a start from a snapshot",
       [](M& m) { m.create("a", 200), m.claim("a", 110), m.kill(), m.start(), m.claim("a", 2); }},
      {"two snapshots", [](M& m) { m.create("a", 300), m.create("b", 9), m.claim("a", 170); }},
      {"archived",
       [](M& m) {
         m.create_for_archive("old"), m.claim("old", 2), m.steer("old", SaleAction::close);
         m.create("a", 300), m.wait(5s), m.claim("a", 60), m.wait(1s), m.claim("a", 3);
       }},
      {"brought back from the archive",
       [](M& m) {
         m.create_for_archive("old"), m.claim("old", 2), m.steer("old", SaleAction::close);
         m.create("a", 300), m.wait(5s), m.claim("a", 60), m.wait(1s), m.list("old");
         m.release("old");
       }},
      {"archived and deleted",
       [](M& m) {
         m.create_for_archive("old"), m.claim("old", 1), m.steer("old", SaleAction::close);
         m.create("a", 300), m.wait(5s), m.claim("a", 60), m.wait(1s), m.remove("old");
       }},
  };
  return all;
}

}  // namespace doorbuster::simulation
