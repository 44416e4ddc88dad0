#include "cli/verify.h"

#include <algorithm>
#include <string>

#include "api/text.h"
#include "base/hexadecimal.h"
#include "base/json_text.h"
#include "cli/backup_commands.h"
#include "cli/file_limit.h"
#include "cli/grouped.h"
#include "store/embedded/file_system.h"
#include "store/embedded/verify.h"

namespace doorbuster::cli {
namespace {

using embedded::SaleReport;
using embedded::VerifyReport;

bool adds_up(const SaleReport& sale) {
  return sale.available + sale.held + sale.confirmed + sale.burned == sale.stock;
}

void append_member(std::string& out, const char* name, std::uint64_t value) {
  out.append(",\"").append(name).append("\":");
  api::append_number(out, value);
}

void append_sale(std::string& out, const SaleReport& sale) {
  out += R"({"id":)";
  api::append_json_string(out, sale.slug);
  append_member(out, "sequence", sale.sequence);
  append_member(out, "stock", sale.stock);
  append_member(out, "available", sale.available);
  append_member(out, "held", sale.held);
  append_member(out, "confirmed", sale.confirmed);
  append_member(out, "burned", sale.burned);
  append_member(out, "claims", sale.claims);
  out += R"(,"conserved":)";
  out += adds_up(sale) ? "true}" : "false}";
}

std::string as_json(const VerifyReport& report, bool all_add_up) {
  std::string out = R"({"adds_up":)";
  out += all_add_up ? "true" : "false";
  out += R"(,"incarnation":)";
  api::append_json_string(out, report.incarnation);
  append_member(out, "segments", report.segments);
  append_member(out, "groups", report.groups);
  append_member(out, "events", report.events);
  append_member(out, "images", report.images);
  out += R"(,"digest":")" + hexadecimal(report.digest) + '"';
  out += R"(,"clean_stop":)";
  out += report.clean_stop ? "true" : "false";
  append_member(out, "torn_bytes", report.torn_bytes);
  out += R"(,"backup_taken_at":)";
  append_json_time(out, report.backup_taken_at);
  out += R"(,"sales":[)";
  for (const SaleReport& sale : report.sales) {
    if (&sale != report.sales.data()) out += ',';
    append_sale(out, sale);
  }
  out += "]}\n";
  return out;
}

std::string as_sentence(const std::string& data_dir, const VerifyReport& report) {
  std::string out;
  for (const SaleReport& sale : report.sales) {
    if (adds_up(sale)) continue;
    out += data_dir + " does not add up: sale \"" + sale.slug + "\" at sequence " +
           std::to_string(sale.sequence) + " has " + grouped(sale.available) + " available + " +
           grouped(sale.held) + " held + " + grouped(sale.confirmed) + " confirmed + " +
           grouped(sale.burned) + " burned, but a stock of " + grouped(sale.stock) + ".\n";
  }
  if (!out.empty()) return out;
  std::uint64_t claims = 0;
  for (const SaleReport& sale : report.sales) claims += sale.claims;
  out = data_dir + " adds up: " + counted(report.sales.size(), "sale") + ", " +
        counted(claims, "claim") + ", " + counted(report.events, "event");
  if (report.backup_taken_at) {
    return out + "; it is a backup of " + to_rfc3339(*report.backup_taken_at) + ".\n";
  }
  if (report.clean_stop) return out + "; it was stopped cleanly.\n";
  // What was never acknowledged may be torn by a crash: that is no damage.
  out += "; it is in use or was not stopped cleanly";
  if (report.torn_bytes > 0) {
    out += ", and " + counted(report.torn_bytes, "byte") + " at its end were never acknowledged";
  }
  return out + ".\n";
}

}  // namespace

ExitCode verify(const VerifyArguments& arguments) {
  raise_file_limit();
  const auto files = embedded::make_system_file_system();
  const auto report = embedded::verify_directory(*files, arguments.data_dir);
  if (!report) {
    Error error = report.error();
    if (error.code == ErrorCode::not_found) {
      error.message = "there is no data in " + arguments.data_dir + " (" + error.message + ")";
    }
    if (arguments.json) {
      std::string out = R"({"adds_up":false,"error":)";
      api::append_json_string(out, error.message);
      std::printf("%s}\n", out.c_str());
    }
    std::fprintf(stderr, "doorbuster: %s\n", error.message.c_str());
    return exit_code_of(error.code);
  }
  const auto& sales = report->sales;
  const bool all_add_up = std::all_of(sales.begin(), sales.end(), adds_up);
  const std::string text =
      arguments.json ? as_json(*report, all_add_up) : as_sentence(arguments.data_dir, *report);
  std::fputs(text.c_str(), stdout);
  return all_add_up ? ExitCode::ok : ExitCode::does_not_add_up;
}

}  // namespace doorbuster::cli
