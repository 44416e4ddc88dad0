// What the steps of one claim cost, each by itself: reading a request, finding its route, deciding
// and applying with few and with many buyers known, writing its event, sealing a group; and a group
// from its first command to its answers, on real files.
//
//   bench_micro [--benchmark_filter=REGEX] [any flag of Google Benchmark]
//
// The last one writes below TMPDIR.
#include <benchmark/benchmark.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "api/route.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/worker.h"
#include "http/request_reader.h"
#include "sale/apply.h"
#include "sale/decide.h"
#include "sale/event_codec.h"
#include "store/embedded/engine.h"
#include "store/embedded/group_buffer.h"
#include "store/embedded/journal_format.h"

namespace doorbuster {
namespace {

constexpr Time kNow{std::chrono::milliseconds(1'800'000'000'000)};
constexpr std::uint32_t kStock = 100'000'000;

// Ids of 17 bytes, in an order that is no order.
std::string buyer_id(std::uint64_t number) {
  char text[24];
  std::snprintf(text, sizeof text, "u%016llx",
                static_cast<unsigned long long>(number * 0x9e37'79b9'7f4a'7c15));
  return text;
}

void read_request(benchmark::State& state) {
  const std::string bytes =
      "POST /v1/sales/bench/claims HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n"
      "X-Buyer-Id: u9e3779b97f4a7c15\r\nContent-Length: 0\r\n\r\n";
  http::RequestReader reader(8192, http::Peer{});
  for (auto _ : state) {
    for (std::size_t sent = 0; sent < bytes.size();) {
      const auto room = reader.prepare();
      const std::size_t part = std::min(room.size(), bytes.size() - sent);
      std::memcpy(room.data(), bytes.data() + sent, part);
      reader.commit(part);
      sent += part;
    }
    if (reader.next() == http::RequestReader::Step::head) reader.allow_body(4096);
    CHECK(reader.next() != http::RequestReader::Step::refused);
    benchmark::DoNotOptimize(reader.request().target.data());
  }
}
BENCHMARK(read_request);

void find_route(benchmark::State& state) {
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        api::match_route(api::api_routes(), http::Method::post, "/v1/sales/bench/claims"));
  }
}
BENCHMARK(find_route);

// A sale in which so many buyers have a claim each.
class KnownBuyers {
 public:
  explicit KnownBuyers(std::uint64_t buyers) : catalog_(HashKey{}) {
    auto definition = std::make_shared<sale::SaleDefinition>();
    definition->slug = "s";
    definition->stock = kStock;
    CHECK(sale::decide(catalog_, sale::CreateSale{definition}, kNow, events_).verdict ==
          sale::CreateVerdict::created);
    apply_all();
    for (; known_ < buyers; ++known_) claim(sale::BuyerId(buyer_id(known_)));
    // Made beforehand, so that making an id is not what is measured.
    for (std::size_t i = 0; i < kAsked; ++i) {
      new_.emplace_back(buyer_id(known_ + i));
      old_.emplace_back(buyer_id(random_() % known_));
    }
  }

  void claim_anew(std::size_t i) { CHECK(claim(new_[i]) == 1); }
  void claim_again(std::size_t i) { CHECK(claim(old_[i]) == 0); }

  static constexpr std::size_t kAsked = 10'000;

 private:
  // Gives the number of events.
  std::size_t claim(const sale::BuyerId& buyer) {
    command_.buyer = buyer;
    benchmark::DoNotOptimize(sale::decide(*catalog_.find("s"), command_, kNow, events_));
    const std::size_t count = events_.size();
    apply_all();
    return count;
  }
  void apply_all() {
    for (const sale::Event& event : events_) sale::apply(catalog_, event);
    events_.clear();
  }

