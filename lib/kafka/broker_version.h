#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace firstseen::kafka {

/// How old a broker is, by the requests that it knows. librdkafka has no call that tells; of its log lines those of the
/// debug context "feature" do (facility APIVERSION), one for each request that a broker offers when it is connected:
///   [thrd:kafka:9092/bootstrap]: kafka:9092/bootstrap:   ApiKey InitProducerId (22) Versions 0..4
class BrokerVersion {
 public:
  void note(std::string_view line);

  /// Whether a generation of the group fences transactions there, as since Kafka 2.5. Without a line noted nothing is
  /// known, and nothing refused.
  [[nodiscard]] Result<void> check_transactions() const;

 private:
  bool told_ = false;
  std::optional<int> init_producer_id_;  ///< the highest version, of several brokers the lowest such
};

}  // namespace firstseen::kafka
