#include "cli/backup_commands.h"

#include <sys/resource.h>

#include <chrono>
#include <string>

#include "api/text.h"
#include "base/clock.h"
#include "base/hexadecimal.h"
#include "cli/console.h"
#include "cli/file_limit.h"
#include "cli/grouped.h"
#include "cli/random_bytes.h"
#include "store/embedded/backup.h"
#include "store/embedded/backup_mark.h"
#include "store/embedded/file_system.h"
#include "store/embedded/repair.h"
#include "store/embedded/restore.h"

namespace doorbuster::cli {
namespace {

using embedded::DroppedSale;

Time now() { return SystemClock().wall(); }

ExitCode tell_failure(const Error& error, bool json) {
  if (json) {
    std::string out = R"({"error":)";
    api::append_json_string(out, error.message);
    print(out + "}\n");
  }
  say(error.message);
  return exit_code_of(error.code);
}

// One object, member by member.
class Json {
 public:
  Json& text(const char* name, std::string_view value) {
    api::append_json_string(begin(name), value);
    return *this;
  }
  Json& number(const char* name, std::uint64_t value) {
    api::append_number(begin(name), value);
    return *this;
  }
  Json& raw(const char* name, std::string_view value) {
    begin(name) += value;
    return *this;
  }
  Json& truth(const char* name, bool value) { return raw(name, value ? "true" : "false"); }
  std::string take() { return std::move(out_) + "}"; }

 private:
  std::string& begin(const char* name) {
    out_ += out_.size() == 1 ? "\"" : ",\"";
    return out_.append(name).append("\":");
  }

  std::string out_ = "{";
};

std::string as_json(const embedded::Repaired& repaired) {
  std::string damages = "[";
  for (const std::string& damage : repaired.damages) {
    if (damages.size() > 1) damages += ',';
    api::append_json_string(damages, damage);
  }
  std::string dropped = "[";
  for (const DroppedSale& sale : repaired.dropped) {
    if (dropped.size() > 1) dropped += ',';
    dropped += Json()
                   .text("sale", sale.slug)
                   .number("kept_sequence", sale.kept_sequence)
                   .number("last_sequence", sale.last_sequence)
                   .number("readable_events", sale.readable_events)
                   .number("claims", sale.claims)
                   .number("units", sale.units)
                   .take();
  }
  Json json;
  json.truth("written", repaired.written).raw("damages", damages + "]");
  json.number("lost_events", repaired.lost_events).raw("dropped", dropped + "]");
  json.number("sales", repaired.sales).number("claims", repaired.claims);
  json.number("paused_sales", repaired.paused_sales).text("incarnation", repaired.incarnation);
  return json.take() + "\n";
}

std::string as_sentences(const RepairArguments& arguments, const embedded::Repaired& repaired) {
  std::string out;
  for (const std::string& damage : repaired.damages) out += "damaged: " + damage + "\n";
  if (repaired.lost_events > 0) {
    out += "lost: " + counted(repaired.lost_events, "event") + " that cannot be read any more\n";
  }
  for (const DroppedSale& sale : repaired.dropped) {
    out += "dropped: of sale " + sale.slug + " all after sequence " +
           std::to_string(sale.kept_sequence);
    if (sale.last_sequence > sale.kept_sequence) {
      out += ", up to " + std::to_string(sale.last_sequence) + " at least";
    }
    out += "; of that can be read " + counted(sale.readable_events, "event") + " with " +
           counted(sale.claims, "claim") + " of " + counted(sale.units, "unit") + "\n";
  }
  if (repaired.written) {
    return out + arguments.to + " holds what was kept: " + counted(repaired.sales, "sale") + ", " +
           counted(repaired.claims, "claim") + "; its sales are paused.\n";
  }
  return out +
         "Nothing was written. What is lost was acknowledged: say --drop-acknowledged to go " +
         "on without it, or restore a backup.\n";
}

}  // namespace

ExitCode exit_code_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::data_damaged:
      return ExitCode::does_not_add_up;
    case ErrorCode::not_found:
      return ExitCode::not_ready;
    case ErrorCode::invalid_argument:
    case ErrorCode::overloaded:
    case ErrorCode::clock_behind:
    case ErrorCode::storage_unavailable:
    case ErrorCode::unconfirmed:
    case ErrorCode::io_failed:
    case ErrorCode::in_use:
    case ErrorCode::unsupported:
      return ExitCode::failure;
  }
  return ExitCode::failure;
}

ExitCode back_up(const BackupArguments& arguments) {
  // A server beside it comes first.
  ::setpriority(PRIO_PROCESS, 0, 10);
  raise_file_limit();
  const auto files = embedded::make_system_file_system();
  const auto backup =
      embedded::take_backup(*files, arguments.data_dir, arguments.backup_dir, now());
  if (!backup) return tell_failure(backup.error(), arguments.json);
  // The backup is whole with or without it: whoever takes it may be allowed to read alone.
  if (const Status noted = embedded::note_backup(*files, arguments.data_dir, backup->taken_at);
      !noted.ok()) {
    say("a server beside it cannot tell how old this backup is: " + noted.error().message);
  }
  if (arguments.json) {
    return print(Json()
                     .text("backup", arguments.backup_dir)
                     .text("taken_at", to_rfc3339(backup->taken_at))
                     .text("incarnation", embedded::to_hex(backup->identity.incarnation))
                     .number("groups", backup->groups)
                     .number("events", backup->events)
                     .number("segments", backup->segments)
                     .number("images", backup->images)
                     .number("bytes", backup->bytes)
                     .take() +
                 "\n");
  }
  return print(arguments.backup_dir + " holds " + counted(backup->events, "event") + ", in " +
               counted(backup->segments, "segment") + " and " + counted(backup->images, "image") +
               ": " + counted(backup->bytes, "byte") + ".\n");
}

ExitCode restore(const RestoreArguments& arguments) {
  const auto files = embedded::make_system_file_system();
  const auto restored = embedded::restore_backup(*files, arguments.backup_dir, arguments.data_dir,
                                                 fill_random, now());
  if (!restored) return tell_failure(restored.error(), arguments.json);
  if (arguments.json) {
    return print(Json()
                     .text("data_dir", arguments.data_dir)
                     .text("incarnation", restored->incarnation)
                     .number("kept_events", restored->kept_events)
                     .text("kept_digest", hexadecimal(restored->kept_digest))
                     .number("events", restored->events)
                     .number("sales", restored->sales)
                     .number("claims", restored->claims)
                     .number("paused_sales", restored->paused_sales)
                     .take() +
                 "\n");
  }
  return print(
      arguments.data_dir + " holds the backup: " + counted(restored->sales, "sale") + ", " +
      counted(restored->claims, "claim") + ", " + counted(restored->kept_events, "event") + ". " +
      counted(restored->paused_sales, "sale") + " paused: doorbuster sale resume ID sells on.\n");
}

ExitCode repair(const RepairArguments& arguments) {
  const auto files = embedded::make_system_file_system();
  embedded::RepairOptions options;
  options.drop_acknowledged = arguments.drop_acknowledged;
  const auto repaired =
      embedded::repair_store(*files, arguments.data_dir, arguments.to, options, fill_random, now());
  if (!repaired) return tell_failure(repaired.error(), arguments.json);
  const ExitCode printed =
      print(arguments.json ? as_json(*repaired) : as_sentences(arguments, *repaired));
  if (printed != ExitCode::ok) return printed;
  return repaired->written ? ExitCode::ok : ExitCode::does_not_add_up;
}

}  // namespace doorbuster::cli
