// `doorbuster sale ...`: the merchant's commands about a running server's sales.
//
// Thread: main.
#pragma once

#include "cli/arguments.h"
#include "cli/exit_code.h"

namespace doorbuster::cli {

ExitCode create_sale(const SaleCreateArguments& arguments);
ExitCode set_sale(const SaleSetArguments& arguments);
ExitCode list_sales(const SaleListArguments& arguments);
ExitCode show_sale(const SaleShowArguments& arguments);
// pause, resume, close, cancel, delete
ExitCode act_on_sale(const SaleActArguments& arguments);

}  // namespace doorbuster::cli
