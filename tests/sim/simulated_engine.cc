#include "sim/simulated_engine.h"

#include <cstring>
#include <limits>

#include "base/check.h"

namespace doorbuster::simulation {

SimulatedEngine::SimulatedEngine(std::uint64_t seed, const Options& options)
    : options_(options), random_(seed), files_(std::make_unique<SimulatedFileSystem>(seed ^ 1)) {}

Status SimulatedEngine::start() {
  CHECK(!running());
  failure_.reset();
  if (Status s = embedded::make_data_directory(*files_, options_.data_dir); !s.ok()) return s;
  auto lock = files_->lock(embedded::lock_path(options_.data_dir));
  if (!lock) return lock.error();
  auto recovered =
      embedded::recover_store(*files_, options_.data_dir, [this](std::span<std::uint8_t> bytes) {
        for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random_());
      });
  if (!recovered) return recovered.error();
  began_with_snapshot_ = recovered->first_segment > 1;
  incarnation_ = recovered->identity.incarnation;
  auto engine = std::make_unique<embedded::Engine>(
      *files_, clock_, embedded::EngineWorkers{{committer_, preparer_}, snapshots_, archive_},
      embedded::EngineOptions{options_.data_dir, options_.segment_bytes, options_.max_group_bytes,
                              options_.max_waiting, options_.restart_grace, options_.snapshots},
      std::move(*recovered), [] {});
  if (Status s = engine->open(); !s.ok()) {
    engine.reset();
    forget_jobs();
    return s;
  }
  lock_ = std::move(*lock);
  engine_ = std::move(engine);
  return ok_status();
}

std::optional<std::uint64_t> SimulatedEngine::submit(const store::Command& command) {
  const std::uint64_t request = next_request_++;
  // Every other one as an I/O thread beside the engine's would have it.
  if (request % 2 == 0) {
    if (auto refusal = engine_->refuse_aside(command)) {
      on_reply(request, std::move(*refusal));
      return request;
    }
  }
  if (!engine_->submit({0, this, request}, command)) return std::nullopt;
  return request;
}

void SimulatedEngine::on_reply(std::uint64_t context, store::Reply&& reply) {
  CHECK(replies_.emplace(context, std::move(reply)).second);
}

std::map<std::uint64_t, store::Reply> SimulatedEngine::take_replies() {
  return std::exchange(replies_, {});
}

void SimulatedEngine::deliver() {
  std::vector<embedded::Released> released;
  engine_->take_released(released);
  for (embedded::Released& one : released) {
    one.ticket.sink->on_reply(one.ticket.context, std::move(one.reply));
  }
}

void SimulatedEngine::turn() {
  if (const Status status = engine_->collect(); !status.ok()) failure_ = status.error();
  engine_->settle_due();
  engine_->end_turn();
  deliver();
  after_turn_();
}

void SimulatedEngine::step() {
  switch (below(random_, 6)) {
    case 0:
      if (!committer_.idle()) committer_.run_one();
      break;
    case 1:
      if (!preparer_.idle()) preparer_.run_one();
      break;
    case 2:
      if (!snapshots_.idle()) snapshots_.run_one();
      break;
    case 3:
      if (!archive_.idle()) archive_.run_one();
      break;
    default:
      turn();
  }
}

void SimulatedEngine::settle() { CHECK(settle_within(std::numeric_limits<std::uint64_t>::max())); }

bool SimulatedEngine::settle_within(std::uint64_t turns) {
  turn();
  while (!committer_.idle() || !preparer_.idle() || !snapshots_.idle() || !archive_.idle() ||
         engine_->wants_turn()) {
    if (turns-- == 0) return false;
    for (SimulatedWorker* worker : {&committer_, &preparer_, &snapshots_, &archive_}) {
      if (!worker->idle()) worker->run_one();
    }
    turn();
  }
  return true;
}

store::Reply SimulatedEngine::ask(const store::Command& command) {
  const auto request = submit(command);
  CHECK(request);
  settle();
  const auto reply = replies_.extract(*request);
  CHECK(!reply.empty());
  return std::move(reply.mapped());
}

void SimulatedEngine::drop_engine() {
  engine_.reset();
  lock_.reset();
  forget_jobs();
  replies_.clear();
}

void SimulatedEngine::forget_jobs() {
  for (SimulatedWorker* worker : {&committer_, &preparer_, &snapshots_, &archive_})
    worker->forget();
}

void SimulatedEngine::stop_in_good_order() {
  engine_->begin_stop();
  while (!engine_->stopped() && !engine_->failed()) settle();
  drop_engine();
}

void SimulatedEngine::kill() {
  files_->kill();
  drop_engine();
}

void SimulatedEngine::lose_power() {
  files_->crash(random_);
  drop_engine();
}

void SimulatedEngine::lose_power_in_snapshot() {
  CHECK(!snapshots_.idle());
  std::unique_ptr<SimulatedFileSystem> left;
  std::uint64_t operations = 0;
  files_->set_trace([&](const OperationRecord&) {
    // Each of them is as likely as any other to be the last.
    if (below(random_, ++operations) == 0) left = files_->clone();
  });
  snapshots_.run_one();
  files_->set_trace({});
  drop_engine();
  if (left) files_ = std::move(left);
  files_->crash(random_);
}

}  // namespace doorbuster::simulation
