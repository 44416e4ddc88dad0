#include "store/embedded/embedded_store.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <shared_mutex>
#include <thread>

#include "base/alarm.h"
#include "base/check.h"
#include "base/worker.h"
#include "store/embedded/clock_watch.h"
#include "store/embedded/engine.h"
#include "store/embedded/journal_feed.h"
#include "store/mailroom.h"

namespace doorbuster::embedded {
namespace {

// What condition() tells other threads about the engine.
class Condition {
 public:
  // Thread: engine.
  void note(const Engine& engine) {
    failed_.store(engine.failed(), std::memory_order_relaxed);
    no_spare_.store(!engine.disk_problem().empty(), std::memory_order_relaxed);
    no_room_.store(!engine.has_room(), std::memory_order_relaxed);
    if (engine.snapshot_problem() == noted_.snapshot &&
        engine.archive_problem() == noted_.archive) {
      return;
    }
    noted_ = {engine.snapshot_problem(), engine.archive_problem()};
    const std::lock_guard lock(mutex_);
    problems_ = noted_;
  }
  // Thread: any.
  // A full disk alone does not make it unready: who took it out of service for that would keep
  // confirmations from the holds that can still end (S15).
  store::StoreCondition read(const ClockStanding& clock) const {
    const bool failed = failed_.load(std::memory_order_relaxed);
    const bool no_spare = no_spare_.load(std::memory_order_relaxed);
    const bool no_room = no_room_.load(std::memory_order_relaxed);
    const std::lock_guard lock(mutex_);
    return {!failed && clock.kind != ClockStanding::Kind::behind_at_start,
            {{"engine", failed ? "the journal could not be written" : "ok"},
             {"disk", no_room    ? "no room for the journal: claims are refused, holds can end"
                      : no_spare ? "no room for the next journal segment"
                                 : "ok"},
             {"clock", to_sentence(clock)},
             {"snapshot", problems_.snapshot.empty() ? "ok" : "not taken: " + problems_.snapshot},
             {"archive", problems_.archive.empty() ? "ok" : problems_.archive}},
            clock.kind != ClockStanding::Kind::steady,
            clock.wall_ahead,
            // Every answer waits for the sync of the journal (R7); there is no other level.
            "synced"};
  }

 private:
  struct Problems {
    std::string snapshot;
    std::string archive;
  };

  std::atomic<bool> failed_ = false;
  std::atomic<bool> no_spare_ = false;
  std::atomic<bool> no_room_ = false;
  Problems noted_;  // the engine's; not behind the mutex
  mutable std::mutex mutex_;
  Problems problems_;
};

// Everything below an engine that has to outlive it.
struct Ground {
  std::unique_ptr<FileLock> lock;
  ThreadWorker committer{"db-committer"};
  ThreadWorker preparer{"db-preparer", ThreadWorker::Priority::background};
  ThreadWorker snapshots{"db-snapshots", ThreadWorker::Priority::background};
  ThreadWorker archive{"db-archive", ThreadWorker::Priority::low};
};

// Wakes an engine when something is due that nobody asks about.
//
// Thread: engine.
class DueAlarm {
 public:
  explicit DueAlarm(std::function<void()> ring) : alarm_("db-alarm", std::move(ring)) {}

  // After each turn. Setting the alarm costs a system call: one that is set to ring before it has
  // to is left alone, and the turn it leads to sets it again.
  void follow(Engine& engine) {
    // Ends of holds that nobody asks about are gathered for this long.
    constexpr std::chrono::milliseconds kSweepPause{10};
    const Time now = engine.now();
    const Time due = std::max(engine.next_turn_at(), now + kSweepPause);
    if (set_for_ > now && set_for_ <= due) return;
    set_for_ = due;
    alarm_.set(due == kNever ? Alarm::kNotAtAll
                             : std::chrono::nanoseconds(std::min(due - now, kLongest)));
  }

 private:
  static constexpr std::chrono::milliseconds kLongest = std::chrono::hours(24);

