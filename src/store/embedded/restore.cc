#include "store/embedded/restore.h"

#include "sale/invariants.h"
#include "store/embedded/paused_sales.h"
#include "store/embedded/recovery.h"
#include "store/embedded/store_copy.h"

namespace doorbuster::embedded {
Result<Restored> restore_backup(FileSystem& files, const std::string& backup_dir,
                                const std::string& data_dir, const RandomSource& random, Time now) {
  const auto backup = read_backup(files, backup_dir);
  if (!backup) return backup.error();
  if (Status s = begin_store(files, data_dir); !s.ok()) return s.error();
  const auto lock = files.lock(lock_path(data_dir));
  if (!lock) return lock.error();

  auto store = read_store(files, backup_dir, backup->identity);
  if (!store) return store.error();
  if (Status s = check_complete(files, backup_dir, *backup, *store); !s.ok()) {
    return s.error();
  }
  sale::Catalog& catalog = store->catalog;
  Restored restored;
  restored.kept_events = backup->events;
  restored.kept_digest = sale::digest(catalog);
  restored.sales = catalog.size();
  for (std::uint32_t i = 0; i < catalog.size(); ++i) restored.claims += catalog[{i}].granted();

  const StoreIdentity identity =
      make_next_identity(backup->identity, backup->events, catalog, random);
  restored.incarnation = to_hex(identity.incarnation);
  const StorePlace from{files, backup_dir, backup->identity};
  const StorePlace to{files, data_dir, identity};
  const auto pause = [&](SegmentsWriter& writer, const JournalEnd& end) -> Status {
    const auto paused = write_paused(writer, end, catalog, now);
    if (!paused) return paused.error();
    restored.paused_sales = paused->sales;
    restored.groups = paused->groups;
    restored.events = paused->events;
    return ok_status();
  };
  if (const auto copied = copy_store(from, to, pause); !copied) return copied.error();
  if (Status s = copy_if_there(from, to, "keys.json"); !s.ok()) return s.error();
  const std::uint64_t digest = sale::digest(catalog);
  store->catalog = sale::Catalog(identity.buyer_hash_key);  // its memory is needed for the other
  if (Status s = finish_store(files, data_dir, identity, digest); !s.ok()) return s.error();
  return restored;
}

}  // namespace doorbuster::embedded
