// How a TLS connection to Redis is made sure of. Nothing of it matters without TLS.
//
// Thread: any; values.
#pragma once

#include <string>

namespace doorbuster::redis {

struct TlsOptions {
  std::string ca_file{};      // PEM; empty: the authorities that the system trusts
  std::string server_name{};  // that the certificate must be for; empty: the host of the address
  bool verify = true;         // false: whoever answers is taken for the server
  // PEM, both or none: what the server is shown where it asks for it (tls-auth-clients).
  std::string certificate_file{};
  std::string key_file{};
};

}  // namespace doorbuster::redis
