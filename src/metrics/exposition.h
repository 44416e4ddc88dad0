// The text in which Prometheus reads metrics, version 0.0.4:
// https://prometheus.io/docs/instrumenting/exposition_formats/
//
// Thread: any; a value. Owns: the text.
// Invariants: the samples of a family stand together behind its HELP and TYPE; whatever a label
// says, the text is valid UTF-8 and keeps its lines.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "metrics/histogram.h"

namespace doorbuster::metrics {

inline constexpr std::string_view kExpositionType = "text/plain; version=0.0.4; charset=utf-8";

enum class Type : std::uint8_t { counter, gauge, histogram };

std::string_view to_string(Type type);

struct Family {
  std::string_view name;  // [a-zA-Z_:][a-zA-Z0-9_:]*, a program's constant
  Type type;
  std::string_view help;
};

// Label names are the program's constants, values may be anything.
using Labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;

class Exposition {
 public:
  // Begins a family, which may have no samples. No family begins twice.
  void begin(const Family& family);

  // One of the family that was begun last.
  void sample(Labels labels, std::uint64_t value);
  void sample(Labels labels, double value);
  void histogram(Labels labels, const HistogramReading& reading);

  // A family with one sample and no labels.
  template <typename Number>
  void only(const Family& family, Number value) {
    begin(family);
    sample({}, value);
  }
  void only(const Family& family, const HistogramReading& reading) {
    begin(family);
    histogram({}, reading);
  }

  std::string take() { return std::move(text_); }

 private:
  void append_series(std::string_view suffix, Labels labels, std::string_view bound = {});
  void append(double value);
  void append(std::uint64_t value);

  std::string text_;
  Family family_{};
};

// `text` as it stands between the quotation marks of a label. What is not UTF-8, and NUL, which
// Prometheus takes for the end of all, becomes U+FFFD.
void append_label_value(std::string& out, std::string_view text);

}  // namespace doorbuster::metrics
