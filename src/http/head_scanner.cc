#include "http/head_scanner.h"

#include <algorithm>
#include <cstring>

#include "http/syntax.h"

namespace doorbuster::http {

HeadScanner::Found HeadScanner::scan(std::string_view bytes) {
  if (!bytes.empty() && !is_token_char(bytes.front())) return Found::malformed;
  auto from = searched_;
  while (from < bytes.size()) {
    const auto* found =
        static_cast<const char*>(std::memchr(bytes.data() + from, '\n', bytes.size() - from));
    if (found == nullptr) break;
    const auto at = static_cast<std::size_t>(found - bytes.data());
    if (at == line_ || bytes[at - 1] != '\r') return Found::malformed;
    if (at == line_ + 1) {
      head_size_ = at + 1;
      return Found::end;
    }
    if (bytes[line_] == ' ' || bytes[line_] == '\t') return Found::malformed;
    if (line_ == 0) first_line_size_ = at - 1;
    from = line_ = at + 1;
  }
  searched_ = bytes.size();
  return is_sane_so_far(bytes) ? Found::more : Found::malformed;
}

// A whole head is left to the parser. Of a part of one this is looked for here, or a peer that
// speaks another protocol would hold its connection until the time limit.
bool HeadScanner::is_sane_so_far(std::string_view bytes) {
  for (; checked_ < bytes.size(); ++checked_) {
    const auto c = static_cast<unsigned char>(bytes[checked_]);
    if (c == '\r') {
      if (checked_ + 1 == bytes.size()) return true;  // what follows it decides
      if (bytes[++checked_] != '\n') return false;
    } else if ((c < 0x20 && c != '\t') || c == 0x7f) {
      return false;
    }
  }
  return true;
}

}  // namespace doorbuster::http
