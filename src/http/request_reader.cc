#include "http/request_reader.h"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <cctype>
#include <cstring>
#include <optional>

#include "base/check.h"
#include "http/plain_head.h"
#include "http/syntax.h"

namespace doorbuster::http {
namespace {

namespace beast = boost::beast;
using beast::error_code;
using beast::http::error;

constexpr std::size_t kFirstCapacity = 4 * 1024;
constexpr std::size_t kIdleCapacity = 8 * 1024;  // what a connection may keep with nothing in it
constexpr std::size_t kLeastRead = 1024;
constexpr std::size_t kMaxFields = 100;
constexpr int kMaxEmptyLines = 2;
constexpr std::size_t kMaxChunkExtension = 256;
constexpr std::size_t kMaxChunkHead = 4 * 1024;  // with the trailer fields after the last chunk
constexpr std::size_t kMaxChunkExcess = 16 * 1024;

std::string_view view(beast::string_view text) { return {text.data(), text.size()}; }

// The line of a last chunk without the line after it. Beast's parser must not see it twice: given
// "0\r\n" and then one byte more, its assertion that there are five bytes fails.
bool is_short_last_chunk(std::string_view raw) {
  const auto end = raw.find('\r');
  return raw.size() < 5 && raw.front() == '0' && end != std::string_view::npos &&
         raw.substr(end).starts_with("\r\n");
}

// Given that the parser wants more: the line of a chunk that is not the last is here, so a quoted
// string runs over its end. (The parser would count that chunk again each time it is asked.)
bool is_torn_chunk_line(std::string_view raw) {
  if (raw.starts_with("\r\n")) raw.remove_prefix(2);
  const auto digit = raw.find_first_not_of('0');
  return digit != std::string_view::npos &&
         std::isxdigit(static_cast<unsigned char>(raw[digit])) != 0 &&
         raw.find("\r\n") != std::string_view::npos;
}

}  // namespace

// Beast's parser reads a whole head at once, and chunks as they come. What it would let pass and we
// would not is checked in the calls it makes; `refusal` then says more than the error code.
class RequestReader::Parser final : public beast::http::basic_parser<true> {
 public:
  Parser() = default;

  void begin(std::vector<Field>& fields, std::size_t head_limit) {
    *this = Parser();
    fields_ = &fields;
    header_limit(static_cast<std::uint32_t>(head_limit));
    body_limit(boost::none);  // known only when the handler has seen the head
  }

  Parser(Parser&&) = default;

  std::optional<BadRequest> refusal;
  int hosts = 0;
  int lengths = 0;
  int codings = 0;
  bool expects_continue = false;
  std::uint64_t length = 0;
  std::uint64_t chunk_left = 0;  // bytes of the present chunk that have not come
  char* decoded =
      nullptr;  // where the next bytes of a chunk go, always before where they come from

 private:
  Parser& operator=(Parser&&) = default;

  void refuse(BadRequest what, error_code& ec) {
    refusal = what;
    ec = error::bad_field;
  }

  void on_field_impl(beast::http::field known, beast::string_view name, beast::string_view value,
                     error_code& ec) override {
    if (in_trailer_) return;  // read over: nothing here has a use for trailers
    if (fields_->size() == kMaxFields) return refuse(BadRequest::head_too_large, ec);
    const Field field{view(name), view(value)};
    fields_->push_back(field);
    if (known == beast::http::field::host) {
      if (++hosts > 1 || !is_valid_host(field.value)) refuse(BadRequest::malformed, ec);
    } else if (known == beast::http::field::content_length) {
      const auto parsed = content_length_of(field.value);
      if (++lengths > 1 || !parsed) return refuse(BadRequest::malformed, ec);
      length = *parsed;
    } else if (known == beast::http::field::transfer_encoding) {
      check_coding(field.value, ec);
    } else if (known == beast::http::field::expect) {
      if (!same_ignoring_case(field.value, "100-continue")) {
        return refuse(BadRequest::expectation_failed, ec);
      }
      expects_continue = true;
    }
  }

  void check_coding(std::string_view value, error_code& ec) {
    if (++codings > 1) return refuse(BadRequest::malformed, ec);
    switch (transfer_coding_of(value)) {
      case TransferCoding::chunked:
        return;
      case TransferCoding::unknown:
        return refuse(BadRequest::unsupported_encoding, ec);
      case TransferCoding::malformed:
        return refuse(BadRequest::malformed, ec);
    }
  }

  void on_chunk_header_impl(std::uint64_t size, beast::string_view extensions,
                            error_code& ec) override {
    in_trailer_ = size == 0;
    chunk_left = size;
    const auto is_control = [](char c) {
      return static_cast<unsigned char>(c) < 0x20 && c != '\t';
    };
    if (extensions.size() > kMaxChunkExtension ||
        std::any_of(extensions.begin(), extensions.end(), is_control)) {
      return refuse(BadRequest::malformed, ec);
    }
    // Long extensions on small chunks make us read much for little.
    excess_ += extensions.size() + 8;
    excess_ -= std::min<std::uint64_t>(excess_, 16 + 2 * size);
    if (excess_ > kMaxChunkExcess) refuse(BadRequest::malformed, ec);
  }

