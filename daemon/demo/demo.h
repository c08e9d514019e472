#pragma once

#include <cstdint>

#include "base/error.h"
#include "base/log.h"
#include "demo/auditor.h"

namespace firstseen::demo {

struct Options {
  std::uint64_t messages = 400'000;
  std::uint64_t seed = 1;
  double duplicates = 0.2;  ///< share of repeated messages, 0 to 0.95
};

struct Outcome {
  std::uint64_t produced = 0;
  std::uint64_t orders = 0;  ///< different ones among them
  std::uint64_t consumed = 0;
  std::uint64_t first_seen = 0;
  std::uint64_t duplicates = 0;
  double seconds = 0;  ///< from the first message produced to the last one settled
  Audit audit;

  [[nodiscard]] bool clean() const {
    return audit.lost == 0 && audit.doubled == 0 && audit.changed == 0 && consumed == produced;
  }
};

/// Cleans a stream of orders with the real slot on librdkafka's mock cluster, in a temporary store. Shows its progress
/// on stderr. Exit::try_again when interrupted.
Result<Outcome> run(const Options& options, const LogSink& log);

}  // namespace firstseen::demo