  sale::Catalog catalog_;
  std::uint64_t known_ = 0;
  std::vector<sale::BuyerId> new_;
  std::vector<sale::BuyerId> old_;
  sale::ClaimUnits command_{sale::Slug("s"), {}, 1, {}};
  std::vector<sale::Event> events_;
  std::mt19937_64 random_{1};
};

void decide_and_apply(benchmark::State& state) {
  KnownBuyers known(static_cast<std::uint64_t>(state.range(0)));
  std::size_t i = 0;
  for (auto _ : state) known.claim_anew(i++);
}
BENCHMARK(decide_and_apply)->Arg(10'000)->Arg(10'000'000)->Iterations(KnownBuyers::kAsked);

void know_a_buyer_again(benchmark::State& state) {
  KnownBuyers known(static_cast<std::uint64_t>(state.range(0)));
  std::size_t i = 0;
  for (auto _ : state) known.claim_again(i++);
}
BENCHMARK(know_a_buyer_again)->Arg(10'000)->Arg(10'000'000)->Iterations(KnownBuyers::kAsked);

sale::Event granted(const sale::Catalog& catalog, std::string_view buyer) {
  std::vector<sale::Event> events;
  const sale::ClaimUnits command{sale::Slug("s"), sale::BuyerId(buyer), 1, {}};
  sale::decide(*catalog.find("s"), command, kNow, events);
  return events.at(0);
}

void encode_event(benchmark::State& state) {
  sale::Catalog catalog{HashKey{}};
  auto definition = std::make_shared<sale::SaleDefinition>();
  definition->slug = "s";
  definition->stock = kStock;
  std::vector<sale::Event> events;
  sale::decide(catalog, sale::CreateSale{definition}, kNow, events);
  for (const sale::Event& each : events) sale::apply(catalog, each);
  const std::string buyer = buyer_id(1);
  const sale::Event event = granted(catalog, buyer);
  std::string bytes;
  std::string payload;
  for (auto _ : state) {
    bytes.clear();
    payload.clear();
    sale::encode(event, bytes);
    embedded::append_record(payload, event.sale, bytes);
    benchmark::DoNotOptimize(payload.data());
  }
  state.counters["bytes"] = static_cast<double>(payload.size());
}
BENCHMARK(encode_event);

// Header, checksum and hash of a group of so many claims; the time is of the whole group.
void seal_group(benchmark::State& state) {
  const auto claims = static_cast<std::uint32_t>(state.range(0));
  embedded::GroupBuffer buffer;
  for (std::uint32_t i = 0; i < claims; ++i) buffer.append(std::string(48, 'x'), 1);
  embedded::GroupHeader header;
  header.events = claims;
  header.payload_bytes = static_cast<std::uint32_t>(buffer.payload_bytes());
  for (auto _ : state) {
    ++header.group;
    embedded::seal_group(header, buffer.group());
    header.previous_hash = embedded::hash_group(buffer.group());
  }
  state.SetItemsProcessed(state.iterations() * claims);
}
BENCHMARK(seal_group)->Arg(1)->Arg(64)->Arg(1024);

class Counting final : public store::ReplySink {
 public:
  void on_reply(std::uint64_t, store::Reply&& reply) override {
    CHECK(!std::holds_alternative<Error>(reply));
    ++replies;
  }
  std::uint64_t replies = 0;
};

struct Directory {
  Directory() { CHECK(::mkdtemp(path.data()) != nullptr); }
  ~Directory() { std::filesystem::remove_all(path); }
  std::string path = (std::filesystem::temp_directory_path() / "bench-micro-XXXXXX").string();
};

// An engine on real files, driven as an I/O thread drives it.
class RealEngine {
 public:
  RealEngine() {
    const std::string data = directory_.path + "/data";
    CHECK(embedded::make_data_directory(*files_, data).ok());
    auto recovered = embedded::recover_store(*files_, data, [](std::span<std::uint8_t> bytes) {
      std::random_device device;
      for (auto& byte : bytes) byte = static_cast<std::uint8_t>(device());
    });
    CHECK(recovered.ok());
    engine_ = std::make_unique<embedded::Engine>(
        *files_, clock_, embedded::EngineWorkers{{committer_, preparer_}, snapshots_, archive_},
        embedded::EngineOptions{data, std::uint64_t{64} << 20, std::size_t{1} << 20, 100'000},
        std::move(*recovered), [] {});
    CHECK(engine_->open().ok());
    auto definition = std::make_shared<sale::SaleDefinition>();
    definition->slug = "s";
    definition->stock = kStock;
    submit(sale::CreateSale{definition});
    finish();
  }
  ~RealEngine() {
    engine_->begin_stop();
    while (!engine_->stopped()) turn();
  }

  void commit(std::int64_t claims) {
    for (std::int64_t i = 0; i < claims; ++i) {
      submit(sale::ClaimUnits{sale::Slug("s"), sale::BuyerId(buyer_id(buyers_++)), 1, {}});
    }
    finish();
  }

 private:
  void submit(const store::Command& command) {
    while (!engine_->submit({0, &sink_, 0}, command)) turn();
  }
  void turn() {
    CHECK(engine_->collect().ok());
    engine_->settle_due();
    engine_->end_turn();
    released_.clear();
    engine_->take_released(released_);
    for (auto& each : released_) each.ticket.sink->on_reply(0, std::move(each.reply));
  }
  // The real loop sleeps until it is woken; this one gives its core away until there are answers.
  void finish() {
    for (turn(); engine_->waiting() > 0; turn()) ::usleep(20);
  }

  Directory directory_;  // first: what writes there goes before it
  std::unique_ptr<embedded::FileSystem> files_ = embedded::make_system_file_system();
  SystemClock clock_;
  ThreadWorker committer_{"committer"};
  ThreadWorker preparer_{"preparer"};
  ThreadWorker snapshots_{"snapshots"};
  ThreadWorker archive_{"archive"};
  std::unique_ptr<embedded::Engine> engine_;
  Counting sink_;
  std::vector<embedded::Released> released_;
  std::uint64_t buyers_ = 0;
};

void commit_group(benchmark::State& state) {
  RealEngine engine;
  for (auto _ : state) engine.commit(state.range(0));
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(commit_group)->Arg(1)->Arg(64)->Arg(1024)->MeasureProcessCPUTime()->UseRealTime();

}  // namespace
}  // namespace doorbuster

BENCHMARK_MAIN();
