// What a snapshot consists of: for each sale where its image stands, and where the journal goes on.
// A snapshot exists when its manifest has its name; the newest one counts.
//
// Thread: any; values. Invariants: images stand in the order of their sales.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "store/embedded/checked_file.h"
#include "store/embedded/journal_reader.h"

namespace doorbuster::embedded {

// The image of one sale, among those of others in a file. A deleted sale has none.
struct StoredImage {
  sale::SaleOrdinal sale;
  std::string slug;
  sale::Sequence sequence;  // of the last event in it
  std::uint64_t file = 0;   // 0: there is no image
  StreamPlace place;
  Time archives_at = kNever;  // sale::archives_at()
  std::string archived_head;  // sale::head_of() it, if it is archived; else empty
  bool archived() const { return !archived_head.empty(); }
};

struct Manifest {
  JournalStart journal;             // what is not in the images begins here
  std::uint64_t durable_group = 0;  // the journal was durable up to this one, and so goes that far
  std::uint64_t next_file = 1;      // the number that the next file of images gets
  std::map<std::uint64_t, std::uint64_t> files;  // bytes of each file that holds an image
  std::vector<StoredImage> images;
};

inline constexpr std::string_view kManifestSuffix = ".manifest";  // before it: the next group
inline constexpr std::string_view kImagesSuffix = ".images";      // before it: the file's number
inline constexpr std::string_view kTemporarySuffix = ".tmp";

std::string manifest_path(const std::string& directory, std::uint64_t next_group);
std::string images_path(const std::string& directory, std::uint64_t file);

// The newest manifest in `directory`; nothing when there is none, or no directory. data_damaged or
// unsupported (of a newer format), naming the file.
Result<std::optional<Manifest>> read_newest_manifest(FileSystem& files,
                                                     const std::string& directory,
                                                     const Incarnation& incarnation);

// Writes it whole and durably to `path`, a temporary name: renaming the file to its manifest_path()
// is what makes the snapshot.
Status write_manifest(FileSystem& files, const std::string& path, const Incarnation& incarnation,
                      const Manifest& manifest);

// "sale demo, up to sequence 17": what a damaged image would have held.
std::string words_for(const StoredImage& image);

}  // namespace doorbuster::embedded
