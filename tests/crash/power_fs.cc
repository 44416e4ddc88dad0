// A disk that loses power when told: a file system in memory which keeps apart what is seen and
// what is durable, for end-to-end tests. It is the simulation's disk (sim/simulated_disk.h),
// mounted.
//
//   power_fs MOUNTPOINT SEED [buffered]
//
// Serves at MOUNTPOINT until SIGTERM or the end of its standard input. Takes commands there, a line
// each, and says on standard output what happened:
//
//   cut PID                    kills the process and loses power: sectors of 512 bytes and names
//   that
//                              were not synced are kept, dropped or spoilt at random. Then every
//                              call fails until "on". Says "cut".
//   on                         power is back. Says "on".
//   plan ACTION WHEN KIND SKIP PART
//                              what the call does that is of that KIND (write, sync, create, open,
//                              read, rename, remove, make, list; "any"), on a path with PART in it
//                              ("-": any; with "$" at the end: one that ends so), after SKIP of
//                              them; WHEN is "before" or "after" it has had its effect. ACTION:
//                              "cut" as above, with the caller as the process; "kill" kills the
//                              caller alone; "fail" answers EIO, and a sync that fails drops at
//                              random what it should have written, and takes all of it for clean,
//                              as Linux does; "break" fails that call and every later one that
//                              matches. Says "planned", and once it strikes "cut KIND PATH",
//                              "killed ...", "failed ...".
//   forget                     there is no plan any more. Says "forgotten".
//
// With "buffered" it refuses O_DIRECT, so that writes go through the kernel's page cache: after a
// failed sync that cache shows what the disk does not have, as it does on real disks, until
// somebody asks for its pages to be dropped. After a cut the kernel's cache is not used.
//
// Not a whole file system: what the server does not use (links, truncation, attributes) is refused.
//
// Thread: libfuse's, many, and one that reads commands; one mutex around all. Owns: the files.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>

#include "crash/fuse_mount.h"
#include "sim/simulated_disk.h"

namespace doorbuster::crash {
namespace {

using simulation::NodeId;

constexpr mode_t kFile = S_IFREG | 0600;
constexpr mode_t kDirectory = S_IFDIR | 0700;

struct Plan {
  std::string action;
  std::string when;
  std::string kind;
  std::uint64_t skip = 0;
  std::string part;
};

bool concerns(std::string_view part, std::string_view path) {
  if (part == "-") return true;
  if (part.ends_with('$')) return path.ends_with(part.substr(0, part.size() - 1));
  return path.find(part) != std::string_view::npos;
}

// One call of the kernel's: what it is, and of which file.
struct Call {
  const char* kind;
  std::string path;
};

struct Handle {
  std::string path;
  NodeId node = 0;  // 0: a directory
};

class PowerDisk {
 public:
  PowerDisk(std::uint64_t seed, bool buffered) : random_(seed), buffered_(buffered) {}

  std::mutex& mutex() { return mutex_; }
  simulation::SimulatedDisk& disk() { return disk_; }
  bool buffered() const { return buffered_; }

  // To be asked before and after a call has its effect. Gives 0 or the error to answer.
  int before(const Call& call) {
    if (!on_) return -EIO;
    return strikes("before", call) ? strike(call) : 0;
  }
  int after(const Call& call) { return strikes("after", call) ? strike(call) : 0; }

  std::uint64_t open(Handle handle) {
    if (handle.node != 0) disk_.hold(handle.node);
    handles_.emplace(++last_handle_, std::move(handle));
    return last_handle_;
  }
  // Null when it was opened before a cut.
  const Handle* find(std::uint64_t number) const {
    const auto at = handles_.find(number);
    return at == handles_.end() ? nullptr : &at->second;
  }
  void close(std::uint64_t number) {
    const auto at = handles_.find(number);
    if (at == handles_.end()) return;
    if (at->second.node != 0) disk_.release(at->second.node);
    handles_.erase(at);
  }

  // Whether what the kernel remembers of that file is still so; from now on it is.
  bool kernel_knows(const std::string& path) { return !known_.insert(path).second; }
  void kernel_forgets(const std::string& path) { known_.erase(path); }

  void cut(pid_t process) {
    ::kill(process, SIGKILL);
    on_ = false;
    plan_.reset();
    handles_.clear();
    known_.clear();
    disk_.crash(random_, {});
  }
  void turn_on() { on_ = true; }
  void plan(Plan wanted) { plan_ = std::move(wanted); }
  void forget() { plan_.reset(); }

 private:
  bool strikes(std::string_view when, const Call& call) {
    if (!plan_ || plan_->when != when) return false;
    if (plan_->kind != "any" && plan_->kind != call.kind) return false;
    if (!concerns(plan_->part, call.path)) return false;
    return plan_->skip == 0 || plan_->skip-- == 0;
  }

