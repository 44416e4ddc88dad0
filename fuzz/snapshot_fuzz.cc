// Bytes that a disk might hold where a sale's image should be: they are refused, or they are a sale
// that can be looked at and written again.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "base/check.h"
#include "sale/invariants.h"
#include "sale/sale_image.h"

namespace {

using doorbuster::Error;
using doorbuster::ErrorCode;
using doorbuster::ok_status;
using doorbuster::Status;
namespace sale = doorbuster::sale;

constexpr doorbuster::HashKey kKey{1, 2};

class Bytes final : public sale::ImageSource, public sale::ImageSink {
 public:
  explicit Bytes(std::span<const std::byte> bytes) : all_(bytes.begin(), bytes.end()) {}

  Status read(std::span<std::byte> bytes) override {
    if (bytes.size() > all_.size() - at_) return Error{ErrorCode::data_damaged, "too short"};
    std::copy_n(all_.begin() + static_cast<std::ptrdiff_t>(at_), bytes.size(), bytes.begin());
    at_ += bytes.size();
    return ok_status();
  }
  Status write(std::span<const std::byte> bytes) override {
    all_.insert(all_.end(), bytes.begin(), bytes.end());
    return ok_status();
  }

 private:
  std::vector<std::byte> all_;
  std::size_t at_ = 0;
};

void look_at(const sale::SaleState& sale) {
  const std::uint32_t some = std::min<std::uint32_t>(sale.claims().size(), 100);
  for (std::uint32_t i = 0; i < some; ++i) {
    const auto buyer = sale.claims().buyer(sale.claims()[sale::ClaimOrdinal{i}]);
    for_each_claim(sale, buyer,
                   [](sale::ClaimOrdinal, const sale::Claim& claim) { return claim.quantity > 0; });
  }
  static_cast<void>(sale::check_state(sale));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Bytes bytes(std::as_bytes(std::span(data, size)));
  const auto read = sale::read_image(kKey, bytes);
  if (!read) return 0;
  look_at(**read);
  Bytes again({});
  CHECK(sale::write_image(**read, again).ok());
  CHECK(sale::read_image(kKey, again).ok());
  return 0;
}
