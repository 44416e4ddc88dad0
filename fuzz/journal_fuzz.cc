// Bytes that a disk might hold where the journal should be: every reader either refuses them or
// reads something that has exactly these bytes again.
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/check.h"
#include "sale/apply.h"
#include "sale/event_codec.h"
#include "store/embedded/journal_format.h"

namespace {

using doorbuster::embedded::kBlockBytes;
using doorbuster::embedded::kGroupHeaderBytes;

// Folds a payload as recovery does: what can_apply() lets through must be applied without harm.
void fold(std::span<const std::byte> payload) {
  doorbuster::sale::Catalog catalog({1, 2});
  while (const auto record = doorbuster::embedded::take_record(payload)) {
    const auto event = doorbuster::sale::decode(record->sale, record->event_bytes);
    if (!event) return;
    std::string again;
    doorbuster::sale::encode(*event, again);
    CHECK(again.size() == record->event_bytes.size());
    CHECK(std::equal(again.begin(), again.end(),
                     reinterpret_cast<const char*>(record->event_bytes.data())));
    if (!doorbuster::sale::can_apply(catalog, *event).ok()) return;
    doorbuster::sale::apply(catalog, *event);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  fold(bytes);
  if (const auto header = doorbuster::embedded::decode_group(bytes)) {
    CHECK(header->payload_bytes <= size - kGroupHeaderBytes);
  }
  std::vector<std::byte> block(bytes.begin(), bytes.end());
  block.resize(kBlockBytes);
  static_cast<void>(doorbuster::embedded::decode_segment_header(block));
  return 0;
}
