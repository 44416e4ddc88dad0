// GET /v1/events: a page of events, or a stream of them that never ends.

#include <utility>

#include "api/answers.h"
#include "api/body.h"
#include "api/events_query.h"
#include "api/replies.h"
#include "api/text.h"

namespace doorbuster::api {
namespace {

constexpr std::string_view kStreamType = "text/event-stream";
constexpr std::string_view kFirstLines = "retry: 2000\n\n";  // ms, between tries to reconnect
constexpr std::string_view kComment = ":\n\n";
constexpr std::chrono::seconds kCommentEvery{15};
constexpr std::uint32_t kStreamedAtATime = 500;

// Lends an exchange to a reader who is to be answered now.
class LentExchange {
 public:
  LentExchange(Desk& desk, EventsReader& reader) : desk_(desk), exchange_(desk.exchanges.open()) {
    exchange_.responder = std::move(reader.responder);
    exchange_.request_id = reader.request_id;
    exchange_.note = std::move(reader.note);
    exchange_.mark = reader.mark;
    exchange_.language = reader.language;
    exchange_.page_origin = reader.page_origin;
    exchange_.varies_by_origin = reader.varies_by_origin;
    exchange_.head = reader.head;
  }
  ~LentExchange() { desk_.exchanges.close(exchange_); }
  LentExchange(const LentExchange&) = delete;
  LentExchange& operator=(const LentExchange&) = delete;

  Exchange& exchange() { return exchange_; }

 private:
  Desk& desk_;
  Exchange& exchange_;
};

void link_field(Answer& answer, const EventsReader& reader, const store::Cursor& next) {
  std::string link = "</v1/events?after=";
  link += next.view();
  if (!reader.wanted.sale.empty()) link.append("&sale=").append(reader.wanted.sale.view());
  link += "&limit=";
  append_number(link, reader.wanted.most);
  link += R"(>; rel="next")";
  answer.field("Link", link);
}

void answer_page(Answer& answer, const EventsReader& reader, const EventsText& text) {
  link_field(answer, reader, text.next);
  answer.body() += text.body;
  answer.send(200);
}

// Goes on once what was written has left: a reader who does not read is not read for.
void continue_when_drained(Desk& desk, EventsReader& reader) {
  reader.stream.when_drained([&desk, number = reader.number] {
    EventsReader* waiting = desk.events.find(number);
    if (waiting == nullptr) return;
    // With nobody to read for it the stream is cut, and its reader comes back where it was.
    if (!desk.events.ask(*waiting)) desk.events.remove(number);
  });
}

void begin_stream(Desk& desk, Answer& answer, EventsReader& reader, const EventsText& text) {
  answer.field("X-Accel-Buffering", "no");
  answer.body() += kFirstLines;
  answer.body() += text.body;
  reader.stream = answer.stream(200, kStreamType);
  if (reader.head) {
    reader.stream.finish();
    return desk.events.remove(reader.number);
  }
  reader.stream.close_with_input();
  reader.wanted.after = text.next;
  reader.wanted.wait = kCommentEvery;
  continue_when_drained(desk, reader);
}

void write_on(Desk& desk, EventsReader& reader, const EventsText& text) {
  std::string quiet;
  if (text.body.empty() && text.next == reader.wanted.after) {
    quiet = kComment;
  } else if (text.body.empty()) {
    // Other sales' events have been passed over: a block without data moves the cursor alone.
    quiet.append("id: ").append(text.next.view()).append("\n\n");
  }
  if (!reader.stream.write(text.body.empty() ? quiet : text.body)) {
    return desk.events.remove(reader.number);
  }
  reader.wanted.after = text.next;
  continue_when_drained(desk, reader);
}

// Before anything was sent.
struct Refusing {
  Answer& answer;
  const EventsReader& reader;

