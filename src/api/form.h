// Forms as browsers and curl -d send them (application/x-www-form-urlencoded), read strictly.
//
// Thread: one at a time. Owns: a copy of every name and value.
// Invariants: names and values are valid UTF-8. A form is reused: parse() forgets what was there
// and keeps the memory.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace doorbuster::api {

struct FormField {
  std::string_view name;
  std::string_view value;
};

class Form {
 public:
  // False: a '%' without two hexadecimal digits after it, or bytes that are not UTF-8.
  bool parse(std::string_view body);

  const std::vector<FormField>& fields() const { return fields_; }

 private:
  std::vector<FormField> fields_;
  std::string texts_;  // never grows during a parse, so that views into it stay good
};

}  // namespace doorbuster::api
