// The readers of events on one I/O thread. What they want is read and rendered on the feed's
// thread, and comes back to this one as text that only needs to be sent.
//
// Thread: I/O. Owns: the readers, each with its right to answer.
// Invariants: so many readers and no more; each is read for once at a time, and not before what it
// was given has left, so that a slow one costs no more than a page.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <variant>

#include "api/exchange.h"
#include "api/key_watch.h"
#include "http/responder.h"
#include "store/event_feed.h"

namespace doorbuster::api {

struct Desk;

enum class EventsForm : std::uint8_t { page, stream };  // JSON; server-sent events

// What became of a reading.
struct EventsText {
  std::string body;  // a page's, or the events of a stream; empty: there was nothing
  store::Cursor next;
  std::size_t events = 0;
  bool has_more = false;
};
using EventsOutcome = std::variant<EventsText, store::NoSuchSaleEver, store::NoSuchCursor,
                                   store::CursorExpired, Error>;

struct EventsReader {
  store::EventsWanted wanted;  // `after` follows what was sent
  EventsForm form = EventsForm::page;
  http::Responder responder;  // until the head is sent
  http::Stream stream;        // then
  RequestId request_id;
  std::unique_ptr<AccessNote> note;  // null: no line is wanted
  RequestMark mark;
  Language language = Language::english;
  std::string_view page_origin;  // as an exchange's
  bool varies_by_origin = false;
  bool head = false;              // HEAD
  bool resumes = false;           // by Last-Event-ID
  std::optional<WatchedKey> key;  // by which he was let in; nothing: none is asked for

  std::uint64_t number = 0;  // the desk's

  bool is_gone() const { return !responder.is_open() && !stream.is_open(); }
};

class EventsDesk {
 public:
  static constexpr std::size_t kMostReaders = 256;

  // `wake` brings about the next flush(), from any thread. The feed outlives this.
  EventsDesk(store::EventFeed& feed, std::function<void()> wake);
  ~EventsDesk();
  EventsDesk(const EventsDesk&) = delete;
  EventsDesk& operator=(const EventsDesk&) = delete;

  // Whether one more reader may come; lets go of those who have gone.
  bool has_room();
  EventsReader& add(EventsReader reader);
  void remove(std::uint64_t number) { readers_.erase(number); }
  EventsReader* find(std::uint64_t number);

  // Reads what `reader` wants; on_events() gets it, in some later flush(). False: too much is being
  // read already.
  bool ask(const EventsReader& reader);
  // The end of a turn: ends those whose key has ended, and hands over what has been read.
  void flush(Desk& desk);
  // Tells how many there are; looks for it a few times a second.
  void count_readers(ApiProbe& probe);
  // The server is to stop: ends every reader in good order, and takes no more.
  void drain(Desk& desk);
  bool draining() const { return draining_; }

 private:
  struct Mailbox;

  void end_refused(Desk& desk);

  store::EventFeed& feed_;
  std::shared_ptr<Mailbox> mailbox_;  // the feed's thread keeps it as long as it needs it
  std::map<std::uint64_t, EventsReader> readers_;
  std::uint64_t last_number_ = 0;
  std::size_t counted_readers_ = 0;
  std::chrono::steady_clock::time_point counted_at_;
  bool draining_ = false;
};

// events_answers.cc

// The outcome of what was asked for `reader`, who may be removed by this.
void on_events(Desk& desk, EventsReader& reader, EventsOutcome& outcome);
// He would not be let in any more: a stream ends, and is told why when it comes back.
void refuse_reader(Desk& desk, EventsReader& reader, const Refused& refused);
// The same with nothing, since the server is to stop.
void end_reader(Desk& desk, EventsReader& reader);

}  // namespace doorbuster::api
