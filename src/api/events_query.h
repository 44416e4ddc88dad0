// What a reader of events asks for.
//
// Thread: I/O.
#pragma once

#include <optional>

#include "api/body.h"
#include "api/events_desk.h"
#include "store/event_feed.h"

namespace doorbuster::api {

inline constexpr std::uint32_t kMaxEventsPage = 1000;
inline constexpr std::uint32_t kMaxEventsWaitSeconds = 30;

// `after`, `sale`, and for a page `limit` and `wait`; for a stream Last-Event-ID in place of
// `after`, for that is how a browser resumes.
std::optional<Unreadable> parse_events(const Call& call, EventsForm form,
                                       store::EventsWanted& wanted);

}  // namespace doorbuster::api
