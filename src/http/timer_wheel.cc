#include "http/timer_wheel.h"

#include <algorithm>

namespace doorbuster::http {

TimerWheel::TimerWheel(std::size_t slots) : slots_(slots) {}

void TimerWheel::set(Entry& entry, Tick due) {
  entry.due_ = due;
  if (due == kNever || (entry.filed_ != kNever && entry.filed_ <= due)) return;
  remove_links(entry);
  file(entry);
}

void TimerWheel::remove(Entry& entry) {
  entry.due_ = kNever;
  remove_links(entry);
}

void TimerWheel::file(Entry& entry) {
  entry.filed_ = std::clamp(entry.due_, now_ + 1, now_ + slots_.size());
  Entry& head = slot(entry.filed_);
  entry.before_ = head.before_;
  entry.after_ = &head;
  entry.before_->after_ = &entry;
  head.before_ = &entry;
}

void TimerWheel::remove_links(Entry& entry) {
  entry.before_->after_ = entry.after_;
  entry.after_->before_ = entry.before_;
  entry.before_ = entry.after_ = &entry;
  entry.filed_ = kNever;
}

void TimerWheel::splice(Entry& from, Entry& to) {
  if (from.after_ == &from) return;
  to.before_ = from.before_;
  to.after_ = from.after_;
  to.before_->after_ = &to;
  to.after_->before_ = &to;
  from.before_ = from.after_ = &from;
}

}  // namespace doorbuster::http
