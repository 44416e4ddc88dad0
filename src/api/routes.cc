#include "api/answers.h"
#include "api/route.h"

namespace doorbuster::api {
namespace {

constexpr std::size_t kClaimBody = std::size_t{4} * 1024;
constexpr std::size_t kNoBody = 1024;  // what a GET brings is read past

constexpr auto kGet = http::Method::get;
constexpr auto kPost = http::Method::post;

// The path that is asked for most stands first; claims/me stands before claims/{claim}.
constexpr Route kRoutes[] = {
    {kPost, "/v1/sales/{sale}/claims", Who::buyer_or_merchant, kClaimBody, claim_units},
    {kGet, "/v1/sales/{sale}/status", Who::anyone, kNoBody, read_status},
    {kPost, "/goods", Who::buyer, kClaimBody, claim_goods},
    {kGet, "/v1/sales/{sale}/claims/me", Who::buyer, kNoBody, read_own_claims},
    {kGet, "/v1/sales/{sale}/claims/{claim}", Who::claims_read, kNoBody, read_claim},
    {kGet, "/v1/sales/{sale}/claims", Who::claims_read, kNoBody, list_claims},
    {kGet, "/v1/sales/{sale}/stats", Who::sales_read, kNoBody, read_stats},
    {kGet, "/v1/sales/{sale}", Who::sales_read, kNoBody, read_sale},
    {kGet, "/v1/sales", Who::sales_read, kNoBody, list_sales},
    {kPost, "/v1/sales", Who::sales_write, kMaxBody, create_sale},
    {kGet, "/v1/server", Who::any_key, kNoBody, describe_server},
    {kGet, "/problems/{code}", Who::anyone, kNoBody, describe_problem},
    {kPost, "/send/goods", Who::sales_write, kMaxBody, send_goods},
    {kGet, "/goods", Who::claims_read, kNoBody, list_goods},
};

}  // namespace

std::span<const Route> api_routes() { return kRoutes; }

}  // namespace doorbuster::api
