// What can be asked of a sale that may change it. Texts have been checked, and are held in place,
// so that a command crosses threads as plain bytes.
#pragma once

#include "sale/types.h"

namespace doorbuster::sale {

// Publishes a sale. The slug is not `goods` nor `goods-*`: those are the rounds'.
struct CreateSale {
  SharedDefinition definition;
};

// The recipe's publishing (R14): closes the round before and opens the next one, at once.
struct PublishRound {
  std::uint32_t stock = 0;
};

// Asks for `quantity` units of `sale` for `buyer`; an empty key means that none was given (R9).
struct ClaimUnits {
  Slug sale;
  BuyerId buyer;
  Quantity quantity = 1;
  Key key;
};

}  // namespace doorbuster::sale
