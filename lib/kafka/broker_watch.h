#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/error.h"
#include "kafka/options.h"

namespace firstseen::kafka {

/// How often a broker is asked, and how long it may take to answer.
struct WatchTimes {
  Millis pause{5'000};
  Millis patience{5'000};
};

/// Told what is known after every question: whether a broker answers, and if not, why.
using BrokerNews = std::function<void(bool answers, const std::string& detail)>;

/// Asks the brokers every few seconds whether one of them answers, login included, with a client of its own: a
/// consumer that is not spoken to for want of messages would not notice. Logs nothing, since the other clients do.
class BrokerWatch {
 public:
  /// `news` is called by the watch's thread until the watch is destroyed.
  static Result<std::unique_ptr<BrokerWatch>> start(const ClientOptions& options, BrokerNews news,
                                                    WatchTimes times = {});
  /// Waits for the question in flight, about a second at most.
  ~BrokerWatch();
  BrokerWatch(const BrokerWatch&) = delete;
  BrokerWatch& operator=(const BrokerWatch&) = delete;
  BrokerWatch(BrokerWatch&&) = delete;
  BrokerWatch& operator=(BrokerWatch&&) = delete;

  /// The question in flight is the last; does not wait for it.
  void request_stop();

 private:
  class Impl;
  explicit BrokerWatch(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace firstseen::kafka
