#include "api/key_file.h"

#include <algorithm>
#include <set>

#include "api/json.h"
#include "api/text.h"

namespace doorbuster::api {
namespace {

constexpr std::int64_t kFormat = 1;
constexpr std::size_t kMaxNameSize = 64;

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '_' || c == '-';
}

Error damaged(std::string what) { return {ErrorCode::data_damaged, std::move(what)}; }

// Reads one record; what is wrong with it is said by its member.
class RecordReader {
 public:
  RecordReader(const JsonDocument& json, const JsonNode& node) : json_(json), node_(node) {}

  // Nothing when `record` is whole.
  std::optional<std::string> read(KeyRecord& record) {
    if (node_.kind != JsonKind::object) return "is no object";
    json_.for_each_child(node_, [&](const JsonNode& member) { take(member, record); });
    if (!flaw_.empty()) return flaw_;
    if (record.name.empty()) return "has no name";
    if (record.prefix.empty()) return "has no prefix";
    if (!has_hash_) return "has no sha256";
    if (record.scopes.empty()) return "has no scopes";
    if (!has_created_) return "has no created_at";
    return std::nullopt;
  }

 private:
  void take(const JsonNode& member, KeyRecord& record) {
    const bool is_text = member.kind == JsonKind::string;
    if (member.name == "name") {
      if (!is_text || !is_key_name(member.text)) return wrong(member);
      record.name = member.text;
    } else if (member.name == "prefix") {
      if (!is_text || !is_key_prefix(member.text)) return wrong(member);
      record.prefix = member.text;
    } else if (member.name == "sha256") {
      const auto hash = is_text ? hash_from_hex(member.text) : std::nullopt;
      if (!hash) return wrong(member);
      record.hash = *hash;
      has_hash_ = true;
    } else if (member.name == "scopes") {
      take_scopes(member, record);
    } else if (member.name == "created_at") {
      has_created_ = take_time(member, record.created_at);
    } else if (member.name == "expires_at") {
      if (member.kind != JsonKind::null) take_time(member, record.expires_at);
    } else if (member.name == "revoked_at") {
      if (member.kind != JsonKind::null) take_time(member, record.revoked_at);
    } else {
      flaw_ = "has a member that is not known: '" + std::string(member.name) + "'";
    }
  }

  void take_scopes(const JsonNode& member, KeyRecord& record) {
    if (member.kind != JsonKind::array) return wrong(member);
    json_.for_each_child(member, [&](const JsonNode& each) {
      const auto scope = each.kind == JsonKind::string ? scope_named(each.text) : std::nullopt;
      if (!scope) return wrong(member);
      record.scopes.add(*scope);
    });
  }

  bool take_time(const JsonNode& member, Time& time) {
    const auto given =
        member.kind == JsonKind::string ? parse_rfc3339(member.text) : std::optional<Time>();
    if (!given) {
      wrong(member);
      return false;
    }
    time = *given;
    return true;
  }

  void wrong(const JsonNode& member) {
    flaw_ = "has a '" + std::string(member.name) + "' that is none";
  }

  const JsonDocument& json_;
  const JsonNode& node_;
  std::string flaw_;
  bool has_hash_ = false;
  bool has_created_ = false;
};

Result<std::vector<KeyRecord>> read_records(const JsonDocument& json, const JsonNode& keys) {
  std::vector<KeyRecord> records;
  std::set<KeyHash> hashes;
  std::optional<Error> error;
  json.for_each_child(keys, [&](const JsonNode& node) {
    if (error) return;
    KeyRecord record;
    auto flaw = RecordReader(json, node).read(record);
    if (!flaw && !hashes.insert(record.hash).second) flaw = "is there twice";
    const std::string place = "key " + std::to_string(records.size() + 1) + " ";
    if (flaw) error = damaged(place + *flaw);
    records.push_back(std::move(record));
    if (records.size() > kMaxKeys)
      error = damaged("more than " + std::to_string(kMaxKeys) + " keys");
  });
  if (error) return *error;
  return records;
}

}  // namespace

bool is_key_name(std::string_view text) {
  return !text.empty() && text.size() <= kMaxNameSize &&
         std::all_of(text.begin(), text.end(), is_name_character) && text.front() != '-' &&
         text.front() != '.' && !text.starts_with(kKeyStart);
}

Result<std::vector<KeyRecord>> parse_key_file(std::string_view text) {
  if (text.size() > kMaxKeyFileBytes) return damaged("larger than any file of keys");
  JsonDocument json;
  if (const auto fault = json.parse(text)) {
    return damaged(fault->kind == JsonFault::Kind::repeated_member
                       ? "names " + fault->pointer + " twice"
                       : "is not JSON, or only a part of it");
  }
  if (json.root().kind != JsonKind::object) return damaged("is no JSON object");
  const JsonNode* keys = nullptr;
  std::int64_t format = 0;
  std::string unknown;
  json.for_each_child(json.root(), [&](const JsonNode& member) {
    if (member.name == "format" && member.kind == JsonKind::integer) {
      format = member.integer;
    } else if (member.name == "keys" && member.kind == JsonKind::array) {
      keys = &member;
    } else {
      unknown = member.name;
    }
  });
  if (format > kFormat) {
    return Error{ErrorCode::unsupported, "has format " + std::to_string(format) +
                                             ", which a newer version wrote; this one knows " +
                                             std::to_string(kFormat)};
  }
  if (!unknown.empty()) return damaged("has a member '" + unknown + "' that is none");
  if (format != kFormat) return damaged("does not say \"format\":1");
  if (keys == nullptr) return damaged("has no list of keys");
  return read_records(json, *keys);
}

void append_key_record(std::string& out, const KeyRecord& record) {
  out += R"({"name":")" + record.name + R"(","prefix":")" + record.prefix;
  out += R"(","sha256":")" + to_hex(record.hash) + R"(","scopes":[)";
  const char* before = "\"";
  for (const std::string_view name : record.scopes.names()) {
    out.append(before).append(name).append("\"");
    before = ",\"";
  }
  out += R"(],"created_at":)";
  append_json_time(out, record.created_at);
  out += R"(,"expires_at":)";
  append_json_time(out, record.expires_at);
  out += R"(,"revoked_at":)";
  append_json_time(out, record.revoked_at);
  out += '}';
}

std::string render_key_file(const std::vector<KeyRecord>& records) {
  std::string out = R"({"format":1,"keys":[)";
  const char* before = "\n";
  for (const KeyRecord& record : records) {
    out += before;
    append_key_record(out, record);
    before = ",\n";
  }
  out += "\n]}\n";
  return out;
}

}  // namespace doorbuster::api
