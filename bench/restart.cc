// How long a restart takes with many claims, and how long the engine's steps are while a snapshot
// is taken of them.
//
//   bench_restart make DIR CLAIMS [SALES]   claims of one unit each, by another buyer each, spread
//                                           over the sales
//   bench_restart archive DIR SALES CLAIMS  so many closed sales more, of so many claims each,
//   until
//                                           all of them are archived
//   bench_restart start DIR                 until the first answer; the claims of an archived sale
//
// The engine is driven as an I/O thread drives it, on real files.
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "base/worker.h"
#include "store/embedded/engine.h"

namespace doorbuster {
namespace {

using std::chrono::steady_clock;

double seconds_since(steady_clock::time_point from) {
  return std::chrono::duration<double>(steady_clock::now() - from).count();
}

double thread_cpu_ms() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) / 1e6;
}

double resident_mib() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

double mib_in(const std::string& directory) {
  std::uintmax_t bytes = 0;
  if (std::filesystem::exists(directory)) {
    for (const auto& entry : std::filesystem::directory_iterator(directory)) {
      bytes += entry.file_size();
    }
  }
  return static_cast<double>(bytes) / (1 << 20);
}

// A worker that says whether it is at work.
class WatchedWorker final : public Worker {
 public:
  void run(std::function<void()> job) override {
    busy_.fetch_add(1);
    thread_.run([this, job = std::move(job)] {
      const auto from = steady_clock::now();
      const double cpu = thread_cpu_ms();
      job();
      std::printf("a snapshot took %.1f s, %.1f s of CPU\n", seconds_since(from),
                  (thread_cpu_ms() - cpu) / 1e3);
      busy_.fetch_sub(1);
    });
  }
  bool busy() const { return busy_.load() > 0; }

 private:
  std::atomic<int> busy_ = 0;
  ThreadWorker thread_{"snapshots", ThreadWorker::Priority::low};
};

// CPU and wall time of the engine's turns, of one kind.
struct Turns {
  std::vector<double> cpu_ms;
  std::vector<double> wall_ms;

  void print(const char* name) {
    if (cpu_ms.empty()) return;
    std::sort(cpu_ms.begin(), cpu_ms.end());
    std::sort(wall_ms.begin(), wall_ms.end());
    const auto at = [](const std::vector<double>& all, double part) {
      return all[static_cast<std::size_t>(part * static_cast<double>(all.size() - 1))];
    };
    std::printf(
        "%-28s %8zu turns, ms of CPU: p50 %.3f  p99.9 %.3f  longest %.3f; wall: p99.9 %.3f"
        "  longest %.3f\n",
        name, cpu_ms.size(), at(cpu_ms, 0.5), at(cpu_ms, 0.999), cpu_ms.back(), at(wall_ms, 0.999),
        wall_ms.back());
  }
};

class Shop final : public store::ReplySink {
 public:
  explicit Shop(std::string directory) : directory_(std::move(directory)) {
    CHECK(embedded::make_data_directory(*files_, directory_).ok());
    auto recovered =
        embedded::recover_store(*files_, directory_, [](std::span<std::uint8_t> bytes) {
          std::random_device device;
          for (auto& byte : bytes) byte = static_cast<std::uint8_t>(device());
        });
    if (!recovered) {
      std::printf("%s\n", recovered.error().message.c_str());
      std::exit(1);
    }
    images_ = recovered->images;
    first_segment_ = recovered->first_segment;
    last_segment_ = recovered->end.segment;
    embedded::EngineOptions options;
    options.data_dir = directory_;
    options.segment_bytes = std::uint64_t{64} << 20;
    options.max_group_bytes = std::size_t{1} << 20;
    options.max_waiting = 100'000;
    options.snapshots.archive_pause = std::chrono::seconds(1);
    engine_ = std::make_unique<embedded::Engine>(
        *files_, clock_, embedded::EngineWorkers{{committer_, preparer_}, snapshots_, archive_},
        options, std::move(*recovered), [] {});
    CHECK(engine_->open().ok());
  }

