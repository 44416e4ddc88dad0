// One sale as it stands, to bytes and back: what a snapshot holds of it (docs/formats.md has the
// grammar). Tables are written as they lie in memory, so that ten million claims are read back in
// the time it takes to copy them, and nothing is inserted one by one.
//
// Thread: whoever holds the sale. Owns: nothing.
// Invariants: a sale that is read back behaves in everything as the one that was written.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "base/result.h"
#include "sale/catalog.h"

namespace doorbuster::sale {

// Takes the bytes of an image in their order.
class ImageSink {
 public:
  virtual ~ImageSink() = default;
  virtual Status write(std::span<const std::byte> bytes) = 0;
};

// Gives them again.
class ImageSource {
 public:
  virtual ~ImageSource() = default;
  // Fills all of `bytes`; an error when there are not so many.
  virtual Status read(std::span<std::byte> bytes) = 0;
};

// Gives the sink's error, if it has one.
Status write_image(const SaleState& sale, ImageSink& sink);

// The sale that was written. data_damaged when the bytes are no image of a sale whose numbers add
// up; else the source's error. `buyer_hash_key` is the one that the sale was made with.
Result<std::unique_ptr<SaleState>> read_image(const HashKey& buyer_hash_key, ImageSource& source);

// What is left in memory of a sale that is archived: all that can be said without its claims. The
// bytes are those at the front of its image. data_damaged when they are not, or when the sale is
// not closed or still holds something.
std::string head_of(const SaleState& sale);
Result<std::unique_ptr<SaleState>> read_archived(const HashKey& buyer_hash_key,
                                                 std::span<const std::byte> head);

// Puts `sale` in the place of the same sale at the same sequence, archived in place of whole or
// whole in place of archived, and gives the other back.
std::unique_ptr<SaleState> replace_sale(Catalog& catalog, std::unique_ptr<SaleState> sale);

// Puts `sale` in its place in the catalog. Places below it that are still empty are filled later,
// or never looked at. data_damaged when its place or its slug is taken.
Status put_sale(Catalog& catalog, std::unique_ptr<SaleState> sale);

// Makes room for a sale that its creation will put at this place, in a catalog that leaves places
// empty.
void leave_places_below(Catalog& catalog, SaleOrdinal sale);

}  // namespace doorbuster::sale