  Time set_for_ = kNever;
  Alarm alarm_;
};

// Decides `letters` in their order, and leaves none; what the engine does not take is answered in
// `refused`. Where each begins to look in memory is fetched while those before it are decided.
void decide(Engine& engine, std::vector<store::Letter>& letters, std::vector<Released>& refused) {
  constexpr std::size_t kAhead = 8;
  for (std::size_t i = 0; i < std::min(kAhead, letters.size()); ++i) {
    engine.expect(letters[i].command);
  }
  for (std::size_t i = 0; i < letters.size(); ++i) {
    if (i + kAhead < letters.size()) engine.expect(letters[i + kAhead].command);
    if (engine.submit(letters[i].ticket, letters[i].command)) continue;
    refused.emplace_back(letters[i].ticket, Error{ErrorCode::overloaded, "too much is waiting"});
  }
  letters.clear();
}

// The engine on the thread of its only port: no hop at all. What is asked in a turn is decided in
// batches, so that one code after the other has the caches, not all of them for each claim.
class DrivenStore final : public store::ClaimStore {
 public:
  DrivenStore(std::unique_ptr<FileLock> lock, FileSystem& files, const Clock& clock,
              EngineOptions options, Recovered recovered, const StoreOptions& callbacks)
      : on_failure_(callbacks.on_failure),
        identity_(recovered.identity),
        engine_(files, clock,
                {{ground_.committer, ground_.preparer}, ground_.snapshots, ground_.archive},
                std::move(options), std::move(recovered), [this] { wake(); }),
        feed_(files, callbacks.data_dir, identity_, engine_.durable_head(), engine_.slugs()),
        clock_watch_(engine_.time_line(), callbacks.on_clock, [this] { wake(); }) {
    ground_.lock = std::move(lock);
  }

  ~DrivenStore() override {
    engine_.begin_stop();
    std::unique_lock lock(mutex_);
    while (!engine_.stopped() && !engine_.failed()) {
      woken_.wait(lock, [this] { return std::exchange(has_finished_, false); });
      lock.unlock();
      static_cast<void>(engine_.collect());
      lock.lock();
    }
  }

  Status open() { return engine_.open(); }

  std::unique_ptr<store::StorePort> connect(std::function<void()> wake_port) override {
    CHECK(!connected_);
    connected_ = true;
    const std::lock_guard lock(mutex_);
    wake_port_ = std::move(wake_port);
    return std::make_unique<Port>(*this);
  }

  store::EventFeed& events() override { return feed_; }
  store::StoreCondition condition() const override { return condition_.read(clock_watch_.look()); }
  Result<std::string> accept_clock() override { return clock_watch_.accept(); }

 private:
  class Port final : public store::StorePort {
   public:
    explicit Port(DrivenStore& store) : store_(store) {}
    ~Port() override {
      const std::lock_guard lock(store_.mutex_);
      store_.wake_port_ = nullptr;
    }
    bool submit(const store::Command& command, store::ReplySink& sink,
                std::uint64_t context) override {
      store_.take(command, sink, context);
      return true;  // the engine turns away what is too much
    }
    void flush() override { store_.flush(); }

   private:
    DrivenStore& store_;
  };

  static constexpr std::size_t kBatch = 32;

  // Thread: a worker.
  void wake() {
    const std::lock_guard lock(mutex_);
    has_finished_ = true;
    woken_.notify_one();
    if (wake_port_) wake_port_();
  }

  void take(const store::Command& command, store::ReplySink& sink, std::uint64_t context) {
    letters_.push_back({{0, &sink, context, step_.begun()}, command});
    if (letters_.size() == kBatch) decide(engine_, letters_, refused_);
  }

