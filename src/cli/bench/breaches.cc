#include "cli/bench/breaches.h"

#include <algorithm>

#include "cli/grouped.h"

namespace doorbuster::bench {
namespace {

constexpr std::size_t kExamples = 3;

struct Words {
  std::string_view rule;
  std::string_view one;
  std::string_view many;
};

Words words_of(BreachKind kind) {
  switch (kind) {
    case BreachKind::not_conserved:
      return {"R1", "the sale's figures do not add up", "the sale's figures do not add up"};
    case BreachKind::oversold:
      return {"R1", "the sale is oversold", "the sale is oversold"};
    case BreachKind::undersold:
      return {"R8", "buyers were told \"sold out\" though units are left",
              "buyers were told \"sold out\" though units are left"};
    case BreachKind::over_limit:
      return {"R2", "buyer has more than the limit", "buyers have more than the limit"};
    case BreachKind::unit_twice:
      return {"R5", "unit belongs to two claims", "units belong to two claims"};
    case BreachKind::not_found:
      return {"R7", "acknowledged claim is not in the list of claims",
              "acknowledged claims are not in the list of claims"};
    case BreachKind::other_buyer:
      return {"R7", "acknowledged claim is listed as another buyer's",
              "acknowledged claims are listed as other buyers'"};
    case BreachKind::other_units:
      return {"R7", "acknowledged claim is listed with another unit",
              "acknowledged claims are listed with other units"};
    case BreachKind::end_not_found:
      return {"R7", "acknowledged confirmation or release is not in the list",
              "acknowledged confirmations or releases are not in the list"};
    case BreachKind::acknowledged_to_two:
      return {"R7", "claim was acknowledged to two buyers",
              "claims were acknowledged to two buyers"};
    case BreachKind::changed_answer:
      return {"R9", "buyer who asked again was told of another claim",
              "buyers who asked again were told of another claim"};
    case BreachKind::claim_of_the_refused:
      return {"R7", "buyer who was refused each time has a claim",
              "buyers who were refused each time have a claim"};
    case BreachKind::wrong_answer:
      return {"R7", "answer is no claim of the buyer who asked",
              "answers are no claims of the buyers who asked"};
    case BreachKind::listed_twice:
      return {"R7", "entry of the list is no claim or stands there twice",
              "entries of the list are no claims or stand there twice"};
  }
  return {};
}

bool is_about_the_whole(BreachKind kind) {
  return kind == BreachKind::not_conserved || kind == BreachKind::oversold ||
         kind == BreachKind::undersold;
}

}  // namespace

void Breaches::add(BreachKind kind, std::string_view example) {
  Found& found = found_[static_cast<std::size_t>(kind)];
  ++found.count;
  if (found.examples.size() < kExamples) found.examples.emplace_back(example);
}

bool Breaches::none() const {
  return std::all_of(found_.begin(), found_.end(),
                     [](const Found& found) { return found.count == 0; });
}

std::vector<std::string> Breaches::sentences() const {
  std::vector<std::string> sentences;
  for (std::size_t i = 0; i < found_.size(); ++i) {
    const Found& found = found_[i];
    if (found.count == 0) continue;
    const auto kind = static_cast<BreachKind>(i);
    const Words words = words_of(kind);
    std::string sentence(words.rule);
    sentence += ": ";
    if (!is_about_the_whole(kind)) sentence += cli::grouped(found.count) + " ";
    sentence += found.count == 1 ? words.one : words.many;
    const char* before = ": ";
    for (const std::string& example : found.examples) {
      sentence.append(before).append(example);
      before = "; ";
    }
    if (found.count > found.examples.size()) sentence += "; ...";
    sentences.push_back(std::move(sentence));
  }
  return sentences;
}

}  // namespace doorbuster::bench
