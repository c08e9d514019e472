#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace firstseen::idempotency {

/// How an operation ended, as its duplicates get it. (The field's "result"; firstseen::Result is the library's error
/// type.)
struct Outcome {
  enum class Kind : std::uint8_t {
    success = 1,
    error = 2,    ///< the operation answered with an error: `code` and `message` say which
    timeout = 3,  ///< it was cut off at its time limit
    killed = 4,   ///< something ended it from outside
  };

  Kind kind = Kind::success;
  std::string value;    ///< what the operation gave back, any bytes; the other kinds may have one too (partial output)
  std::string code;     ///< of an error, for programs; at most 65,535 bytes
  std::string message;  ///< for people

  static Outcome success(std::string value);
  static Outcome error(std::string code, std::string message, std::string value = {});
  static Outcome timeout(std::string value = {});
  static Outcome killed(std::string value = {});

  bool operator==(const Outcome&) const = default;
};

/// "success", "error", "timeout", "killed".
std::string_view name_of(Outcome::Kind kind);

}  // namespace firstseen::idempotency
