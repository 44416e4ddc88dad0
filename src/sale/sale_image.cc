#include "sale/sale_image.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <string>

#include "base/check.h"
#include "base/wire.h"
#include "sale/event_codec.h"

namespace doorbuster::sale {
namespace {

static_assert(std::endian::native == std::endian::little, "the format is little-endian");

// A claim in an image: little-endian, without padding.
struct ClaimBytes {
  std::array<char, Claim::kInlineBuyer> short_buyer;
  std::uint64_t sequence;
  std::int64_t claimed_at_ms;
  std::int64_t expires_at_ms;
  std::uint32_t first_unit;
  std::uint32_t previous;
  std::uint32_t extra;
  std::uint16_t quantity;
  std::uint8_t short_buyer_size;
  std::uint8_t state;  // from the lowest bit on: status 2, end_reason 3, extended 1, late_payment 1
};
static_assert(sizeof(ClaimBytes) == 64);

constexpr unsigned kReasonShift = 2;
constexpr unsigned kExtendedShift = 5;
constexpr unsigned kLatePaymentShift = 6;

struct RunBytes {
  std::uint32_t first;
  std::uint32_t count;
};
static_assert(sizeof(RunBytes) == 8);

// What stands before the slots of each table of buyers.
struct TableBytes {
  std::uint32_t capacity;
  std::uint32_t depth;
};
static_assert(sizeof(TableBytes) == 8);

constexpr std::size_t kClaimsAtOnce = 1024;
constexpr std::size_t kRunsAtOnce = 8192;
constexpr std::size_t kExtrasAtOnce = 64 * 1024;  // bytes
constexpr std::size_t kMaxHeadBytes = 1024 * 1024;
constexpr std::size_t kMaxExtrasBytes = 1024 * 1024;
constexpr std::uint64_t kTableSlots = 4096;  // more only where there are as many claims
constexpr std::uint32_t kMaxTableDepth = 20;

Error damaged_image(const std::string& what) {
  return {ErrorCode::data_damaged, "no image of a sale: " + what};
}

template <typename T>
std::span<const std::byte> bytes_of(const T& value) {
  return std::as_bytes(std::span(&value, 1));
}

// What stands at the front of an image, and how much of everything follows.
struct Head {
  std::uint32_t claims = 0;
  std::uint32_t extras = 0;
  std::uint32_t tables = 0;
  std::uint32_t buyers = 0;
  std::uint32_t runs = 0;  // of units that came back
  Unit next_unit = 1;
};

}  // namespace

// Reads and writes what is private to a sale.
struct SaleImage {
  static Status write(const SaleState& sale, ImageSink& sink) {
    CHECK(!sale.archived());
    const std::string head = head_of(sale);
    const auto length = static_cast<std::uint32_t>(head.size());
    if (Status s = sink.write(bytes_of(length)); !s.ok()) return s;
    if (Status s = sink.write(std::as_bytes(std::span(head))); !s.ok()) return s;
    if (Status s = write_claims(sale.claims_, sink); !s.ok()) return s;
    if (Status s = write_extras(sale.claims_, sink); !s.ok()) return s;
    if (Status s = write_buyers(sale.buyers_, sink); !s.ok()) return s;
    return write_runs(sale.free_units_, sink);
  }

  static Result<std::unique_ptr<SaleState>> read(const HashKey& key, ImageSource& source) {
    std::uint32_t length = 0;
    if (Status s = source.read(std::as_writable_bytes(std::span(&length, 1))); !s.ok()) {
      return s.error();
    }
    if (length > kMaxHeadBytes) return damaged_image("its head is too long");
    std::vector<std::byte> bytes(length);
    if (Status s = source.read(bytes); !s.ok()) return s.error();
    auto sale = std::make_unique<SaleState>(SaleOrdinal{0}, key);
    const auto head = read_head(*sale, bytes);
    if (!head) return head.error();
    if (Status s = read_claims(*sale, *head, source); !s.ok()) return s.error();
    if (Status s = read_extras(sale->claims_, *head, source); !s.ok()) return s.error();
    if (Status s = read_buyers(*sale, *head, source); !s.ok()) return s.error();
    if (Status s = read_runs(sale->free_units_, *head, source); !s.ok()) return s.error();
    if (Status s = check_sums(*sale); !s.ok()) return s.error();
    return sale;
  }

