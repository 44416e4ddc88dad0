// A file system over a directory that holds up, or fails, writes and syncs on request: the disk of
// an end-to-end test. FUSE, so it needs /dev/fuse and the right to mount; exits with 77 without.
//
//   stall_fs BACKING MOUNTPOINT CONTROL
//
// Serves what is in BACKING at MOUNTPOINT until SIGTERM. While the file CONTROL exists, calls wait:
// those it names by the words "sync" and "write", or both kinds when it names none; with the word
// "fail" they get EIO instead. Says on standard output, a line each: "mounted" when it is ready,
// "holding sync", "holding write" when a call begins to wait, "released ..." when it goes on, and
// "failed ..." when it got EIO. After SIGKILL the mount is dead: umount -l MOUNTPOINT.
//
// Where it differs from a real disk: the kernel lets no write to a file begin while a sync of the
// same file waits, and the size of an open file that has lost its name cannot be asked. As with a
// real disk, a process killed while it waits is gone only when the call has ended. O_DIRECT works:
// it takes the kernel past its cache to here; BACKING is written through the cache.
//
// Thread: libfuse's, many; a call that waits keeps one. Owns: descriptors, one an open file.
#include <dirent.h>
#include <fcntl.h>
#include <fuse_lowlevel.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <string>
#include <thread>

#include "crash/fuse_mount.h"

