// The contract suite on the embedded engine: simulated on one thread, driven by an I/O thread, and
// on a thread of its own.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <random>

#include "sim/simulated_engine.h"
#include "store/contract_suite.h"
#include "store/embedded/embedded_store.h"

namespace doorbuster::embedded {
namespace {

using namespace std::chrono_literals;
using store::Command;
using store::Reply;

class SimulatedSubject final : public store::ContractSubject {
 public:
  SimulatedSubject() : engine_(17) { CHECK(engine_.start().ok()); }
  Reply ask(const Command& command) override { return engine_.ask(command); }
  std::vector<Reply> ask_all(const std::vector<Command>& commands) override {
    std::vector<std::uint64_t> requests;
    for (const Command& command : commands) requests.push_back(*engine_.submit(command));
    engine_.settle();
    auto replies = engine_.take_replies();
    std::vector<Reply> ordered;
    for (const std::uint64_t request : requests) ordered.push_back(std::move(replies.at(request)));
    return ordered;
  }
  void advance(std::chrono::milliseconds by) override { engine_.clock().advance(by); }
  void restart(bool in_good_order) override {
    if (in_good_order) {
      engine_.stop_in_good_order();
    } else {
      engine_.lose_power();
    }
    CHECK(engine_.start().ok());
  }

 private:
  simulation::SimulatedEngine engine_;
};

// A store on real files; the calling thread is the I/O thread.
class RealSubject final : public store::ContractSubject, private store::ReplySink {
 public:
  explicit RealSubject(bool own_thread)
      : own_thread_(own_thread), files_(make_system_file_system()) {
    std::string pattern = std::filesystem::temp_directory_path() / "doorbuster-XXXXXX";
    CHECK(::mkdtemp(pattern.data()) != nullptr);
    directory_ = pattern;
    open();
  }
  ~RealSubject() override {
    close();
    std::filesystem::remove_all(directory_);
  }

  Reply ask(const Command& command) override { return std::move(ask_all({command}).front()); }
  std::vector<Reply> ask_all(const std::vector<Command>& commands) override {
    replies_.assign(commands.size(), {});
    missing_ = commands.size();
    for (std::size_t i = 0; i < commands.size(); ++i) {
      CHECK(port_->submit(commands[i], *this, i));
    }
    port_->flush();
    while (missing_ > 0) {
      {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return std::exchange(woken_, false); });
      }
      port_->flush();
    }
    return std::move(replies_);
  }
  void advance(std::chrono::milliseconds by) override { clock_.advance(by); }
  store::EventFeed* feed() override { return &store_->events(); }
  // An end without the mark of a clean stop is the simulation's business.
  void restart(bool) override {
    close();
    open();
  }

 private:
  void open() {
    StoreOptions options;
    options.data_dir = directory_ + "/data";
    options.own_thread = own_thread_;
    options.segment_bytes = 1 << 20;
    options.max_group_bytes = 256 * 1024;
    options.restart_grace = 0s;  // the suite restarts in the middle of holds that are to end
    options.random = [](std::span<std::uint8_t> bytes) {
      std::random_device device;
      for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(device());
    };
    options.on_failure = [](const Error& error) { FAIL() << error.message; };
    auto store = open_embedded_store(*files_, clock_, options);
    CHECK(store.ok());
    store_ = std::move(*store);
    port_ = store_->connect([this] {
      const std::lock_guard lock(mutex_);
      woken_ = true;
      changed_.notify_one();
    });
    EXPECT_TRUE(store_->condition().ready);
  }
  void close() {
    port_.reset();
    store_.reset();
  }
  void on_reply(std::uint64_t context, Reply&& reply) override {
    replies_[context] = std::move(reply);
    --missing_;
  }

  bool own_thread_;
  std::unique_ptr<FileSystem> files_;
  ManualClock clock_;
  std::string directory_;
  std::unique_ptr<store::ClaimStore> store_;
  std::unique_ptr<store::StorePort> port_;
  std::vector<Reply> replies_;
  std::size_t missing_ = 0;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool woken_ = false;
};

}  // namespace
}  // namespace doorbuster::embedded

namespace doorbuster::store {

const ContractParameter kDriven = {"driven",
                                   [] { return std::make_unique<embedded::RealSubject>(false); }};
const ContractParameter kThreaded = {"threaded",
                                     [] { return std::make_unique<embedded::RealSubject>(true); }};

INSTANTIATE_TEST_SUITE_P(
    Embedded, Contract,
    testing::Values(ContractParameter{"simulated",
                                      [] {
                                        return std::make_unique<embedded::SimulatedSubject>();
                                      }},
                    kDriven, kThreaded),
    name_of);
INSTANTIATE_TEST_SUITE_P(Embedded, FeedContract, testing::Values(kDriven, kThreaded), name_of);

}  // namespace doorbuster::store
