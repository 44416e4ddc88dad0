#include "cli/key_follower.h"

#include <memory>
#include <utility>

#include "cli/key_book.h"

namespace doorbuster::cli {
namespace {

using namespace std::chrono_literals;

constexpr auto kInterval = 250ms;
// A file's times move in steps of some milliseconds, and its number may be used again: one that was
// written just now may be another one that looks the same.
constexpr auto kYoung = 2s;

bool is_same_time(const timespec& a, const timespec& b) {
  return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

std::string counted(std::size_t keys) {
  return std::to_string(keys) + (keys == 1 ? " key" : " keys");
}

}  // namespace

KeyFollower::KeyFollower(std::string path, api::LiveKeys& keys, const Clock& clock,
                         std::function<void(const std::string&)> tell)
    : path_(std::move(path)), keys_(keys), clock_(clock), tell_(std::move(tell)) {}

Status KeyFollower::begin() {
  Status first = read();
  if (!first.ok() && first.error().code != ErrorCode::not_found) return first;
  if (!first.ok()) {
    trouble_ = "there are none yet: " + path_ + " is not there";
    keys_.set_condition(trouble_);
  }
  if (count_ == 0) {
    tell_(
        "there are no keys yet, so merchants' programs get 401; make one with 'doorbuster keys "
        "create NAME --scopes all --file " +
        path_ + "', it works within a second");
  }
  // Its thread begins here, so that it sees what was read before.
  alarm_.emplace("keys", [this] { look(); });
  alarm_->set(kInterval);
  return ok_status();
}

void KeyFollower::look() {
  if (!is_as_it_was()) {
    if (const Status done = read(); !done.ok()) cannot(done.error());
  }
  alarm_->set(kInterval);
}

bool KeyFollower::is_as_it_was() const {
  struct stat now {};
  if (!text_ || !trouble_.empty() || ::stat(path_.c_str(), &now) != 0) return false;
  const bool same = now.st_dev == file_.st_dev && now.st_ino == file_.st_ino &&
                    now.st_size == file_.st_size && is_same_time(now.st_mtim, file_.st_mtim) &&
                    is_same_time(now.st_ctim, file_.st_ctim);
  const Time changed{std::chrono::seconds(now.st_ctim.tv_sec)};
  return same && clock_.wall() - changed > kYoung;
}

Status KeyFollower::read() {
  auto file = read_key_file(path_);
  if (!file) return file.error();
  std::string news;
  if (text_ != file->text) {
    auto records = api::parse_key_file(file->text);
    if (!records) return Error{records.error().code, path_ + ": " + records.error().message};
    const bool is_first = !text_;
    count_ = records->size();
    keys_.publish(std::make_shared<const api::KeySet>(std::move(*records)));
    text_ = std::move(file->text);
    if (!is_first || !trouble_.empty()) news = "keys: " + counted(count_) + " read from " + path_;
  } else if (!trouble_.empty()) {
    news = "keys: " + path_ + " is as it was";
  }
  file_ = file->file;
  trouble_.clear();
  // What is told is true already.
  keys_.set_condition("ok");
  if (!news.empty()) tell_(news);
  return ok_status();
}

void KeyFollower::cannot(const Error& error) {
  if (!text_ && error.code == ErrorCode::not_found) return;  // there are none yet, as before
  std::string trouble = error.code == ErrorCode::not_found ? path_ + " is gone" : error.message;
  trouble += "; " + counted(count_) + " read before " + (count_ == 1 ? "stays" : "stay");
  trouble += " in force";
  if (trouble == trouble_) return;
  trouble_ = std::move(trouble);
  keys_.set_condition(trouble_);
  tell_("keys: " + trouble_);
}

}  // namespace doorbuster::cli
