#include "store/embedded/sale_board.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <thread>

#include "base/check.h"

namespace doorbuster::embedded {

static_assert(std::is_trivially_copyable_v<SaleFigures>);
static_assert(kNamedSales < 255);

SaleBoard::SaleBoard() {
  for (std::size_t row = kNamedSales; row > 0; --row) {
    free_rows_.push_back(static_cast<std::uint8_t>(row - 1));
  }
}

// What is stored after this, each with release, is not seen before it.
void SaleBoard::begin_change() {
  version_.store(version_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
}

void SaleBoard::end_change() {
  version_.store(version_.load(std::memory_order_relaxed) + 1, std::memory_order_release);
}

void SaleBoard::adopt(const sale::SaleState& sale, const SaleFigures& figures) {
  begin_change();
  place(sale.ordinal(), sale.definition());
  SaleFigures before;
  before.claims = figures.claims;
  before.released = figures.released;
  shown_[sale.ordinal().value] = std::bit_cast<Numbers>(before);
  show_one({sale.ordinal(), sale.shared_definition(), figures});
  end_change();
}

void SaleBoard::show(std::span<const ShownSale> sales) {
  if (sales.empty()) return;
  begin_change();
  for (const ShownSale& each : sales) show_one(each);
  end_change();
}

void SaleBoard::show_one(const ShownSale& shown) {
  const std::uint32_t ordinal = shown.sale.value;
  if (row_of_.size() <= ordinal) place(shown.sale, *shown.definition);
  const auto now = std::bit_cast<Numbers>(shown.figures);
  Numbers& before = shown_[ordinal];
  Row& row = rows_[row_of_[ordinal]];
  for (std::size_t i = 0; i < kNumbers; ++i) {
    if (now[i] != before[i]) row.numbers[i].set(row.numbers[i].own() + now[i] - before[i]);
  }
  before = now;
  if (shown.figures.of_deleted() && row_of_[ordinal] != kOthers) {
    named_.erase(std::find(named_.begin(), named_.end(), ordinal));
    move_to_others(row_of_[ordinal]);
    row_of_[ordinal] = kOthers;
  }
}

void SaleBoard::place(sale::SaleOrdinal sale, const sale::SaleDefinition& definition) {
  const std::uint32_t ordinal = sale.value;
  // Sales come in the order in which they are created; should one come late, it is not named.
  while (row_of_.size() <= ordinal) {
    row_of_.push_back(kOthers);
    shown_.emplace_back();
  }
  if (free_rows_.empty()) {
    const std::uint32_t oldest = named_.front();
    named_.pop_front();
    move_to_others(row_of_[oldest]);
    row_of_[oldest] = kOthers;
  }
  row_of_[ordinal] = free_rows_.back();
  free_rows_.pop_back();
  named_.push_back(ordinal);
  Row& row = rows_[row_of_[ordinal]];
  std::array<std::uint64_t, kSlugWords> words{};
  const std::string& slug = definition.slug;
  CHECK(slug.size() <= sizeof words);
  std::memcpy(words.data(), slug.data(), slug.size());
  for (std::size_t i = 0; i < kSlugWords; ++i) row.slug[i].set(words[i]);
  row.slug_size.set(slug.size());
  row.used.set(1);
}

void SaleBoard::move_to_others(std::size_t index) {
  Row& row = rows_[index];
  Row& others = rows_[kOthers];
  for (std::size_t i = 0; i < kNumbers; ++i) {
    others.numbers[i].set(others.numbers[i].own() + row.numbers[i].own());
    row.numbers[i].set(0);
  }
  row.used.set(0);
  others.used.set(1);
  free_rows_.push_back(static_cast<std::uint8_t>(index));
}

SaleFigures SaleBoard::figures_in(const Row& row) {
  Numbers numbers{};
  for (std::size_t i = 0; i < kNumbers; ++i) numbers[i] = row.numbers[i].get();
  return std::bit_cast<SaleFigures>(numbers);
}

BoardReading SaleBoard::read() const {
  for (;;) {
    BoardReading reading;
    const std::uint64_t version = version_.load(std::memory_order_acquire);
    for (std::size_t i = 0; version % 2 == 0 && i < kNamedSales; ++i) {
      const Row& row = rows_[i];
      if (row.used.get() == 0) continue;
      std::array<std::uint64_t, kSlugWords> words{};
      for (std::size_t w = 0; w < kSlugWords; ++w) words[w] = row.slug[w].get();
      const std::size_t size = std::min<std::size_t>(row.slug_size.get(), sizeof words);
      reading.named.push_back(
          {sale::Slug({reinterpret_cast<const char*>(words.data()), size}), figures_in(row)});
    }
    reading.others = figures_in(rows_[kOthers]);
    reading.has_others = rows_[kOthers].used.get() != 0;
    // What was read above was read with acquire, so not after this.
    if (version % 2 == 0 && version_.load(std::memory_order_relaxed) == version) return reading;
    std::this_thread::yield();
  }
}

}  // namespace doorbuster::embedded