  void create(const std::string& slug, std::uint32_t archive_after_seconds = 0) {
    auto definition = std::make_shared<sale::SaleDefinition>();
    definition->slug = slug;
    definition->stock = sale::kMaxStock;
    definition->archive_after_seconds = archive_after_seconds;
    submit(sale::CreateSale{definition});
  }
  void close(const std::string& slug) {
    submit(sale::SteerSale{sale::Slug(slug), sale::SaleAction::close});
  }
  std::uint32_t sales() const { return engine_->catalog().size(); }
  std::uint32_t archived() const {
    std::uint32_t count = 0;
    for (std::uint32_t i = 0; i < sales(); ++i) count += engine_->catalog()[{i}].archived() ? 1 : 0;
    return count;
  }
  std::optional<std::string> archived_slug(std::uint32_t number) const {
    const sale::SaleState& sale = engine_->catalog()[{number}];
    if (!sale.archived()) return std::nullopt;
    return sale.definition().slug;
  }
  void read_claims(const std::string& slug) {
    submit(store::ListClaims{sale::Slug(slug), 0, 1});
    drain();
  }
  // As many wait for the disk as a crowd on some thousand connections would.
  void claim(const std::string& slug, const std::string& buyer) {
    constexpr std::size_t kCrowd = 4096;
    while (engine_->waiting() >= kCrowd) turn();
    submit(sale::ClaimUnits{sale::Slug(slug), sale::BuyerId(buyer), 1, {}});
  }
  void read_all() {
    submit(store::ListSales{0, 1});
    drain();
  }
  void turn() {
    const bool beside = snapshots_.busy();
    const double cpu = thread_cpu_ms();
    const auto from = steady_clock::now();
    CHECK(engine_->collect().ok());
    engine_->settle_due();
    engine_->end_turn();
    released_.clear();
    engine_->take_released(released_);
    (beside ? during_ : otherwise_).cpu_ms.push_back(thread_cpu_ms() - cpu);
    (beside ? during_ : otherwise_).wall_ms.push_back(seconds_since(from) * 1e3);
    for (auto& each : released_) each.ticket.sink->on_reply(0, std::move(each.reply));
  }
  void drain() {
    while (engine_->waiting() > 0) turn();
  }
  void finish_snapshot() {
    while (snapshots_.busy()) turn();
    turn();
  }
  void stop() {
    engine_->begin_stop();
    while (!engine_->stopped()) turn();
  }
  void print_turns() {
    otherwise_.print("turns");
    during_.print("turns beside a snapshot");
    if (!engine_->snapshot_problem().empty()) {
      std::printf("snapshot: %s\n", engine_->snapshot_problem().c_str());
    }
  }
  void print_start() const {
    std::uint64_t claims = 0;
    const sale::Catalog& catalog = engine_->catalog();
    for (std::uint32_t i = 0; i < catalog.size(); ++i) claims += catalog[{i}].claims().size();
    std::printf(
        "%u sales, %u of them archived, %llu claims in memory; %llu images, %llu segments "
        "behind them\n",
        catalog.size(), archived(), static_cast<unsigned long long>(claims),
        static_cast<unsigned long long>(images_),
        static_cast<unsigned long long>(last_segment_ + 1 - first_segment_));
  }

 private:
  void submit(const store::Command& command) {
    while (!engine_->submit({0, this, 0}, command)) turn();
  }
  void on_reply(std::uint64_t, store::Reply&& reply) override {
    if (const auto* error = std::get_if<Error>(&reply)) {
      std::printf("an error: %s\n", error->message.c_str());
      std::exit(1);
    }
  }

  std::string directory_;
  std::unique_ptr<embedded::FileSystem> files_ = embedded::make_system_file_system();
  SystemClock clock_;
  ThreadWorker committer_{"committer"};
  ThreadWorker preparer_{"preparer"};
  WatchedWorker snapshots_;
  ThreadWorker archive_{"archive"};
  std::unique_ptr<embedded::Engine> engine_;
  std::vector<embedded::Released> released_;
  Turns during_, otherwise_;
  std::uint64_t images_ = 0;
  std::uint64_t first_segment_ = 0;
  std::uint64_t last_segment_ = 0;
};

