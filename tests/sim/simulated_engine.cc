#include "sim/simulated_engine.h"

#include <cstring>

#include "base/check.h"

namespace doorbuster::simulation {
namespace {

const std::string kDataDir = "data";

}  // namespace

SimulatedEngine::SimulatedEngine(std::uint64_t seed, const Options& options)
    : options_(options), random_(seed), files_(std::make_unique<SimulatedFileSystem>(seed ^ 1)) {}

Status SimulatedEngine::start() {
  CHECK(!running());
  failure_.reset();
  if (Status s = embedded::make_data_directory(*files_, kDataDir); !s.ok()) return s;
  auto lock = files_->lock(embedded::lock_path(kDataDir));
  if (!lock) return lock.error();
  auto recovered =
      embedded::recover_store(*files_, kDataDir, [this](std::span<std::uint8_t> bytes) {
        for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random_());
      });
  if (!recovered) return recovered.error();
  auto engine = std::make_unique<embedded::Engine>(
      *files_, clock_, embedded::JournalWorkers{committer_, preparer_},
      embedded::EngineOptions{kDataDir, options_.segment_bytes, options_.max_group_bytes,
                              options_.max_waiting, options_.restart_grace},
      std::move(*recovered), [] {});
  if (Status s = engine->open(); !s.ok()) {
    engine.reset();
    committer_.forget();
    preparer_.forget();
    return s;
  }
  lock_ = std::move(*lock);
  engine_ = std::move(engine);
  return ok_status();
}

std::optional<std::uint64_t> SimulatedEngine::submit(const store::Command& command) {
  const std::uint64_t request = next_request_++;
  if (!engine_->submit({0, this, request}, command)) return std::nullopt;
  return request;
}

void SimulatedEngine::on_reply(std::uint64_t context, store::Reply reply) {
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
}

void SimulatedEngine::step() {
  switch (below(random_, 4)) {
    case 0:
      if (!committer_.idle()) committer_.run_one();
      break;
    case 1:
      if (!preparer_.idle()) preparer_.run_one();
      break;
    default:
      turn();
  }
}

void SimulatedEngine::settle() {
  turn();
  while (!committer_.idle() || !preparer_.idle() || engine_->wants_turn()) {
    if (!committer_.idle()) committer_.run_one();
    if (!preparer_.idle()) preparer_.run_one();
    turn();
  }
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
  committer_.forget();
  preparer_.forget();
  replies_.clear();
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

}  // namespace doorbuster::simulation
