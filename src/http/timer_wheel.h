// Deadlines by the tick, for very many holders that mostly move them on before they come: moving
// one on is a store. A holder is filed under a tick at or before its deadline, and filed anew when
// that tick comes too early.
//
// Thread: one. Owns: nothing; a holder leaves by remove() before it dies.
// Invariants: no deadline passes unnoticed by an advance() beyond it; none is reported before it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace doorbuster::http {

class TimerWheel {
 public:
  using Tick = std::uint64_t;
  static constexpr Tick kNever = std::numeric_limits<Tick>::max();

  class Entry {
   public:
    Entry() = default;
    Entry(const Entry&) = delete;
    Entry& operator=(const Entry&) = delete;

   private:
    friend class TimerWheel;
    Entry* before_ = this;
    Entry* after_ = this;
    Tick due_ = kNever;
    Tick filed_ = kNever;
  };

  explicit TimerWheel(std::size_t slots = 512);  // a power of two

  Tick now() const { return now_; }
  void set(Entry& entry, Tick due);
  void remove(Entry& entry);

  // Moves to `now` and calls expired(Entry&) for each entry that was due by then, once; it has no
  // deadline any more, and the call may set or remove any entry.
  template <typename Expired>
  void advance(Tick now, Expired&& expired) {
    while (now_ < now) {
      // Having been through all slots, the rest is emptiness.
      if (now - now_ > slots_.size()) now_ = now - slots_.size();
      ++now_;
      Entry due;
      splice(slot(now_), due);
      while (due.after_ != &due) {
        Entry& entry = *due.after_;
        remove_links(entry);
        if (entry.due_ > now_) {
          if (entry.due_ != kNever) file(entry);
        } else {
          entry.due_ = kNever;
          expired(entry);
        }
      }
    }
  }

 private:
  Entry& slot(Tick tick) { return slots_[tick & (slots_.size() - 1)]; }
  void file(Entry& entry);
  static void remove_links(Entry& entry);
  static void splice(Entry& from, Entry& to);

  std::vector<Entry> slots_;
  Tick now_ = 0;
};

}  // namespace doorbuster::http
