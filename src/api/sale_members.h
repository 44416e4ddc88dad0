// A sale's members as a body gives them: the whole definition of a new sale, or a merge patch
// (RFC 7396) for one that there is.
//
// Thread: any. Owns: its texts.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "api/flaw.h"
#include "api/json.h"
#include "sale/command.h"

namespace doorbuster::api {

enum class SaleBody { definition, merge_patch };

// What a merge patch does to a title by language: nothing takes a language away.
using TitlePatch = std::vector<std::pair<std::string, std::optional<std::string>>>;

struct SaleMembers {
  std::optional<std::string> slug;      // of a definition
  sale::SaleChanges changes;            // what replaces a member as a whole
  std::optional<TitlePatch> title;      // of a merge patch: what goes into the title there is
  std::optional<std::string> metadata;  // the same, as JSON
};

// Reads the members of the root, an object. In a definition null stands for no time; in a merge
// patch it takes away opens_at, closes_at, metadata or a language, and nothing else may be null.
Flaws read_sale_members(const JsonDocument& json, SaleBody body, SaleMembers& members);

// The flaw of a title that has no language, or too many.
std::optional<Flaw> flaw_of_languages(std::size_t languages);
// The flaw of metadata that is too large.
std::optional<Flaw> flaw_of_metadata(std::string_view metadata);

}  // namespace doorbuster::api