  static Result<std::unique_ptr<SaleState>> read_archived(const HashKey& key,
                                                          std::span<const std::byte> bytes) {
    auto sale = std::make_unique<SaleState>(SaleOrdinal{0}, key);
    const auto head = read_head(*sale, bytes);
    if (!head) return head.error();
    if (sale->status_ != SaleStatus::closed || sale->totals_.held != 0) {
      return damaged_image("a sale that is not done with has no claims");
    }
    sale->archived_claims_ = head->claims;
    return sale;
  }

  static std::unique_ptr<SaleState> replace(Catalog& catalog, std::unique_ptr<SaleState> sale) {
    std::unique_ptr<SaleState>& place = catalog.sales_[sale->ordinal().value];
    CHECK(place->sequence() == sale->sequence() && place->granted() == sale->granted());
    sale->definition_ = place->definition_;
    place.swap(sale);
    return sale;
  }

  static Status put(Catalog& catalog, std::unique_ptr<SaleState> sale) {
    const SaleOrdinal place = sale->ordinal();
    const std::string& slug = sale->definition().slug;
    if (catalog.sales_.size() <= place.value) catalog.sales_.resize(place.value + 1);
    if (catalog.sales_[place.value] != nullptr) return damaged_image("its place is taken");
    if (!catalog.by_slug_.emplace(slug, place).second) return damaged_image("a slug is used twice");
    catalog.newest_round_ = std::max(catalog.newest_round_, round_of(slug));
    catalog.sales_[place.value] = std::move(sale);
    return ok_status();
  }

  static void leave_places(Catalog& catalog, std::size_t count) {
    if (catalog.sales_.size() < count) catalog.sales_.resize(count);
  }

  static std::string head_of(const SaleState& sale) {
    std::string head;
    put_varint(head, sale.ordinal_.value);
    // The definition as it now is, in the bytes of the event that would make it.
    std::string created;
    encode({sale.ordinal_, {1}, sale.created_at_, SaleCreated{sale.definition_}}, created);
    put_text(head, created);
    put_varint(head, sale.version_);
    put_varint(head, static_cast<std::uint64_t>(sale.status_));
    put_varint(head, sale.sequence_.value);
    put_time(head, sale.last_event_at_);
    for (const std::uint64_t total : {sale.totals_.stock, sale.totals_.available, sale.totals_.held,
                                      sale.totals_.confirmed, sale.totals_.burned}) {
      put_varint(head, total);
    }
    for (const bool flag : {sale.opened_, sale.cancelled_, sale.deleted_}) put_varint(head, flag);
    put_time(head, sale.closed_at_);
    put_varint(head, sale.highest_limit_);
    for (const std::uint64_t count : sale.released_) put_varint(head, count);
    put_varint(head, sale.free_units_.next());
    put_varint(head, sale.free_units_.runs().size());
    put_varint(head, sale.claims_.claims_.size());
    put_varint(head, sale.claims_.extras_.size());
    put_varint(head, sale.buyers_.tables_.size());
    put_varint(head, sale.buyers_.size_);
    return head;
  }

 private:
  static Result<Head> read_head(SaleState& sale, std::span<const std::byte> bytes) {
    WireReader in(bytes);
    sale.ordinal_ = {static_cast<std::uint32_t>(in.varint_up_to(0xfffffffe))};
    const std::string_view text = in.text(kMaxHeadBytes);
    const auto created = decode(sale.ordinal_, std::as_bytes(std::span(text)));
    if (!created) return damaged_image("it has no definition");
    const auto* body = std::get_if<SaleCreated>(&created->body);
    if (body == nullptr) return damaged_image("it has no definition");
    sale.definition_ = body->definition;
    sale.created_at_ = created->at;
    sale.version_ = static_cast<std::uint32_t>(in.varint_up_to(0xffffffff));
    sale.status_ =
        static_cast<SaleStatus>(in.varint_up_to(static_cast<std::uint64_t>(SaleStatus::closed)));
    sale.sequence_ = {in.varint()};
    sale.last_event_at_ = read_time(in);
    for (std::uint64_t* total : {&sale.totals_.stock, &sale.totals_.available, &sale.totals_.held,
                                 &sale.totals_.confirmed, &sale.totals_.burned}) {
      *total = in.varint_up_to(kMaxStock);
    }
    for (bool* flag : {&sale.opened_, &sale.cancelled_, &sale.deleted_}) {
      *flag = in.varint_up_to(1) == 1;
    }
    sale.closed_at_ = read_time(in);
    sale.highest_limit_ = static_cast<Quantity>(in.varint_up_to(0xffff));
    for (std::uint64_t& count : sale.released_) count = in.varint_up_to(0xfffffffe);
    Head head;
    head.next_unit = static_cast<Unit>(in.varint_up_to(kMaxUnit));
    head.runs = static_cast<std::uint32_t>(in.varint_up_to(kMaxUnit));
    for (std::uint32_t* count : {&head.claims, &head.extras, &head.tables, &head.buyers}) {
      *count = static_cast<std::uint32_t>(in.varint_up_to(0xfffffffe));
    }
    if (!in.good() || !in.at_end()) return damaged_image("its head cannot be read");
    if (!sale.totals_.conserved()) return damaged_image("its totals do not add up");
    return head;
  }

