#include "store/embedded/archive.h"

#include <algorithm>
#include <atomic>
#include <utility>

namespace doorbuster::embedded {

// Shared with the worker; `done` hands the result over.
struct Archive::Reading {
  StoredImage image;
  Result<std::unique_ptr<sale::SaleState>> whole{std::unique_ptr<sale::SaleState>()};
  std::atomic<bool> done = false;
};

std::shared_ptr<const ArchiveIndex> archive_index(const Manifest& manifest) {
  auto index = std::make_shared<ArchiveIndex>();
  for (const StoredImage& image : manifest.images) {
    if (image.archived() && image.file != 0) {
      index->push_back({image.sale, image.sequence, image.file, image.place});
    }
  }
  return index;
}

const ArchivedImage* find_archived(const ArchiveIndex& index, sale::SaleOrdinal sale) {
  const auto at = std::ranges::lower_bound(index, sale, {}, &ArchivedImage::sale);
  return at == index.end() || at->sale != sale ? nullptr : &*at;
}

StoredImage image_of(const ArchiveIndex& index, const sale::SaleState& sale) {
  StoredImage image;
  image.sale = sale.ordinal();
  image.slug = sale.definition().slug;
  image.sequence = sale.sequence();
  if (const ArchivedImage* found = find_archived(index, sale.ordinal())) {
    image.file = found->file;
    image.place = found->place;
  }
  return image;
}

Archive::Archive(FileSystem& files, Worker& worker, std::string directory,
                 const StoreIdentity& identity, std::shared_ptr<const ArchiveIndex> index,
                 std::function<void()> wake)
    : files_(files),
      worker_(worker),
      directory_(std::move(directory)),
      identity_(identity),
      index_(std::move(index)),
      wake_(std::move(wake)) {}

Archive::~Archive() = default;

void Archive::set_index(std::shared_ptr<const ArchiveIndex> index) { index_ = std::move(index); }

void Archive::begin_reading(const sale::SaleState& sale) {
  std::shared_ptr<Reading>& reading = readings_[sale.ordinal().value];
  if (reading == nullptr) reading = begin(image_of(*index_, sale));
}

std::shared_ptr<Archive::Reading> Archive::begin(StoredImage image) {
  auto reading = std::make_shared<Reading>();
  reading->image = std::move(image);
  worker_.run(
      [reading, &files = files_, directory = directory_, identity = identity_, wake = wake_] {
        reading->whole = ImagesReader(files, directory, identity).read(reading->image);
        reading->done.store(true, std::memory_order_release);
        wake();
      });
  return reading;
}

std::vector<Archive::Read> Archive::take_read(const sale::Catalog& catalog,
                                              bool snapshot_under_way) {
  std::vector<Read> all;
  for (auto at = readings_.begin(); at != readings_.end();) {
    const std::shared_ptr<Reading> reading = at->second;
    if (!reading->done.load(std::memory_order_acquire)) {
      ++at;
      continue;
    }
    const sale::SaleState& sale = catalog[reading->image.sale];
    if (!reading->whole.ok() && !sale.deleted()) {
      StoredImage image = image_of(*index_, sale);
      if (image.file != reading->image.file) {
        at->second = begin(std::move(image));
        ++at;
        continue;
      }
      if (snapshot_under_way) {
        ++at;
        continue;
      }
    }
    all.push_back({sale.ordinal(), std::move(reading->whole), reading->image.place.bytes});
    at = readings_.erase(at);
  }
  return all;
}

void Archive::discard(std::unique_ptr<sale::SaleState> sale) {
  worker_.run(
      [sale = std::shared_ptr<sale::SaleState>(std::move(sale))]() mutable { sale.reset(); });
}

}  // namespace doorbuster::embedded
