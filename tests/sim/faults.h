// What goes wrong in a simulated file system, and when: planned for one operation, or by chance.
//
// Thread: one. Owns: the plan. Invariant: a plan and a generator's state give the same faults.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sim/random.h"

namespace doorbuster::simulation {

enum class Operation {
  open,
  read,
  write,
  sync,
  size,
  rename,
  remove,
  list,
  create_directory,
  sync_directory,
  lock,
};
inline constexpr std::size_t kOperations = 11;
const char* name_of(Operation operation);

struct Fault {
  enum class Kind {
    error,        // io_failed
    no_space,     // storage_unavailable, but for a sync, which is io_failed whatever happens
    short_write,  // a write that does a part of its work, then io_failed
    bit_flip,     // a read that succeeds with one bit wrong
  };
  Kind kind = Kind::error;
  std::optional<Operation> operation = {};  // of any kind when there is none
  std::string path_part = {};               // only paths that contain it
  std::uint64_t skip = 0;                   // how many that match go well first
  bool for_ever = false;                    // else once
};

class Faults {
 public:
  // What an operation meets, if anything.
  using Met = std::optional<Fault::Kind>;

  void add(Fault fault) { planned_.push_back(std::move(fault)); }
  void set_error_rate(Operation operation, double probability);
  void set_bit_flip_rate(double probability) { bit_flip_rate_ = probability; }
  void clear();

  // To be asked once an operation. Of several planned faults that strike at once the first wins.
  Met strike(Random& random, Operation operation, const std::string& path);

 private:
  std::vector<Fault> planned_;
  std::array<double, kOperations> error_rates_{};
  double bit_flip_rate_ = 0;
};

}  // namespace doorbuster::simulation
