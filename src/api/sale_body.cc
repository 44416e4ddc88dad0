#include <algorithm>
#include <array>

#include "api/body_internal.h"
#include "api/text.h"

namespace doorbuster::api {
namespace {

constexpr std::size_t kMaxTitleCharacters = 200;
constexpr std::size_t kMaxLanguages = 20;
constexpr std::size_t kMaxLanguageTag = 35;  // RFC 5646, section 4.4.1

constexpr std::array<std::string_view, 9> kMembers = {
    "id",       "title",     "stock",        "per_buyer_limit", "hold_seconds",
    "opens_at", "closes_at", "late_payment", "metadata"};

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

// Reads one member after the other into a definition, noting what is wrong with each.
class SaleReader {
 public:
  SaleReader(const JsonDocument& json, sale::SaleDefinition& sale) : json_(json), sale_(sale) {}

  void read(const JsonNode& member) {
    if (member.name == "id") return read_id(member);
    if (member.name == "title") return read_title(member);
    if (member.name == "stock") return read_stock(member);
    if (member.name == "per_buyer_limit") return read_limit(member);
    if (member.name == "hold_seconds") return read_hold_seconds(member);
    if (member.name == "opens_at") return read_time(member, sale_.opens_at);
    if (member.name == "closes_at") return read_time(member, sale_.closes_at);
    if (member.name == "late_payment") return read_late_payment(member);
    if (member.name == "metadata") return read_metadata(member);
    std::string pointer;
    append_pointer(pointer, member.name);
    add(unknown_member(FlawPlace::pointer, std::move(pointer), member.name, kMembers));
  }

  void finish() {
    if (!id_given_) add(member_flaw(FlawKind::missing, "id"));
    if (!stock_given_) add(member_flaw(FlawKind::missing, "stock"));
    if (sale_.title.empty()) sale_.title.emplace_back("", sale_.slug);
    if (sale_.closes_at && sale_.opens_at && *sale_.closes_at <= *sale_.opens_at) {
      add(member_flaw(FlawKind::closes_before_opening, "closes_at"));
    }
  }

  Flaws& flaws() { return flaws_; }

 private:
  void add(Flaw flaw) {
    if (flaws_.size() < kMaxFlaws) flaws_.push_back(std::move(flaw));
  }

  void read_id(const JsonNode& member) {
    id_given_ = true;
    if (member.kind != JsonKind::string) {
      add(member_flaw(FlawKind::not_a_string, member.name));
    } else if (!is_slug(member.text)) {
      add(member_flaw(FlawKind::not_a_slug, member.name));
    } else if (is_reserved(member.text)) {
      add(member_flaw(FlawKind::reserved_slug, member.name));
    } else {
      sale_.slug = member.text;
    }
  }

  void read_title(const JsonNode& member) {
    if (member.kind == JsonKind::string) return read_title_text("/title", "", member);
    if (member.kind != JsonKind::object) {
      return add(member_flaw(FlawKind::not_a_title, member.name));
    }
    std::size_t languages = 0;
    json_.for_each_child(member, [&](const JsonNode& each) {
      if (++languages > kMaxLanguages) return;
      std::string pointer = "/title";
      append_pointer(pointer, each.name);
      if (!is_language_tag(each.name)) {
        add({FlawKind::not_a_language, FlawPlace::pointer, std::move(pointer), {}, {}});
      } else if (each.kind != JsonKind::string) {
        add({FlawKind::not_a_string, FlawPlace::pointer, std::move(pointer), {}, {}});
      } else {
        read_title_text(pointer, each.name, each);
      }
    });
    if (languages == 0) add(member_flaw(FlawKind::no_languages, member.name));
    if (languages > kMaxLanguages) {
      add(member_flaw(FlawKind::too_many_languages, member.name, std::to_string(kMaxLanguages)));
    }
    // The order of the languages says nothing: the same title again is the same definition.
    std::sort(sale_.title.begin(), sale_.title.end());
  }

  void read_title_text(std::string pointer, std::string_view language, const JsonNode& node) {
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
      sale_.title.emplace_back(language, node.text);
    }
  }

  // A whole number from 1 to `most`; nothing, and a flaw, for anything else.
  std::optional<std::uint32_t> read_number(const JsonNode& member, std::uint32_t most) {
    if (member.kind == JsonKind::integer && member.integer >= 1 && member.integer <= most) {
      return static_cast<std::uint32_t>(member.integer);
    }
    add(member_flaw(FlawKind::not_a_number, member.name, "1", std::to_string(most)));
    return std::nullopt;
  }

  void read_stock(const JsonNode& member) {
    stock_given_ = true;
    sale_.stock = read_number(member, sale::kMaxStock).value_or(0);
  }

  void read_limit(const JsonNode& member) {
    const auto limit = read_number(member, sale::kMaxQuantity);
    sale_.per_buyer_limit = static_cast<sale::Quantity>(limit.value_or(1));
  }

  void read_hold_seconds(const JsonNode& member) {
    if (member.kind != JsonKind::integer || member.integer != 0) {
      add(member_flaw(FlawKind::holds_not_available, member.name));
    }
  }

  void read_late_payment(const JsonNode& member) {
    if (member.kind != JsonKind::string || member.text != "reject") {
      add(member_flaw(FlawKind::late_payment_not_available, member.name));
    }
  }

  void read_time(const JsonNode& member, std::optional<Time>& time) {
    if (member.kind == JsonKind::null) return;
    if (member.kind == JsonKind::string) time = parse_rfc3339(member.text);
    if (!time) add(member_flaw(FlawKind::not_a_time, member.name));
  }

  void read_metadata(const JsonNode& member) {
    if (member.kind != JsonKind::object) {
      return add(member_flaw(FlawKind::not_an_object, member.name));
    }
    sale_.metadata.clear();
    json_.append(sale_.metadata, member);
    if (sale_.metadata.size() > sale::kMaxMetadataBytes) {
      add(member_flaw(FlawKind::metadata_too_large, member.name,
                      std::to_string(sale::kMaxMetadataBytes)));
    }
  }

  const JsonDocument& json_;
  sale::SaleDefinition& sale_;
  Flaws flaws_;
  bool id_given_ = false;
  bool stock_given_ = false;
};

}  // namespace

std::optional<Unreadable> parse_sale(const Call& call, sale::SaleDefinition& sale,
                                     bool& closes_in_the_past) {
  Desk& desk = call.answer.desk();
  const MediaType type = media_type_of(call.fields.content_type);
  if (type != MediaType::json) {
    return Unreadable{ProblemCode::unsupported_media_type, Remark::needs_json, {}};
  }
  if (auto why = read_json_object(desk.json, call.request.body)) return why;
  SaleReader reader(desk.json, sale);
  desk.json.for_each_child(desk.json.root(), [&](const JsonNode& member) { reader.read(member); });
  reader.finish();
  if (!reader.flaws().empty()) {
    return Unreadable{ProblemCode::invalid, Remark::none, std::move(reader.flaws())};
  }
  closes_in_the_past = sale.closes_at && *sale.closes_at <= desk.clock.wall();
  return std::nullopt;
}

}  // namespace doorbuster::api
