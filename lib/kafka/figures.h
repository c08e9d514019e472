#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

namespace firstseen::kafka {

/// What librdkafka tells of one of its clients, now and then.
struct ClientFigures {
  enum class Side { consumer, producer } side = Side::consumer;
  std::uint64_t brokers_up = 0;  ///< connections, those to coordinators counted by themselves
  /// Consumer: fetched and not yet taken. Producer: handed over and not yet acknowledged.
  std::uint64_t queued_messages = 0;
  std::uint64_t queued_bytes = 0;
  std::uint64_t timed_out_requests = 0;  ///< since the client was made
  // Of the requests that were answered since the last time; -1: there was none.
  std::int64_t mean_latency_us = -1;  ///< of all brokers
  std::int64_t p99_latency_us = -1;   ///< of the slowest broker
};

/// Called from within the client's functions, by the thread that calls them.
using FiguresSink = std::function<void(const ClientFigures&)>;

/// Reads librdkafka's statistics (STATISTICS.md of its sources); nothing when that is no JSON object. What is missing
/// counts as 0.
std::optional<ClientFigures> read_statistics(std::string_view json, ClientFigures::Side side);

}  // namespace firstseen::kafka
