#include "api/sale_members.h"

#include <algorithm>
#include <array>
#include <span>

#include "api/body_internal.h"
#include "api/text.h"

namespace doorbuster::api {
namespace {

constexpr std::size_t kMaxTitleCharacters = 200;
constexpr std::size_t kMaxLanguages = 20;
constexpr std::size_t kMaxLanguageTag = 35;  // RFC 5646, section 4.4.1

// The id stands first: it is no member of a patch.
constexpr std::array<std::string_view, 12> kMembers = {"id",
                                                       "title",
                                                       "stock",
                                                       "per_buyer_limit",
                                                       "hold_seconds",
                                                       "opens_at",
                                                       "closes_at",
                                                       "late_payment",
                                                       "claim_attempts",
                                                       "max_extension_seconds",
                                                       "archive_after_seconds",
                                                       "metadata"};
// What a sale shows besides, and nobody sets.
constexpr std::array<std::string_view, 5> kOfTheServer = {"id", "status", "cancelled", "version",
                                                          "created_at"};

bool is_language_tag(std::string_view tag) {
  if (tag.empty() || tag.size() > kMaxLanguageTag) return false;
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  return is_letter(tag.front()) && std::all_of(tag.begin(), tag.end(), [&](char c) {
           return is_letter(c) || (c >= '0' && c <= '9') || c == '-';
         });
}

bool is_reserved(std::string_view slug) {
  return slug == sale::kRoundsSlug || slug.starts_with("goods-");
}

// Reads one member after the other, noting what is wrong with each.
class SaleReader {
 public:
  SaleReader(const JsonDocument& json, SaleBody body, SaleMembers& members)
      : json_(json), patches_(body == SaleBody::merge_patch), members_(members) {}

  void read(const JsonNode& member) {
    sale::SaleChanges& changes = members_.changes;
    const std::string_view name = member.name;
    if (name == "id" && !patches_) return read_id(member);
    if (name == "title") return read_title(member);
    if (name == "stock") return read_number(member, 1, sale::kMaxStock, changes.stock);
    if (name == "per_buyer_limit") {
      return read_number(member, 1, sale::kMaxQuantity, changes.per_buyer_limit);
    }
    if (name == "hold_seconds") {
      return read_number(member, 0, sale::kMaxHoldSeconds, changes.hold_seconds);
    }
    if (name == "opens_at") return read_time(member, changes.opens_at);
    if (name == "closes_at") return read_time(member, changes.closes_at);
    if (name == "late_payment") return read_late_payment(member);
    if (name == "claim_attempts") {
      return read_number(member, 1, sale::kMaxClaimAttempts, changes.claim_attempts);
    }
    if (name == "max_extension_seconds") {
      return read_number(member, 0, sale::kMaxHoldSeconds, changes.max_extension_seconds);
    }
    if (name == "archive_after_seconds") {
      return read_number(member, 0, sale::kMaxArchiveAfterSeconds, changes.archive_after_seconds);
    }
    if (name == "metadata") return read_metadata(member);
    read_unknown(name);
  }

  Flaws& flaws() { return flaws_; }

 private:
  void add(Flaw flaw) {
    if (flaws_.size() < kMaxFlaws) flaws_.push_back(std::move(flaw));
  }
  void add_if(std::optional<Flaw> flaw) {
    if (flaw) add(std::move(*flaw));
  }

  void read_unknown(std::string_view name) {
    const bool fixed =
        std::find(kOfTheServer.begin(), kOfTheServer.end(), name) != kOfTheServer.end();
    if (patches_ && fixed) return add(member_flaw(FlawKind::not_changeable, name));
    std::string pointer;
    append_pointer(pointer, name);
    const auto known = std::span(kMembers).subspan(patches_ ? 1 : 0);
    add(unknown_member(FlawPlace::pointer, std::move(pointer), name, known));
  }

  void read_id(const JsonNode& member) {
    members_.slug.emplace();
    if (member.kind != JsonKind::string) {
      add(member_flaw(FlawKind::not_a_string, member.name));
    } else if (!is_slug(member.text)) {
      add(member_flaw(FlawKind::not_a_slug, member.name));
    } else if (is_reserved(member.text)) {
      add(member_flaw(FlawKind::reserved_slug, member.name));
    } else {
      members_.slug = member.text;
    }
  }

  void read_title(const JsonNode& member) {
    TitlePatch title;
    if (member.kind == JsonKind::string) {
      read_title_text("/title", "", member, title);
    } else if (member.kind == JsonKind::object) {
      read_languages(member, title);
    } else {
      return add(member_flaw(FlawKind::not_a_title, member.name));
    }
    if (patches_ && member.kind == JsonKind::object) {
      members_.title = std::move(title);
      return;
    }
    // The order of the languages says nothing: the same title again is the same definition.
    std::sort(title.begin(), title.end());
    auto& whole = members_.changes.title.emplace();
    for (auto& [language, text] : title) whole.emplace_back(language, std::move(*text));
  }

