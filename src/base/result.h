// Errors of the world (not of a sale, and not bugs): a code named by what the caller can do about
// it, and a sentence for a person. Sources never throw them.
#pragma once

#include <string>
#include <utility>
#include <variant>

#include "base/check.h"

namespace doorbuster {

enum class ErrorCode {
  invalid_argument,     // the caller's input is wrong: tell him
  not_found,            // there is no such thing
  overloaded,           // a bounded queue is full: try again soon
  clock_behind,         // the time is not known yet: try again later
  storage_unavailable,  // nothing can be stored now, as for want of room: try again later
  unconfirmed,          // it is not known whether it was done, or whether that lasts: ask again
  io_failed,            // the system refused a call: nothing may be assumed about its effect
  data_damaged,         // stored bytes are not what was written: a person must look
  in_use,               // another process owns it
  unsupported,          // written by a newer version, or not available on this system
};

struct Error {
  ErrorCode code;
  std::string message;
};

// A value, or why there is none.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : held_(std::move(value)) {}      // NOLINT(google-explicit-constructor)
  Result(Error error) : held_(std::move(error)) {}  // NOLINT(google-explicit-constructor)

  bool ok() const { return held_.index() == 0; }
  explicit operator bool() const { return ok(); }

  T& value() & {
    CHECK(ok());
    return *std::get_if<0>(&held_);
  }
  const T& value() const& {
    CHECK(ok());
    return *std::get_if<0>(&held_);
  }
  T&& value() && {
    CHECK(ok());
    return std::move(*std::get_if<0>(&held_));
  }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  const Error& error() const {
    CHECK(!ok());
    return *std::get_if<1>(&held_);
  }

 private:
  std::variant<T, Error> held_;
};

struct Ok {};
using Status = Result<Ok>;
inline Status ok_status() { return Status(Ok{}); }

}  // namespace doorbuster
