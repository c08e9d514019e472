#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "support.h"

namespace firstseen::idempotency::test {

/// Puts something, a mutant for instance, between the handler and its store.
using Wrap = std::function<std::shared_ptr<ResultStore>(std::shared_ptr<ResultStore>)>;

/// One of the promises that the classic mistakes break. `broken` tells how it is broken, or nothing when it holds.
struct Guarantee {
  std::string_view name;
  std::function<std::optional<std::string>(Bench::Kind, const Wrap&)> broken;
};

const std::vector<Guarantee>& guarantees();

}  // namespace firstseen::idempotency::test
