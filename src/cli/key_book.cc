#include "cli/key_book.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "cli/directory_of.h"
#include "cli/output_file.h"

namespace doorbuster::cli {
namespace {

// A descriptor that is closed in the end.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  bool ok() const { return number_ >= 0; }
  int number() const { return number_; }

 private:
  const int number_;
};

Error failed(const std::string& path) {
  return {errno == ENOENT ? ErrorCode::not_found : ErrorCode::io_failed,
          path + ": " + std::strerror(errno)};
}

Error unfit(const std::string& path, const char* why) {
  return {ErrorCode::data_damaged, path + ": " + why};
}

// The lock is on the directory, since the file itself is another one after each change.
Status lock(const Descriptor& directory, const std::string& name) {
  while (::flock(directory.number(), LOCK_EX) != 0) {
    if (errno != EINTR) return failed(name);
  }
  return ok_status();
}

}  // namespace

std::string key_file_in(const std::string& data_dir) { return data_dir + "/keys.json"; }

Result<KeyFileText> read_key_file(const std::string& path) {
  // Not to wait for the other end, should it be a pipe.
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file.ok()) return failed(path);
  KeyFileText read;
  if (::fstat(file.number(), &read.file) != 0) return failed(path);
  if (!S_ISREG(read.file.st_mode)) return unfit(path, "is no file");
  if ((read.file.st_mode & S_IWOTH) != 0) {
    return unfit(path, "may be written by everybody, so anybody could add a key: chmod o-w it");
  }
  char block[16'384];
  for (;;) {
    const ssize_t got = ::read(file.number(), block, sizeof block);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failed(path);
    if (got == 0) return read;
    read.text.append(block, static_cast<std::size_t>(got));
    if (read.text.size() > api::kMaxKeyFileBytes) return unfit(path, "is too large");
  }
}

Result<std::vector<api::KeyRecord>> read_key_records(const std::string& path) {
  auto read = read_key_file(path);
  if (!read) return read.error();
  auto records = api::parse_key_file(read->text);
  if (!records) return Error{records.error().code, path + ": " + records.error().message};
  return records;
}

Status change_key_records(const std::string& path,
                          const std::function<Status(std::vector<api::KeyRecord>&)>& change) {
  const std::string name = directory_of(path);
  const Descriptor directory(::open(name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory.ok()) return failed(name);
  if (Status locked = lock(directory, name); !locked.ok()) return locked;
  auto records = read_key_records(path);
  const bool is_new = !records && records.error().code == ErrorCode::not_found;
  if (!records && !is_new) return records.error();
  std::vector<api::KeyRecord> changed;
  if (!is_new) changed = std::move(*records);
  if (Status done = change(changed); !done.ok()) return done;
  auto output = OutputFile::open(path, OutputFile::NewFile::of_its_owner);
  if (!output) return output.error();
  if (Status written = (*output)->write(api::render_key_file(changed)); !written.ok()) {
    return written;
  }
  if (Status finished = (*output)->finish(); !finished.ok()) return finished;
  // A key that was revoked must not come back with the next crash.
  if (::fsync(directory.number()) != 0 && errno != EINVAL) return failed(name);
  return ok_status();
}

}  // namespace doorbuster::cli
