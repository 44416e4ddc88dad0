// Writes lines to a descriptor that somebody may have ceased to read. Waiting for him is this
// thread's lot alone, and ends when it is told to stop.
//
// Thread: write() from one, which may be kept waiting; stop() and lost() from any.
// Owns: what wakes it. The descriptor is its maker's.
// Invariants: what was not written whole is counted.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string_view>

namespace doorbuster::cli {

class LogWriter {
 public:
  explicit LogWriter(int descriptor);
  ~LogWriter();
  LogWriter(const LogWriter&) = delete;
  LogWriter& operator=(const LogWriter&) = delete;

  // False: the line is lost, since nobody reads any more, or nobody did before the end.
  bool write(std::string_view line);
  // From now on a reader is waited for half a second at a time and so long in all, and once he has
  // not come in that time no more.
  void stop(std::chrono::milliseconds at_most);
  std::uint64_t lost() const { return lost_.load(std::memory_order_relaxed); }

  // Writes what goes out without waiting. Thread: any; lines of two threads may mix.
  static void write_at_once(int descriptor, std::string_view line);

 private:
  bool wait_for_room();
  bool write_whole(std::string_view text);

  const int descriptor_;
  const int stopping_;                      // an eventfd
  std::atomic<std::int64_t> until_ns_ = 0;  // steady clock; 0: it has not been stopped
  std::atomic<std::uint64_t> lost_ = 0;     // lines
  bool torn_ = false;                       // part of a line is out
  bool gave_up_ = false;                    // nobody came in time
};

}  // namespace doorbuster::cli