  static ClaimBytes to_bytes(const Claim& claim) {
    return {
        claim.short_buyer,
        claim.sequence.value,
        claim.claimed_at.time_since_epoch().count(),
        claim.expires_at.time_since_epoch().count(),
        claim.first_unit,
        claim.previous,
        claim.extra,
        claim.quantity,
        claim.short_buyer_size,
        static_cast<std::uint8_t>(static_cast<unsigned>(claim.status) |
                                  static_cast<unsigned>(claim.end_reason) << kReasonShift |
                                  static_cast<unsigned>(claim.extended) << kExtendedShift |
                                  static_cast<unsigned>(claim.late_payment) << kLatePaymentShift)};
  }

  static void from_bytes(const ClaimBytes& bytes, Claim& claim) {
    claim.short_buyer = bytes.short_buyer;
    claim.sequence = {bytes.sequence};
    claim.claimed_at = Time(std::chrono::milliseconds(bytes.claimed_at_ms));
    claim.expires_at = Time(std::chrono::milliseconds(bytes.expires_at_ms));
    claim.first_unit = bytes.first_unit;
    claim.previous = bytes.previous;
    claim.extra = bytes.extra;
    claim.quantity = bytes.quantity;
    claim.short_buyer_size = bytes.short_buyer_size;
    claim.status = static_cast<ClaimStatus>(bytes.state & 3);
    claim.end_reason = static_cast<EndReason>(bytes.state >> kReasonShift & 7);
    claim.extended = (bytes.state >> kExtendedShift & 1) != 0;
    claim.late_payment = static_cast<LatePayment>(bytes.state >> kLatePaymentShift & 1);
  }

  // Whether the claim of this ordinal can be looked at without leaving the tables.
  static bool fits(const ClaimBytes& bytes, std::uint32_t ordinal, const Head& head) {
    const bool known_states =
        (bytes.state & 3) <= static_cast<unsigned>(ClaimStatus::released) &&
        (bytes.state >> kReasonShift & 7) <= static_cast<unsigned>(EndReason::cancelled) &&
        bytes.state < 1U << (kLatePaymentShift + 1);
    const bool has_buyer = bytes.short_buyer_size <= Claim::kInlineBuyer &&
                           (bytes.short_buyer_size > 0 || bytes.extra != Claim::kNone);
    return known_states && has_buyer && bytes.quantity > 0 && bytes.previous <= ordinal &&
           bytes.extra <= head.extras;
  }

  static Status write_claims(const ClaimTable& claims, ImageSink& sink) {
    std::vector<ClaimBytes> batch;
    batch.reserve(kClaimsAtOnce);
    const std::size_t count = claims.claims_.size();
    for (std::size_t i = 0; i < count; ++i) {
      batch.push_back(to_bytes(claims.claims_[i]));
      if (batch.size() < kClaimsAtOnce && i + 1 < count) continue;
      if (Status s = sink.write(std::as_bytes(std::span(batch))); !s.ok()) return s;
      batch.clear();
    }
    return ok_status();
  }

  static Status read_claims(SaleState& sale, const Head& head, ImageSource& source) {
    std::vector<ClaimBytes> batch(std::min<std::size_t>(kClaimsAtOnce, head.claims));
    for (std::uint32_t at = 0; at < head.claims;) {
      const auto some =
          std::span(batch).first(std::min<std::size_t>(batch.size(), head.claims - at));
      if (Status s = source.read(std::as_writable_bytes(some)); !s.ok()) return s;
      for (const ClaimBytes& bytes : some) {
        if (!fits(bytes, at, head))
          return damaged_image("claim " + std::to_string(at) + " is none");
        from_bytes(bytes, sale.claims_.claims_.push_back());
        ++at;
      }
    }
    return ok_status();
  }

