// Writes the files of a store anew from those of another: for backups, and for what is made of
// them. Whatever is copied has been read, and its checksums were right.
//
// Thread: one. What is not yet synced is a few megabytes at most, so that the syncs of a server on
// the same disk find no flood before them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "store/embedded/journal_reader.h"
#include "store/embedded/snapshot_manifest.h"
#include "store/embedded/store_identity.h"

namespace doorbuster::embedded {

// Writes groups into segments that are no longer than needed. The numbers of segments and groups,
// and the events' positions, are those of the groups it is given; incarnation and the chain of
// hashes are its own.
class SegmentsWriter {
 public:
  SegmentsWriter(FileSystem& files, std::string directory, const Incarnation& incarnation)
      : files_(files), directory_(std::move(directory)), incarnation_(incarnation) {}

  // Groups come in their order; the first says which hash stands before it.
  Status add(const GroupHeader& header, std::span<const std::byte> payload);
  // Everything is durable, but for the names.
  Status finish();

  // Of the last group; of the one before the first until there is one.
  const GroupHash& hash() const { return hash_; }
  std::uint64_t bytes() const { return bytes_; }
  std::uint64_t segments() const { return segments_; }

 private:
  Status begin_segment(const GroupHeader& header);
  Status end_segment();

  FileSystem& files_;
  std::string directory_;
  Incarnation incarnation_;
  std::unique_ptr<File> file_;
  SegmentHeader segment_;
  std::uint64_t offset_ = 0;
  std::uint64_t unsynced_ = 0;
  bool has_hash_ = false;
  GroupHash hash_{};
  std::uint64_t bytes_ = 0;
  std::uint64_t segments_ = 0;
  std::vector<std::byte> group_;  // scratch
};

struct Copied {
  JournalEnd end;                    // of the journal that was read
  std::uint64_t first_position = 1;  // of the oldest event in the journal
  std::uint64_t images = 0;
  std::uint64_t segments = 0;
  std::uint64_t bytes = 0;
};

// Where a store's files are, and what they say they are of.
struct StorePlace {
  FileSystem& files;
  const std::string& directory;
  const StoreIdentity& identity;
};

// Copies the journal, and the newest snapshot if there is one, into the directory of `to`, which is
// empty, under the incarnation of `to`. Groups that `more` gives to the writer follow those that
// were read. All is durable when it returns ok, but for the name of the directory itself.
// data_damaged names file and offset.
using MoreGroups = std::function<Status(SegmentsWriter&, const JournalEnd&)>;
Result<Copied> copy_store(const StorePlace& from, const StorePlace& to, const MoreGroups& more);

// Makes a directory to put a store into, which no server starts from until finish_store() has given
// it its identity. invalid_argument: it holds something already.
Status begin_store(FileSystem& files, const std::string& data_dir);
// Reads before that what was written, and sees that its digest is the one that was meant.
Status finish_store(FileSystem& files, const std::string& data_dir, const StoreIdentity& identity,
                    std::uint64_t digest);

// Makes a directory, or sees that it is empty. invalid_argument: it holds something.
Status make_empty_directory(FileSystem& files, const std::string& directory);

// Copies `name` as it is; nothing where there is none.
Status copy_if_there(const StorePlace& from, const StorePlace& to, const std::string& name);

}  // namespace doorbuster::embedded
