// A server's API as its merchant's client: asks, reads the JSON of the answer, and turns every no
// into one sentence and an exit code.
//
// Thread: one at a time. Owns: a connection.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "api/json.h"
#include "cli/arguments.h"
#include "cli/exit_code.h"
#include "cli/http_client.h"
#include "cli/json_view.h"

namespace doorbuster::cli {

// However long a server asks to stay away, a command tries again after so many seconds.
inline constexpr int kLongestWaitSeconds = 10;

struct ApiAnswer {
  int status = 0;
  std::string etag;
  std::string body;        // as it came
  api::JsonDocument json;  // of a body that is not empty

  JsonView root() const { return {json, json.root()}; }
};

// Why a command does not get what it asked for.
struct Refusal {
  ExitCode exit_code = ExitCode::failure;
  int status = 0;            // of the answer; 0 if there was none
  bool may_be_done = false;  // it was sent and not answered
  int retry_after_seconds = 0;
  std::string message;
};

// A problem (RFC 9457) as one sentence: its title, its detail, and each of its errors with its
// place. `url` names whoever answered with something else.
Refusal refusal_of(int status, std::string_view body, const std::string& url);

// Says why on stderr.
ExitCode tell(const Refusal& refusal);

class ApiClient {
 public:
  // `key`: shown with each request, unless it is empty.
  ApiClient(ServerUrl server, std::string key);

  // Nothing when the answer is a 2xx, which `answer` then is.
  std::optional<Refusal> ask(ClientRequest request, ApiAnswer& answer);
  std::optional<Refusal> get(std::string target, ApiAnswer& answer);

 private:
  HttpClient http_;
  std::string key_;
};

// A client of the server that is asked, with the key for it (cli/api_credential.h); nothing, and a
// message, for an address or a key that is none.
std::optional<ApiClient> client_of(const ApiArguments& arguments);

// "/v1/sales/ID" and what follows.
std::string sale_path(std::string_view id, std::string_view rest = {});

}  // namespace doorbuster::cli