  // A step is a turn of the port's thread, from its first command on: what else that thread does
  // meanwhile is in it.
  void flush() {
    const auto began = step_.begun();
    decide(engine_, letters_, refused_);
    if (const Status status = engine_.collect(); !status.ok()) {
      condition_.note(engine_);
      on_failure_(status.error());
    }
    engine_.settle_due();
    engine_.end_turn();
    condition_.note(engine_);
    std::vector<Released> replies = std::move(replies_);
    store::move_all(refused_, replies);
    engine_.take_released(replies);
    for (Released& released : replies) {
      released.ticket.sink->on_reply(released.ticket.context, std::move(released.reply));
    }
    replies.clear();
    replies_ = std::move(replies);
    // A reply may have led to the next command (a streamed list): it is begun in this turn, and
    // what needs no disk is delivered in the next, so that one reader does not keep the loop.
    decide(engine_, letters_, refused_);
    engine_.end_turn();
    if (!refused_.empty() || engine_.has_released() || engine_.wants_turn()) wake();
    due_alarm_.follow(engine_);
    engine_.end_step(began);
    step_.end();
  }

  std::function<void(const Error&)> on_failure_;
  // What wake() touches: before the workers, which may call it to their end.
  std::mutex mutex_;
  std::condition_variable woken_;
  bool has_finished_ = false;
  std::function<void()> wake_port_;
  Ground ground_;
  StoreIdentity identity_;
  Engine engine_;
  JournalFeed feed_;
  DueAlarm due_alarm_{[this] { wake(); }};
  ClockWatch clock_watch_;
  Condition condition_;
  store::TurnBegin step_;
  std::vector<store::Letter> letters_;  // not decided yet, fewer than a batch
  std::vector<Released> refused_;       // not taken, and not told yet
  std::vector<Released> replies_;       // scratch
  bool connected_ = false;
};

// The engine on a thread of its own, behind a mailroom. A claim that is refused without changing
// anything is refused on the I/O thread that it came to, which looks at the engine while that
// rests: after a sell-out that is nearly always.
class ThreadedStore final : public store::ClaimStore {
 public:
  ThreadedStore(std::unique_ptr<FileLock> lock, FileSystem& files, const Clock& clock,
                EngineOptions options, Recovered recovered, const StoreOptions& callbacks)
      : on_failure_(callbacks.on_failure),
        mailroom_(
            options.max_waiting, [this] { wake(); },
            [this](const store::Command& command) { return refuse_aside(command); }),
        identity_(recovered.identity),
        engine_(files, clock,
                {{ground_.committer, ground_.preparer}, ground_.snapshots, ground_.archive},
                std::move(options), std::move(recovered), [this] { wake(); }),
        feed_(files, callbacks.data_dir, identity_, engine_.durable_head(), engine_.slugs()),
        clock_watch_(engine_.time_line(), callbacks.on_clock, [this] { wake(); }) {
    ground_.lock = std::move(lock);
  }

  ~ThreadedStore() override {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    woken_.notify_one();
    if (thread_.joinable()) thread_.join();
  }

  Status open() {
    if (Status s = engine_.open(); !s.ok()) return s;
    thread_ = std::thread([this] { run(); });
    ::pthread_setname_np(thread_.native_handle(), "db-engine");
    return ok_status();
  }

  std::unique_ptr<store::StorePort> connect(std::function<void()> wake_port) override {
    return mailroom_.connect(std::move(wake_port));
  }

  store::EventFeed& events() override { return feed_; }
  store::StoreCondition condition() const override { return condition_.read(clock_watch_.look()); }
  Result<std::string> accept_clock() override { return clock_watch_.accept(); }

 private:
  // How late at the most /metrics knows what was refused aside.
  static constexpr std::chrono::milliseconds kFiguresDelay{100};

  // Thread: a worker's, or a port's.
  void wake() {
    {
      const std::lock_guard lock(mutex_);
      has_news_ = true;
    }
    woken_.notify_one();
  }

  // Thread: a port's. It must not wait for the engine: while that does anything, or means to, there
  // is no answer here.
  std::optional<store::Reply> refuse_aside(const store::Command& command) {
    if (engine_is_busy_.load(std::memory_order_relaxed)) return std::nullopt;
    const std::shared_lock lock(engine_mutex_, std::try_to_lock);
    if (!lock) return std::nullopt;
    auto reply = engine_.refuse_aside(command);
    // The engine shows what was counted at the end of its next turn.
    if (reply && !figures_awaited_.exchange(true)) figures_alarm_.set(kFiguresDelay);
    return reply;
  }

