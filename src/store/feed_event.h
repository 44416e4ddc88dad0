// What every engine's feed has to know of an event besides its bytes.
//
// Thread: any; pure functions.
#pragma once

#include <cstddef>
#include <optional>

#include "sale/event.h"

namespace doorbuster::store {

// A page of events ends before its JSON becomes longer, but for a single event.
inline constexpr std::size_t kMostPageText = std::size_t{1} << 20;

// The claim an event is about, if it is about one.
std::optional<sale::ClaimOrdinal> claim_of(const sale::Event& event);

// Bytes that an event of so many `stored` bytes takes as JSON, more or less: one run of units may
// be a thousand of them.
std::size_t text_bytes(const sale::Event& event, std::size_t stored);

}  // namespace doorbuster::store
