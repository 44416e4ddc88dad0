// What goes over a connection to Redis in RESP2: commands as bytes, bytes as replies. hiredis reads
// the replies; nothing else of it is used.
//
// Thread: one at a time. Owns: each Reply all of its parts, a ReplyReader hiredis' reader.
// Invariants: whatever bytes come, in whatever pieces, a reader holds at most ReplyLimits::bytes of
// them, the parts made of these, and the piece in hand; after an error it reads nothing any more.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

struct redisReader;

namespace doorbuster::redis {

// One command: its name and its arguments, any bytes.
using Arguments = std::vector<std::string_view>;

// Appends `arguments`, of which there is at least one, to `out` as the server reads them.
void append_command(std::string& out, const Arguments& arguments);

struct Reply {
  enum class Kind : std::uint8_t { nil, integer, status, text, error, array };

  Kind kind = Kind::nil;
  std::int64_t integer = 0;
  std::string text{};          // of a status, a text or an error
  std::vector<Reply> items{};  // of an array

  bool is_nil() const { return kind == Kind::nil; }
  bool is_integer() const { return kind == Kind::integer; }
  bool is_text() const { return kind == Kind::text; }
  bool is_error() const { return kind == Kind::error; }
  bool is_array() const { return kind == Kind::array; }
  bool is_status(std::string_view wanted) const { return kind == Kind::status && text == wanted; }
};

// Beyond these a reply is malformed.
struct ReplyLimits {
  std::size_t bytes = std::size_t{64} << 20;  // of a whole reply as it is sent
  std::size_t bulk_bytes = std::size_t{16} << 20;
  std::size_t items = std::size_t{1} << 20;  // of all arrays of a reply together
};

class ReplyReader {
 public:
  explicit ReplyReader(ReplyLimits limits = {});
  ~ReplyReader();
  ReplyReader(const ReplyReader&) = delete;
  ReplyReader& operator=(const ReplyReader&) = delete;

  // Takes the next bytes of the connection; what is in them comes out of next().
  void feed(std::string_view bytes);

  // The next whole reply, or nothing until more bytes are fed. io_failed, in words, if the bytes
  // are not RESP2, a limit is passed, or arrays stand in each other more than 7 deep; then for
  // ever.
  Result<std::optional<Reply>> next();

 private:
  struct Callbacks;  // what hiredis calls
  struct FreeReader {
    void operator()(redisReader* reader) const;
  };

  Result<std::optional<Reply>> fail(std::string what);
  bool feed_more();
  std::string flaw_of_what_is_begun() const;

  const ReplyLimits limits_;
  std::unique_ptr<redisReader, FreeReader> reader_;
  std::string unread_;         // fed, and not yet handed to hiredis
  std::size_t unread_at_ = 0;  // how far it is handed over
  std::size_t begun_ = 0;      // bytes of the present reply, at least
  std::size_t items_ = 0;      // of the present reply
  Reply root_;                 // the present reply
  std::string flaw_;           // found while a part was made
  std::string error_;          // not empty: the connection is of no use
};

}  // namespace doorbuster::redis
