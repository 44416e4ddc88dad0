#include "api/answers.h"
#include "api/route.h"

namespace doorbuster::api {
namespace {

constexpr std::size_t kClaimBody = std::size_t{4} * 1024;
constexpr std::size_t kNoBody = 1024;  // what comes where none is asked for is read past

constexpr auto kGet = http::Method::get;
constexpr auto kPost = http::Method::post;
constexpr auto kPatch = http::Method::patch;
constexpr auto kDelete = http::Method::delete_;

// The path that is asked for most stands first.
constexpr Route kRoutes[] = {
    {kPost, "/v1/sales/{sale}/claims", Who::buyer_or_claims_write, kClaimBody, claim_units},
    {kGet, "/v1/sales/{sale}/status", Who::anyone, kNoBody, read_status},
    {kPost, "/goods", Who::buyer, kClaimBody, claim_goods},
    {kPost, "/v1/sales/{sale}/claims/{claim}/confirm", Who::claims_write, kClaimBody,
     confirm_claim},
    {kPost, "/v1/sales/{sale}/claims/{claim}/extend", Who::claims_write, kClaimBody, extend_claim},
    {kDelete, "/v1/sales/{sale}/claims/{claim}", Who::buyer_or_claims_write, kNoBody,
     release_claim},
    {kGet, "/v1/sales/{sale}/claims/me", Who::buyer, kNoBody, read_own_claims},
    {kGet, "/v1/sales/{sale}/claims/{claim}", Who::buyer_or_claims_read, kNoBody, read_claim},
    {kGet, "/v1/sales/{sale}/claims", Who::claims_read, kNoBody, list_claims},
    {kGet, "/v1/sales/{sale}/stats", Who::sales_read, kNoBody, read_stats},
    {kGet, "/v1/sales/{sale}", Who::sales_read, kNoBody, read_sale},
    {kGet, "/v1/sales", Who::sales_read, kNoBody, list_sales},
    {kPost, "/v1/sales", Who::sales_write, kMaxBody, create_sale},
    {kPatch, "/v1/sales/{sale}", Who::sales_write, kMaxBody, patch_sale},
    {kDelete, "/v1/sales/{sale}", Who::sales_write, kNoBody, delete_sale},
    {kPost, "/v1/sales/{sale}/pause", Who::sales_write, kNoBody, pause_sale},
    {kPost, "/v1/sales/{sale}/resume", Who::sales_write, kNoBody, resume_sale},
    {kPost, "/v1/sales/{sale}/close", Who::sales_write, kNoBody, close_sale},
    {kPost, "/v1/sales/{sale}/cancel", Who::sales_write, kNoBody, cancel_sale},
    {kGet, "/v1/events", Who::events_read, kNoBody, read_events},
    {kGet, "/v1/server", Who::any_key, kNoBody, describe_server},
    {kGet, "/problems/{code}", Who::anyone, kNoBody, describe_problem},
    {kGet, "/openapi.json", Who::anyone, kNoBody, describe_api},
    {kGet, "/", Who::anyone, kNoBody, lead_to_console},
    {kGet, "/console", Who::anyone, kNoBody, lead_to_console},
    {kGet, "/console/", Who::anyone, kNoBody, send_console_file},
    {kGet, "/console/session", Who::own_page, kNoBody, read_session},
    {kPost, "/console/session", Who::own_page, kNoBody, sign_in},
    {kDelete, "/console/session", Who::own_page, kNoBody, sign_out},
    {kGet, "/console/{file}", Who::anyone, kNoBody, send_console_file},
    {kGet, "/embed/v1.js", Who::anyone, kNoBody, send_element},
    {kGet, "/demo", Who::anyone, kNoBody, lead_to_demo},
    {kGet, "/demo/", Who::anyone, kNoBody, send_demo_file},
    {kGet, "/demo/{file}", Who::anyone, kNoBody, send_demo_file},
    {kPost, "/send/goods", Who::sales_write, kMaxBody, send_goods},
    {kGet, "/goods", Who::claims_read, kNoBody, list_goods},
};

}  // namespace

std::span<const Route> api_routes() { return kRoutes; }

}  // namespace doorbuster::api
