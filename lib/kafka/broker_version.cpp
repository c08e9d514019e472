#include "kafka/broker_version.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "kafka/errors.h"

namespace firstseen::kafka {

namespace {

/// InitProducerId 3 came with Kafka 2.5 (KIP-360), as TxnOffsetCommit 3 did (KIP-447), by which a transaction tells its
/// group's generation. librdkafka's mock cluster knows the former only.
constexpr std::string_view init_producer_id = "(22)";
constexpr int least_init_producer_id = 3;

std::optional<int> highest_of(std::string_view range) {
  const std::size_t dots = range.find("..");
  if (dots == std::string_view::npos) return {};
  const std::string_view text = range.substr(dots + 2);
  int highest = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), highest);
  return error == std::errc() ? std::optional(highest) : std::nullopt;
}

}  // namespace

void BrokerVersion::note(std::string_view line) {
  constexpr std::string_view key = "ApiKey ";
  constexpr std::string_view versions = " Versions ";
  const std::size_t begin = line.find(key);
  const std::size_t end = line.find(versions);
  if (begin == std::string_view::npos || end == std::string_view::npos || end < begin) return;
  told_ = true;
  if (!line.substr(begin, end - begin).ends_with(init_producer_id)) return;
  const auto highest = highest_of(line.substr(end + versions.size()));
  if (highest) init_producer_id_ = std::min(init_producer_id_.value_or(*highest), *highest);
}

Result<void> BrokerVersion::check_transactions() const {
  if (!told_ || init_producer_id_.value_or(-1) >= least_init_producer_id) return {};
  std::string text = "the brokers know no transactions";
  if (init_producer_id_) {
    text = fmt::format(
        "a broker of kafka.brokers is older than Apache Kafka 2.5 (it knows InitProducerId up to version {}), and "
        "there a process that has lost its partitions could still publish",
        *init_producer_id_);
  }
  return forward(
      to_error({Call::init_transactions, RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE, false, false, false, text}));
}

}  // namespace firstseen::kafka
