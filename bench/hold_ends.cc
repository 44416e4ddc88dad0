// A million holds that end in the same second, while buyers go on claiming: how long is the longest
// step of the engine, and does every unit come back?
//
//   bench_hold_ends DIR [HOLDS]
//
// The engine is driven here as an I/O thread drives it, on real files; a step is one command, one
// settling of what is due, or one end of a turn, in CPU time of the thread.
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/worker.h"
#include "store/embedded/engine.h"

namespace doorbuster {
namespace {

// The time of boot goes on when it is told to.
class BenchClock final : public Clock {
 public:
  Time wall() const override {
    return Time(std::chrono::milliseconds(1'800'000'000'000)) +
           std::chrono::floor<std::chrono::milliseconds>(now_);
  }
  std::chrono::nanoseconds since_boot() const override { return now_; }
  void advance(std::chrono::nanoseconds by) { now_ += by; }

 private:
  std::chrono::nanoseconds now_{0};
};

double thread_cpu_us() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_nsec) / 1e3;
}

// CPU time of steps of one kind.
class Steps {
 public:
  template <typename Step>
  void measure(Step step) {
    const double from = thread_cpu_us();
    step();
    us_.push_back(thread_cpu_us() - from);
  }
  void print(const char* name) {
    std::sort(us_.begin(), us_.end());
    if (us_.empty()) return;
    const auto at = [&](double part) {
      return us_[static_cast<std::size_t>(part * static_cast<double>(us_.size() - 1))];
    };
    std::printf("%-24s %8zu steps, us: p50 %.1f  p99 %.1f  p99.9 %.1f  longest %.1f\n", name,
                us_.size(), at(0.5), at(0.99), at(0.999), us_.back());
  }

 private:
  std::vector<double> us_;
};

class Crowd final : public store::ReplySink {
 public:
  void on_reply(std::uint64_t, store::Reply&& reply) override {
    if (const auto* claim = std::get_if<store::ClaimReply>(&reply)) {
      if (claim->verdict == sale::ClaimVerdict::granted) ++granted;
      if (claim->verdict == sale::ClaimVerdict::refused) ++refused;
    } else if (auto* view = std::get_if<store::SaleView>(&reply)) {
      sale = *view;
    } else if (const auto* error = std::get_if<Error>(&reply)) {
      std::printf("an error: %s\n", error->message.c_str());
      std::exit(1);
    }
  }
  std::uint64_t granted = 0;
  std::uint64_t refused = 0;
  store::SaleView sale;
};

class HoldEnds {
 public:
  HoldEnds(std::string directory, std::uint32_t holds)
      : directory_(std::move(directory)), holds_(holds) {
    CHECK(embedded::make_data_directory(*files_, directory_).ok());
    auto recovered =
        embedded::recover_store(*files_, directory_, [](std::span<std::uint8_t> bytes) {
          std::random_device device;
          for (auto& byte : bytes) byte = static_cast<std::uint8_t>(device());
        });
    CHECK(recovered.ok());
    engine_ = std::make_unique<embedded::Engine>(
        *files_, clock_, embedded::EngineWorkers{{committer_, preparer_}, snapshots_, archive_},
        embedded::EngineOptions{directory_, std::uint64_t{64} << 20, std::size_t{1} << 20, 100'000},
        std::move(*recovered), [] {});
    CHECK(engine_->open().ok());
  }

  int run() {
    auto definition = std::make_shared<sale::SaleDefinition>();
    definition->slug = "s";
    definition->stock = holds_;
    definition->hold_seconds = 60;
    submit(sale::CreateSale{definition});
    for (std::uint32_t i = 0; i < holds_; ++i) {
      if (i % 1000 == 0) clock_.advance(std::chrono::seconds(1) * 1000 / holds_);
      claim("holder-" + std::to_string(i));
      if (i % 64 == 63) turn();
    }
    drain();
    CHECK(crowd_.granted == holds_);
    settles_ = ends_ = Steps{};
    clock_.advance(std::chrono::seconds(60));

    // Everything is due at once; one claim and one read a turn, as a crowd that goes on would ask.
    std::uint64_t turns = 0;
    for (; turns == 0 || engine_->wants_turn(); ++turns) {
      if (turns < 1000) {
        claims_.measure([&] { claim("late-" + std::to_string(turns)); });
      }
      reads_.measure([&] { submit(store::ReadSale{sale::Slug("s")}); });
      turn();
    }
    drain();
    submit(store::ReadSale{sale::Slug("s")});
    drain();
    claims_.print("claims meanwhile");
    reads_.print("reads meanwhile");
    settles_.print("settling what is due");
    ends_.print("ends of a turn");
    const sale::Totals& totals = crowd_.sale.totals;
    std::printf("turns until all was settled: %llu; granted meanwhile: %llu, refused: %llu\n",
                static_cast<unsigned long long>(turns),
                static_cast<unsigned long long>(crowd_.granted - holds_),
                static_cast<unsigned long long>(crowd_.refused));
    std::printf("stock %llu = available %llu + held %llu\n",
                static_cast<unsigned long long>(totals.stock),
                static_cast<unsigned long long>(totals.available),
                static_cast<unsigned long long>(totals.held));
    engine_->begin_stop();
    while (!engine_->stopped()) turn();
    return totals.conserved() && totals.available + (crowd_.granted - holds_) == holds_ ? 0 : 3;
  }

 private:
  void claim(const std::string& buyer) {
    submit(sale::ClaimUnits{sale::Slug("s"), sale::BuyerId(buyer), 1, {}});
  }
  void submit(const store::Command& command) {
    while (!engine_->submit({0, &crowd_, 0}, command)) turn();
  }
  void turn() {
    CHECK(engine_->collect().ok());
    settles_.measure([&] { engine_->settle_due(); });
    ends_.measure([&] { engine_->end_turn(); });
    released_.clear();
    engine_->take_released(released_);
    for (auto& each : released_) each.ticket.sink->on_reply(0, std::move(each.reply));
  }
  void drain() {
    while (engine_->waiting() > 0) turn();
  }

  std::string directory_;
  std::uint32_t holds_;
  std::unique_ptr<embedded::FileSystem> files_ = embedded::make_system_file_system();
  BenchClock clock_;
  ThreadWorker committer_{"committer"};
  ThreadWorker preparer_{"preparer"};
  ThreadWorker snapshots_{"snapshots"};
  ThreadWorker archive_{"archive"};
  std::unique_ptr<embedded::Engine> engine_;
  Crowd crowd_;
  std::vector<embedded::Released> released_;
  Steps claims_, reads_, settles_, ends_;
};

}  // namespace
}  // namespace doorbuster

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "bench_hold_ends DIR [HOLDS]\n");
    return 2;
  }
  const auto holds = argc > 2 ? static_cast<std::uint32_t>(std::atoi(argv[2])) : 1'000'000U;
  return doorbuster::HoldEnds(argv[1], holds).run();
}
