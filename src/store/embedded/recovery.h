// From a data directory to a running state: identity, the newest snapshot, the fold of the events
// in the journal behind it (R10).
#pragma once

#include <string>

#include "base/result.h"
#include "sale/catalog.h"
#include "store/embedded/archive.h"
#include "store/embedded/journal_reader.h"
#include "store/embedded/store_identity.h"

namespace doorbuster::embedded {

struct Recovered {
  StoreIdentity identity;
  sale::Catalog catalog;
  JournalEnd end;
  std::uint64_t first_segment = 1;  // the first whose events are in no snapshot
  std::uint64_t images = 0;         // that the snapshot has
  std::shared_ptr<const ArchiveIndex> archive;
};

// Makes the data directory if there is none, so that a power cut does not take it away again.
Status make_data_directory(FileSystem& files, const std::string& data_dir);

// Reads what recovery reads, and the claims of archived sales too; changes nothing. not_found:
// there is no journal in the directory.
Result<Recovered> read_store(FileSystem& files, const std::string& data_dir,
                             const StoreIdentity& identity);

// The same from the journal alone, which must be there from its first segment on, and as it was
// before group `end`: a server may be writing further ones.
Result<Recovered> read_whole_journal(FileSystem& files, const std::string& data_dir,
                                     const StoreIdentity& identity, std::uint64_t end);

// For an engine that will go on writing: makes the store when there is none, mends a torn tail, and
// leaves the claims of archived sales where they are. The caller holds the directory's lock.
Result<Recovered> recover_store(FileSystem& files, const std::string& data_dir,
                                const RandomSource& random);

}  // namespace doorbuster::embedded
