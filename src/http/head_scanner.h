// Finds the end of a request's head in bytes that arrive in any pieces, and refuses at once what is
// not made of lines that end in CRLF.
//
// Thread: one. Owns: nothing; only positions relative to the first byte of the head.
// Invariants: each byte is looked at a bounded number of times, however it is split.
#pragma once

#include <cstddef>
#include <string_view>

namespace doorbuster::http {

class HeadScanner {
 public:
  enum class Found { more, end, malformed };

  // `bytes` begins with the head's first byte and holds everything received since; it never shrinks
  // from call to call. `malformed`: a bare LF or CR, another control byte, a folded line, or a
  // first byte that begins no method.
  Found scan(std::string_view bytes);

  std::size_t head_size() const { return head_size_; }  // with the empty line; after Found::end
  // Of the request line, without its CRLF; 0 as long as it is not complete.
  std::size_t first_line_size() const { return first_line_size_; }

 private:
  bool is_sane_so_far(std::string_view bytes);

  std::size_t line_ = 0;      // where the current line begins
  std::size_t searched_ = 0;  // for the end of a line, up to here
  std::size_t checked_ = 0;   // for control bytes, up to here
  std::size_t head_size_ = 0;
  std::size_t first_line_size_ = 0;
};

}  // namespace doorbuster::http
