#pragma once

#include <atomic>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "dedup/options.h"

namespace firstseen::dedup {

/// The options that may change while a slot runs.
struct LiveOptions {
  Millis ttl{0};
  std::vector<Millis> rule_ttls;  ///< as many as before
  DuplicateRoute duplicates = DuplicateRoute::drop;
  std::string duplicates_topic;
  RejectRoute rejects = RejectRoute::stop;
  std::string rejects_topic;

  bool operator==(const LiveOptions&) const = default;
};

inline LiveOptions live_options(const SlotOptions& o) {
  return {o.ttl, o.rule_ttls, o.duplicates, o.duplicates_topic, o.rejects, o.rejects_topic};
}

/// A change that somebody waits for.
struct PendingChange {
  std::future<Result<std::string>> answer;  ///< the text is for the person who asked
  std::shared_ptr<std::atomic_flag> begun;

  /// It is never done then. False: it is being done, or has been, and the answer comes soon.
  bool take_back() { return !begun->test_and_set(); }
};

}  // namespace firstseen::dedup
