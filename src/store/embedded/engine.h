// The embedded engine: decides commands in memory, gathers their events into a group, and lets
// their replies go when the group is durable. A value on one thread, with no threads of its own:
// the server drives it, and so does a simulation.
//
// Thread: engine.
// Owns: the catalog, the journal's writer, the replies that wait for the disk.
// Invariants: a reply is released only when everything that its sale had decided before it is
// durable (R7), and waits for no other sale; after a failed write nothing is released any more
// (R11); while the clock is behind the journal nothing is decided and nothing written (R15).
#pragma once

#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <vector>

#include "sale/event.h"
#include "store/embedded/ages.h"
#include "store/embedded/archive.h"
#include "store/embedded/durable_head.h"
#include "store/embedded/journal_writer.h"
#include "store/embedded/recovery.h"
#include "store/embedded/slug_book.h"
#include "store/embedded/snapshotter.h"
#include "store/embedded/store_probe.h"
#include "store/embedded/time_line.h"
#include "store/ticket.h"

namespace doorbuster::embedded {

using store::Released;
using store::Ticket;

struct EngineWorkers {
  JournalWorkers journal;
  Worker& snapshots;  // takes them
  Worker& archive;    // reads the claims of archived sales, and frees them
};

struct EngineOptions {
  std::string data_dir;
  std::uint64_t segment_bytes = 0;
  std::size_t max_group_bytes = 0;
  std::size_t max_waiting = 0;
  // After a start no hold ends before this has passed (R15).
  std::chrono::milliseconds restart_grace{0};
  SnapshotOptions snapshots{};
  StoreProbe* probe = nullptr;  // outlives the engine; null: nobody looks
};

// How many sales leave memory in one turn, and how much of their claims may be back in it, by bytes
// of their images, before they leave again.
inline constexpr std::size_t kArchivedATurn = 32;
inline constexpr std::uint64_t kBroughtBackBytes = std::uint64_t{256} << 20;
inline constexpr std::chrono::milliseconds kBroughtBackFor{60'000};

// R13: how many due events one turn settles unasked, so that a step stays short however much is
// due.
inline constexpr std::uint32_t kDueATurn = 1000;

class Engine {
 public:
  // `wake` is called from a worker when collect() has something to do.
  Engine(FileSystem& files, const Clock& clock, EngineWorkers workers, EngineOptions options,
         Recovered recovered, std::function<void()> wake);
  ~Engine();

  // Makes the journal ready to be written. Waits for the disk.
  Status open();

  // submit() of `command` will come soon: has memory brought that it begins with. Changes nothing.
  void expect(const store::Command& command) const;
  // Decides `command`, or queues it behind a full group. False: max_waiting commands are waiting.
  bool submit(const Ticket& ticket, const store::Command& command);
  // The reply to a claim that is refused without changing anything, where what it rests on is
  // durable; it is counted. Nothing: submit() it. Exactly what submit() would lead to now. Thread:
  // any, several at a time, while the engine's own does nothing with it.
  std::optional<store::Reply> refuse_aside(const store::Command& command);
  // Settles what the clock makes due (R13), as much as one turn may, and then runs the commands
  // that waited for that. Once a turn, before end_turn().
  void settle_due();
  // The end of a turn: begins to write what was decided, unless a write is under way.
  void end_turn();
  // Whether another turn has something to do that it need not wait for.
  bool wants_turn();
  // When the next turn has to come, should nobody ask and no worker finish before: for what will be
  // due, for a group that waits, for another try at a full disk. kNever: it need not come.
  Time next_turn_at();
  Time now() { return time_line_.now(); }
  // Takes note of what the workers have finished. Gives an error once, when the journal has failed.
  Status collect();
  // What began then has ended, or will only go on in another turn. After end_turn().
  void end_step(EngineProbe::Instant began);
  // Appends the replies that may be sent to `out`.
  void take_released(std::vector<Released>& out);
  bool has_released() const { return !released_.empty() && !failed_; }

  // Writes the mark of a clean stop behind everything decided. Call again after collect() until
  // stopped() or failed().
  void begin_stop();
  bool stopped() const { return stopped_; }
  bool failed() const { return failed_; }

  std::size_t waiting() const {
    return open_.size() + in_flight_.size() + backlog_.size() + unsettled_.size() +
           awaiting_room_.size() + awaiting_claims_;
  }
  const std::string& disk_problem() const { return journal_.spare_problem(); }
  const std::string& snapshot_problem() const { return snapshotter_.problem(); }
  // Why the claims of an archived sale could last not be read; empty while they could.
  const std::string& archive_problem() const { return archive_problem_; }
  // Whether the journal can still take claims, now or once the next segment is made. Holds end even
  // when it cannot (S15).
  bool has_room() const { return journal_.room(Purpose::growth) > 0 || journal_.awaits_segment(); }
  const sale::Catalog& catalog() const { return catalog_; }
  TimeLine& time_line() { return time_line_; }
  // For who reads its events, on another thread.
  DurableHead& durable_head() { return durable_head_; }
  const SlugBook& slugs() const { return slugs_; }
  const StoreProbe& probe() const { return probe_; }

 private:
  friend class Execution;

  struct Queued {
    Ticket ticket;
    store::Command command;
  };

  // An archived sale whose claims are in memory again.
  struct BroughtBack {
    sale::SaleOrdinal sale;
    Time since;
    std::uint64_t bytes = 0;  // of its image
  };

  // False while the clock is behind the journal (R15). Once it is not, the grace begins.
  bool may_decide();
  bool group_is_full() const;
  // Whether more is due, and can be journaled.
  bool has_due(Time now) const;
  // When the open group may begin: on a full disk groups may have to keep apart.
  Time next_group_at(Time now) const;
  void execute(const Ticket& ticket, const store::Command& command);
  // Lets the reply go once the event of this position is durable.
  void answer(const Ticket& ticket, store::Reply&& reply, std::uint64_t rests_on);
  // The positions of the last event that was decided: of all, of one sale.
  std::uint64_t last_decided() const;
  std::uint64_t last_decided(sale::SaleOrdinal sale) const;
  // Keeps the schedule, and the room reserved for what is to come, in step with what the sale has
  // now.
  void schedule(const sale::SaleState& sale);
  void start_group(std::uint32_t flags);
  void consider_snapshot();

  // engine_archive.cc: sales leave memory, and come back.

  // Whether the archive has the sale as it is now.
  bool is_in_archive(const sale::SaleState& sale) const;
  // Keeps archivable_ in step with what the sale is now.
  void schedule_archiving(const sale::SaleState& sale);
  bool archiving_is_due(Time now) const;
  // When a snapshot is wanted that archives sales; kNever: none is, or one is being taken.
  Time archiving_snapshot_at() const;
  // When the next turn has to come for the sake of archiving.
  Time archiving_at() const;
  // Has the open segment sealed where only that keeps due sales from being archived.
  void seal_for_archiving();
  // From now on archive_some() looks at all that may go.
  void begin_leaving();
  bool has_sales_to_archive(Time now) const;
  void archive_some();
  // Of the sale is left what can be said without its claims, if the archive has them.
  void leave_claims(sale::SaleOrdinal sale);
  // Takes note of a new snapshot and of claims that have been read, and runs what waited for them.
  void take_archive_news();
  // False: they could not be read.
  bool bring_back(Archive::Read& read);

  // Runs again what awaited room, if there is some, or will be none.
  void run_awaiting();

  // Journals and applies `events`, all or none. False: there is no room for them.
  bool commit(const std::vector<sale::Event>& events);

  // engine_figures.cc: what is counted becomes visible when it is durable (R7).

  void adopt_figures();
  // The sale's figures have changed, or will have by whoever is given this.
  ClaimTally& touch(sale::SaleOrdinal sale);
  // The same from another thread, for one refusal.
  void count_aside(sale::SaleOrdinal sale, sale::Refusal refusal);
  // What was touched from other threads, is as if touch() had been called.
  void take_asides();
  const ClaimTally& tally(sale::SaleOrdinal sale);
  // Takes the figures of what was touched: they become durable with what is written now.
  void take_figures();
  void show_figures();
  // Shows them at once where nothing has to become durable.
  void show_settled_figures();
  // The replies that waited for the group which is durable now.
  void note_committed();

  EngineOptions options_;
  std::shared_ptr<StoreProbe> own_probe_;
  StoreProbe& probe_;
  ClaimIds claim_ids_;
  sale::Catalog catalog_;
  TimeLine time_line_;
  JournalWriter journal_;
  Snapshotter snapshotter_;
  Archive archive_;
  DurableHead durable_head_;
  SlugBook slugs_;
  GroupBuffer group_;
  std::string payload_;              // scratch: the records of one decision
  std::string event_bytes_;          // scratch: one event
  std::vector<sale::Event> events_;  // scratch: the events of one decision
  std::vector<Released> open_;       // decided, their group not yet begun
  std::vector<Released> in_flight_;  // their group is being written
  // By sale; 0: nothing since the start, and so all of it is durable.
  std::vector<std::uint64_t> last_decided_of_;
  std::vector<Released> released_;
  std::deque<Queued> backlog_;     // not decided: the open group is full
  std::vector<Queued> unsettled_;  // not decided: more is due than one turn settles
  // Not decided: the disk is slower in making segments than claims are in coming.
  std::vector<Queued> awaiting_room_;
  bool lacked_room_ = false;  // the command that is run now
  // Not decided: their sale is archived, and its claims are being read.
  std::map<std::uint32_t, std::vector<Queued>> awaiting_claims_of_;
  std::size_t awaiting_claims_ = 0;
  std::optional<sale::SaleOrdinal> lacked_claims_;  // the command that is run now
  std::string archive_problem_;
  // Closed sales in memory that are not yet in the archive as they are now, by when they may go.
  std::set<std::pair<Time, std::uint32_t>> archivable_;
  std::vector<Time> archives_at_of_;  // by sale
  // Which of them archive_some() looked at last; nothing: there is no need to look.
  std::optional<std::pair<Time, std::uint32_t>> looked_at_;
  std::deque<BroughtBack> brought_back_;  // the oldest first
  std::uint64_t brought_back_bytes_ = 0;
  Time seal_not_before_;
  // When something is due, by time and by sale; a sale that waits for nothing is in neither.
  std::set<std::pair<Time, std::uint32_t>> due_;
  std::vector<Time> due_of_;
  // Events that must find room whatever the disk does: the ends of all holds, and what the clock
  // does to sales.
  std::uint64_t ends_ = 0;
  std::vector<std::uint32_t> ends_of_;  // by sale
  Time last_hold_end_;                  // no hold ends by itself after it
  Time group_begun_at_;                 // the last one that was written
  std::uint32_t due_left_ = kDueATurn;  // how many due events this turn may still settle unasked
  std::vector<ClaimTally> tallies_;     // by sale
  std::vector<sale::SaleOrdinal> touched_;
  std::mutex asides_mutex_;
  std::vector<sale::SaleOrdinal> asides_;  // touched by other threads
  std::vector<ShownSale> figures_;         // taken, not yet durable
  Time told_due_ = kNever;
  bool deciding_ = false;
  bool stopping_ = false;
  bool stop_marked_ = false;
  bool stopped_ = false;
  bool failed_ = false;
};

}  // namespace doorbuster::embedded
