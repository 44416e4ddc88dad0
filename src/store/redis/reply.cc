#include "store/redis/reply.h"

#include <hiredis/read.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <utility>

namespace doorbuster::redis {
namespace {

// What hiredis is handed at once: at each reply it moves what is behind it to the front.
constexpr std::size_t kPieceBytes = 16 * 1024;
// A status, an error, or the head of anything else.
constexpr std::size_t kLineBytes = 64 * 1024;

void append_head(std::string& out, char mark, std::size_t number) {
  char digits[24];
  const auto written = std::to_chars(digits, digits + sizeof(digits), number);
  out += mark;
  out.append(digits, written.ptr);
  out += "\r\n";
}

Reply::Kind kind_of(int hiredis_type) {
  switch (hiredis_type) {
    case REDIS_REPLY_STATUS:
      return Reply::Kind::status;
    case REDIS_REPLY_ERROR:
      return Reply::Kind::error;
    default:
      return Reply::Kind::text;
  }
}

std::string too_many_bytes(const ReplyLimits& limits) {
  return "more than " + std::to_string(limits.bytes) + " bytes";
}

std::string too_long(const ReplyLimits& limits) {
  return "a text of more than " + std::to_string(limits.bulk_bytes) + " bytes";
}

}  // namespace

void append_command(std::string& out, const Arguments& arguments) {
  CHECK(!arguments.empty());
  append_head(out, '*', arguments.size());
  for (const std::string_view argument : arguments) {
    append_head(out, '$', argument.size());
    out.append(argument).append("\r\n");
  }
}

// Each makes a part in its place: parts are owned from the root down, so that none is lost when the
// rest never comes. The places of open arrays stand still while anything is added within them.
struct ReplyReader::Callbacks {
  static ReplyReader& reader(const redisReadTask* task) {
    return *static_cast<ReplyReader*>(task->privdata);
  }
  static Reply* place(const redisReadTask* task) {
    if (task->parent == nullptr) return &(reader(task).root_ = Reply());
    return &static_cast<Reply*>(task->parent->obj)->items.emplace_back();
  }
  static void* make_text(const redisReadTask* task, char* text, std::size_t size) {
    ReplyReader& self = reader(task);
    if (size > self.limits_.bulk_bytes) {
      self.flaw_ = too_long(self.limits_);
      return nullptr;
    }
    // hiredis takes the two bytes behind a bulk for its end unseen.
    if (task->type == REDIS_REPLY_STRING && std::memcmp(text + size, "\r\n", 2) != 0) {
      self.flaw_ = "a text does not end where it was to end";
      return nullptr;
    }
    Reply* const made = place(task);
    made->kind = kind_of(task->type);
    made->text.assign(text, size);
    return made;
  }
  static void* make_array(const redisReadTask* task, int size) {
    ReplyReader& self = reader(task);
    self.items_ += static_cast<std::size_t>(size);
    if (self.items_ > self.limits_.items) {
      self.flaw_ = "more than " + std::to_string(self.limits_.items) + " items";
      return nullptr;
    }
    Reply* const made = place(task);
    made->kind = Reply::Kind::array;
    return made;
  }
  static void* make_integer(const redisReadTask* task, long long value) {
    Reply* const made = place(task);
    made->kind = Reply::Kind::integer;
    made->integer = value;
    return made;
  }
  static void* make_nil(const redisReadTask* task) { return place(task); }
  static void keep(void*) {}

  static redisReplyObjectFunctions* table() {
    static constexpr redisReplyObjectFunctions kTable = {make_text, make_array, make_integer,
                                                         make_nil, keep};
    // hiredis declares it writable, and only reads it.
    return const_cast<redisReplyObjectFunctions*>(&kTable);
  }
};

void ReplyReader::FreeReader::operator()(redisReader* reader) const { redisReaderFree(reader); }

ReplyReader::ReplyReader(ReplyLimits limits)
    : limits_(limits), reader_(redisReaderCreateWithFunctions(Callbacks::table())) {
  CHECK(reader_ != nullptr);
  reader_->privdata = this;
}

ReplyReader::~ReplyReader() = default;

void ReplyReader::feed(std::string_view bytes) {
  if (!error_.empty()) return;
  if (unread_at_ == unread_.size()) {
    unread_.clear();
    unread_at_ = 0;
  }
  unread_.append(bytes);
}

bool ReplyReader::feed_more() {
  const std::size_t size = std::min(unread_.size() - unread_at_, kPieceBytes);
  if (size == 0) return false;
  // Without memory hiredis says so at the next reply.
  static_cast<void>(redisReaderFeed(reader_.get(), unread_.data() + unread_at_, size));
  unread_at_ += size;
  begun_ += size;
  return true;
}

Result<std::optional<Reply>> ReplyReader::next() {
  while (error_.empty()) {
    void* made = nullptr;
    if (redisReaderGetReply(reader_.get(), &made) != REDIS_OK) {
      return fail(flaw_.empty() ? reader_->errstr : flaw_);
    }
    if (made != nullptr) {
      const std::size_t left = reader_->len - reader_->pos;
      if (begun_ - left > limits_.bytes) return fail(too_many_bytes(limits_));
      begun_ = left;
      items_ = 0;
      return std::optional<Reply>(std::exchange(root_, Reply()));
    }
    if (auto flaw = flaw_of_what_is_begun(); !flaw.empty()) return fail(std::move(flaw));
    if (!feed_more()) return std::optional<Reply>();
  }
  return Error{ErrorCode::io_failed, error_};
}

// What hiredis would go on gathering for ever, or for too long.
std::string ReplyReader::flaw_of_what_is_begun() const {
  if (begun_ > limits_.bytes) return too_many_bytes(limits_);
  if (reader_->ridx < 0 || reader_->len == 0) return {};
  const std::string_view begun(reader_->buf + reader_->pos, reader_->len - reader_->pos);
  const std::size_t line = begun.substr(0, kLineBytes).find("\r\n");
  if (line == std::string_view::npos) return begun.size() > kLineBytes ? "an endless line" : "";
  if (reader_->rstack[reader_->ridx].type != REDIS_REPLY_STRING) return {};
  std::uint64_t announced = 0;
  static_cast<void>(std::from_chars(begun.data(), begun.data() + line, announced));
  if (announced <= limits_.bulk_bytes) return {};
  return too_long(limits_);
}

Result<std::optional<Reply>> ReplyReader::fail(std::string what) {
  error_ = "a malformed reply: " + std::move(what);
  unread_ = std::string();
  unread_at_ = 0;
  root_ = Reply();
  return Error{ErrorCode::io_failed, error_};
}

}  // namespace doorbuster::redis
