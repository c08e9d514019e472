#pragma once

#include <cstdint>
#include <optional>
#include <utility>

#include "base/error.h"
#include "base/log.h"
#include "base/message.h"
#include "kafka/callbacks.h"
#include "kafka/handles.h"
#include "kafka/options.h"

namespace firstseen::kafka {

/// Where logs end with what open transactions have written. What a client is told of that goes by its isolation level,
/// so a client of its own asks, which is there only while it has something to ask. One thread.
class UncommittedEnds {
 public:
  UncommittedEnds(ClientOptions options, LogSink log)
      : options_(std::move(options)), callbacks_("uncommitted", std::move(log)) {}
  ~UncommittedEnds() { close(); }
  UncommittedEnds(const UncommittedEnds&) = delete;
  UncommittedEnds& operator=(const UncommittedEnds&) = delete;
  UncommittedEnds(UncommittedEnds&&) = delete;
  UncommittedEnds& operator=(UncommittedEnds&&) = delete;

  /// Waits a second at most; nothing: no answer yet.
  Result<std::optional<std::int64_t>> of(const TopicPartition& tp);
  /// Nothing is asked for the time being.
  void rest() {
    if (answered_) close();
  }

 private:
  void close();

  const ClientOptions options_;
  Callbacks callbacks_;
  ClientHandle client_;    ///< null: nothing is being asked
  bool answered_ = false;  ///< the last question was; otherwise the client goes on connecting until it is repeated
};

}  // namespace firstseen::kafka
