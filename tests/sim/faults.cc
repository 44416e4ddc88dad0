#include "sim/faults.h"

#include "base/check.h"

namespace doorbuster::simulation {
namespace {

// Whether the fault could ever strike there.
bool concerns(const Fault& fault, Operation operation, const std::string& path) {
  if (fault.operation && *fault.operation != operation) return false;
  if (fault.kind == Fault::Kind::bit_flip && operation != Operation::read) return false;
  if (fault.kind == Fault::Kind::short_write && operation != Operation::write) return false;
  return path.find(fault.path_part) != std::string::npos;
}

}  // namespace

const char* name_of(Operation operation) {
  switch (operation) {
    case Operation::open:
      return "open";
    case Operation::read:
      return "read";
    case Operation::write:
      return "write";
    case Operation::sync:
      return "sync";
    case Operation::size:
      return "size of";
    case Operation::rename:
      return "rename";
    case Operation::remove:
      return "remove";
    case Operation::list:
      return "list";
    case Operation::create_directory:
      return "create directory";
    case Operation::sync_directory:
      return "sync directory";
    case Operation::lock:
      return "lock";
  }
  CHECK(false);
}

void Faults::set_error_rate(Operation operation, double probability) {
  error_rates_.at(static_cast<std::size_t>(operation)) = probability;
}

void Faults::clear() { *this = Faults(); }

Faults::Met Faults::strike(Random& random, Operation operation, const std::string& path) {
  Met met;
  std::erase_if(planned_, [&](Fault& fault) {
    if (!concerns(fault, operation, path)) return false;
    if (fault.skip > 0) {
      --fault.skip;
      return false;
    }
    if (!met) met = fault.kind;
    return !fault.for_ever;
  });
  const double rate = error_rates_.at(static_cast<std::size_t>(operation));
  if (!met && rate > 0 && chance(random, rate)) met = Fault::Kind::error;
  if (!met && operation == Operation::read && bit_flip_rate_ > 0 &&
      chance(random, bit_flip_rate_)) {
    met = Fault::Kind::bit_flip;
  }
  return met;
}

}  // namespace doorbuster::simulation
