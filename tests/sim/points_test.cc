// Every input and output of some thirty short stories fails, once and for ever, and so does every
// allocation of memory; power is lost there, and the next start fails in its turn. Then the engine
// starts from what is left, has lost nothing that it acknowledged, and sells on.
//
// DOORBUSTER_EVERY_POINT=1: all of them; else one in several (docs/testing.md has the figures).
#include <gtest/gtest.h>
#include <stdlib.h>

#include <iostream>
#include <new>

#include "sim/scenario_machine.h"

namespace {

// Allocations are counted while this is not 0, and the one that makes it 0 fails.
std::uint64_t left_to_fail = 0;
std::uint64_t counted = 0;
int quiet = 0;  // > 0: within the simulated disk, which must not fail

void* allocate(std::size_t bytes, std::size_t alignment) {
  if (left_to_fail > 0 && quiet == 0) {
    ++counted;
    if (--left_to_fail == 0) throw std::bad_alloc();
  }
  void* memory = nullptr;
  if (alignment <= alignof(std::max_align_t)) {
    memory = std::malloc(bytes == 0 ? 1 : bytes);
  } else if (::posix_memalign(&memory, alignment, bytes) != 0) {
    memory = nullptr;
  }
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

// Where it was inlined, the compiler would take free() for another allocator's.
[[gnu::noinline]] void give_back(void* memory) noexcept { std::free(memory); }

}  // namespace

void* operator new(std::size_t bytes) { return allocate(bytes, 1); }
void* operator new[](std::size_t bytes) { return allocate(bytes, 1); }
void* operator new(std::size_t bytes, std::align_val_t alignment) {
  return allocate(bytes, static_cast<std::size_t>(alignment));
}
void* operator new[](std::size_t bytes, std::align_val_t alignment) {
  return allocate(bytes, static_cast<std::size_t>(alignment));
}
void operator delete(void* memory) noexcept { give_back(memory); }
void operator delete[](void* memory) noexcept { give_back(memory); }
void operator delete(void* memory, std::size_t) noexcept { give_back(memory); }
void operator delete[](void* memory, std::size_t) noexcept { give_back(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { give_back(memory); }
void operator delete[](void* memory, std::align_val_t) noexcept { give_back(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { give_back(memory); }
void operator delete[](void* memory, std::size_t, std::align_val_t) noexcept { give_back(memory); }

namespace doorbuster::simulation {
namespace {

using embedded::File;
using embedded::FileLock;
using embedded::FileSystem;
using embedded::OpenMode;

class Quiet {
 public:
  Quiet() { ++quiet; }
  ~Quiet() { --quiet; }
  Quiet(const Quiet&) = delete;
  Quiet& operator=(const Quiet&) = delete;
};

// The disk, within which no allocation fails.
class QuietFile final : public File {
 public:
  explicit QuietFile(std::unique_ptr<File> file) : file_(std::move(file)) {}
  ~QuietFile() override {
    const Quiet here;
    file_.reset();
  }
  Status write_at(std::uint64_t offset, std::span<const std::byte> bytes) override {
    const Quiet here;
    return file_->write_at(offset, bytes);
  }
  Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> bytes) override {
    const Quiet here;
    return file_->read_at(offset, bytes);
  }
  Status sync() override {
    const Quiet here;
    return file_->sync();
  }
  Status settle() override {
    const Quiet here;
    return file_->settle();
  }
  Result<std::uint64_t> size() override {
    const Quiet here;
    return file_->size();
  }

 private:
  std::unique_ptr<File> file_;
};

class QuietFiles final : public FileSystem {
 public:
  explicit QuietFiles(FileSystem& files) : files_(files) {}
  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override {
    const Quiet here;
    auto file = files_.open(path, mode);
    if (!file) return file.error();
    return std::unique_ptr<File>(std::make_unique<QuietFile>(std::move(*file)));
  }
  Status rename(const std::string& from, const std::string& to) override {
    const Quiet here;
    return files_.rename(from, to);
  }
  Status remove(const std::string& path) override {
    const Quiet here;
    return files_.remove(path);
  }
  Result<std::vector<std::string>> list(const std::string& directory) override {
    const Quiet here;
    return files_.list(directory);
  }
  Status create_directory(const std::string& path) override {
    const Quiet here;
    return files_.create_directory(path);
  }
  Status sync_directory(const std::string& path) override {
    const Quiet here;
    return files_.sync_directory(path);
  }
  Result<std::unique_ptr<FileLock>> lock(const std::string& path) override {
    const Quiet here;
    return files_.lock(path);
  }

 private:
  FileSystem& files_;
};

bool every_point() { return ::getenv("DOORBUSTER_EVERY_POINT") != nullptr; }

// Starts without faults, looks at everything, and sells once more.
void expect_recovers(ScenarioMachine& machine, const std::string& where) {
  machine.start();
  ASSERT_TRUE(machine.is_up()) << where << ": " << machine.start_error()->message;
  EXPECT_EQ(machine.check(), "") << where;
  machine.create("after", 5);
  machine.claim("after", 1);
  EXPECT_EQ(machine.check(), "") << where << ", and then";
}

enum class Left { by_kill, by_power_cut };

// Tells the story with operation `point` failing, and what follows from that.
void fail_at(const Scenario& scenario, std::uint64_t point, bool for_ever, Left left) {
  const std::string where = std::string(scenario.name) + ", I/O " + std::to_string(point) +
                            (for_ever ? " for ever" : "") +
                            (left == Left::by_kill ? ", killed" : ", power lost");
  SimulatedFileSystem disk(point);
  ScenarioMachine machine(disk, disk);
  disk.fail_operation(point, for_ever);
  machine.start();
  scenario.tell(machine);
  Random random(point);
  const auto end = [&] {
    machine.end_process();
    left == Left::by_kill ? disk.kill() : disk.crash(random);
  };
  end();
  // The next start fails too, somewhere.
  disk.faults().clear();
  disk.fail_operation(disk.operations() + 1 + point % 40, for_ever);
  machine.start();
  end();
  disk.faults().clear();
  expect_recovers(machine, where);
}

TEST(EveryPoint, OfInputAndOutputMayFail) {
  std::uint64_t points = 0;
  std::uint64_t number = 0;
  for (const Scenario& scenario : scenarios()) {
    SimulatedFileSystem disk(1);
    ScenarioMachine machine(disk, disk);
    machine.start();
    scenario.tell(machine);
    ASSERT_TRUE(machine.is_up()) << scenario.name;
    ASSERT_EQ(machine.check(), "") << scenario.name;
    const std::uint64_t operations = disk.operations();
    const std::uint64_t step = every_point() ? 1 : 1 + operations / 4;
    for (std::uint64_t point = 1 + number % step; point <= operations; point += step) {
      for (const bool for_ever : {false, true}) {
        for (const Left left : {Left::by_kill, Left::by_power_cut}) {
          fail_at(scenario, point, for_ever, left);
          if (HasFailure()) return;
          ++points;
        }
      }
    }
    ++number;
  }
  std::cout << points << " failures of I/O in " << scenarios().size() << " stories\n";
}

// Memory that runs out ends the process, which is what an exception does that nobody catches; what
// it left on the disk is judged as after any other end.
void run_out_at(const Scenario& scenario, std::uint64_t allocation) {
  const std::string where =
      std::string(scenario.name) + ", allocation " + std::to_string(allocation);
  SimulatedFileSystem disk(allocation);
  QuietFiles files(disk);
  ScenarioMachine machine(disk, files);
  left_to_fail = allocation;
  try {
    machine.start();
    scenario.tell(machine);
  } catch (const std::bad_alloc&) {
  }
  left_to_fail = 0;
  machine.end_process();
  Random random(allocation);
  disk.crash(random);
  expect_recovers(machine, where);
}

TEST(EveryPoint, OfAllocationMayFail) {
  std::uint64_t points = 0;
  std::uint64_t number = 0;
  for (const Scenario& scenario : scenarios()) {
    SimulatedFileSystem disk(1);
    QuietFiles files(disk);
    ScenarioMachine machine(disk, files);
    counted = 0;
    left_to_fail = std::uint64_t{1} << 60;
    machine.start();
    scenario.tell(machine);
    left_to_fail = 0;
    const std::uint64_t allocations = counted;
    const std::uint64_t step = every_point() ? 1 : 1 + allocations / 8;
    for (std::uint64_t point = 1 + number % step; point <= allocations; point += step) {
      run_out_at(scenario, point);
      if (HasFailure()) return;
      ++points;
    }
    ++number;
  }
  std::cout << points << " failed allocations in " << scenarios().size() << " stories\n";
}

}  // namespace
}  // namespace doorbuster::simulation
