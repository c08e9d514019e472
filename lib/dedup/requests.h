#pragma once

#include <atomic>
#include <deque>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/digest.h"
#include "base/error.h"
#include "base/message.h"
#include "dedup/context.h"
#include "dedup/live_options.h"
#include "dedup/session.h"

namespace firstseen::dedup {

/// Something asked for by another thread, answered between two batches.
struct Request {
  enum class Kind { skip, forget, change } kind = Kind::skip;
  Position position;                        ///< skip
  Digest digest;                            ///< forget
  LiveOptions options;                      ///< change
  std::shared_ptr<std::atomic_flag> begun;  ///< change: set by whoever comes first, to do it or to take it back
  std::promise<Result<std::string>> reply;
};

/// Requests in the order in which they were made. Thread-safe.
class RequestQueue {
 public:
  /// The future's text is for the person who asked.
  std::future<Result<std::string>> push(Request request);
  std::optional<Request> pop();
  [[nodiscard]] bool empty() const;

 private:
  mutable std::mutex mutex_;
  std::deque<Request> requests_;
};

/// Carries requests out, on the taking thread, while no batch is unfinished.
class RequestHandler {
 public:
  /// `options` are those of the context.
  RequestHandler(const Context& context, Session& session, SlotMemory& memory, SlotOptions& options)
      : context_(context), session_(session), memory_(memory), options_(options) {}

  Result<std::string> carry_out(const Request& request);

 private:
  Result<std::string> skip(const Position& position);
  Result<std::string> forget(const Digest& digest);
  Result<std::string> change(const LiveOptions& wanted);
  void let_rejected_go_on();

  const Context& context_;
  Session& session_;
  SlotMemory& memory_;
  SlotOptions& options_;
};

}  // namespace firstseen::dedup
