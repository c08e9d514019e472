#pragma once

#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace firstseen {

/// What the program must do about a failure. The class is chosen where the failure is understood, so that nobody up the
/// stack has to read codes of librdkafka or LMDB.
enum class Action {
  retry,    ///< the same call again with the same arguments, later
  pause,    ///< nothing was changed; abort the batch, wait, try again (disk full or read-only, map full, I/O error)
  abort,    ///< the batch failed for certain: abort the transaction, rewind, take it again
  restart,  ///< the outcome is unknown or the client is dead: new clients, then the decision rule
  stop,     ///< a person must act: leave with `exit`
};

/// Exit status of the program (sysexits.h numbers). Part of the public contract: design section 8.
enum class Exit : int {
  ok = 0,
  usage = 64,
  bad_data = 65,
  unavailable = 69,
  internal = 70,
  io = 74,
  try_again = 75,
  config = 78,
};

/// A failure, worded for the person who must act: what happened, where, what to do.
struct [[nodiscard]] Error {
  Action action = Action::stop;
  Exit exit = Exit::internal;
  std::string message;
  bool fenced = false;  ///< with restart: somebody with this client's identity took its place, or so the broker thinks
};

/// A value or an Error; may not be ignored.
template <class T>
class [[nodiscard]] Result : public tl::expected<T, Error> {
 public:
  using tl::expected<T, Error>::expected;
  Result() = default;
};

inline tl::unexpected<Error> fail(Action action, Exit exit, std::string message) {
  return tl::unexpected<Error>(Error{action, exit, std::move(message)});
}

/// Shorthand for a failure that ends the program.
inline tl::unexpected<Error> fail(Exit exit, std::string message) {
  return fail(Action::stop, exit, std::move(message));
}

/// Passes a failure on to a caller that returns another type.
inline tl::unexpected<Error> forward(Error error) { return tl::unexpected<Error>(std::move(error)); }

}  // namespace firstseen
