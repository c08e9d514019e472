#pragma once

#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

#include "base/error.h"

namespace firstseen {

/// An Error as an exception, for programs that want the library's failures so. The library itself throws none.
class Exception : public std::runtime_error {
 public:
  /// what() is the message.
  explicit Exception(Error error)
      : std::runtime_error(error.message), error_(std::make_shared<const Error>(std::move(error))) {}
  /// A failure of the program itself, told as those of the library are.
  Exception(Exit exit, std::string message) : Exception(Error{Action::stop, exit, std::move(message)}) {}

  [[nodiscard]] const Error& error() const noexcept { return *error_; }
  /// What main() may return: Error::exit as a number.
  [[nodiscard]] int exit_status() const noexcept { return static_cast<int>(error_->exit); }

 private:
  std::shared_ptr<const Error> error_;  ///< shared: copying an exception may not throw
};

/// The value of a result; its Error is thrown as an Exception.
template <class T>
T or_throw(Result<T> result) {
  if (!result) throw Exception(std::move(result.error()));
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

}  // namespace firstseen
