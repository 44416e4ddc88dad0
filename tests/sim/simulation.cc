#include "sim/simulation.h"

#include "base/siphash.h"
#include "store/embedded/verify.h"

namespace doorbuster::simulation {
namespace {

using namespace std::chrono_literals;

// Half of the lives end holds at their time whatever happened; the others wait after a start.
std::chrono::milliseconds grace_of(std::uint64_t seed) {
  return std::chrono::milliseconds(seed % 2 == 0 ? 0 : 500 * (seed / 2 % 8));
}

constexpr std::uint64_t kSegmentBytes = 200 * 1024;

// Often, so that a life of some segments has many; sales together or one by one; with everything
// kept that they cover, or with little of it.
embedded::SnapshotOptions snapshots_of(std::uint64_t seed) {
  return {.segments = 1 + seed % 3,
          .retain_bytes = seed / 3 % 3 * 2 * kSegmentBytes,
          .batch_bytes = seed % 2 == 0 ? 1 : std::uint64_t{1} << 20,
          .archive_pause = std::chrono::milliseconds(seed % 5 * 700)};
}

// Far more than any life here has left to do once nothing fails.
constexpr std::uint64_t kTurnsToRest = 10'000;

const char* file_of(const std::string& path) {
  if (path.find("snapshots") != std::string::npos) return "snapshots";
  if (path.find(".seg.tmp") != std::string::npos) return "a segment in the making";
  if (path.find(".seg") != std::string::npos) return "a segment";
  if (path.find("journal") != std::string::npos) return "the journal's directory";
  return "the data directory";
}

}  // namespace

Simulation::Simulation(std::uint64_t seed, std::uint64_t operations)
    : operations_(operations),
      engine_(seed, {.segment_bytes = kSegmentBytes,
                     .max_group_bytes = 192 * 1024,
                     .restart_grace = grace_of(seed),
                     .snapshots = snapshots_of(seed)}),
      random_(seed ^ 0x5eed),
      workload_(random_),
      history_(embedded::journal_path("data")),
      grace_(grace_of(seed)) {
  engine_.set_after_turn([this] { history_.read(engine_.files(), false); });
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
  for (const store::Command& command : workload_.opening(engine_.engine().now())) {
    submit(command);
    engine_.settle();
    resolve();
  }
  for (std::uint64_t i = 0; i < operations_; ++i) {
    operate();
    if (auditor_.violation()) return auditor_.violation();
  }
  auto violation = finish();
  for (const auto& [what, count] : auditor_.counts()) coverage_.note(what, count);
  return violation;
}

// No more faults: everything that was asked must find its end.
std::optional<std::string> Simulation::finish() {
  enabled_.fill(false);
  engine_.files().faults().clear();
  engine_.files().set_capacity(std::numeric_limits<std::uint64_t>::max());
  come_to_rest();
  if (engine_.failure()) restart_after_end();
  come_to_rest();
  if (!under_way_.empty()) auditor_.violated("S10: a request found no end");
  // The operator takes the clock as it is, and every hold comes to its end.
  engine_.engine().time_line().accept();
  note_deciding();
  engine_.clock().advance(1min);
  faultless_ = true;
  audit_store();
  feed_.end();
  engine_.stop_in_good_order();
  verify_store();
  start();
  audit_store();
  if (auto broken = feed_.read_all(engine_.engine().durable_head().position())) {
    auditor_.violated(*broken);
  }
  coverage_.note("events shown", feed_.events());
  coverage_.note("events shown again", feed_.read_again());
  coverage_.note("events asked for that were not kept", feed_.expired());
  return auditor_.violation();
}

void Simulation::come_to_rest() {
  if (!engine_.settle_within(kTurnsToRest)) {
    auditor_.violated("S10: no rest, though nothing fails");
  }
  resolve();
}

void Simulation::operate() {
  note_deciding();  // the clock may have been moved since
  switch (below(random_, 25)) {
    case 0:
      submit(workload_.merchant(engine_.engine().now()));
      break;
    case 1:
    case 2:
      submit(workload_.look());
      break;
    case 3:
    case 4:
      let_time_pass();
      break;
    case 5:
    case 6:
    case 7:
    case 8:
    case 9:
    case 10:
      submit(workload_.claim());
      if (workload_.asks_again()) coverage_.note("asked again after a lost answer");
      break;
    case 11:
    case 12:
    case 13:
    case 14:
      submit(workload_.change_claim());
      break;
    case 15:
      read_feed();
      break;
    default:
      engine_.step();
      note_archived();
  }
  resolve();
  perhaps_fail();
}

void Simulation::submit(const store::Command& command) {
  const std::size_t asked = auditor_.sent(command);
  if (const auto request = engine_.submit(command)) under_way_[*request] = asked;
}

// Mostly a little; now and then as far as the end of some hold, or a moment before or after.
void Simulation::let_time_pass() {
  const Time now = engine_.engine().now();
  const auto moment = chance(random_, 0.4) ? workload_.next_moment(now) : std::nullopt;
  engine_.clock().advance(moment ? *moment - now : std::chrono::milliseconds(below(random_, 50)));
  note_deciding();
  if (!moment) return;
  coverage_.note("came to the end of a hold");
  submit(workload_.change_claim());
}

void Simulation::note_archived() {
  const sale::Catalog& catalog = engine_.engine().catalog();
  for (std::uint32_t i = 0; i < catalog.size(); ++i) {
    const sale::SaleState& sale = catalog[{i}];
    if (sale.deleted() || sale.archived() == archived_.contains(i)) continue;
    if (sale.archived()) {
      archived_.insert(i);
      coverage_.note("sale archived");
    } else {
      archived_.erase(i);
      coverage_.note("claims brought back from the archive");
    }
  }
}

void Simulation::read_feed() {
  const std::uint64_t head = engine_.engine().durable_head().position();
  if (auto broken = feed_.read(random_, head)) auditor_.violated(*broken);
}

void Simulation::note_fault(const OperationRecord& record) {
  coverage_.note(std::string("fault at ") + name_of(record.operation) + " " + file_of(record.path) +
                 (starting_ ? ", in a start" : ", in use"));
}

void Simulation::note_deciding() {
  if (deciding_ || !engine_.running() || !engine_.engine().time_line().may_decide()) return;
  deciding_ = true;
  auditor_.decides_from(engine_.engine().now() + grace_);
  engine_.turn();
}

// Hears what was answered; a journal that failed means that the process ended.
void Simulation::resolve() {
  for (auto& [request, reply] : engine_.take_replies()) {
    trace_ = siphash24(HashKey{trace_, request}, std::to_string(reply.index()));
    const auto asked = under_way_.extract(request);
    if (asked.empty()) continue;
    auditor_.answered(asked.mapped(), reply);
    workload_.heard(auditor_.command(asked.mapped()), reply);
    const auto* error = std::get_if<Error>(&reply);
    if (error != nullptr && error->code == ErrorCode::clock_behind && chance(random_, 0.2)) {
      coverage_.note("clock accepted by the operator");
      engine_.engine().time_line().accept();
      note_deciding();
    }
  }
  history_.read(engine_.files(), false);
  if (engine_.running() && engine_.failure()) {
    coverage_.note("ended by a failed journal");
    feed_.end();
    engine_.kill();
    restart_after_end();
  }
}

void Simulation::perhaps_fail() {
  if (may(Fault::power, 0.004)) {
    coverage_.note("power lost");
    feed_.end();
    engine_.lose_power();
    restart_after_end();
  }
  if (may(Fault::kill, 0.004)) {
    coverage_.note("killed");
    feed_.end();
    engine_.kill();
    restart_after_end();
  }
  if (may(Fault::restart, 0.002)) {
    coverage_.note("stopped in good order");
    feed_.end();
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
    feed_.end();
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
  feed_.end();
  if (engine_.running()) engine_.kill();
  for (const auto& [request, asked] : under_way_) workload_.lost(auditor_.command(asked));
  under_way_.clear();
  start();
  audit_store();
  if (chance(random_, 0.2)) verify_store();
}

// S11, S14: the files themselves add up, snapshot and journal both.
void Simulation::verify_store() {
  if (auditor_.violation()) return;
  const auto report = embedded::verify_directory(engine_.files(), "data");
  if (!report.ok()) auditor_.violated("verify: " + report.error().message);
}

// Starts; a start that meets faults ends, and the next one may meet none.
void Simulation::start() {
  SimulatedFileSystem& files = engine_.files();
  // What a segment tells is heard before it goes.
  files.set_trace([this](const OperationRecord& record) {
    if (record.fails) note_fault(record);
    if (record.operation == Operation::remove) history_.read(engine_.files(), false);
  });
  // A full disk makes a first start impossible, which is no fault of the engine's.
  for (int attempt = 0; attempt < 20; ++attempt) {
    if (attempt < 3 && may(Fault::start_error, 0.5)) {
      files.fail_operation(files.operations() + 1 + below(random_, 40), false);
      coverage_.note("start made to fail");
    }
    const bool flips = attempt < 3 && may(Fault::read_flip, 0.3);
    if (flips) files.faults().set_bit_flip_rate(0.2);
    starting_ = true;
    const Status started = engine_.start();
    starting_ = false;
    files.faults().clear();
    if (started.ok()) {
      if (engine_.began_with_snapshot()) coverage_.note("started with a snapshot");
      deciding_ = false;
      if (auto broken = feed_.begin(files, embedded::journal_path("data"), engine_.incarnation(),
                                    engine_.engine().durable_head().position())) {
        auditor_.violated(*broken);
      }
      follow(true);
      note_deciding();
      return;
    }
    if (flips) coverage_.note("start refused what it read wrongly");
    if (started.error().code == ErrorCode::data_damaged && !flips) {
      auditor_.violated("S7: an undamaged store is called damaged: " + started.error().message);
      return;
    }
    coverage_.note("start failed");
    files.set_capacity(std::numeric_limits<std::uint64_t>::max());
    if (chance(random_, 0.3)) {
      files.crash(random_);
      coverage_.note("power lost in recovery");
    }
  }
  auditor_.violated("the engine did not start without faults");
}

void Simulation::follow(bool is_whole) {
  history_.read(engine_.files(), is_whole);
  auditor_.follow(history_, is_whole);
}

std::optional<store::Reply> Simulation::ask(const store::Command& command) {
  const std::size_t asked = auditor_.sent(command);
  store::Reply reply = engine_.ask(command);
  auditor_.answered(asked, reply);
  if (const auto* error = std::get_if<Error>(&reply)) {
    if (faultless_ && error->code == ErrorCode::storage_unavailable) {
      auditor_.violated("S10: refused though nothing fails: " + error->message);
    }
    return std::nullopt;
  }
  return reply;
}

std::optional<std::vector<store::SaleView>> Simulation::all_sales() {
  std::vector<store::SaleView> sales;
  std::uint32_t from = 0;
  for (bool more = true; more;) {
    const auto reply = ask(store::ListSales{from, 100});
    if (!reply) return std::nullopt;
    const auto& page = std::get<store::SalesPage>(*reply);
    sales.insert(sales.end(), page.sales.begin(), page.sales.end());
    more = page.has_more;
    from = page.next;
  }
  return sales;
}

// Reads everything; the auditor knows what it has to be.
void Simulation::audit_store() {
  if (auditor_.violation() || !engine_.running()) return;
  const auto sales = all_sales();
  if (!sales) return;
  for (const store::SaleView& sale : *sales) {
    const std::string& slug = sale.definition->slug;
    const auto reply = ask(store::ListClaims{sale::Slug(slug), 0, 1000});
    if (!reply) continue;
    trace_ = siphash24(HashKey{trace_, std::get<store::ClaimsPage>(*reply).claims.size()}, slug);
  }
  follow(true);
  auditor_.listed(*sales);
}

}  // namespace doorbuster::simulation
