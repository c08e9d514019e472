#pragma once

#include <functional>
#include <map>
#include <memory>
#include <shared_mutex>
#include <string>
#include <vector>

#include "base/error.h"
#include "key/deriver.h"
#include "key/spec.h"

namespace firstseen::key {

/// A strategy: makes what derives keys as a specification says. It may be called by several threads at once and may
/// itself ask for derivers, so that a strategy can stand on another one (strategy_on() makes one of a function). An
/// exception counts as Exit::internal.
using Strategy = std::function<Result<std::unique_ptr<Deriver>>(const KeySpec& spec)>;

/// The strategies by name: default, fields, hash, template, and those of the program that embeds the library. Any
/// thread may call any function at any time.
class StrategyRegistry {
 public:
  /// With the four of the library.
  StrategyRegistry();

  /// The one that Deriver::make asks.
  static StrategyRegistry& global();

  /// From now on KeySpec::strategy may be `name`: 1 to 64 letters, digits, '_', '-' and '.'. A name that is taken, also
  /// by the library, is an error: whoever was first keeps it. There is no way to take a strategy out again.
  /// Exit::config.
  Result<void> add(const std::string& name, Strategy strategy);

  /// All names, sorted.
  [[nodiscard]] std::vector<std::string> names() const;

  /// A deriver by the strategy that the specification names. Exit::config for an unknown one, with those that there
  /// are.
  [[nodiscard]] Result<std::unique_ptr<Deriver>> make(const KeySpec& spec) const;

 private:
  [[nodiscard]] Result<Strategy> find(const std::string& name) const;

  mutable std::shared_mutex mutex_;
  std::map<std::string, Strategy> strategies_;  ///< guarded by mutex_
};

}  // namespace firstseen::key
