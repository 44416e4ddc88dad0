// `doorbuster verify DIR`: reads a data directory or a backup, changes nothing, and tells whether
// it adds up.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "store/embedded/file_system.h"

namespace doorbuster::embedded {

struct SaleReport {
  std::string slug;
  std::uint64_t sequence = 0;
  std::uint64_t stock = 0, available = 0, held = 0, confirmed = 0, burned = 0;
  std::uint64_t claims = 0;
};

struct VerifyReport {
  std::string incarnation;
  std::uint64_t segments = 0;  // kept
  std::uint64_t groups = 0;
  std::uint64_t events = 0;
  std::uint64_t images = 0;  // that the snapshot has; 0: there is none
  std::uint64_t digest = 0;  // of the state (S11)
  bool clean_stop = false;   // false: the tail may have been torn, which is no damage
  std::uint64_t torn_bytes = 0;
  std::optional<Time> backup_taken_at;  // nothing: it is no backup
  std::vector<SaleReport> sales;
};

// not_found: neither is there. data_damaged: what is wrong and where (file, offset,
// sequence, sale). Works beside a running server too, and then sees what was durable a moment ago.
Result<VerifyReport> verify_directory(FileSystem& files, const std::string& data_dir);

}  // namespace doorbuster::embedded
