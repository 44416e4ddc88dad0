#include "api/json.h"

#include <algorithm>
#include <boost/json/basic_parser_impl.hpp>

#include "api/text.h"
#include "base/check.h"

namespace doorbuster::api {

// What the parser tells us, made into nodes.
class JsonTreeBuilder {
 public:
  using Code = boost::json::error_code;
  using Text = boost::json::string_view;

  // The parser asks for its limits by these names; the body limits are far below them.
  static constexpr std::size_t max_object_size = static_cast<std::size_t>(-1);  // NOLINT
  static constexpr std::size_t max_array_size = static_cast<std::size_t>(-1);   // NOLINT
  static constexpr std::size_t max_key_size = static_cast<std::size_t>(-1);     // NOLINT
  static constexpr std::size_t max_string_size = static_cast<std::size_t>(-1);  // NOLINT

  JsonTreeBuilder(JsonDocument& document, std::size_t text_bytes) : document_(document) {
    document_.nodes_.clear();
    document_.texts_.clear();
    // Decoding never makes a text longer.
    document_.texts_.reserve(text_bytes);
  }

  bool on_document_begin(Code&) { return true; }
  bool on_document_end(Code&) { return true; }
  bool on_array_begin(Code&) { return begin(JsonKind::array); }
  bool on_array_end(std::size_t, Code&) { return end(); }
  bool on_object_begin(Code&) { return begin(JsonKind::object); }
  bool on_object_end(std::size_t, Code&) {
    look_for_repeated_member();
    return end();
  }
  bool on_key_part(Text part, std::size_t, Code&) { return keep(part); }
  bool on_key(Text part, std::size_t, Code&) {
    name_ = take(part);
    return true;
  }
  bool on_string_part(Text part, std::size_t, Code&) { return keep(part); }
  bool on_string(Text part, std::size_t, Code&) {
    const std::string_view text = take(part);
    add(JsonKind::string).text = text;
    return true;
  }
  bool on_number_part(Text part, Code&) { return keep(part); }
  bool on_int64(std::int64_t number, Text part, Code&) {
    const std::string_view text = take(part);
    JsonNode& node = add(text == "-0" ? JsonKind::other_number : JsonKind::integer);
    node.text = text;
    node.integer = number;
    return true;
  }
  bool on_uint64(std::uint64_t, Text part, Code&) { return other_number(part); }
  bool on_double(double, Text part, Code&) { return other_number(part); }
  bool on_bool(bool truth, Code&) {
    add(JsonKind::boolean).truth = truth;
    return true;
  }
  bool on_null(Code&) {
    add(JsonKind::null);
    return true;
  }
  bool on_comment_part(Text, Code&) { return true; }
  bool on_comment(Text, Code&) { return true; }

  // The first member that its object has twice.
  std::optional<std::string> repeated;

 private:
  bool keep(Text part) {
    CHECK(document_.texts_.size() + part.size() <= document_.texts_.capacity());
    document_.texts_.append(part.data(), part.size());
    return true;
  }
  std::string_view take(Text part) {
    keep(part);
    const std::string_view text = std::string_view(document_.texts_).substr(taken_);
    taken_ = document_.texts_.size();
    return text;
  }
  JsonNode& add(JsonKind kind) {
    JsonNode& node = document_.nodes_.emplace_back();
    node.kind = kind;
    node.name = name_;
    node.after = static_cast<std::uint32_t>(document_.nodes_.size());
    name_ = {};
    return node;
  }
  bool other_number(Text part) {
    const std::string_view text = take(part);
    add(JsonKind::other_number).text = text;
    return true;
  }
  bool begin(JsonKind kind) {
    add(kind);
    open_[depth_++] = static_cast<std::uint32_t>(document_.nodes_.size() - 1);
    return true;
  }
  bool end() {
    document_.nodes_[open_[--depth_]].after = static_cast<std::uint32_t>(document_.nodes_.size());
    return true;
  }

  void look_for_repeated_member() {
    if (repeated) return;
    const std::vector<JsonNode>& nodes = document_.nodes_;
    members_.clear();
    for (std::size_t at = open_[depth_ - 1] + 1U; at < nodes.size(); at = nodes[at].after) {
      members_.push_back(nodes[at].name);
    }
    if (members_.size() < 2) return;
    std::sort(members_.begin(), members_.end());
    const auto twice = std::adjacent_find(members_.begin(), members_.end());
    if (twice == members_.end()) return;
    repeated.emplace();
    for (std::size_t level = 0; level < depth_; ++level) append_step(level);
    append_pointer(*repeated, *twice);
  }

  // How the value that is open at `level` is reached from the one around it.
  void append_step(std::size_t level) {
    if (level == 0) return;
    const std::vector<JsonNode>& nodes = document_.nodes_;
    const std::uint32_t parent = open_[level - 1];
    if (nodes[parent].kind == JsonKind::object) {
      append_pointer(*repeated, nodes[open_[level]].name);
      return;
    }
    std::size_t index = 0;
    for (std::size_t at = parent + 1U; at < open_[level]; at = nodes[at].after) ++index;
    append_pointer(*repeated, std::to_string(index));
  }

  JsonDocument& document_;
  std::size_t taken_ = 0;  // how much of the document's texts has become names and values
  std::string_view name_;  // of the next node
  std::uint32_t open_[JsonDocument::kMaxDepth + 1] = {};  // the arrays and objects around it
  std::size_t depth_ = 0;
  std::vector<std::string_view> members_;
};

std::optional<JsonFault> JsonDocument::parse(std::string_view text) {
  boost::json::parse_options options;
  options.max_depth = kMaxDepth;
  boost::json::basic_parser<JsonTreeBuilder> parser(options, *this, text.size());
  boost::json::error_code error;
  const std::size_t used = parser.write_some(false, text.data(), text.size(), error);
  if (error == boost::json::error::too_deep) return JsonFault{JsonFault::Kind::too_deep, {}};
  if (error || used < text.size()) return JsonFault{JsonFault::Kind::not_json, {}};
  if (auto& repeated = parser.handler().repeated) {
    return JsonFault{JsonFault::Kind::repeated_member, std::move(*repeated)};
  }
  CHECK(!nodes_.empty());
  return std::nullopt;
}

// Recursion goes no deeper than kMaxDepth.
void JsonDocument::append(std::string& out,
                          const JsonNode& node) const {  // NOLINT(misc-no-recursion)
  switch (node.kind) {
    case JsonKind::null:
      out += "null";
      return;
    case JsonKind::boolean:
      out += node.truth ? "true" : "false";
      return;
    case JsonKind::integer:
    case JsonKind::other_number:
      out += node.text;
      return;
    case JsonKind::string:
      append_json_string(out, node.text);
      return;
    case JsonKind::array:
    case JsonKind::object:
      break;
  }
  const bool is_object = node.kind == JsonKind::object;
  out += is_object ? '{' : '[';
  const std::size_t start = out.size();
  for_each_child(node, [&](const JsonNode& child) {  // NOLINT(misc-no-recursion)
    if (out.size() > start) out += ',';
    if (is_object) {
      append_json_string(out, child.name);
      out += ':';
    }
    append(out, child);
  });
  out += is_object ? '}' : ']';
}

void append_pointer(std::string& pointer, std::string_view name) {
  pointer += '/';
  for (const char c : name) {
    if (c == '~') {
      pointer += "~0";
    } else if (c == '/') {
      pointer += "~1";
    } else {
      pointer += c;
    }
  }
}

}  // namespace doorbuster::api
