#include "cli/bench/processor_use.h"

#include <netinet/in.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string_view>
#include <system_error>

#include "api/text.h"

namespace doorbuster::bench {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kWindow = 500'000'000;
constexpr const char* kOwnThread = "/proc/thread-self/schedstat";

// In network order.
std::uint16_t port_of(const Address& address) {
  if (address.bytes.ss_family == AF_INET6) {
    return reinterpret_cast<const sockaddr_in6*>(&address.bytes)->sin6_port;
  }
  return reinterpret_cast<const sockaddr_in*>(&address.bytes)->sin_port;
}

// Only to one's own addresses a socket can be bound.
bool is_of_this_machine(const Address& address) {
  const int descriptor = ::socket(address.bytes.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return false;
  Address any_port = address;
  if (address.bytes.ss_family == AF_INET6) {
    reinterpret_cast<sockaddr_in6*>(&any_port.bytes)->sin6_port = 0;
  } else {
    reinterpret_cast<sockaddr_in*>(&any_port.bytes)->sin_port = 0;
  }
  const auto* to = reinterpret_cast<const sockaddr*>(&any_port.bytes);
  const bool bound = ::bind(descriptor, to, any_port.size) == 0;
  ::close(descriptor);
  return bound;
}

// "socket:[INODE]" of each that listens at the port.
std::set<std::string> listening_sockets(std::uint16_t port) {
  std::array<char, 8> hex{};
  std::snprintf(hex.data(), hex.size(), ":%04X", port);
  std::set<std::string> sockets;
  for (const char* path : {"/proc/net/tcp", "/proc/net/tcp6"}) {
    std::ifstream table(path);
    for (std::string line; std::getline(table, line);) {
      std::istringstream words(line);
      std::array<std::string, 10> column;
      for (std::string& each : column) words >> each;
      if (column[1].ends_with(hex.data()) && column[3] == "0A") {
        sockets.insert("socket:[" + column[9] + "]");
      }
    }
  }
  return sockets;
}

bool has_one_of(const fs::path& process, const std::set<std::string>& sockets) {
  std::error_code ec;
  for (fs::directory_iterator file(process / "fd", ec), none; !ec && file != none;
       file.increment(ec)) {
    std::error_code unreadable;
    if (sockets.contains(fs::read_symlink(file->path(), unreadable).string())) return true;
  }
  return false;
}

}  // namespace

pid_t local_server_at(const Address& address) {
  if (!is_of_this_machine(address)) return 0;
  const auto sockets = listening_sockets(ntohs(port_of(address)));
  if (sockets.empty()) return 0;
  std::error_code ec;
  for (fs::directory_iterator each("/proc", ec), none; !ec && each != none; each.increment(ec)) {
    const auto pid = api::parse_number(each->path().filename().string(), 1U << 30);
    if (pid && has_one_of(each->path(), sockets)) return static_cast<pid_t>(*pid);
  }
  return 0;
}

ProcessorUse::ProcessorUse(pid_t server) : server_(server) {}

// "ran waited slices", in ns.
Busy ProcessorUse::look(const std::string& path, Thread& thread, std::int64_t passed) {
  std::ifstream file(path);
  std::int64_t ran = 0;
  std::int64_t waited = 0;
  if (!(file >> ran >> waited)) return {};
  Busy busy;
  if (thread.is_known && passed > 0) {
    // The system books what was waited at the end of a wait, which may have begun before.
    const auto share = [passed](std::int64_t ns) {
      return static_cast<double>(ns) / static_cast<double>(passed);
    };
    busy.ran = std::min(share(ran - thread.ran), 1.0);
    busy.waited = std::min(share(waited - thread.waited), 1.0 - busy.ran);
    if (busy.total() > thread.peak.total()) thread.peak = busy;
  } else {
    thread.first_ran = ran;
  }
  thread.ran = ran;
  thread.waited = waited;
  thread.is_known = true;
  return busy;
}

void ProcessorUse::sample(std::int64_t now) {
  const std::int64_t passed = now - last_;
  if (last_ != 0 && passed < kWindow) return;
  const std::int64_t window = last_ == 0 ? 0 : passed;
  last_ = now;
  look(kOwnThread, client_, window);
  if (server_ == 0) return;
  std::error_code ec;
  const fs::path tasks = fs::path("/proc") / std::to_string(server_) / "task";
  for (fs::directory_iterator task(tasks, ec), none; !ec && task != none; task.increment(ec)) {
    const std::string path = (task->path() / "schedstat").string();
    const Busy busy = look(path, threads_[path], window);
    if (busy.total() > server_peak_.total()) server_peak_ = busy;
  }
  server_total_ = 0;
  for (const auto& [path, thread] : threads_) server_total_ += thread.ran - thread.first_ran;
}

}  // namespace doorbuster::bench