void make(const std::string& directory, std::uint64_t claims, std::uint64_t sales) {
  Shop shop(directory);
  for (std::uint64_t i = 0; i < sales; ++i) shop.create("sale-" + std::to_string(i));
  shop.drain();
  const auto from = steady_clock::now();
  for (std::uint64_t i = 0; i < claims; ++i) {
    // Ids of 17 bytes, as the load over HTTP has them.
    shop.claim("sale-" + std::to_string(i % sales), "buyer-" + std::to_string(10'000'000'000 + i));
    if (i % 64 == 63) shop.turn();
  }
  shop.drain();
  const double seconds = seconds_since(from);
  shop.finish_snapshot();
  std::printf("%llu claims in %.1f s, at most %.0f MiB of memory\n",
              static_cast<unsigned long long>(claims), seconds, resident_mib());
  shop.print_turns();
  shop.stop();
  std::printf("journal %.0f MiB, snapshots %.0f MiB\n", mib_in(directory + "/journal"),
              mib_in(directory + "/snapshots"));
}

void archive(const std::string& directory, std::uint64_t sales, std::uint64_t claims) {
  Shop shop(directory);
  const std::uint32_t before = shop.archived();
  const std::uint32_t first = shop.sales();
  for (std::uint64_t i = 0; i < sales; ++i) {
    const std::string slug = "old-" + std::to_string(first + i);
    shop.create(slug, 1);
    for (std::uint64_t claim = 0; claim < claims; ++claim) {
      shop.claim(slug, "buyer-" + std::to_string(10'000'000'000 + claim));
    }
    shop.close(slug);
    shop.turn();
  }
  shop.drain();
  const auto from = steady_clock::now();
  while (shop.archived() < before + sales) {
    for (int i = 0; i < 100; ++i) shop.turn();
  }
  std::printf("archived %.1f s after the last was closed, at most %.0f MiB of memory\n",
              seconds_since(from), resident_mib());
  shop.print_turns();
  shop.stop();
  std::printf("journal %.0f MiB, snapshots %.0f MiB\n", mib_in(directory + "/journal"),
              mib_in(directory + "/snapshots"));
}

void start(const std::string& directory) {
  const auto from = steady_clock::now();
  Shop shop(directory);
  shop.read_all();
  std::printf("first answer after %.2f s (%.2f s of CPU), %.0f MiB of memory\n",
              seconds_since(from), thread_cpu_ms() / 1e3, resident_mib());
  shop.print_start();
  for (std::uint32_t i = 0; i < shop.sales(); ++i) {
    const auto slug = shop.archived_slug(i);
    if (!slug) continue;
    const auto asked = steady_clock::now();
    shop.read_claims(*slug);
    std::printf("the first claim of archived %s after %.2f ms\n", slug->c_str(),
                seconds_since(asked) * 1e3);
    break;
  }
}

}  // namespace
}  // namespace doorbuster

int main(int argc, char** argv) {
  const std::string_view what = argc > 2 ? argv[1] : "";
  if (what == "make" && argc > 3) {
    doorbuster::make(argv[2], std::strtoull(argv[3], nullptr, 10),
                     argc > 4 ? std::strtoull(argv[4], nullptr, 10) : 1);
  } else if (what == "archive" && argc > 4) {
    doorbuster::archive(argv[2], std::strtoull(argv[3], nullptr, 10),
                        std::strtoull(argv[4], nullptr, 10));
  } else if (what == "start") {
    doorbuster::start(argv[2]);
  } else {
    std::fprintf(stderr,
                 "bench_restart make DIR CLAIMS [SALES] | bench_restart archive DIR SALES CLAIMS | "
                 "bench_restart start DIR\n");
    return 2;
  }
  return 0;
}
