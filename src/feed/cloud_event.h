// One event as a CloudEvent 1.0 in JSON, on one line: the envelope that every way out of the feed
// has in common.
//
// Thread: any; pure functions.
// Invariants: the same event gives the same bytes, whenever and by whichever version it is written:
// readers remove duplicates, and compare.
#pragma once

#include <string>
#include <string_view>

#include "store/event_feed.h"

namespace doorbuster::feed {

// `{"specversion":"1.0","id":"42","source":"/doorbuster/{incarnation}",...}`
void append_cloud_event(std::string& out, const store::FeedEvent& event);

}  // namespace doorbuster::feed
