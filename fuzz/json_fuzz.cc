// Any text through the reader of request bodies: refused, or a tree that can be walked to its end.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "api/json.h"
#include "base/check.h"

namespace {

using doorbuster::api::JsonDocument;
using doorbuster::api::JsonKind;
using doorbuster::api::JsonNode;

std::size_t walk(const JsonDocument& document, const JsonNode& node, std::size_t depth) {
  CHECK(depth <= JsonDocument::kMaxDepth + 1);
  std::size_t nodes = 1;
  if (node.kind == JsonKind::array || node.kind == JsonKind::object) {
    document.for_each_child(
        node, [&](const JsonNode& child) { nodes += walk(document, child, depth + 1); });
  }
  return nodes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static JsonDocument document;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (!document.parse(text)) CHECK(walk(document, document.root(), 0) == document.root().after);
  return 0;
}
