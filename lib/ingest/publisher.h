#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/error.h"
#include "ingest/output_record.h"

namespace firstseen::ingest {

/// One worker's transactions. One thread. Calls wait as long as it takes, up to a limit after which the broker counts
/// as unavailable. Errors carry what to do: `abort` (the open transaction can only be aborted), `restart` (the outcome
/// of an open commit is unknown: make a new publisher), `stop`.
class Publisher {
 public:
  virtual ~Publisher() = default;
  Publisher() = default;
  Publisher(const Publisher&) = delete;
  Publisher& operator=(const Publisher&) = delete;
  Publisher(Publisher&&) = delete;
  Publisher& operator=(Publisher&&) = delete;

  /// Ends the predecessor's transaction and fences a predecessor that still lives. First call.
  virtual Result<void> start() = 0;
  /// The mark that the last committed transaction of this worker carried; nothing: the broker knows of none.
  virtual Result<std::optional<std::string>> committed_mark() = 0;

  virtual Result<void> begin() = 0;
  /// `from` and `number` name the record in messages.
  virtual Result<void> publish(const OutputRecord& record, const std::string& from, std::uint64_t number) = 0;
  virtual Result<void> send_mark(const std::string& mark) = 0;
  virtual Result<void> commit() = 0;
  virtual Result<void> abort() = 0;
  /// The first record of the last transaction that the topic will never take (too large), and why.
  [[nodiscard]] virtual std::optional<std::string> refused() const = 0;
};

/// Makes a worker's publisher anew at every start of the worker.
using PublisherFactory = std::function<Result<std::unique_ptr<Publisher>>(std::uint32_t worker)>;

}  // namespace firstseen::ingest
