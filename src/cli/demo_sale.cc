#include "cli/demo_sale.h"

#include <utility>

namespace doorbuster::cli {
namespace {

constexpr std::uint32_t kUnits = 1000;

}  // namespace

DemoSale::DemoSale(std::function<void(const Result<std::uint32_t>&)> done)
    : done_(std::move(done)) {}

void DemoSale::create(store::StorePort& port) {
  auto definition = std::make_shared<sale::SaleDefinition>();
  definition->slug = "demo";
  definition->title.emplace_back("", "Demo");
  definition->stock = kUnits;
  if (!port.submit(sale::CreateSale{std::move(definition)}, *this, 0)) {
    done_(Error{ErrorCode::overloaded, "the store takes nothing"});
  }
}

// A sale of that name with another definition serves the purpose just as well.
void DemoSale::on_reply(std::uint64_t, store::Reply&& reply) {
  if (const auto* created = std::get_if<store::CreateReply>(&reply)) {
    done_(created->sale.definition->stock);
  } else if (const auto* error = std::get_if<Error>(&reply)) {
    done_(*error);
  }
}

}  // namespace doorbuster::cli
