// The real engine on one thread: simulated files, a clock set by hand, workers whose jobs run when
// the test says so. One seed decides everything.
//
// Thread: one. Owns: the files, the clock, the engine of the moment.
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>

#include "base/worker.h"
#include "sim/simulated_file_system.h"
#include "store/embedded/engine.h"
#include "support/manual_clock.h"

namespace doorbuster::simulation {

// For what would end early if it were told to.
inline const std::atomic<bool> kGoOn = false;

// Keeps jobs until they are run by hand.
class SimulatedWorker final : public Worker {
 public:
  void run(std::function<void()> job) override { jobs_.push_back(std::move(job)); }

  bool idle() const { return jobs_.empty(); }
  void run_one() {
    const std::function<void()> job = std::move(jobs_.front());
    jobs_.pop_front();
    job();
  }
  // What the end of a process does to jobs that have not begun.
  void forget() { jobs_.clear(); }

 private:
  std::deque<std::function<void()>> jobs_;
};

class SimulatedEngine final : private store::ReplySink {
 public:
  struct Options {
    const char* data_dir = "data";
    std::uint64_t segment_bytes = 512 * 1024;
    std::size_t max_group_bytes = 256 * 1024;
    std::size_t max_waiting = 10'000;
    std::chrono::milliseconds restart_grace{0};
    embedded::SnapshotOptions snapshots = {.segments = 0};  // none are taken
  };

  explicit SimulatedEngine(std::uint64_t seed) : SimulatedEngine(seed, Options{}) {}
  SimulatedEngine(std::uint64_t seed, const Options& options);

  // Starts the engine on what the disk holds.
  Status start();
  bool running() const { return engine_ != nullptr; }
  embedded::Engine& engine() { return *engine_; }

  // Gives the request's number, or nothing when the engine takes no more.
  std::optional<std::uint64_t> submit(const store::Command& command);
  // Replies that have left since the last call, by request.
  std::map<std::uint64_t, store::Reply> take_replies();

  // One thing that may happen next: a worker's job, or a turn of the loop. By the dice.
  void step();
  void turn();
  // Called at the end of every turn: what a turn leaves in a file, the next may remove.
  void set_after_turn(std::function<void()> look) { after_turn_ = std::move(look); }
  SimulatedWorker& committer() { return committer_; }
  SimulatedWorker& preparer() { return preparer_; }
  SimulatedWorker& snapshots() { return snapshots_; }
  // Runs everything until nothing is left to do.
  void settle();
  // The same; false if that takes more than so many turns.
  bool settle_within(std::uint64_t turns);
  // Submits, settles, and gives the reply.
  store::Reply ask(const store::Command& command);

  void stop_in_good_order();
  void kill();        // the process dies; what was written stays
  void lose_power();  // the machine dies; what was not synced may be lost
  // The same at some operation of the snapshot that is to be taken next.
  void lose_power_in_snapshot();
  // Whether the last start began with a snapshot.
  bool began_with_snapshot() const { return began_with_snapshot_; }
  const embedded::Incarnation& incarnation() const { return incarnation_; }
  // The journal's failure, once it has failed.
  const std::optional<Error>& failure() const { return failure_; }

  SimulatedFileSystem& files() { return *files_; }
  void replace_files(std::unique_ptr<SimulatedFileSystem> files) { files_ = std::move(files); }
  ManualClock& clock() { return clock_; }
  Random& random() { return random_; }

 private:
  void on_reply(std::uint64_t context, store::Reply&& reply) override;
  void deliver();
  void drop_engine();
  void forget_jobs();

  Options options_;
  Random random_;
  std::unique_ptr<SimulatedFileSystem> files_;
  ManualClock clock_;
  SimulatedWorker committer_;
  SimulatedWorker preparer_;
  SimulatedWorker snapshots_;
  SimulatedWorker archive_;
  std::unique_ptr<embedded::FileLock> lock_;
  std::unique_ptr<embedded::Engine> engine_;
  std::function<void()> after_turn_ = [] {};
  std::optional<Error> failure_;
  std::map<std::uint64_t, store::Reply> replies_;
  std::uint64_t next_request_ = 1;
  embedded::Incarnation incarnation_{};
  bool began_with_snapshot_ = false;
};

}  // namespace doorbuster::simulation
