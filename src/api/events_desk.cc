#include "api/events_desk.h"

#include <mutex>
#include <utility>
#include <vector>

#include "api/desk.h"
#include "api/text.h"
#include "feed/cloud_event.h"

namespace doorbuster::api {
namespace {

// `{"data":[...],"has_more":false,"next":"42"}`, or a block of lines for each event.
struct Renderer {
  EventsForm form;

  EventsOutcome operator()(const store::EventsRead& read) const {
    EventsText text;
    text.next = read.next;
    text.events = read.events.size();
    text.has_more = read.has_more;
    switch (form) {
      case EventsForm::page:
        append_page(text.body, read);
        break;
      case EventsForm::stream:
        for (const store::FeedEvent& event : read.events) append_block(text.body, event);
        break;
    }
    return text;
  }
  EventsOutcome operator()(const auto& refusal) const { return refusal; }

 private:
  void append_page(std::string& out, const store::EventsRead& read) const {
    out += R"({"data":[)";
    for (const store::FeedEvent& event : read.events) {
      if (&event != &read.events.front()) out += ',';
      feed::append_cloud_event(out, event);
    }
    out += R"(],"has_more":)";
    out += read.has_more ? "true" : "false";
    out += R"(,"next":)";
    append_json_string(out, read.next.view());
    out += '}';
  }
  void append_block(std::string& out, const store::FeedEvent& event) const {
    out += "id: ";
    out += event.id.view();
    out += "\nevent: ";
    out += type_name(event.event);
    out += "\ndata: ";
    feed::append_cloud_event(out, event);
    out += "\n\n";
  }
};

}  // namespace

struct EventsDesk::Mailbox {
  std::mutex mutex;
  std::vector<std::pair<std::uint64_t, EventsOutcome>> outcomes;  // by reader
  std::function<void()> wake;                                     // null: the desk has gone

  void put(std::uint64_t reader, EventsOutcome outcome) {
    const std::lock_guard lock(mutex);
    outcomes.emplace_back(reader, std::move(outcome));
    if (outcomes.size() == 1 && wake) wake();
  }
};

EventsDesk::EventsDesk(store::EventFeed& feed, std::function<void()> wake)
    : feed_(feed), mailbox_(std::make_shared<Mailbox>()) {
  mailbox_->wake = std::move(wake);
}

EventsDesk::~EventsDesk() {
  const std::lock_guard lock(mailbox_->mutex);
  mailbox_->wake = nullptr;
}

bool EventsDesk::has_room() {
  if (readers_.size() < kMostReaders) return true;
  std::erase_if(readers_, [](const auto& entry) { return entry.second.is_gone(); });
  return readers_.size() < kMostReaders;
}

EventsReader& EventsDesk::add(EventsReader reader) {
  reader.number = ++last_number_;
  return readers_.emplace(last_number_, std::move(reader)).first->second;
}

EventsReader* EventsDesk::find(std::uint64_t number) {
  const auto found = readers_.find(number);
  return found == readers_.end() ? nullptr : &found->second;
}

bool EventsDesk::ask(const EventsReader& reader) {
  return feed_.read(reader.wanted, [mailbox = mailbox_, number = reader.number,
                                    form = reader.form](store::EventsReply& reply) {
    mailbox->put(number, std::visit(Renderer{form}, reply));
  });
}

void EventsDesk::end_refused(Desk& desk) {
  if (readers_.empty() || !desk.key_watch.has_news()) return;
  for (auto entry = readers_.begin(); entry != readers_.end();) {
    EventsReader& reader = entry->second;
    const auto refused = reader.key ? desk.key_watch.judge(*reader.key) : std::nullopt;
    if (refused) refuse_reader(desk, reader, *refused);
    entry = refused ? readers_.erase(entry) : std::next(entry);
  }
}

void EventsDesk::flush(Desk& desk) {
  end_refused(desk);
  std::vector<std::pair<std::uint64_t, EventsOutcome>> outcomes;
  {
    const std::lock_guard lock(mailbox_->mutex);
    outcomes.swap(mailbox_->outcomes);
  }
  for (auto& [number, outcome] : outcomes) {
    if (EventsReader* reader = find(number)) on_events(desk, *reader, outcome);
  }
}

void EventsDesk::count_readers(ApiProbe& probe) {
  constexpr std::chrono::milliseconds kBetweenCounts{200};
  if (readers_.empty() && counted_readers_ == 0) return;
  const auto now = std::chrono::steady_clock::now();
  if (readers_.size() == counted_readers_ && now < counted_at_ + kBetweenCounts) return;
  counted_readers_ = readers_.size();
  counted_at_ = now;
  std::size_t pages = 0;
  std::size_t streams = 0;
  for (const auto& [number, reader] : readers_) {
    if (!reader.is_gone()) ++(reader.form == EventsForm::page ? pages : streams);
  }
  probe.readers_counted(pages, streams);
}

void EventsDesk::drain(Desk& desk) {
  draining_ = true;
  for (auto& [number, reader] : readers_) end_reader(desk, reader);
  readers_.clear();
}

}  // namespace doorbuster::api
