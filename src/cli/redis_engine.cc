#include "cli/redis_engine.h"

#include <algorithm>
#include <string_view>

#include "cli/random_bytes.h"
#include "store/redis/redis_store.h"

namespace doorbuster::cli {
namespace {

using redis::DurabilityLevel;

constexpr std::string_view kNoPassword = "x";  // to read the rest of an address without one

Result<redis::Address> read_node(const std::string& text) {
  const Error no_node{ErrorCode::invalid_argument, "'" + text + "' is no host:port"};
  if (text.find_first_of("@/") != std::string::npos) return no_node;
  auto address = redis::parse_address("redis://" + text);
  return address ? std::move(address) : no_node;
}

}  // namespace

std::string redis_node_flaw(const std::string& text) {
  const auto node = read_node(text);
  return node ? std::string() : node.error().message;
}

std::string redis_url_flaw(const std::string& text) {
  const auto apart = redis::parse_address(text, kNoPassword);
  if (apart) return {};
  const auto whole = redis::parse_address(text);
  if (!whole) return whole.error().message;
  return "a password in an address can be read by others: give it as redis.password";
}

std::optional<DurabilityLevel> redis_level(const std::string& text) {
  for (const DurabilityLevel level :
       {DurabilityLevel::unverified, DurabilityLevel::none, DurabilityLevel::d0,
        DurabilityLevel::d1, DurabilityLevel::d2, DurabilityLevel::d3}) {
    if (text == name_of(level)) return level;
  }
  return std::nullopt;
}

Result<std::unique_ptr<store::ClaimStore>> open_redis_engine(const ServeArguments& arguments,
                                                             redis::GatewayProbe& probe) {
  const std::string& password = arguments.redis_password.value;
  auto address = redis::parse_address(
      arguments.redis_url,
      password.empty() ? std::nullopt : std::optional<std::string_view>(password));
  if (!address) return Error{address.error().code, "redis.url: " + address.error().message};
  redis::RedisStoreOptions options;
  options.client.connection.address = std::move(*address);
  options.client.connection.tls.ca_file = arguments.redis_ca_file;
  options.client.connection.tls.certificate_file = arguments.redis_certificate_file;
  options.client.connection.tls.key_file = arguments.redis_key_file;
  options.client.routing.deployment =
      arguments.redis_cluster ? redis::Deployment::cluster : redis::Deployment::server;
  for (const std::string& text : arguments.redis_nodes) {
    options.client.routing.seeds.push_back(read_node(text)->node);
  }
  options.durability = *redis_level(arguments.redis_durability);
  options.kept.events = arguments.redis_kept_events;
  options.probe = &probe;
  options.random = fill_random;
  return open_redis_store(std::move(options));
}

}  // namespace doorbuster::cli