  // Whether the claims are what the sale says of them; on the way, when its holds end.
  static Status check_sums(SaleState& sale) {
    std::uint64_t held = 0;
    std::uint64_t confirmed = 0;
    std::array<std::uint64_t, kEndReasons> released{};
    std::vector<HoldEnd> hold_ends;
    for (std::uint32_t i = 0; i < sale.claims_.size(); ++i) {
      const Claim& claim = sale.claims_.claims_[i];
      switch (sale.status_of(claim)) {
        case ClaimStatus::held:
          held += claim.quantity;
          hold_ends.push_back({claim.expires_at, {i}});
          break;
        case ClaimStatus::confirmed:
          confirmed += claim.quantity;
          break;
        case ClaimStatus::released:
          ++released[static_cast<std::size_t>(sale.end_reason_of(claim))];
          break;
      }
    }
    if (held != sale.totals_.held) return damaged_image("its held claims do not add up");
    if (confirmed != sale.totals_.confirmed)
      return damaged_image("its confirmed claims do not add up");
    if (released != sale.released_) return damaged_image("its released claims do not add up");
    if (!std::ranges::is_sorted(hold_ends)) std::ranges::sort(hold_ends);
    // In their order each is put at the end, without a search.
    sale.hold_ends_ = std::set<HoldEnd>(hold_ends.begin(), hold_ends.end());
    return ok_status();
  }

  static void put_extra(std::string& out, const ClaimExtra& extra) {
    put_text(out, extra.long_buyer);
    put_text(out, extra.key);
    put_text(out, extra.reference);
    put_varint(out, extra.more_units.size());
    for (const UnitRun& run : extra.more_units) {
      put_varint(out, run.first);
      put_varint(out, run.count);
    }
    put_varint(out, extra.refunds.size());
    for (const std::string& reference : extra.refunds) put_text(out, reference);
  }

  static void take_extra(WireReader& in, ClaimExtra& extra) {
    extra.long_buyer = in.text(BuyerId::kCapacity);
    extra.key = in.text(Key::kCapacity);
    extra.reference = in.text(Reference::kCapacity);
    for (std::uint64_t runs = in.varint_up_to(kMaxQuantity); runs > 0 && in.good(); --runs) {
      const auto first = static_cast<Unit>(in.varint_up_to(0xffffffff));
      extra.more_units.push_back({first, static_cast<std::uint32_t>(in.varint_up_to(0xffffffff))});
    }
    for (std::uint64_t refunds = in.varint(); refunds > 0 && in.good(); --refunds) {
      extra.refunds.emplace_back(in.text(Reference::kCapacity));
    }
  }

  static Status write_runs(const FreeUnits& units, ImageSink& sink) {
    std::vector<RunBytes> batch;
    for (const UnitRun& run : units.runs()) {
      batch.push_back({run.first, run.count});
      if (batch.size() < kRunsAtOnce) continue;
      if (Status s = sink.write(std::as_bytes(std::span(batch))); !s.ok()) return s;
      batch.clear();
    }
    return sink.write(std::as_bytes(std::span(batch)));
  }

  static Status read_runs(FreeUnits& units, const Head& head, ImageSource& source) {
    std::deque<UnitRun> runs;
    for (std::uint32_t i = 0; i < head.runs; ++i) {
      RunBytes run{};
      if (Status s = source.read(std::as_writable_bytes(std::span(&run, 1))); !s.ok()) return s;
      if (run.first == 0 || run.count == 0 || run.first >= head.next_unit ||
          run.count > head.next_unit - run.first) {
        return damaged_image("a unit came back that was never handed out");
      }
      runs.push_back({run.first, run.count});
    }
    units.restore(head.next_unit, std::move(runs));
    return ok_status();
  }

  // In blocks with their length in front, each of whole extras.
  static Status write_extras(const ClaimTable& claims, ImageSink& sink) {
    std::string block;
    const std::size_t count = claims.extras_.size();
    for (std::size_t i = 0; i < count; ++i) {
      put_extra(block, claims.extras_[i]);
      if (block.size() < kExtrasAtOnce && i + 1 < count) continue;
      const auto length = static_cast<std::uint32_t>(block.size());
      if (Status s = sink.write(bytes_of(length)); !s.ok()) return s;
      if (Status s = sink.write(std::as_bytes(std::span(block))); !s.ok()) return s;
      block.clear();
    }
    return ok_status();
  }

  static Status read_extras(ClaimTable& claims, const Head& head, ImageSource& source) {
    std::vector<std::byte> block;
    while (claims.extras_.size() < head.extras) {
      std::uint32_t length = 0;
      if (Status s = source.read(std::as_writable_bytes(std::span(&length, 1))); !s.ok()) return s;
      if (length == 0 || length > kMaxExtrasBytes)
        return damaged_image("a block has no right length");
      block.resize(length);
      if (Status s = source.read(block); !s.ok()) return s;
      WireReader in(block);
      while (in.good() && !in.at_end() && claims.extras_.size() < head.extras) {
        take_extra(in, claims.extras_.push_back());
      }
      if (!in.good() || !in.at_end()) return damaged_image("what few claims have cannot be read");
    }
    return ok_status();
  }

