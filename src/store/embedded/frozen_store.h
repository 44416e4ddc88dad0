// A data directory as it stood at one moment, for whoever reads it while a server goes on writing
// and removing: the newest snapshot, and the journal up to where it could be read then. What stands
// behind that is not there, and what is removed meanwhile can still be read.
//
// Thread: one. Owns: every file of it, open.
// Invariants: it reads as the directory would have after a power cut at that moment, so that all
// that was acknowledged before is in it. Nothing can be changed through it.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "store/embedded/journal_reader.h"
#include "store/embedded/snapshot_manifest.h"
#include "store/embedded/store_identity.h"

namespace doorbuster::embedded {

class FrozenStore final : public FileSystem {
 public:
  // not_found: there is no store in `data_dir`. What is damaged is left for the readers to find.
  static Result<std::unique_ptr<FrozenStore>> freeze(FileSystem& files, const std::string& data_dir,
                                                     const StoreIdentity& identity);

  // Of the group that was under way, or was torn.
  std::uint64_t torn_bytes() const { return torn_bytes_; }

  // Paths as in the real directory.
  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override;
  Result<std::vector<std::string>> list(const std::string& directory) override;
  Status rename(const std::string& from, const std::string& to) override;
  Status remove(const std::string& path) override;
  Status create_directory(const std::string& path) override;
  Status sync_directory(const std::string& path) override;
  Result<std::unique_ptr<FileLock>> lock(const std::string& path) override;

 private:
  class Opened;
  using Names = std::map<std::string, std::vector<std::string>>;  // by directory

  FrozenStore(FileSystem& files, std::string data_dir, const StoreIdentity& identity)
      : files_(files), data_dir_(std::move(data_dir)), identity_(identity) {}

  Result<Names> names_there() const;
  // Opens everything that the names say. False: something went meanwhile that is needed.
  Result<bool> open_all(const Names& names);
  Result<bool> pin(const std::string& path);
  Result<std::optional<Manifest>> pin_snapshot();
  void cut();
  Result<JournalEnd> read_tail();

  FileSystem& files_;
  std::string data_dir_;
  StoreIdentity identity_;
  std::map<std::string, std::shared_ptr<File>> pinned_;
  bool has_snapshots_ = false;
  // Where the journal ends; none: that could not be told.
  std::optional<JournalEnd> end_;
  std::uint64_t torn_bytes_ = 0;
};

}  // namespace doorbuster::embedded
