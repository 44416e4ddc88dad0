#include "cli/keys_commands.h"

#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/text.h"
#include "base/clock.h"
#include "cli/console.h"
#include "cli/key_book.h"
#include "cli/key_expiry.h"
#include "cli/random_bytes.h"
#include "cli/sale_text.h"

namespace doorbuster::cli {
namespace {

using api::KeyRecord;

std::string path_of(const KeyFileArguments& place) {
  return place.file.empty() ? key_file_in(place.data_dir) : place.file;
}

// A new key may be wanted before the server has run for the first time.
void make_data_dir(const KeyFileArguments& place) {
  if (place.file.empty()) ::mkdir(place.data_dir.c_str(), 0700);  // said when it is opened
}

std::string joined(const std::vector<std::string_view>& names) {
  std::string text;
  for (const std::string_view name : names) {
    if (!text.empty()) text += ',';
    text += name;
  }
  return text;
}

std::string shown(Time time) {
  if (time == kNever) return "never";
  return shown_time(to_rfc3339(std::chrono::floor<std::chrono::seconds>(time)));
}

bool is_usable(const KeyRecord& key, Time now) { return !key.is_revoked() && !key.is_expired(now); }

std::string_view status_of(const KeyRecord& key, Time now) {
  if (key.is_revoked()) return "revoked";
  return key.is_expired(now) ? "expired" : "active";
}

std::string named(const KeyRecord& key) { return "'" + key.name + "' (" + key.prefix + "...)"; }

ExitCode tell(const Error& error, const std::string& path) {
  const bool is_missing = error.code == ErrorCode::not_found;
  say(is_missing ? path + ": there is no such file of keys; 'doorbuster keys create' makes one"
                 : error.message);
  return ExitCode::failure;
}

// The key with its record; the key itself stands nowhere else.
std::string as_json(const KeyRecord& record, const std::string& key) {
  std::string out;
  api::append_key_record(out, record);
  out.pop_back();
  out += R"(,"key":")" + key + "\"}\n";
  return out;
}

// What `wanted` stands for: a key's name, its prefix, or the whole key, as one finds it leaked.
bool means(const std::string& wanted, const KeyRecord& record) {
  if (api::shape_of_key(wanted) == api::KeyShape::whole) {
    return api::same_hash(api::hash_of_key(wanted), record.hash);
  }
  return record.name == wanted || record.prefix == wanted;
}

Error no_such_key(const std::string& wanted, const std::vector<KeyRecord>& records) {
  std::vector<std::string_view> names;
  names.reserve(records.size());
  for (const KeyRecord& record : records) names.emplace_back(record.name);
  const bool is_key = wanted.starts_with(api::kKeyStart);
  std::string message = is_key ? "this key is not known here" : "there is no key '" + wanted + "'";
  const auto meant = is_key ? std::string_view() : api::nearest_word(wanted, names);
  if (!meant.empty()) message.append("; did you mean '").append(meant).append("'?");
  return {ErrorCode::invalid_argument, std::move(message)};
}

}  // namespace

ExitCode create_key(const KeysCreateArguments& arguments) {
  const Time now = SystemClock().wall();
  const auto expires_at = parse_expiry(arguments.expires, now);
  const auto scopes = api::parse_scopes(arguments.scopes);
  if (!expires_at || !scopes) {
    say(!expires_at ? "--expires: " + expires_at.error().message
                    : "--scopes: " + scopes.error().message);
    return ExitCode::usage;
  }
  std::array<std::uint8_t, api::kKeyRandomBytes> random{};
  fill_random(random);
  const std::string key = api::make_key(random);
  KeyRecord record;
  record.name = arguments.name;
  record.prefix = api::prefix_of_key(key);
  record.hash = api::hash_of_key(key);
  record.scopes = *scopes;
  record.created_at = now;
  record.expires_at = *expires_at;
  const std::string path = path_of(arguments.place);
  make_data_dir(arguments.place);
  const Status made = change_key_records(path, [&](std::vector<KeyRecord>& records) -> Status {
    for (const KeyRecord& other : records) {
      if (other.name != record.name || !is_usable(other, now)) continue;
      return Error{
          ErrorCode::invalid_argument,
          "there is a key " + named(other) + " already: choose another name, or revoke that one"};
    }
    if (records.size() >= api::kMaxKeys) {
      return Error{ErrorCode::invalid_argument, path + ": has room for no more keys"};
    }
    records.push_back(record);
    return ok_status();
  });
  if (!made.ok()) {
    say(made.error().message);
    return ExitCode::failure;
  }
  if (const ExitCode printed = print(arguments.json ? as_json(record, key) : key + "\n");
      printed != ExitCode::ok) {
    say("so nobody has the key that was made: revoke it with 'doorbuster keys revoke " +
        record.prefix + "'");
    return printed;
  }
  say("made the key " + named(record) + " in " + path + ", good for " +
      joined(record.scopes.names()) + ", expires " + shown(record.expires_at) +
      "; it is shown this once");
  return ExitCode::ok;
}

ExitCode list_keys(const KeysListArguments& arguments) {
  const std::string path = path_of(arguments.place);
  const auto records = read_key_records(path);
  if (!records) return tell(records.error(), path);
  const Time now = SystemClock().wall();
  if (arguments.json) {
    std::string out = R"({"data":[)";
    for (const KeyRecord& record : *records) {
      if (&record != records->data()) out += ',';
      api::append_key_record(out, record);
      out.pop_back();
      out.append(R"(,"status":")").append(status_of(record, now)).append("\"}");
    }
    return print(out + "]}\n");
  }
  if (records->empty()) {
    say("there are no keys");
    return ExitCode::ok;
  }
  std::vector<std::vector<Cell>> rows;
  for (const KeyRecord& record : *records) {
    const bool usable = is_usable(record, now);
    rows.push_back({{record.name},
                    {record.prefix},
                    {std::string(status_of(record, now)), usable ? Ink::green : Ink::dim},
                    {joined(record.scopes.names())},
                    {shown(record.created_at)},
                    {shown(record.expires_at)}});
  }
  const std::vector<Column> columns = {{"NAME"},   {"PREFIX"},  {"STATUS"},
                                       {"SCOPES"}, {"CREATED"}, {"EXPIRES"}};
  return print(table(columns, rows, colours_wanted()));
}

ExitCode revoke_key(const KeysRevokeArguments& arguments) {
  const std::string path = path_of(arguments.place);
  if (const auto there = read_key_file(path); !there) return tell(there.error(), path);
  const Time now = SystemClock().wall();
  std::string done;
  const Status revoked = change_key_records(path, [&](std::vector<KeyRecord>& records) -> Status {
    bool is_known = false;
    for (KeyRecord& record : records) {
      if (!means(arguments.key, record)) continue;
      is_known = true;
      if (record.is_revoked()) continue;
      record.revoked_at = now;
      done += (done.empty() ? "" : ", ") + named(record);
    }
    return is_known ? ok_status() : Status(no_such_key(arguments.key, records));
  });
  if (!revoked.ok()) return tell(revoked.error(), path);
  if (done.empty()) {
    say("it was revoked before");
  } else {
    say("revoked " + done + "; a running server follows within a second");
  }
  return ExitCode::ok;
}

}  // namespace doorbuster::cli
