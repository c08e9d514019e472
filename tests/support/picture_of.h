#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include "board.h"

namespace firstseen::test {

/// Since when all is as picture_of() says: 2023-11-14T22:13:20.000Z.
inline constexpr std::int64_t pictured_since_ms = 1'700'000'000'000;

/// A daemon that serves, all of whose checks hold but the slot's where it does not run.
inline Picture picture_of(dedup::SlotStatus status) {
  Picture picture;
  picture.phase = Phase::serving;
  picture.phase_since_ms = picture.started_at_ms = pictured_since_ms;
  picture.checks = {Check{"store", true, "open", pictured_since_ms},
                    Check{"broker", true, "answers", pictured_since_ms},
                    Check{"slot", true, "running", pictured_since_ms}};
  picture.show(std::make_shared<const dedup::SlotStatus>(std::move(status)), pictured_since_ms);
  return picture;
}

}  // namespace firstseen::test
