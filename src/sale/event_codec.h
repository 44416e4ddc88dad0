// The canonical bytes of an event: one event has one encoding, and the bytes never change once
// written (docs/formats.md gives the grammar). The sale it belongs to is not part of them; the
// journal names it beside them.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "base/result.h"
#include "sale/event.h"

namespace doorbuster::sale {

// Appends the bytes of `event` to `out`.
void encode(const Event& event, std::string& out);

// The inverse, for the event `bytes` of `sale`. data_damaged when the bytes are not exactly one
// canonical event; unsupported when its type is of a later version. Views in the event point into
// `bytes`.
Result<Event> decode(SaleOrdinal sale, std::span<const std::byte> bytes);

}  // namespace doorbuster::sale