namespace {

constexpr std::chrono::milliseconds kPollEvery{2};  // of CONTROL; nothing announces its removal

struct Settings {
  int backing;
  std::string control;
};

const Settings& settings() {
  return *static_cast<const Settings*>(fuse_get_context()->private_data);
}
int backing() { return settings().backing; }

// Paths come as "/a/b", names are looked up from the backing directory.
const char* within(const char* path) { return path[1] == '\0' ? "." : path + 1; }

int handle(const fuse_file_info* info) { return static_cast<int>(info->fh); }
int status(int result) { return result == 0 ? 0 : -errno; }

enum class Request { go, wait, fail };

Request requested(const char* kind) {
  std::ifstream control(settings().control);
  if (!control) return Request::go;
  bool named = false;
  bool any = false;
  bool fail = false;
  for (std::string word; control >> word;) {
    if (word == "fail") {
      fail = true;
      continue;
    }
    any = true;
    named = named || word == kind;
  }
  if (any && !named) return Request::go;
  return fail ? Request::fail : Request::wait;
}

void say(const char* what, const char* kind) {
  std::printf("%s %s\n", what, kind);
  std::fflush(stdout);
}

// Waits as long as CONTROL asks for it. Gives 0 to go on, or the error to give back.
int pass(const char* kind) {
  Request request = requested(kind);
  if (request == Request::go) return 0;
  if (request == Request::wait) say("holding", kind);
  while (request == Request::wait) {
    if (fuse_session_exited(fuse_get_session(fuse_get_context()->fuse)) != 0) return -EIO;
    std::this_thread::sleep_for(kPollEvery);
    request = requested(kind);
  }
  say(request == Request::fail ? "failed" : "released", kind);
  return request == Request::fail ? -EIO : 0;
}

void* init(fuse_conn_info*, fuse_config* config) {
  config->nullpath_ok = 1;  // open files are known by their descriptor,
  config->hard_remove = 1;  // so they outlive their names
  config->use_ino = 1;
  config->entry_timeout = 0;
  config->attr_timeout = 0;
  config->negative_timeout = 0;
  return fuse_get_context()->private_data;
}

int get_attributes(const char* path, struct stat* found, fuse_file_info* info) {
  if (info != nullptr) return status(::fstat(handle(info), found));
  return status(::fstatat(backing(), within(path), found, AT_SYMLINK_NOFOLLOW));
}

int open_with(const char* path, int flags, mode_t mode, fuse_file_info* info) {
  const int file = ::openat(backing(), within(path), flags | O_CLOEXEC, mode);
  if (file < 0) return -errno;
  info->fh = static_cast<std::uint64_t>(file);
  return 0;
}

// The memory that libfuse hands over is not aligned for O_DIRECT.
int open_file(const char* path, fuse_file_info* info) {
  return open_with(path, info->flags & ~O_DIRECT, 0, info);
}
int create_file(const char* path, mode_t mode, fuse_file_info* info) {
  return open_with(path, (info->flags & ~O_DIRECT) | O_CREAT, mode, info);
}
int open_directory(const char* path, fuse_file_info* info) {
  return open_with(path, O_RDONLY | O_DIRECTORY, 0, info);
}
int release(const char*, fuse_file_info* info) { return status(::close(handle(info))); }

int read_file(const char*, char* bytes, std::size_t length, off_t offset, fuse_file_info* info) {
  const ssize_t got = ::pread(handle(info), bytes, length, offset);
  return got < 0 ? -errno : static_cast<int>(got);
}

int write_file(const char*, const char* bytes, std::size_t length, off_t offset,
               fuse_file_info* info) {
  if (const int error = pass("write"); error != 0) return error;
  const ssize_t written = ::pwrite(handle(info), bytes, length, offset);
  return written < 0 ? -errno : static_cast<int>(written);
}

int sync_file(const char*, int data_only, fuse_file_info* info) {
  if (const int error = pass("sync"); error != 0) return error;
  return status(data_only != 0 ? ::fdatasync(handle(info)) : ::fsync(handle(info)));
}

int allocate(const char*, int mode, off_t offset, off_t length, fuse_file_info* info) {
  if (const int error = pass("write"); error != 0) return error;
  return status(::fallocate(handle(info), mode, offset, length));
}

int truncate_file(const char* path, off_t size, fuse_file_info* info) {
  if (info != nullptr) return status(::ftruncate(handle(info), size));
  fuse_file_info opened{};
  if (const int error = open_with(path, O_WRONLY, 0, &opened); error != 0) return error;
  const int result = status(::ftruncate(handle(&opened), size));
  ::close(handle(&opened));
  return result;
}

int read_directory(const char*, void* buffer, fuse_fill_dir_t fill, off_t, fuse_file_info* info,
                   fuse_readdir_flags) {
  const int own = ::openat(handle(info), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR* directory = own < 0 ? nullptr : ::fdopendir(own);
  if (directory == nullptr) return -errno;
  while (const dirent* entry = ::readdir(directory)) {
    fill(buffer, entry->d_name, nullptr, 0, fuse_fill_dir_flags{});
  }
  ::closedir(directory);
  return 0;
}

int make_directory(const char* path, mode_t mode) {
  return status(::mkdirat(backing(), within(path), mode));
}
int remove_file(const char* path) { return status(::unlinkat(backing(), within(path), 0)); }
int remove_directory(const char* path) {
  return status(::unlinkat(backing(), within(path), AT_REMOVEDIR));
}
int make_link(const char* target, const char* path) {
  return status(::symlinkat(target, backing(), within(path)));
}
int read_link(const char* path, char* target, std::size_t room) {
  const ssize_t got = ::readlinkat(backing(), within(path), target, room - 1);
  if (got < 0) return -errno;
  target[got] = '\0';
  return 0;
}
int rename_file(const char* from, const char* to, unsigned flags) {
  return status(::renameat2(backing(), within(from), backing(), within(to), flags));
}
int change_mode(const char* path, mode_t mode, fuse_file_info* info) {
  if (info != nullptr) return status(::fchmod(handle(info), mode));
  return status(::fchmodat(backing(), within(path), mode, 0));
}
int change_times(const char* path, const timespec* times, fuse_file_info* info) {
  if (info != nullptr) return status(::futimens(handle(info), times));
  return status(::utimensat(backing(), within(path), times, AT_SYMLINK_NOFOLLOW));
}
int file_system_status(const char*, struct statvfs* found) {
  return status(::fstatvfs(backing(), found));
}

// No lock operations: the kernel then keeps locks itself, and alike.
fuse_operations operations() {
  fuse_operations result{};
  result.init = init;
  result.getattr = get_attributes;
  result.open = open_file;
  result.create = create_file;
  result.opendir = open_directory;
  result.release = release;
  result.releasedir = release;
  result.read = read_file;
  result.write = write_file;
  result.fsync = sync_file;
  result.fsyncdir = sync_file;
  result.fallocate = allocate;
  result.truncate = truncate_file;
  result.readdir = read_directory;
  result.mkdir = make_directory;
  result.unlink = remove_file;
  result.rmdir = remove_directory;
  result.symlink = make_link;
  result.readlink = read_link;
  result.rename = rename_file;
  result.chmod = change_mode;
  result.utimens = change_times;
  result.statfs = file_system_status;
  return result;
}

}  // namespace

int main(int count, char** words) {
  if (count != 4) {
    std::fputs("usage: stall_fs BACKING MOUNTPOINT CONTROL\n", stderr);
    return 2;
  }
  Settings settings{::open(words[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC), words[3]};
  if (settings.backing < 0) {
    std::perror(words[1]);
    return 2;
  }
  const int result =
      doorbuster::crash::mount_and_serve(words[0], words[2], operations(), &settings);
  ::close(settings.backing);
  return result;
}