  // Thread: engine, all below.
  void run() {
    std::vector<store::Letter> letters;
    bool stopping = false;
    while (!engine_.stopped() && !engine_.failed()) {
      {
        std::unique_lock lock(mutex_);
        woken_.wait(lock,
                    [&] { return has_news_ || stopping_ != stopping || engine_.wants_turn(); });
        has_news_ = false;
        stopping = stopping_;
      }
      const auto began = std::chrono::steady_clock::now();
      mailroom_.take(letters);
      // Those who look aside do not queue for it, so this waits for one look of each at the most.
      engine_is_busy_.store(true, std::memory_order_relaxed);
      const std::unique_lock engine_lock(engine_mutex_);
      turn(letters, stopping);
      engine_.end_step(began);
      engine_is_busy_.store(false, std::memory_order_relaxed);
    }
  }

  void turn(std::vector<store::Letter>& letters, bool stopping) {
    figures_awaited_.store(false);
    decide(engine_, letters, leaving_);
    if (const Status status = engine_.collect(); !status.ok()) fail(status.error());
    if (stopping) engine_.begin_stop();
    engine_.settle_due();
    engine_.end_turn();
    due_alarm_.follow(engine_);
    condition_.note(engine_);
    engine_.take_released(leaving_);
    mailroom_.deliver(leaving_);
  }

  void fail(const Error& error) {
    condition_.note(engine_);
    on_failure_(error);
  }

  std::function<void(const Error&)> on_failure_;
  // What wake() touches: before the workers, which may call it to their end.
  std::mutex mutex_;
  std::condition_variable woken_;
  bool has_news_ = true;  // the first turn sets the alarm
  bool stopping_ = false;
  // What is done to the engine, and by whom it is only looked at.
  std::shared_mutex engine_mutex_;
  std::atomic<bool> engine_is_busy_ = false;
  std::atomic<bool> figures_awaited_ = false;
  store::Mailroom mailroom_;
  Ground ground_;
  StoreIdentity identity_;
  Engine engine_;
  JournalFeed feed_;
  DueAlarm due_alarm_{[this] { wake(); }};
  Alarm figures_alarm_{"db-figures", [this] { wake(); }};
  ClockWatch clock_watch_;
  Condition condition_;
  std::vector<Released> leaving_;  // scratch: what leaves in this turn
  std::thread thread_;
};

template <typename Store>
Result<std::unique_ptr<store::ClaimStore>> start(std::unique_ptr<Store> made) {
  if (Status s = made->open(); !s.ok()) return s.error();
  return std::unique_ptr<store::ClaimStore>(std::move(made));
}

}  // namespace

Result<std::unique_ptr<store::ClaimStore>> open_embedded_store(FileSystem& files,
                                                               const Clock& clock,
                                                               const StoreOptions& options) {
  if (Status s = make_data_directory(files, options.data_dir); !s.ok()) return s.error();
  auto lock = files.lock(lock_path(options.data_dir));
  if (!lock) return lock.error();
  auto recovered = recover_store(files, options.data_dir, options.random);
  if (!recovered) return recovered.error();
  // Of a small segment a group takes a part as well, lest much of it be left behind unused.
  const std::size_t max_group_bytes =
      std::min<std::uint64_t>(options.max_group_bytes, options.segment_bytes / 4);
  const EngineOptions engine{options.data_dir,    options.segment_bytes, max_group_bytes,
                             options.max_waiting, options.restart_grace, options.snapshots,
                             options.probe};
  if (options.own_thread) {
    return start(std::make_unique<ThreadedStore>(std::move(*lock), files, clock, engine,
                                                 std::move(*recovered), options));
  }
  return start(std::make_unique<DrivenStore>(std::move(*lock), files, clock, engine,
                                             std::move(*recovered), options));
}

}  // namespace doorbuster::embedded