  void operator()(const EventsText&) const {}
  void operator()(const store::NoSuchSaleEver&) const {
    answer.problem(ProblemCode::not_found, Remark::no_such_sale);
  }
  void operator()(const store::NoSuchCursor&) const {
    const FlawPlace place = reader.resumes ? FlawPlace::header : FlawPlace::parameter;
    answer.invalid(
        {FlawKind::not_an_event_cursor, place, reader.resumes ? "Last-Event-ID" : "after", {}, {}});
  }
  void operator()(const store::CursorExpired& expired) const {
    answer.start_problem(ProblemCode::cursor_expired);
    answer.body() += R"(,"oldest":)";
    append_json_string(answer.body(), expired.oldest.view());
    answer.finish_problem();
  }
  void operator()(const Error& error) const { answer.problem(problem_of(error.code)); }
};

}  // namespace

void on_events(Desk& desk, EventsReader& reader, EventsOutcome& outcome) {
  const auto* text = std::get_if<EventsText>(&outcome);
  if (reader.stream.is_open()) {
    if (text != nullptr) return write_on(desk, reader, *text);
    // The reader is told why when he comes back.
    reader.stream.finish();
    return desk.events.remove(reader.number);
  }
  if (!reader.responder.is_open()) return desk.events.remove(reader.number);
  LentExchange lent(desk, reader);
  Answer answer(desk, lent.exchange());
  if (text != nullptr && reader.form == EventsForm::stream) {
    return begin_stream(desk, answer, reader, *text);
  }
  if (text != nullptr) {
    answer_page(answer, reader, *text);
  } else {
    std::visit(Refusing{answer, reader}, outcome);
  }
  desk.events.remove(reader.number);
}

void refuse_reader(Desk& desk, EventsReader& reader, const Refused& refused) {
  if (reader.stream.is_open()) return reader.stream.finish();
  if (!reader.responder.is_open()) return;
  LentExchange lent(desk, reader);
  Answer answer(desk, lent.exchange());
  answer_refused(answer, refused);
}

void end_reader(Desk& desk, EventsReader& reader) {
  if (reader.stream.is_open()) return reader.stream.finish();
  if (!reader.responder.is_open()) return;
  LentExchange lent(desk, reader);
  Answer answer(desk, lent.exchange());
  if (reader.form == EventsForm::stream) return answer.problem(ProblemCode::overloaded);
  EventsText nothing;
  nothing.next = reader.wanted.after.empty() ? store::Cursor("0") : reader.wanted.after;
  nothing.body = R"({"data":[],"has_more":true,"next":")";
  nothing.body.append(nothing.next.view()).append(R"("})");
  answer_page(answer, reader, nothing);
}

void read_events(Call& call) {
  Answer& answer = call.answer;
  Desk& desk = answer.desk();
  EventsReader wanting;
  wanting.form = names(call.fields.accept, kStreamType) ? EventsForm::stream : EventsForm::page;
  if (wanting.form == EventsForm::stream) {
    wanting.wanted.most = kStreamedAtATime;
    wanting.resumes = !call.fields.last_event_id.value.empty();
  }
  if (const auto why = parse_events(call, wanting.form, wanting.wanted)) {
    return answer_unreadable(answer, *why);
  }
  if (desk.events.draining() || !desk.events.has_room()) {
    return answer.problem(ProblemCode::overloaded);
  }
  Exchange& exchange = answer.exchange();
  wanting.request_id = exchange.request_id;
  wanting.note = std::move(exchange.note);
  wanting.mark = exchange.mark;
  wanting.language = exchange.language;
  wanting.page_origin = exchange.page_origin;
  wanting.varies_by_origin = exchange.varies_by_origin;
  wanting.head = exchange.head;
  wanting.key = desk.key_watch.watch(Who::events_read, call.fields);
  EventsReader& reader = desk.events.add(std::move(wanting));
  if (!desk.events.ask(reader)) {
    exchange.note = std::move(reader.note);
    desk.events.remove(reader.number);
    return answer.problem(ProblemCode::overloaded);
  }
  reader.responder = std::move(exchange.responder);
}

}  // namespace doorbuster::api
