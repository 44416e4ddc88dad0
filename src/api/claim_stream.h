// Every claim of a sale in one answer, read and written page by page, so that its size in memory
// does not grow with the number of claims; the next page is asked for once the one before has left.
//
// Thread: I/O.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "api/answer.h"

namespace doorbuster::api {

// As many as a stream asks for at a time.
inline constexpr std::uint32_t kClaimsAPage = 500;

// Appends claims as they are to be written; `last`: there are no more.
using AppendClaims =
    std::function<void(std::string& out, const std::vector<store::ClaimView>& claims, bool last)>;

// Sends the answer's body so far and then the sale's claims, as many as there are by now, of which
// `first` is the first page. A page that cannot be had cuts the connection, so that the client sees
// that the answer is not whole.
void stream_claims(Answer& answer, const store::ClaimsPage& first, std::string_view content_type,
                   AppendClaims append);

}  // namespace doorbuster::api
