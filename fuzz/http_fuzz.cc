// Bytes of one connection, in pieces of any size, through the request reader. Whatever comes: it
// must give the same requests and the same refusal as when the bytes come at once, and every view
// it gives must lie in memory that may be read; and a head that is read as a plain one must be what
// the parser makes of it.
//
// Input: the first byte seeds the sizes of the pieces, the rest is what the client sends.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include "base/check.h"
#include "http/request_reader.h"

namespace {

using doorbuster::http::Peer;
using doorbuster::http::RequestReader;

constexpr std::size_t kHeadLimit = 2048;
constexpr std::size_t kBodyLimit = 4096;
constexpr std::size_t kMostFields = 100;

void record(std::string& transcript, std::string_view text) {
  transcript.append(std::to_string(text.size())).append(":").append(text);
}

// False: refused.
bool take(RequestReader& reader, std::string& transcript) {
  for (;;) {
    switch (reader.next()) {
      case RequestReader::Step::need_more:
        return true;
      case RequestReader::Step::head:
        reader.allow_body(kBodyLimit);
        static_cast<void>(reader.awaits_continue());
        break;
      case RequestReader::Step::request: {
        const auto& request = reader.request();
        CHECK(request.body.size() <= kBodyLimit);
        CHECK(request.path.size() + request.query.size() <= request.target.size());
        for (const auto text :
             {request.method_text, request.target, request.path, request.query, request.body}) {
          record(transcript, text);
        }
        for (const auto& field : request.fields) {
          record(transcript, field.name);
          record(transcript, field.value);
        }
        CHECK(!reader.is_http11() || request.count("host") == 1);
        CHECK(request.count("content-length") + request.count("transfer-encoding") <= 1);
        transcript.append(reader.keep_alive() ? "+" : "-");
        break;
      }
      case RequestReader::Step::refused:
        // Not why: of two faults the one that is met first counts.
        transcript.append("!");
        return false;
    }
  }
}

std::string transcript_of(std::string_view bytes, std::uint32_t seed) {
  RequestReader reader(kHeadLimit, Peer{});
  std::string transcript;
  while (!bytes.empty()) {
    const auto room = reader.prepare();
    CHECK(!room.empty());
    std::size_t size = std::min(room.size(), bytes.size());
    if (seed != 0) {
      seed = seed * 1664525 + 1013904223;
      size = std::min<std::size_t>(size, 1 + (seed >> 24) % ((seed >> 16) % 4 == 0 ? 64 : 4));
    }
    std::memcpy(room.data(), bytes.data(), size);
    bytes.remove_prefix(size);
    reader.commit(size);
    if (!take(reader, transcript)) break;
  }
  return transcript;
}

// What the first head says; "!" if it is refused, or has more fields than `most_fields`.
std::string first_head(std::string_view bytes, std::size_t most_fields) {
  RequestReader reader(kHeadLimit, Peer{});
  const auto room = reader.prepare();
  const std::size_t size = std::min(room.size(), bytes.size());
  std::memcpy(room.data(), bytes.data(), size);
  reader.commit(size);
  std::string transcript;
  switch (reader.next()) {
    case RequestReader::Step::need_more:
    case RequestReader::Step::refused:
      return "!";
    case RequestReader::Step::head:
      transcript = "body ";
      break;
    case RequestReader::Step::request:
      break;
  }
  const auto& request = reader.request();
  if (request.fields.size() > most_fields) return "!";
  record(transcript, request.method_text);
  record(transcript, request.target);
  for (const auto& field : request.fields) {
    record(transcript, field.name);
    record(transcript, field.value);
  }
  return transcript;
}

// With a field that says nothing new a head is not plain, and the parser reads it.
void compare_with_parser(std::string_view bytes) {
  const auto end = bytes.find("\r\n\r\n");
  if (end == std::string_view::npos || end + 64 > kHeadLimit) return;
  std::string odd(bytes.substr(0, end + 4));
  const std::string plain = first_head(odd, kMostFields - 1);
  if (plain == "!") return;
  odd.insert(end + 2, "Connection: keep-alive\r\n");
  std::string added;
  record(added, "Connection");
  record(added, "keep-alive");
  CHECK(first_head(odd, kMostFields) == plain + added);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto at_once = transcript_of(bytes, 0);
  const auto in_pieces = transcript_of(bytes, data[0] + 1U);
  CHECK(at_once == in_pieces);
  compare_with_parser(bytes);
  return 0;
}
