// The claims of archived sales: where their images are, and how they come back into memory when
// somebody asks. Images are read, and what is no longer needed is freed, by a worker: both take
// long where a sale has millions of claims.
//
// Thread: engine; the jobs it gives to the worker touch files, and what they were handed.
// Owns: the reading under way.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/worker.h"
#include "store/embedded/snapshot_images.h"

namespace doorbuster::embedded {

struct ArchivedImage {
  sale::SaleOrdinal sale;
  sale::Sequence sequence;  // of the last event in it
  std::uint64_t file = 0;
  StreamPlace place;
};

// The images of all archived sales, in the order of the sales.
using ArchiveIndex = std::vector<ArchivedImage>;

std::shared_ptr<const ArchiveIndex> archive_index(const Manifest& manifest);

// Null: the sale has no image there.
const ArchivedImage* find_archived(const ArchiveIndex& index, sale::SaleOrdinal sale);

// The image that has the claims of this archived sale.
StoredImage image_of(const ArchiveIndex& index, const sale::SaleState& sale);

class Archive {
 public:
  // `wake` is called from the worker when take_read() has something to give.
  Archive(FileSystem& files, Worker& worker, std::string directory, const StoreIdentity& identity,
          std::shared_ptr<const ArchiveIndex> index, std::function<void()> wake);
  ~Archive();

  // A snapshot was taken: images may stand elsewhere now, and there may be more.
  void set_index(std::shared_ptr<const ArchiveIndex> index);
  const ArchiveIndex& index() const { return *index_; }

  // Begins to read the claims of an archived sale, unless that is under way.
  void begin_reading(const sale::SaleState& sale);
  struct Read {
    sale::SaleOrdinal sale;
    Result<std::unique_ptr<sale::SaleState>> whole;
    std::uint64_t bytes = 0;  // of its image
  };
  // What has been read since the last call; the sale may have been deleted meanwhile. With a
  // snapshot under way an image that is not where it was is looked for again once the snapshot is
  // taken.
  std::vector<Read> take_read(const sale::Catalog& catalog, bool snapshot_under_way);

  // Frees the memory of a sale that nobody looks at any more.
  void discard(std::unique_ptr<sale::SaleState> sale);

 private:
  struct Reading;

  std::shared_ptr<Reading> begin(StoredImage image);

  FileSystem& files_;
  Worker& worker_;
  std::string directory_;
  StoreIdentity identity_;
  std::shared_ptr<const ArchiveIndex> index_;
  std::function<void()> wake_;
  std::map<std::uint32_t, std::shared_ptr<Reading>> readings_;  // by sale
};

}  // namespace doorbuster::embedded
