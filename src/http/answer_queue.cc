#include "http/answer_queue.h"

#include <utility>

#include "base/check.h"

namespace doorbuster::http {
namespace {

constexpr std::size_t kIdleAnswers = 4 * 1024;
constexpr std::size_t kCompactFrom = 64 * 1024;

}  // namespace

std::uint64_t AnswerQueue::open(Asked asked) {
  if (unanswered() == ring_.size()) grow();
  auto& mine = at(next_);
  mine.state = State::awaited;
  mine.asked = asked;
  mine.if_abandoned = End::cut;
  return next_++;
}

void AnswerQueue::grow() {
  std::vector<Exchange> larger(ring_.empty() ? 1 : ring_.size() * 2);
  for (auto each = first_; each != next_; ++each) {
    larger[each & (larger.size() - 1)] = std::move(at(each));
  }
  ring_ = std::move(larger);
}

AnswerQueue::Exchange* AnswerQueue::find(std::uint64_t exchange, State state) {
  if (end_ != End::open || exchange < first_ || exchange >= next_) return nullptr;
  auto& mine = at(exchange);
  return mine.state == state ? &mine : nullptr;
}

void AnswerQueue::answer(std::uint64_t exchange, const Reply& reply, std::string_view date) {
  auto* mine = find(exchange, State::awaited);
  if (mine == nullptr) return;
  auto& out = place(exchange);
  const auto before = out.size();
  append_reply(out, reply, mine->asked, date);
  if (exchange != first_) kept_ += out.size() - before;
  mine->state = State::whole;
  settle(exchange);
}

void AnswerQueue::begin_stream(std::uint64_t exchange, const Reply& head, std::string_view date) {
  auto* mine = find(exchange, State::awaited);
  if (mine == nullptr) return;
  mine->state = State::streaming;
  mine->swallow = mine->asked.head || !may_have_body(head.status);
  mine->chunked = !mine->asked.http10;
  if (!mine->chunked && !mine->swallow) {
    mine->asked.keep_alive = false;
    mine->if_abandoned = End::reset;
  }
  auto& out = place(exchange);
  const auto before = out.size();
  append_stream_head(out, head, mine->asked, date);
  if (exchange != first_) kept_ += out.size() - before;
  append_body(exchange, *mine, head.body);
}

void AnswerQueue::append_body(std::uint64_t exchange, Exchange& mine, std::string_view bytes) {
  if (mine.swallow) return;
  auto& out = place(exchange);
  const auto before = out.size();
  if (mine.chunked) {
    append_chunk(out, bytes);
  } else {
    out.append(bytes);
  }
  if (exchange != first_) kept_ += out.size() - before;
}

bool AnswerQueue::append(std::uint64_t exchange, std::string_view bytes) {
  auto* mine = find(exchange, State::streaming);
  if (mine == nullptr) return false;
  append_body(exchange, *mine, bytes);
  return true;
}

void AnswerQueue::when_drained(std::uint64_t exchange, std::function<void()> more) {
  auto* mine = find(exchange, State::streaming);
  if (mine != nullptr) mine->more = std::move(more);
}

void AnswerQueue::finish(std::uint64_t exchange) {
  auto* mine = find(exchange, State::streaming);
  if (mine == nullptr) return;
  if (mine->chunked && !mine->swallow) {
    place(exchange).append(kLastChunk);
    if (exchange != first_) kept_ += kLastChunk.size();
  }
  mine->state = State::whole;
  settle(exchange);
}

void AnswerQueue::abandon(std::uint64_t exchange) {
  auto* mine = find(exchange, State::awaited);
  if (mine == nullptr) mine = find(exchange, State::streaming);
  if (mine == nullptr) return;
  mine->state = State::abandoned;
  settle(exchange);
}

// If it was the turn of `exchange`, those after it that are known have theirs now.
void AnswerQueue::settle(std::uint64_t exchange) {
  if (exchange != first_) return;
  std::vector<std::function<void()>> dropped;  // they may own what speaks to this queue again
  while (first_ != next_ && end_ == End::open) {
    auto& mine = at(first_);
    if (!mine.kept.empty()) {
      out_.append(mine.kept);
      kept_ -= mine.kept.size();
      mine.kept.clear();
    }
    if (mine.state == State::awaited || mine.state == State::streaming) return;
    if (mine.more) dropped.push_back(std::exchange(mine.more, nullptr));
    if (mine.state == State::abandoned) {
      end_ = mine.if_abandoned;
    } else if (!mine.asked.keep_alive) {
      end_ = End::complete;
    }
    ++first_;
  }
  if (end_ != End::open) {
    drop_all();
  } else if (first_ == next_ && invited_) {
    invited_ = false;
    out_.append(kContinue);
  }
}

void AnswerQueue::invite_body() {
  if (empty()) {
    out_.append(kContinue);
  } else {
    invited_ = true;
  }
}

void AnswerQueue::end_after_last() {
  if (empty()) {
    if (end_ == End::open) end_ = End::complete;
  } else {
    at(next_ - 1).asked.keep_alive = false;
  }
}

void AnswerQueue::drop_all() {
  if (end_ == End::open) end_ = End::cut;
  first_ = next_;
  kept_ = 0;
  invited_ = false;
  // Their destructors may call back: by then the ring is gone.
  const auto dropped = std::exchange(ring_, {});
}

void AnswerQueue::sent(std::size_t size) {
  DCHECK(size <= out_.size() - sent_);
  sent_ += size;
  if (sent_ == out_.size()) {
    out_.clear();
    sent_ = 0;
  } else if (sent_ > kCompactFrom && sent_ > out_.size() / 2) {
    out_.erase(0, sent_);
    sent_ = 0;
  }
}

std::size_t AnswerQueue::unsent_bytes(std::uint64_t exchange) const {
  const auto before = out_.size() - sent_;
  if (exchange < first_ || exchange >= next_) return before;
  return before + (exchange == first_ ? 0 : at(exchange).kept.size());
}

std::function<void()> AnswerQueue::take_more() {
  return empty() ? nullptr : std::exchange(at(first_).more, nullptr);
}

void AnswerQueue::trim() {
  if (spare_capacity() > kIdleAnswers) out_.shrink_to_fit();
  if (empty() && ring_.size() > 1) {
    const auto dropped = std::exchange(ring_, {});
  }
}

}  // namespace doorbuster::http
