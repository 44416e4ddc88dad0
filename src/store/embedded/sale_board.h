// The durable figures of all sales for other threads to read: each of the newest kNamedSales by
// itself, all others as one sum. So what is read is of bounded size, however many sales there are.
//
// A sale that is no longer among the newest, or is deleted, goes into the sum with all that was
// counted for it, and does not come back.
//
// Thread: show() and adopt() the engine's, read() any. The engine never waits: a reader who finds
// that something was changed meanwhile reads again.
// Owns: the figures as last shown.
// Invariants: read() gives one moment, the same for all sales; a counter of the sum over all sales
// never goes back.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <vector>

#include "store/embedded/sale_figures.h"

namespace doorbuster::embedded {

inline constexpr std::size_t kNamedSales = 100;

struct ShownSale {
  // Not the state itself: until the figures are shown its sale may have left memory for the
  // archive.
  sale::SaleOrdinal sale;
  sale::SharedDefinition definition;
  SaleFigures figures;
};

struct BoardReading {
  struct Named {
    sale::Slug slug;
    SaleFigures figures;
  };
  std::vector<Named> named;  // in no order
  SaleFigures others;
  bool has_others = false;
};

class SaleBoard {
 public:
  SaleBoard();

  // A sale that was there when the engine started. What it counted before is not counted again.
  void adopt(const sale::SaleState& sale, const SaleFigures& figures);
  // The sales with these figures are now durable; the others are as they were.
  void show(std::span<const ShownSale> sales);

  BoardReading read() const;

 private:
  // The figures as one array, so that they can be gone through.
  static constexpr std::size_t kNumbers = sizeof(SaleFigures) / sizeof(std::uint64_t);
  using Numbers = std::array<std::uint64_t, kNumbers>;
  static constexpr std::size_t kSlugWords = sale::Slug::kCapacity / sizeof(std::uint64_t);
  static constexpr std::size_t kOthers = kNamedSales;  // the row of the sum

  // A cell that is read again if it was changed: the order of its accesses is what tells that.
  class Cell {
   public:
    void set(std::uint64_t value) { value_.store(value, std::memory_order_release); }
    std::uint64_t get() const { return value_.load(std::memory_order_acquire); }
    // Of the engine's thread, which alone sets it.
    std::uint64_t own() const { return value_.load(std::memory_order_relaxed); }

   private:
    std::atomic<std::uint64_t> value_ = 0;
  };
  struct Row {
    Cell used;       // 0: no sale is here
    Cell slug_size;  // bytes
    std::array<Cell, kSlugWords> slug;
    std::array<Cell, kNumbers> numbers;
  };

  void begin_change();
  void end_change();
  void show_one(const ShownSale& shown);
  // A row for a sale that has none yet.
  void place(sale::SaleOrdinal sale, const sale::SaleDefinition& definition);
  void move_to_others(std::size_t row);
  static SaleFigures figures_in(const Row& row);

  std::atomic<std::uint64_t> version_ = 0;  // odd: a change is under way
  std::array<Row, kNamedSales + 1> rows_;
  // The engine's alone, by ordinal.
  std::vector<Numbers> shown_;
  std::vector<std::uint8_t> row_of_;
  std::deque<std::uint32_t> named_;      // ordinals with a row of their own, the oldest first
  std::vector<std::uint8_t> free_rows_;  // the last is taken first
};

}  // namespace doorbuster::embedded
