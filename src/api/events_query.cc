#include "api/events_query.h"

#include <array>
#include <span>

#include "api/query.h"
#include "api/text.h"

namespace doorbuster::api {
namespace {

// What a stream has no use for stands last.
constexpr std::array<std::string_view, 4> kEventsParameters = {"after", "sale", "limit", "wait"};
constexpr std::size_t kEventsAfter = 0;
constexpr std::size_t kSale = 1;
constexpr std::size_t kEventsLimit = 2;
constexpr std::size_t kWait = 3;
constexpr std::string_view kLastEventId = "Last-Event-ID";

using EventsValues = std::array<QueryValue, kEventsParameters.size()>;

void read_number(const EventsValues& values, std::size_t which, std::uint32_t least,
                 std::uint32_t most, std::uint32_t& number, Flaws& flaws) {
  if (!values[which]) return;
  const auto read = parse_number(*values[which], most);
  if (!read || *read < least) {
    flaws.push_back(parameter_flaw(FlawKind::not_a_number, kEventsParameters[which],
                                   std::to_string(least), std::to_string(most)));
    return;
  }
  number = static_cast<std::uint32_t>(*read);
}

void read_cursor(const Call& call, EventsForm form, const EventsValues& values,
                 store::Cursor& after, Flaws& flaws) {
  const KnownField& last = call.fields.last_event_id;
  if (form == EventsForm::stream && last.given() && !last.value.empty()) {
    if (last.count > 1) flaws.push_back(header_flaw(FlawKind::repeated, kLastEventId));
    if (!store::Cursor::fits(last.value)) {
      flaws.push_back(header_flaw(FlawKind::not_an_event_cursor, kLastEventId));
    } else {
      after.assign(last.value);
    }
    return;
  }
  if (!values[kEventsAfter]) return;
  if (values[kEventsAfter]->empty() || !store::Cursor::fits(*values[kEventsAfter])) {
    flaws.push_back(parameter_flaw(FlawKind::not_an_event_cursor, kEventsParameters[kEventsAfter]));
  } else {
    after.assign(*values[kEventsAfter]);
  }
}

}  // namespace

std::optional<Unreadable> parse_events(const Call& call, EventsForm form,
                                       store::EventsWanted& wanted) {
  const auto known =
      std::span(kEventsParameters)
          .first(form == EventsForm::stream ? kEventsLimit : kEventsParameters.size());
  Flaws flaws;
  EventsValues values;
  read_query(call.request.query, known, values, flaws);
  read_cursor(call, form, values, wanted.after, flaws);
  if (values[kSale]) {
    if (is_slug(*values[kSale])) {
      wanted.sale.assign(*values[kSale]);
    } else {
      flaws.push_back(parameter_flaw(FlawKind::not_a_slug, kEventsParameters[kSale]));
    }
  }
  std::uint32_t wait = 0;
  read_number(values, kEventsLimit, 1, kMaxEventsPage, wanted.most, flaws);
  read_number(values, kWait, 0, kMaxEventsWaitSeconds, wait, flaws);
  wanted.wait = std::chrono::seconds(wait);
  if (!flaws.empty()) return Unreadable{ProblemCode::invalid, Remark::none, std::move(flaws)};
  return std::nullopt;
}

}  // namespace doorbuster::api
