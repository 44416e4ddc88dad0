// How far the journal is durable, for those who read events while it is written: one store for each
// group, and a call only where somebody waits for it.
//
// Thread: reach() the engine's, the rest one reader's, but for position(), which is for any.
// Invariants: the position never goes back; after await() no advance goes unnoticed.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>

namespace doorbuster::embedded {

class DurableHead {
 public:
  // `position`: of the last event that is durable.
  explicit DurableHead(std::uint64_t position) : position_(position) {}

  void reach(std::uint64_t position) {
    position_.store(position);
    if (awaited_.load() && awaited_.exchange(false)) on_advance_();
  }

  std::uint64_t position() const { return position_.load(); }
  // Before the engine's first turn.
  void on_advance(std::function<void()> call) { on_advance_ = std::move(call); }
  // The next advance will be told, once. Whoever asks for this looks at position() after it.
  void await() { awaited_.store(true); }

 private:
  std::atomic<std::uint64_t> position_;
  std::atomic<bool> awaited_ = false;
  std::function<void()> on_advance_;
};

}  // namespace doorbuster::embedded
