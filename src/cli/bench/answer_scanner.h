// What a crowd needs of an answer: its status, where its body is, and where it ends; and of a body
// the few members that count. One pass over the bytes, nothing copied, nothing allocated.
//
// Thread: any; pure functions.
#pragma once

#include <cstdint>
#include <string_view>

namespace doorbuster::bench {

enum class Scan {
  whole,      // an answer, of `used` bytes
  partial,    // more bytes are needed
  malformed,  // no HTTP/1.1 answer, or one whose length is not stated
};

struct Answer {
  int status = 0;
  std::uint32_t retry_after_seconds = 0;  // 0: not said
  bool closes = false;                    // the connection ends with it
  std::string_view body;
  std::size_t used = 0;
};

// The first answer in `bytes`. Interim ones (1xx) are left out; a chunked one is malformed here:
// doorbuster states the length of everything that a crowd asks for.
Scan scan_answer(std::string_view bytes, Answer& answer);

// The members of a claim, or of a problem, as they stand in its JSON. Empty where there are none.
struct ClaimMembers {
  std::string_view id;
  std::string_view buyer;
  std::string_view status;
  std::string_view units;  // "417", "417,418"
  std::string_view code;   // of a problem
};

// False for what is no JSON object as far as was looked; a text with escapes is left as it came.
bool scan_claim(std::string_view json, ClaimMembers& members);

}  // namespace doorbuster::bench
