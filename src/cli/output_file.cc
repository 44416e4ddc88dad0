#include "cli/output_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "cli/directory_of.h"

namespace doorbuster::cli {
namespace {

mode_t usual_mode() {
  const mode_t mask = ::umask(0);
  ::umask(mask);
  return 0666 & ~mask;
}

// Gives the open file the mode and the owner of the one that it takes the place of, or what a new
// one gets. Whoever may not give a file away keeps it.
void dress(int descriptor, const std::string& path, OutputFile::NewFile fresh) {
  struct stat existing {};
  if (::stat(path.c_str(), &existing) == 0) {
    const bool given = ::fchown(descriptor, existing.st_uid, existing.st_gid) == 0;
    // Of another owner the special bits would mean something else.
    ::fchmod(descriptor, existing.st_mode & (given ? 07777 : 0777));
    return;
  }
  if (fresh == OutputFile::NewFile::as_usual) {
    ::fchmod(descriptor, usual_mode());
    return;
  }
  struct stat directory {};
  const bool is_root = ::geteuid() == 0;
  if (is_root && ::stat(directory_of(path).c_str(), &directory) == 0 &&
      ::fchown(descriptor, directory.st_uid, directory.st_gid) != 0) {
    return;  // it stays root's
  }
}

// Makes a rename last through a crash of the system; best effort, as the data is in place by then.
void sync_directory_of(const std::string& path) {
  const int descriptor = ::open(directory_of(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return;
  ::fsync(descriptor);
  ::close(descriptor);
}

}  // namespace

Result<std::unique_ptr<OutputFile>> OutputFile::open(const std::string& path, NewFile fresh) {
  std::unique_ptr<OutputFile> output(new OutputFile());
  if (path.empty()) {
    output->file_ = stdout;
    output->path_ = "stdout";
    return output;
  }
  output->path_ = path;
  struct stat existing {};
  const bool exists = ::stat(path.c_str(), &existing) == 0;
  if (exists && !S_ISREG(existing.st_mode)) {
    output->file_ = std::fopen(path.c_str(), "we");
    if (output->file_ == nullptr) return output->failed();
    return output;
  }
  if (exists) {
    char* real = ::realpath(path.c_str(), nullptr);
    if (real == nullptr) return output->failed();
    output->path_ = real;
    std::free(real);
  }
  if (Status opened = output->open_temporary(fresh); !opened.ok()) return opened.error();
  return output;
}

OutputFile::~OutputFile() {
  if (file_ != nullptr && file_ != stdout) std::fclose(file_);
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

Status OutputFile::open_temporary(NewFile fresh) {
  temporary_ = path_ + ".part-XXXXXX";
  const int descriptor = ::mkostemp(temporary_.data(), O_CLOEXEC);
  if (descriptor < 0) {
    temporary_.clear();
    return failed();
  }
  dress(descriptor, path_, fresh);
  file_ = ::fdopen(descriptor, "w");
  if (file_ != nullptr) return ok_status();
  const Error error = failed();
  ::close(descriptor);
  return error;
}

Status OutputFile::write(std::string_view bytes) {
  if (std::fwrite(bytes.data(), 1, bytes.size(), file_) == bytes.size()) return ok_status();
  return failed();
}

Status OutputFile::finish() {
  if (std::fflush(file_) != 0) return failed();
  if (temporary_.empty()) return ok_status();
  if (::fsync(::fileno(file_)) != 0) return failed();
  if (std::rename(temporary_.c_str(), path_.c_str()) != 0) return failed();
  temporary_.clear();
  sync_directory_of(path_);
  return ok_status();
}

Error OutputFile::failed() const {
  return {ErrorCode::io_failed, path_ + ": " + std::strerror(errno)};
}

}  // namespace doorbuster::cli
