#include "store/redis/server_error.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "store/redis/key_slot.h"

namespace doorbuster::redis {
namespace {

constexpr std::pair<std::string_view, ServerErrorKind> kErrorWords[] = {
    {"MOVED", ServerErrorKind::moved},
    {"ASK", ServerErrorKind::ask},
    {"TRYAGAIN", ServerErrorKind::try_again},
    {"CLUSTERDOWN", ServerErrorKind::cluster_down},
    {"CROSSSLOT", ServerErrorKind::cross_slot},
    {"LOADING", ServerErrorKind::loading},
    {"MASTERDOWN", ServerErrorKind::master_down},
    {"READONLY", ServerErrorKind::read_only},
    {"OOM", ServerErrorKind::out_of_memory},
    {"NOAUTH", ServerErrorKind::no_auth},
    {"WRONGPASS", ServerErrorKind::wrong_password},
    {"NOPERM", ServerErrorKind::no_permission},
    {"NOSCRIPT", ServerErrorKind::no_script},
    {"NOREPLICAS", ServerErrorKind::no_replicas},
    {"MISCONF", ServerErrorKind::disk_failed},
    {"BUSY", ServerErrorKind::busy},
    {"UNKILLABLE", ServerErrorKind::unkillable},
    {"NOPROTO", ServerErrorKind::no_protocol},
    {"WRONGTYPE", ServerErrorKind::wrong_type},
};

template <typename Number>
std::optional<Number> whole_number(std::string_view text) {
  Number number = 0;
  const char* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, number);
  if (read.ec != std::errc() || read.ptr != end) return std::nullopt;
  return number;
}

// "3999 127.0.0.1:6381"; an IPv6 address has no brackets here.
std::optional<Redirection> read_redirection(std::string_view text) {
  const std::size_t space = text.find(' ');
  const std::size_t colon = text.rfind(':');
  if (space == std::string_view::npos || colon == std::string_view::npos || colon < space) {
    return std::nullopt;
  }
  const auto slot = whole_number<std::uint16_t>(text.substr(0, space));
  const auto port = whole_number<std::uint16_t>(text.substr(colon + 1));
  const std::string_view host = text.substr(space + 1, colon - space - 1);
  if (!slot || *slot >= kSlots || !port || *port == 0) return std::nullopt;
  if (host.find(' ') != std::string_view::npos) return std::nullopt;
  return Redirection{*slot, {std::string(host), *port}};
}

}  // namespace

ServerError read_server_error(std::string_view text) {
  ServerError error{ServerErrorKind::other, std::nullopt, std::string(text)};
  if (text.starts_with("ERR Function not found")) {
    error.kind = ServerErrorKind::no_function;
    return error;
  }
  const std::size_t word = std::min(text.find(' '), text.size());
  const auto* const found =
      std::find_if(std::begin(kErrorWords), std::end(kErrorWords),
                   [&](const auto& known) { return known.first == text.substr(0, word); });
  if (found == std::end(kErrorWords)) return error;
  if (found->second == ServerErrorKind::moved || found->second == ServerErrorKind::ask) {
    error.to = read_redirection(text.substr(std::min(word + 1, text.size())));
    if (!error.to) return error;
    if (error.to->node.host == "?") error.to.reset();
  }
  error.kind = found->second;
  return error;
}

}  // namespace doorbuster::redis
