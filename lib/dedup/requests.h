#pragma once

#include <deque>
#include <future>
#include <mutex>
#include <optional>
#include <string>

#include "base/digest.h"
#include "base/error.h"
#include "base/message.h"
#include "dedup/context.h"
#include "dedup/session.h"

namespace firstseen::dedup {

/// Something asked for by another thread, answered between two batches.
struct Request {
  enum class Kind { skip, forget } kind = Kind::skip;
  Position position;  ///< skip
  Digest digest;      ///< forget
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
  RequestHandler(const Context& context, Session& session, SlotMemory& memory)
      : context_(context), session_(session), memory_(memory) {}

  Result<std::string> carry_out(const Request& request);

 private:
  Result<std::string> skip(const Position& position);
  Result<std::string> forget(const Digest& digest);

  const Context& context_;
  Session& session_;
  SlotMemory& memory_;
};

}  // namespace firstseen::dedup
