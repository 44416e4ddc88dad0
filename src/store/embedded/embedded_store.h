// The embedded engine as a ClaimStore: threads around one Engine.
//
// With one I/O thread the engine is driven by that thread, at the end of each turn of its loop;
// with several it has a thread of its own and takes a mailbox of commands. In both the journal is
// written and synced by a committer thread, so that no I/O thread ever waits for the disk; and an
// alarm wakes the engine when something is due that nobody asks about.
//
// Thread: open and destroy on one thread; ports as claim_store.h says; condition() and
// accept_clock() from any. Owns: the data directory's lock, the engine, the threads of
// committer, preparer, alarm and clock.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>

#include "base/clock.h"
#include "store/claim_store.h"
#include "store/embedded/file_system.h"
#include "store/embedded/snapshot.h"
#include "store/embedded/store_probe.h"

namespace doorbuster::embedded {

struct StoreOptions {
  std::string data_dir;
  // False: exactly one port is connected, and its thread drives the engine.
  bool own_thread = false;
  std::uint64_t segment_bytes = std::uint64_t{64} << 20;
  std::size_t max_group_bytes = std::size_t{1} << 20;
  // Commands that may wait for their decision or for the disk; more are refused as overloaded.
  std::size_t max_waiting = 65'536;
  // After a start no hold ends before this has passed (R15).
  std::chrono::milliseconds restart_grace{10'000};
  SnapshotOptions snapshots{};
  // What it counts, beside the store and after it; null: nobody looks.
  StoreProbe* probe = nullptr;
  // Fills with unpredictable bytes (keys, the incarnation).
  std::function<void(std::span<std::uint8_t>)> random;
  // The journal could not be written: the process must end (R11). Called once, from the engine's
  // thread.
  std::function<void(const Error&)> on_failure;
  // How the wall clock stands, in a sentence, when an alarm about it begins, changes or ends (R15);
  // may be none. Called from a thread that does nothing else.
  std::function<void(const std::string&)> on_clock;
};

// Locks, recovers and opens the data directory, creating it if there is none. data_damaged names
// file, offset, sequence and sale; in_use when another process has it; unsupported for a newer
// format.
Result<std::unique_ptr<store::ClaimStore>> open_embedded_store(FileSystem& files,
                                                               const Clock& clock,
                                                               const StoreOptions& options);

}  // namespace doorbuster::embedded
