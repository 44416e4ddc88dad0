#include "metrics/process.h"

#include <dirent.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <string>

namespace doorbuster::metrics {
namespace {

constexpr Family kCpu = {"process_cpu_seconds_total", Type::counter,
                         "Processor time of the process, user and system, in seconds."};
constexpr Family kResident = {"process_resident_memory_bytes", Type::gauge,
                              "Resident memory of the process."};
constexpr Family kVirtual = {"process_virtual_memory_bytes", Type::gauge,
                             "Address space of the process."};
constexpr Family kOpenFiles = {"process_open_fds", Type::gauge, "Open file descriptors."};
constexpr Family kMostFiles = {"process_max_fds", Type::gauge,
                               "File descriptors that the process may have open."};
constexpr Family kStarted = {"process_start_time_seconds", Type::gauge,
                             "When the process started, in seconds since 1970."};
constexpr Family kThreads = {"process_threads", Type::gauge, "Threads of the process."};

struct Status {
  double cpu_seconds = 0;
  std::uint64_t threads = 0;
  double started_seconds = 0;  // after the machine
  std::uint64_t virtual_bytes = 0;
  std::uint64_t resident_bytes = 0;
};

// proc(5): the numbers behind the name, which stands in parentheses and may hold any character.
std::optional<Status> read_status() {
  std::ifstream file("/proc/self/stat");
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  const auto name_end = text.rfind(')');
  if (name_end == std::string::npos) return std::nullopt;
  std::istringstream rest(text.substr(name_end + 1));
  constexpr std::size_t kFirst = 3;  // the state's, by the page's numbers
  constexpr std::size_t kLast = 24;
  std::array<std::string, kLast + 1> field;
  for (std::size_t i = kFirst; i <= kLast; ++i) {
    if (!(rest >> field[i])) return std::nullopt;
  }
  const auto number = [&](std::size_t i) { return std::strtoull(field[i].c_str(), nullptr, 10); };
  const auto ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
  Status status;
  status.cpu_seconds = static_cast<double>(number(14) + number(15)) / ticks;
  status.threads = number(20);
  status.started_seconds = static_cast<double>(number(22)) / ticks;
  status.virtual_bytes = number(23);
  status.resident_bytes = number(24) * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  return status;
}

// When the machine started, in seconds since 1970.
std::optional<double> read_boot_time() {
  std::ifstream file("/proc/stat");
  std::string line;
  while (std::getline(file, line)) {
    if (line.rfind("btime ", 0) == 0) return std::strtod(line.c_str() + 6, nullptr);
  }
  return std::nullopt;
}

std::optional<std::uint64_t> count_open_files() {
  DIR* const directory = ::opendir("/proc/self/fd");
  if (directory == nullptr) return std::nullopt;
  std::uint64_t found = 0;
  while (const dirent* entry = ::readdir(directory)) {
    if (entry->d_name[0] != '.') ++found;
  }
  ::closedir(directory);
  return found - 1;  // the directory's own
}

}  // namespace

void append_process(Exposition& out) {
  if (const auto status = read_status()) {
    out.only(kCpu, status->cpu_seconds);
    out.only(kResident, status->resident_bytes);
    out.only(kVirtual, status->virtual_bytes);
    out.only(kThreads, status->threads);
    if (const auto booted = read_boot_time()) out.only(kStarted, *booted + status->started_seconds);
  }
  if (const auto open = count_open_files()) out.only(kOpenFiles, *open);
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    out.only(kMostFiles, static_cast<std::uint64_t>(limit.rlim_cur));
  }
}

}  // namespace doorbuster::metrics
