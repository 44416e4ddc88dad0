// What makes a data directory itself: the incarnation of its data and the keys its claim ids are
// made with. A text file, written once.
//
// Data that was restored or repaired has another incarnation than what it was made from, since both
// may have gone on since: what the other one gave out in its own future, ids of claims and cursors,
// must mean nothing here, while what both have in common is called as it ever was. So the identity
// remembers each age of the data that has ended, and how far what it gave out is kept.
#pragma once

#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/siphash.h"
#include "sale/catalog.h"
#include "store/embedded/file_system.h"
#include "store/embedded/journal_format.h"

namespace doorbuster::embedded {

// What was true of the data up to where it was restored or repaired.
struct FormerAge {
  Incarnation incarnation{};
  HashKey claim_id_key{};
  std::uint64_t last_position = 0;  // events up to this one are of this age or of an earlier one
  std::uint32_t sales = 0;          // with a lower ordinal are, too
  // How many claims such a sale had, where it can have got more since. Of any other all are.
  std::map<std::uint32_t, std::uint32_t> claims;
};

struct StoreIdentity {
  Incarnation incarnation{};
  HashKey claim_id_key{};
  HashKey buyer_hash_key{};
  std::vector<FormerAge> former;  // the oldest first
};

using RandomSource = std::function<void(std::span<std::uint8_t>)>;

StoreIdentity make_identity(const RandomSource& random);

// The identity of data that goes on from `last_position` and these sales in another incarnation.
StoreIdentity make_next_identity(const StoreIdentity& identity, std::uint64_t last_position,
                                 const sale::Catalog& catalog, const RandomSource& random);

// As the file has it, and back; `path` is for what is said where it is damaged.
std::string print(const StoreIdentity& identity);
Result<StoreIdentity> parse_identity(const std::string& path, std::string_view text);

// A line "checksum <hex>" over all of `text`, as the files of text in a data directory end.
std::string checksum_line(std::string_view text);

// Reads a file of text of at most `most` bytes. data_damaged: it is larger.
Result<std::string> read_text(FileSystem& files, const std::string& path, std::size_t most);

// Writes one, durable when it returns ok, and there as a whole or not at all.
Status write_text(FileSystem& files, const std::string& directory, const std::string& path,
                  std::string_view text);

// not_found: there is none. data_damaged: its checksum is wrong. unsupported: of a newer format.
Result<StoreIdentity> read_identity(FileSystem& files, const std::string& data_dir);

// Durable when it returns ok, and there as a whole or not at all.
Status write_identity(FileSystem& files, const std::string& data_dir,
                      const StoreIdentity& identity);

// The file by which a directory is a backup (backup.h), and the one that stands in a directory for
// as long as a store is being made there from something else.
inline constexpr std::string_view kBackupName = "backup";
inline constexpr std::string_view kUnfinishedName = "unfinished";

// Where things are in a data directory.
std::string identity_path(const std::string& data_dir);
std::string lock_path(const std::string& data_dir);
std::string journal_path(const std::string& data_dir);
std::string snapshots_path(const std::string& data_dir);

}  // namespace doorbuster::embedded