  // The tables in the order of the directory, each once.
  static Status write_buyers(const BuyerIndex& buyers, ImageSink& sink) {
    const BuyerIndex::Slot* last = nullptr;
    for (const BuyerIndex::Entry& entry : buyers.directory_) {
      if (entry.slots == last) continue;
      last = entry.slots;
      const BuyerIndex::Table& table = *buyers.tables_[entry.table];
      const TableBytes bytes{table.mask + 1, table.depth};
      if (Status s = sink.write(bytes_of(bytes)); !s.ok()) return s;
      const std::span slots(table.slots.get(), table.mask + 1);
      if (Status s = sink.write(std::as_bytes(slots)); !s.ok()) return s;
    }
    return ok_status();
  }

  static Status read_buyers(SaleState& sale, const Head& head, ImageSource& source) {
    BuyerIndex& buyers = sale.buyers_;
    buyers.tables_.clear();
    std::uint8_t depth = 0;
    for (std::uint32_t i = 0; i < head.tables; ++i) {
      TableBytes bytes{};
      if (Status s = source.read(std::as_writable_bytes(std::span(&bytes, 1))); !s.ok()) return s;
      const std::uint64_t most = std::max(kTableSlots, std::uint64_t{head.claims} * 4);
      if (!std::has_single_bit(bytes.capacity) || bytes.capacity > most ||
          bytes.depth > kMaxTableDepth) {
        return damaged_image("a table of buyers has no right size");
      }
      auto table = std::make_unique<BuyerIndex::Table>(bytes.capacity,
                                                       static_cast<std::uint8_t>(bytes.depth));
      const std::span slots(table->slots.get(), bytes.capacity);
      if (Status s = source.read(std::as_writable_bytes(slots)); !s.ok()) return s;
      for (const BuyerIndex::Slot& slot : slots) {
        if (slot.claim > head.claims) return damaged_image("a buyer has a claim that is none");
        if (slot.claim != 0) ++table->used;
      }
      if (table->used == bytes.capacity) return damaged_image("a table of buyers is too full");
      depth = std::max(depth, table->depth);
      buyers.size_ += table->used;
      buyers.tables_.push_back(std::move(table));
    }
    if (buyers.size_ != head.buyers) return damaged_image("its buyers do not add up");
    return fill_directory(buyers, depth);
  }

  static Status fill_directory(BuyerIndex& buyers, std::uint8_t depth) {
    const std::size_t entries = std::size_t{1} << depth;
    buyers.depth_ = depth;
    buyers.directory_.clear();
    for (std::uint32_t i = 0; i < buyers.tables_.size(); ++i) {
      const BuyerIndex::Table& table = *buyers.tables_[i];
      const std::size_t shares = std::size_t{1} << (depth - table.depth);
      if (buyers.directory_.size() % shares != 0 || buyers.directory_.size() + shares > entries) {
        return damaged_image("its tables of buyers do not fit together");
      }
      buyers.directory_.insert(buyers.directory_.end(), shares, {table.slots.get(), table.mask, i});
    }
    if (buyers.directory_.size() != entries) return damaged_image("a table of buyers is missing");
    return ok_status();
  }
};

Status write_image(const SaleState& sale, ImageSink& sink) { return SaleImage::write(sale, sink); }

Result<std::unique_ptr<SaleState>> read_image(const HashKey& buyer_hash_key, ImageSource& source) {
  return SaleImage::read(buyer_hash_key, source);
}

std::string head_of(const SaleState& sale) { return SaleImage::head_of(sale); }

Result<std::unique_ptr<SaleState>> read_archived(const HashKey& buyer_hash_key,
                                                 std::span<const std::byte> head) {
  return SaleImage::read_archived(buyer_hash_key, head);
}

std::unique_ptr<SaleState> replace_sale(Catalog& catalog, std::unique_ptr<SaleState> sale) {
  return SaleImage::replace(catalog, std::move(sale));
}

Status put_sale(Catalog& catalog, std::unique_ptr<SaleState> sale) {
  return SaleImage::put(catalog, std::move(sale));
}

void leave_places_below(Catalog& catalog, SaleOrdinal sale) {
  SaleImage::leave_places(catalog, sale.value);
}

}  // namespace doorbuster::sale
