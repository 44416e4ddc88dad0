// What makes a data directory itself: the incarnation of its data and the keys its claim ids are
// made with. A small text file, written once.
#pragma once

#include <functional>
#include <span>
#include <string>

#include "base/result.h"
#include "base/siphash.h"
#include "store/embedded/file_system.h"
#include "store/embedded/journal_format.h"

namespace doorbuster::embedded {

struct StoreIdentity {
  Incarnation incarnation{};
  HashKey claim_id_key{};
  HashKey buyer_hash_key{};
};

using RandomSource = std::function<void(std::span<std::uint8_t>)>;

StoreIdentity make_identity(const RandomSource& random);

// not_found: there is none. data_damaged: its checksum is wrong. unsupported: of a newer format.
Result<StoreIdentity> read_identity(FileSystem& files, const std::string& data_dir);

// Durable when it returns ok, and there as a whole or not at all.
Status write_identity(FileSystem& files, const std::string& data_dir,
                      const StoreIdentity& identity);

// Where things are in a data directory.
std::string identity_path(const std::string& data_dir);
std::string lock_path(const std::string& data_dir);
std::string journal_path(const std::string& data_dir);
std::string snapshots_path(const std::string& data_dir);

}  // namespace doorbuster::embedded