  std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view body, error_code&) override {
    std::memmove(decoded, body.data(), body.size());
    decoded += body.size();
    chunk_left -= body.size();
    return body.size();
  }

  void on_request_impl(beast::http::verb, beast::string_view, beast::string_view, int,
                       error_code&) override {}
  void on_response_impl(int, beast::string_view, int, error_code&) override {}
  void on_header_impl(error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  // Never called: a body of known length is not given to the parser, which could only copy it.
  std::size_t on_body_impl(beast::string_view body, error_code&) override { return body.size(); }
  void on_finish_impl(error_code&) override {}

  std::vector<Field>* fields_ = nullptr;
  bool in_trailer_ = false;
  std::uint64_t excess_ = 0;
};

RequestReader::RequestReader(std::size_t head_limit, const Peer& peer) : head_limit_(head_limit) {
  request_.peer = peer;
}

RequestReader::~RequestReader() = default;

std::span<char> RequestReader::prepare() {
  if (state_ == State::complete) release();
  if (size() == 0) {
    begin_ = end_ = 0;
    if (capacity_ > kIdleCapacity) reallocate(kFirstCapacity);
    if (filled_ && capacity_ < kIdleCapacity) reallocate(kIdleCapacity);
  }
  filled_ = false;
  std::size_t wanted = kLeastRead;
  if (state_ == State::sized_body) {
    wanted = std::clamp<std::size_t>(head_size_ + body_size_ - size(), 1, 16 * 1024);
  }
  if (capacity_ - end_ < wanted && begin_ > 0) {
    const char* from = base();
    std::memmove(buffer_.get(), from, size());
    end_ = size();
    begin_ = 0;
    move_views(from, base());
  }
  if (capacity_ - end_ < wanted) {
    reallocate(std::max({kFirstCapacity, capacity_ * 2, end_ + wanted}));
  }
  return {buffer_.get() + end_, capacity_ - end_};
}

void RequestReader::commit(std::size_t size) {
  DCHECK(size <= capacity_ - end_);
  end_ += size;
  filled_ = end_ == capacity_;
}

void RequestReader::discard() {
  state_ = State::refused;
  begin_ = end_ = 0;
}

void RequestReader::reallocate(std::size_t capacity) {
  auto larger = std::make_unique_for_overwrite<char[]>(capacity);
  const auto held = size();
  if (held > 0) {
    std::memcpy(larger.get(), base(), held);
    move_views(base(), larger.get());
  }
  buffer_ = std::move(larger);
  capacity_ = capacity;
  begin_ = 0;
  end_ = held;
}

// The head of a request whose body is still awaited moves with its bytes.
void RequestReader::move_views(const char* from, const char* to) {
  if (!in_body()) return;
  const auto move = [from, to](std::string_view& text) {
    if (text.data() != nullptr) text = {to + (text.data() - from), text.size()};
  };
  for (auto& field : fields_) {
    move(field.name);
    move(field.value);
  }
  move(request_.method_text);
  move(request_.target);
  move(request_.path);
  move(request_.query);
}

RequestReader::Step RequestReader::refuse(BadRequest what) {
  state_ = State::refused;
  refusal_ = what;
  return Step::refused;
}

RequestReader::Step RequestReader::next() {
  if (state_ == State::complete) release();
  switch (state_) {
    case State::head:
      return read_head();
    case State::head_given:
      return Step::head;
    case State::sized_body:
      return read_sized_body();
    case State::chunked_body:
      return read_chunks();
    case State::complete:
    case State::refused:
      return Step::refused;
  }
  return Step::refused;
}

void RequestReader::release() {
  begin_ += request_size_;
  state_ = State::head;
  scanner_ = HeadScanner();
  empty_lines_ = 0;
  request_.body = {};
}

// RFC 9112, 2.2: a few empty lines before a request are the habit of old clients. False: too many.
bool RequestReader::skip_empty_lines() {
  while (size() >= 2 && base()[0] == '\r' && base()[1] == '\n') {
    if (++empty_lines_ > kMaxEmptyLines) return false;
    begin_ += 2;
  }
  return true;
}

RequestReader::Step RequestReader::read_head() {
  if (!skip_empty_lines()) return refuse(BadRequest::malformed);
  if (size() == 0 || (size() == 1 && *base() == '\r')) return Step::need_more;
  const auto found = scanner_.scan({base(), std::min(size(), head_limit_)});
  // A request line may take half of a head.
  const auto line = scanner_.first_line_size();
  switch (found) {
    case HeadScanner::Found::malformed:
      return refuse(BadRequest::malformed);
    case HeadScanner::Found::more:
      if (line > head_limit_ / 2 || (line == 0 && size() > head_limit_ / 2)) {
        return refuse(BadRequest::target_too_long);
      }
      if (size() >= head_limit_) return refuse(BadRequest::head_too_large);
      return Step::need_more;
    case HeadScanner::Found::end:
      if (line > head_limit_ / 2) return refuse(BadRequest::target_too_long);
      return parse_head(scanner_.head_size(), line);
  }
  return Step::refused;
}

RequestReader::Step RequestReader::parse_head(std::size_t head_size, std::size_t first_line) {
  const auto line = split_request_line({base(), first_line});
  if (!line) return refuse(BadRequest::malformed);
  const auto version = version_of(line->version);
  if (version == Version::malformed) return refuse(BadRequest::malformed);
  if (version == Version::other) return refuse(BadRequest::unsupported_version);
  if (!is_valid_target(line->method, line->target)) return refuse(BadRequest::malformed);

  fields_.clear();
  http11_ = version == Version::http11;
  const std::size_t lines = first_line + 2;
  const std::string_view fields(base() + lines, head_size - 2 - lines);
  if (const auto plain = read_plain_head(fields, kMaxFields, fields_); plain && http11_) {
    keep_alive_ = true;
    chunked_ = false;
    expects_continue_ = false;
    announced_ = plain->content_length;
  } else if (const auto refusal = parse_whole_head(head_size)) {
    return refuse(*refusal);
  }

  request_.method = method_of(line->method);
  request_.method_text = line->method;
  request_.target = line->target;
  const auto question = line->target.find('?');
  request_.path = line->target.substr(0, question);
  request_.query =
      question == std::string_view::npos ? std::string_view() : line->target.substr(question + 1);
  request_.fields = fields_;
  request_.body = {};
  head_size_ = head_size;
  if (!chunked_ && announced_ == 0) return complete(0, head_size);
  state_ = State::head_given;
  return Step::head;
}

std::optional<BadRequest> RequestReader::parse_whole_head(std::size_t head_size) {
  if (parser_ == nullptr) parser_ = std::make_unique<Parser>();
  fields_.clear();
  parser_->begin(fields_, head_limit_);
  error_code ec;
  const auto used = parser_->put(boost::asio::const_buffer(base(), head_size), ec);
  if (ec) return parser_->refusal.value_or(BadRequest::malformed);
  if (used != head_size) return BadRequest::malformed;
  if (http11_ && parser_->hosts != 1) return BadRequest::malformed;
  if (!http11_ && parser_->codings > 0) return BadRequest::malformed;
  DCHECK(parser_->chunked() == (parser_->codings == 1));
  keep_alive_ = parser_->keep_alive();
  chunked_ = parser_->chunked();
  expects_continue_ = http11_ && parser_->expects_continue;
  announced_ = parser_->length;
  return std::nullopt;
}

void RequestReader::allow_body(std::size_t limit) {
  DCHECK(state_ == State::head_given);
  if (chunked_) {
    parser_->body_limit(limit);
    body_size_ = 0;
    state_ = State::chunked_body;
    return;
  }
  if (announced_ > limit) {
    refuse(BadRequest::body_too_large);
    return;
  }
  body_size_ = static_cast<std::size_t>(announced_);
  state_ = State::sized_body;
}

RequestReader::Step RequestReader::read_sized_body() {
  const auto whole = head_size_ + body_size_;
  return size() < whole ? Step::need_more : complete(body_size_, whole);
}

// The decoded bytes are moved down behind the head, so that the body is one piece in the buffer:
// [head][decoded][raw].
RequestReader::Step RequestReader::read_chunks() {
  auto decoded = head_size_ + body_size_;
  auto raw = decoded;
  error_code ec;
  while (raw < size()) {
    const bool at_chunk_line = parser_->chunk_left == 0;
    if (at_chunk_line && is_short_last_chunk({base() + raw, size() - raw})) break;
    parser_->decoded = base() + decoded;
    raw += parser_->put(boost::asio::const_buffer(base() + raw, size() - raw), ec);
    decoded = static_cast<std::size_t>(parser_->decoded - base());
    if (ec == error::need_more) break;
    if (ec == error::body_limit) return refuse(BadRequest::body_too_large);
    if (ec) return refuse(parser_->refusal.value_or(BadRequest::malformed));
    if (parser_->is_done()) return complete(decoded - head_size_, raw);
  }
  body_size_ = decoded - head_size_;
  const auto rest = size() - raw;
  const bool torn = ec == error::need_more && is_torn_chunk_line({base() + raw, rest});
  if (torn || rest > kMaxChunkHead) return refuse(BadRequest::malformed);
  if (rest > 0 && raw > decoded) std::memmove(base() + decoded, base() + raw, rest);
  end_ = begin_ + decoded + rest;
  return Step::need_more;
}

RequestReader::Step RequestReader::complete(std::size_t body_size, std::size_t request_size) {
  request_.body = {base() + head_size_, body_size};
  request_size_ = request_size;
  state_ = State::complete;
  ++requests_;
  return Step::request;
}

}  // namespace doorbuster::http
