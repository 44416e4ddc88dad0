#include "store/mailroom.h"

#include <iterator>

namespace doorbuster::store {

class Mailroom::Port final : public StorePort {
 public:
  Port(Mailroom& mailroom, std::uint32_t number, std::shared_ptr<Outbox> outbox)
      : mailroom_(mailroom), number_(number), outbox_(std::move(outbox)) {}
  ~Port() override {
    const std::lock_guard lock(outbox_->mutex);
    outbox_->wake = nullptr;
    outbox_->replies.clear();
  }

  bool submit(const Command& command, ReplySink& sink, std::uint64_t context) override {
    if (outstanding_ == 0 && mailroom_.answer_aside_) {
      if (auto reply = mailroom_.answer_aside_(command)) {
        answered_.emplace_back(Ticket{number_, &sink, context, {}}, std::move(*reply));
        return true;
      }
    }
    if (outstanding_ >= mailroom_.most_outstanding_) return false;
    ++outstanding_;
    batch_.push_back({{number_, &sink, context, turn_.begun()}, command});
    return true;
  }

  void flush() override {
    hand_over();
    {
      const std::lock_guard lock(outbox_->mutex);
      replies_.swap(outbox_->replies);
    }
    outstanding_ -= replies_.size();
    give(replies_);
    // What is answered leads to what is asked next (a streamed list), and that may be answered
    // here.
    while (!answered_.empty()) {
      giving_.swap(answered_);
      give(giving_);
    }
    hand_over();
    turn_.end();
  }

 private:
  static void give(std::vector<Released>& replies) {
    for (Released& released : replies) {
      released.ticket.sink->on_reply(released.ticket.context, std::move(released.reply));
    }
    replies.clear();
  }

  void hand_over() {
    if (batch_.empty()) return;
    mailroom_.post(batch_);
    batch_.clear();
  }

  Mailroom& mailroom_;
  std::uint32_t number_;
  std::shared_ptr<Outbox> outbox_;
  std::vector<Letter> batch_;
  std::vector<Released> replies_;
  std::vector<Released> answered_;  // aside, since the last flush
  std::vector<Released> giving_;
  TurnBegin turn_;
  std::size_t outstanding_ = 0;
};

Mailroom::Mailroom(std::size_t most_outstanding, std::function<void()> wake_engine,
                   AnswerAside answer_aside)
    : most_outstanding_(most_outstanding),
      wake_engine_(std::move(wake_engine)),
      answer_aside_(std::move(answer_aside)) {}

std::unique_ptr<StorePort> Mailroom::connect(std::function<void()> wake_port) {
  const std::lock_guard lock(mutex_);
  const auto number = static_cast<std::uint32_t>(outboxes_.size());
  outboxes_.push_back(std::make_shared<Outbox>());
  outboxes_.back()->wake = std::move(wake_port);
  return std::make_unique<Port>(*this, number, outboxes_.back());
}

void Mailroom::take(std::vector<Letter>& letters) {
  const std::lock_guard lock(mutex_);
  move_all(letters_, letters);
}

void Mailroom::post(std::vector<Letter>& letters) {
  {
    const std::lock_guard lock(mutex_);
    move_all(letters, letters_);
  }
  wake_engine_();
}

void Mailroom::deliver(std::vector<Released>& replies) {
  if (replies.empty()) return;
  std::vector<std::shared_ptr<Outbox>> outboxes;
  {
    const std::lock_guard lock(mutex_);
    outboxes = outboxes_;
  }
  if (outboxes.size() == 1) return send(*outboxes.front(), replies);
  by_port_.resize(outboxes.size());
  for (Released& reply : replies) by_port_[reply.ticket.port].push_back(std::move(reply));
  replies.clear();
  for (std::size_t port = 0; port < outboxes.size(); ++port) {
    if (!by_port_[port].empty()) send(*outboxes[port], by_port_[port]);
  }
}

void Mailroom::send(Outbox& outbox, std::vector<Released>& replies) {
  const std::lock_guard lock(outbox.mutex);
  if (!outbox.wake) return replies.clear();
  const bool was_empty = outbox.replies.empty();
  move_all(replies, outbox.replies);
  if (was_empty) outbox.wake();
}

}  // namespace doorbuster::store
