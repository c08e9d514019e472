#pragma once

#include <string_view>
#include <vector>

#include "guarantees.h"

namespace firstseen::idempotency::test {

/// A classic mistake, put between the handler and its store, and the guarantee that it must break.
struct Mutant {
  std::string_view name;
  std::string_view breaks;  ///< Guarantee::name
  Wrap wrap;
};

std::vector<Mutant> mutants();

}  // namespace firstseen::idempotency::test