  int strike(const Call& call) {
    const std::string action = plan_->action;
    if (action != "break") plan_.reset();
    const pid_t caller = fuse_get_context()->pid;
    if (action == "cut") {
      cut(caller);
      say("cut", call);
    } else if (action == "kill") {
      ::kill(caller, SIGKILL);
      say("killed", call);
    } else {
      lose(call);
      say("failed", call);
    }
    return -EIO;
  }

  // A failed sync. Nobody reads here what it lost: whatever still shows it is the kernel's cache.
  void lose(const Call& call) {
    if (std::strcmp(call.kind, "sync") != 0) return;
    const auto node = disk_.find(call.path);
    if (!node) return;
    disk_.content(*node).lose_pending(random_);
    disk_.content(*node).drop_lost();
  }

  static void say(const char* what, const Call& call) {
    std::printf("%s %s %s\n", what, call.kind, call.path.c_str());
    std::fflush(stdout);
  }

  std::mutex mutex_;
  simulation::SimulatedDisk disk_;
  simulation::Random random_;
  bool buffered_;
  bool on_ = true;
  std::optional<Plan> plan_;
  std::map<std::uint64_t, Handle> handles_;
  std::uint64_t last_handle_ = 0;
  std::set<std::string> known_;
};

PowerDisk& power() { return *static_cast<PowerDisk*>(fuse_get_context()->private_data); }

// Does what a call is to do, between what is planned before and after it.
template <typename Effect>
int perform(const Call& call, Effect effect) {
  const std::scoped_lock guard(power().mutex());
  if (const int error = power().before(call); error != 0) return error;
  const int result = effect(power().disk());
  if (result < 0) return result;
  if (const int error = power().after(call); error != 0) return error;
  return result;
}

// The same for a call on an open file.
template <typename Effect>
int perform_on(const fuse_file_info* info, const char* kind, Effect effect) {
  std::string path;
  {
    const std::scoped_lock guard(power().mutex());
    const Handle* handle = power().find(info->fh);
    if (handle == nullptr) return -EIO;
    path = handle->path;
  }
  return perform({kind, path}, [&](simulation::SimulatedDisk& disk) {
    const Handle* handle = power().find(info->fh);
    return handle == nullptr ? -EIO : effect(disk, *handle);
  });
}

void* init(fuse_conn_info* connection, fuse_config* config) {
  connection->want &= ~static_cast<unsigned>(FUSE_CAP_AUTO_INVAL_DATA);
  config->nullpath_ok = 1;
  config->hard_remove = 1;
  config->use_ino = 1;
  config->entry_timeout = 0;
  config->attr_timeout = 0;
  config->negative_timeout = 0;
  return fuse_get_context()->private_data;
}

int get_attributes(const char* path, struct stat* found, fuse_file_info* info) {
  *found = {};
  const std::scoped_lock guard(power().mutex());
  simulation::SimulatedDisk& disk = power().disk();
  std::optional<NodeId> node;
  if (info != nullptr) {
    const Handle* handle = power().find(info->fh);
    if (handle == nullptr) return -EIO;
    node = handle->node;
  } else if (!disk.has_directory(path)) {
    node = disk.find(path);
    if (!node) return -ENOENT;
  }
  found->st_uid = ::getuid();
  found->st_gid = ::getgid();
  const bool is_file = node.value_or(0) != 0;
  found->st_mode = is_file ? kFile : kDirectory;
  found->st_nlink = is_file ? 1 : 2;
  found->st_ino = is_file ? *node : ~std::hash<std::string_view>()(path == nullptr ? "" : path);
  if (is_file) found->st_size = static_cast<off_t>(disk.content(*node).size());
  return 0;
}

int open_file(const char* path, fuse_file_info* info) {
  return perform({"open", path}, [&](simulation::SimulatedDisk& disk) {
    if (power().buffered() && (info->flags & O_DIRECT) != 0) return -EINVAL;
    if ((info->flags & O_TRUNC) != 0) return -EOPNOTSUPP;
    const auto node = disk.find(path);
    if (!node) return -ENOENT;
    info->keep_cache = power().kernel_knows(path) ? 1 : 0;
    info->fh = power().open({path, *node});
    return 0;
  });
}

int create_file(const char* path, mode_t, fuse_file_info* info) {
  return perform({"create", path}, [&](simulation::SimulatedDisk& disk) {
    if (disk.has_directory(path) || disk.find(path)) return -EEXIST;
    if (!disk.has_directory(simulation::SimulatedDisk::parent_of(path))) return -ENOENT;
    power().kernel_forgets(path);
    info->fh = power().open({path, disk.create(path)});
    return 0;
  });
}

int open_directory(const char* path, fuse_file_info* info) {
  return perform({"list", path}, [&](simulation::SimulatedDisk& disk) {
    if (!disk.has_directory(path)) return -ENOENT;
    info->fh = power().open({path});
    return 0;
  });
}

int release(const char*, fuse_file_info* info) {
  const std::scoped_lock guard(power().mutex());
  power().close(info->fh);
  return 0;
}

int read_file(const char*, char* bytes, std::size_t length, off_t offset, fuse_file_info* info) {
  return perform_on(info, "read", [&](simulation::SimulatedDisk& disk, const Handle& handle) {
    const auto room = std::as_writable_bytes(std::span(bytes, length));
    return static_cast<int>(
        disk.content(handle.node).read(static_cast<std::uint64_t>(offset), room));
  });
}

int write_file(const char*, const char* bytes, std::size_t length, off_t offset,
               fuse_file_info* info) {
  return perform_on(info, "write", [&](simulation::SimulatedDisk& disk, const Handle& handle) {
    disk.content(handle.node)
        .write(static_cast<std::uint64_t>(offset), std::as_bytes(std::span(bytes, length)));
    return static_cast<int>(length);
  });
}

int sync_file(const char*, int, fuse_file_info* info) {
  return perform_on(info, "sync", [&](simulation::SimulatedDisk& disk, const Handle& handle) {
    if (handle.node == 0) {
      disk.sync_directory(handle.path);
    } else {
      disk.content(handle.node).sync();
    }
    return 0;
  });
}

int read_directory(const char*, void* buffer, fuse_fill_dir_t fill, off_t, fuse_file_info* info,
                   fuse_readdir_flags) {
  return perform_on(info, "list", [&](simulation::SimulatedDisk& disk, const Handle& handle) {
    fill(buffer, ".", nullptr, 0, fuse_fill_dir_flags{});
    fill(buffer, "..", nullptr, 0, fuse_fill_dir_flags{});
    for (const std::string& name : disk.list(handle.path)) {
      fill(buffer, name.c_str(), nullptr, 0, fuse_fill_dir_flags{});
    }
    return 0;
  });
}

int make_directory(const char* path, mode_t) {
  return perform({"make", path}, [&](simulation::SimulatedDisk& disk) {
    if (disk.has_directory(path) || disk.find(path)) return -EEXIST;
    if (!disk.has_directory(simulation::SimulatedDisk::parent_of(path))) return -ENOENT;
    disk.create_directory(path);
    return 0;
  });
}

int remove_file(const char* path) {
  return perform({"remove", path}, [&](simulation::SimulatedDisk& disk) {
    if (!disk.find(path)) return -ENOENT;
    power().kernel_forgets(path);
    disk.remove(path);
    return 0;
  });
}

int rename_file(const char* from, const char* to, unsigned flags) {
  return perform({"rename", to}, [&](simulation::SimulatedDisk& disk) {
    if (flags != 0) return -EOPNOTSUPP;
    if (!disk.find(from) || !disk.has_directory(simulation::SimulatedDisk::parent_of(to))) {
      return -ENOENT;
    }
    power().kernel_forgets(from);
    power().kernel_forgets(to);
    disk.rename(from, to);
    return 0;
  });
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
  result.readdir = read_directory;
  result.mkdir = make_directory;
  result.unlink = remove_file;
  result.rename = rename_file;
  return result;
}

// What to answer; nothing when the command is not known.
std::string obey(PowerDisk& disk, const std::string& line) {
  std::istringstream words(line);
  std::string command;
  words >> command;
  const std::scoped_lock guard(disk.mutex());
  if (pid_t process = 0; command == "cut" && words >> process && process > 0) {
    disk.cut(process);
    return "cut";
  }
  if (command == "on") {
    disk.turn_on();
    return "on";
  }
  if (command == "forget") {
    disk.forget();
    return "forgotten";
  }
  Plan plan;
  if (command == "plan" &&
      words >> plan.action >> plan.when >> plan.kind >> plan.skip >> plan.part) {
    disk.plan(std::move(plan));
    return "planned";
  }
  return "not understood: " + line;
}

void take_commands(PowerDisk& disk) {
  for (std::string line; std::getline(std::cin, line);) {
    std::printf("%s\n", obey(disk, line).c_str());
    std::fflush(stdout);
  }
  ::kill(::getpid(), SIGTERM);  // whoever gave commands is gone
}

int run(int count, char** words) {
  std::uint64_t seed = 0;
  const std::string_view number = count > 2 ? words[2] : "";
  const bool understood =
      std::from_chars(number.data(), number.data() + number.size(), seed).ec == std::errc();
  const bool buffered = count == 4 && std::string_view(words[3]) == "buffered";
  if (!understood || (count != 3 && !buffered)) {
    std::fputs("usage: power_fs MOUNTPOINT SEED [buffered]\n", stderr);
    return 2;
  }
  // Never destroyed: the thread that reads commands may be waiting in it at the end.
  static PowerDisk disk(seed, buffered);
  std::thread(take_commands, std::ref(disk)).detach();
  return mount_and_serve(words[0], words[1], operations(), &disk);
}

}  // namespace
}  // namespace doorbuster::crash

int main(int count, char** words) {
  const int result = doorbuster::crash::run(count, words);
  std::fflush(stdout);
  ::_exit(result);
}
