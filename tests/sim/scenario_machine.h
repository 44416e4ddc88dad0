// A short story told to a real engine on a simulated disk, and what its clients remember: whatever
// fails in it, the engine starts again from what is left, and knows what it has acknowledged.
//
// Thread: one. Owns: the engine of the moment. The disk outlives it.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "sim/simulated_engine.h"

namespace doorbuster::simulation {

class ScenarioMachine final : private store::ReplySink {
 public:
  // The engine sees the disk through `files`, which may be the disk itself.
  ScenarioMachine(SimulatedFileSystem& disk, embedded::FileSystem& files)
      : disk_(disk), files_(files) {}

  // What may happen in a story. Nothing does while the engine is down.
  void start();
  void create(const std::string& slug, std::uint32_t stock, std::uint32_t hold_seconds = 0);
  void create_for_archive(const std::string& slug);
  void claim(const std::string& slug, int buyers);
  void confirm(const std::string& slug);  // what is held
  void release(const std::string& slug);  // the first claim
  void extend(const std::string& slug);
  void steer(const std::string& slug, sale::SaleAction action);
  void change_stock(const std::string& slug, std::uint32_t stock);
  void remove(const std::string& slug);
  void publish(std::uint32_t stock);
  void list(const std::string& slug);
  void wait(std::chrono::milliseconds time);
  void stop();  // in good order
  void kill();
  void end_process() { drop(); }  // without a word to the disk

  // Whether the last start() came to its end, and the journal has not failed since.
  bool is_up() const { return engine_ != nullptr; }
  const std::optional<Error>& start_error() const { return start_error_; }

  // What the engine says now against what was acknowledged; empty: nothing is wrong.
  std::string check();

 private:
  struct Acknowledged {
    std::string slug;
    sale::ClaimId id;
    std::string buyer;
    bool is_confirmed = false;
    bool is_released = false;
    bool is_unsure = false;  // something was asked of it, and no answer came
  };

  std::optional<store::Reply> ask(const store::Command& command);
  void on_reply(std::uint64_t context, store::Reply&& reply) override;
  void turn();
  void settle();
  void drop();
  bool may_have_gone(const Acknowledged& claim) const;
  std::string check_claim(const Acknowledged& claim);
  std::string check_sale(const std::string& slug);

  SimulatedFileSystem& disk_;
  embedded::FileSystem& files_;
  ManualClock clock_;
  Random random_{77};
  SimulatedWorker committer_;
  SimulatedWorker preparer_;
  SimulatedWorker snapshots_;
  SimulatedWorker archive_;
  std::unique_ptr<embedded::FileLock> lock_;
  std::unique_ptr<embedded::Engine> engine_;
  std::optional<Error> start_error_;
  bool failed_ = false;
  std::optional<store::Reply> reply_;

  std::vector<Acknowledged> claims_;
  std::set<std::string> created_;  // acknowledged
  std::set<std::string> touched_;  // closed, cancelled or removed, perhaps
  std::map<std::string, std::multiset<std::string>> asked_;  // buyers who asked, by sale
  int buyers_ = 0;
};

struct Scenario {
  const char* name;
  std::function<void(ScenarioMachine&)> tell;
};

const std::vector<Scenario>& scenarios();

}  // namespace doorbuster::simulation
