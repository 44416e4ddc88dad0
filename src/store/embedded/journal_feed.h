// The embedded engine's feed: its journal, read back on a thread of its own up to where it is
// durable, and never the engine's state. Cursors are as ages.h has them.
//
// Thread: any for read(); made and destroyed while the engine stands still.
// Owns: its thread, the reader, and what is asked and not yet answered.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "store/embedded/ages.h"
#include "store/embedded/durable_head.h"
#include "store/embedded/event_reader.h"
#include "store/embedded/slug_book.h"
#include "store/embedded/store_identity.h"
#include "store/event_feed.h"

namespace doorbuster::embedded {

class JournalFeed final : public store::EventFeed {
 public:
  JournalFeed(FileSystem& files, const std::string& data_dir, const StoreIdentity& identity,
              DurableHead& head, const SlugBook& slugs);
  ~JournalFeed() override;
  JournalFeed(const JournalFeed&) = delete;
  JournalFeed& operator=(const JournalFeed&) = delete;

  bool read(const store::EventsWanted& wanted, Done done) override;
  std::string_view incarnation() const override { return incarnation_; }

 private:
  using SteadyClock = std::chrono::steady_clock;

  struct Asked {
    store::EventsWanted wanted;
    Done done;
    SteadyClock::time_point until;
    // Where the feed ended when it was asked: what comes later is news to who asked for the latest.
    std::uint64_t latest;
  };
  // What was asked, understood, and how far it has got.
  struct Reading {
    EventRange range;
    Done done;
    SteadyClock::time_point until;
  };

  void run();
  // Waits for something to do and takes what was asked. False: it is over.
  bool wait();
  void begin(Asked& asked);
  void advance(Reading reading);
  bool has_news() const;  // for somebody who waits
  void end_waits();
  void answer(const Done& done, store::EventsReply reply);
  store::EventsReply to_reply(const EventPage& page) const;

  const std::string incarnation_;
  const ClaimIds claim_ids_;
  const Cursors cursors_;
  DurableHead& head_;
  const SlugBook& slugs_;
  EventReader reader_;

  std::mutex mutex_;  // of what follows
  std::condition_variable changed_;
  std::vector<Asked> asked_;
  std::size_t under_way_ = 0;
  bool advanced_ = false;
  bool stopping_ = false;

  // Thread: its own.
  std::vector<Asked> taken_;
  std::deque<Reading> ready_;
  std::vector<Reading> waiting_;  // for the next event
  SteadyClock::time_point next_look_;
  std::thread thread_;
};

}  // namespace doorbuster::embedded
