#include "store/embedded/verify.h"

#include "sale/invariants.h"
#include "store/embedded/recovery.h"

namespace doorbuster::embedded {

Result<VerifyReport> verify_directory(FileSystem& files, const std::string& data_dir) {
  const auto store = read_store(files, data_dir);
  if (!store) return store.error();
  VerifyReport report;
  report.incarnation = to_hex(store->identity.incarnation);
  report.segments = store->end.segments;
  report.groups = store->end.next_group - 1;
  report.events = store->events;
  report.digest = sale::digest(store->catalog);
  report.clean_stop = store->end.clean_stop;
  report.torn_bytes =
      store->end.torn_end > store->end.offset ? store->end.torn_end - store->end.offset : 0;
  for (std::uint32_t i = 0; i < store->catalog.size(); ++i) {
    const sale::SaleState& sale = store->catalog[{i}];
    if (Status s = sale::check_claims(sale); !s.ok()) return s.error();
    const sale::Totals& totals = sale.totals();
    report.sales.push_back({sale.definition().slug, sale.sequence().value, totals.stock,
                            totals.available, totals.held, totals.confirmed, totals.burned,
                            sale.claims().size()});
  }
  return report;
}

}  // namespace doorbuster::embedded
