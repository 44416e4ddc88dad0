// JSON as it comes in: one whole text, checked strictly, as a flat tree of nodes. Refused are
// invalid UTF-8, a byte order mark, anything after the value, more than kMaxDepth levels, and
// (unlike most parsers) an object that names a member twice.
//
// Thread: one at a time. Owns: its nodes and a copy of every text in them.
// Invariants: nodes stand in the order of the text; `after` of a node is the index of the first
// node that is not inside it. A document is reused: parse() forgets what was there and keeps the
// memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace doorbuster::api {

enum class JsonKind : std::uint8_t {
  null,
  boolean,
  integer,       // written as digits alone, and within int64
  other_number,  // a fraction, an exponent, -0, or too large
  string,
  array,
  object,
};

struct JsonNode {
  JsonKind kind = JsonKind::null;
  bool truth = false;        // boolean
  std::int64_t integer = 0;  // integer
  std::string_view text;     // string: its characters; both kinds of number: as written
  std::string_view name;     // in an object: the member's name
  std::uint32_t after = 0;
};

struct JsonFault {
  enum class Kind { not_json, too_deep, repeated_member };
  Kind kind = Kind::not_json;
  std::string pointer;  // repeated_member: RFC 6901
};

class JsonDocument {
 public:
  static constexpr std::size_t kMaxDepth = 32;

  // Nothing when `text` is good; root() is then its value.
  std::optional<JsonFault> parse(std::string_view text);

  const JsonNode& root() const { return nodes_.front(); }

  // Calls `visit(const JsonNode&)` for the members of an object or the elements of an array, in
  // order.
  template <typename Visit>
  void for_each_child(const JsonNode& parent, Visit visit) const {
    const auto index = static_cast<std::size_t>(&parent - nodes_.data());
    for (std::size_t at = index + 1; at < parent.after; at = nodes_[at].after) visit(nodes_[at]);
  }

  // The value written again without white space; numbers as they were.
  void append(std::string& out, const JsonNode& node) const;

 private:
  friend class JsonTreeBuilder;  // json.cc

  std::vector<JsonNode> nodes_;
  std::string texts_;  // never grows during a parse, so that views into it stay good
};

// Appends "/name" to a JSON pointer, escaped as RFC 6901 says.
void append_pointer(std::string& pointer, std::string_view name);

}  // namespace doorbuster::api
