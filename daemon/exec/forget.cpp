#include "exec/forget.h"

#include <fmt/format.h>

#include <string>
#include <utility>

#include "idempotency/record_state.h"

namespace firstseen::exec {
namespace {

using idempotency::Key;
using idempotency::ResultStore;

tl::unexpected<Error> refused(const Key& key, const char* why) {
  return fail(Action::retry, Exit::try_again, fmt::format("operation '{}' {}", key.text(), why));
}

Forgotten forgotten(bool known) {
  return {.known = known, .text = known ? "forgotten: the operation may be started again" : unknown_operation};
}

}  // namespace

Result<Forgotten> forget(ResultStore& store, const Key& key, const Clock& clock) {
  auto found = store.peek(key);
  if (!found) {
    const auto erased = store.erase(key);
    return erased ? Result<Forgotten>(forgotten(*erased)) : forward(erased.error());
  }
  const auto seen = look_again(store, std::move(*found), clock);
  if (!seen) return forward(seen.error());
  if (!seen->record) return forgotten(false);
  if (seen->record->status == idempotency::Status::in_progress && !seen->abandoned) {
    return refused(key, "is running now: wait for its end, or end it first");
  }
  // Not whatever is there by then: an attempt that has just begun would run beside the next one.
  const auto erased = store.erase_if(*seen->record);
  if (!erased) return forward(erased.error());
  if (!*erased) return refused(key, "was begun, ended or forgotten by somebody else meanwhile: look it up again");
  return forgotten(true);
}

}  // namespace firstseen::exec