  void read_languages(const JsonNode& member, TitlePatch& title) {
    std::size_t languages = 0;
    json_.for_each_child(member, [&](const JsonNode& each) {
      if (++languages > kMaxLanguages) return;
      std::string pointer = "/title";
      append_pointer(pointer, each.name);
      if (!is_language_tag(each.name)) {
        add({FlawKind::not_a_language, FlawPlace::pointer, std::move(pointer), {}, {}});
      } else if (patches_ && each.kind == JsonKind::null) {
        title.emplace_back(each.name, std::nullopt);
      } else if (each.kind != JsonKind::string) {
        add({FlawKind::not_a_string, FlawPlace::pointer, std::move(pointer), {}, {}});
      } else {
        read_title_text(std::move(pointer), each.name, each, title);
      }
    });
    // A patch that names none changes none.
    if (!patches_ || languages > kMaxLanguages) add_if(flaw_of_languages(languages));
  }

  void read_title_text(std::string pointer, std::string_view language, const JsonNode& node,
                       TitlePatch& title) {
    const std::size_t characters = count_characters(node.text).value_or(0);
    if (characters == 0 || characters > kMaxTitleCharacters) {
      add({FlawKind::wrong_character_count,
           FlawPlace::pointer,
           std::move(pointer),
           std::to_string(kMaxTitleCharacters),
           {}});
    } else if (!is_printable(node.text)) {
      add({FlawKind::not_printable, FlawPlace::pointer, std::move(pointer), {}, {}});
    } else {
      title.emplace_back(language, node.text);
    }
  }

  // A whole number from `least` to `most`.
  template <typename Number>
  void read_number(const JsonNode& member, std::uint32_t least, std::uint32_t most,
                   std::optional<Number>& number) {
    if (member.kind == JsonKind::integer && member.integer >= least && member.integer <= most) {
      number = static_cast<Number>(member.integer);
    } else {
      number = static_cast<Number>(least);  // given all the same, though not well
      add(member_flaw(FlawKind::not_a_number, member.name, std::to_string(least),
                      std::to_string(most)));
    }
  }

  void read_late_payment(const JsonNode& member) {
    const bool is_string = member.kind == JsonKind::string;
    if (is_string && member.text == "reject") {
      members_.changes.late_payment = sale::LatePayment::reject;
    } else if (is_string && member.text == "reacquire") {
      members_.changes.late_payment = sale::LatePayment::reacquire;
    } else {
      add(member_flaw(FlawKind::not_one_of, member.name, "reject", "reacquire"));
    }
  }

  void read_time(const JsonNode& member, std::optional<std::optional<Time>>& time) {
    time.emplace();
    if (member.kind == JsonKind::null) return;
    if (member.kind == JsonKind::string) *time = parse_rfc3339(member.text);
    if (!*time) add(member_flaw(FlawKind::not_a_time, member.name));
  }

  void read_metadata(const JsonNode& member) {
    if (patches_ && member.kind == JsonKind::null) {
      members_.changes.metadata = "{}";
      return;
    }
    if (member.kind != JsonKind::object) {
      return add(member_flaw(FlawKind::not_an_object, member.name));
    }
    std::string& metadata =
        patches_ ? members_.metadata.emplace() : members_.changes.metadata.emplace();
    json_.append(metadata, member);
    add_if(flaw_of_metadata(metadata));
  }

  const JsonDocument& json_;
  const bool patches_;
  SaleMembers& members_;
  Flaws flaws_;
};

}  // namespace

Flaws read_sale_members(const JsonDocument& json, SaleBody body, SaleMembers& members) {
  SaleReader reader(json, body, members);
  json.for_each_child(json.root(), [&](const JsonNode& member) { reader.read(member); });
  return std::move(reader.flaws());
}

std::optional<Flaw> flaw_of_languages(std::size_t languages) {
  if (languages == 0) return member_flaw(FlawKind::no_languages, "title");
  if (languages <= kMaxLanguages) return std::nullopt;
  return member_flaw(FlawKind::too_many_languages, "title", std::to_string(kMaxLanguages));
}

std::optional<Flaw> flaw_of_metadata(std::string_view metadata) {
  if (metadata.size() <= sale::kMaxMetadataBytes) return std::nullopt;
  return member_flaw(FlawKind::metadata_too_large, "metadata",
                     std::to_string(sale::kMaxMetadataBytes));
}

}  // namespace doorbuster::api
