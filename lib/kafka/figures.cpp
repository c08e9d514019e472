#include "kafka/figures.h"

#include <simdjson.h>

#include <algorithm>

namespace firstseen::kafka {

namespace {

using simdjson::dom::object;

std::int64_t number(const object& of, std::string_view name) {
  std::int64_t value = 0;
  return of[name].get(value) == simdjson::SUCCESS ? value : 0;
}

std::uint64_t count(const object& of, std::string_view name) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(0, number(of, name)));
}

/// Calls visit(object) for every member of the object of this name that is one itself.
template <class Visit>
void for_each(const object& of, std::string_view name, Visit visit) {
  object members;
  if (of[name].get(members) != simdjson::SUCCESS) return;
  for (const auto& member : members) {
    object one;
    if (member.value.get(one) == simdjson::SUCCESS) visit(one);
  }
}

void add_brokers(const object& all, ClientFigures& figures) {
  std::int64_t requests = 0;
  std::int64_t sum_us = 0;
  for_each(all, "brokers", [&](const object& broker) {
    std::string_view state;
    if (broker["state"].get(state) == simdjson::SUCCESS && state == "UP") ++figures.brokers_up;
    figures.timed_out_requests += count(broker, "req_timeouts");
    object latency;
    if (broker["rtt"].get(latency) != simdjson::SUCCESS || number(latency, "cnt") <= 0) return;
    requests += number(latency, "cnt");
    sum_us += number(latency, "sum");
    figures.p99_latency_us = std::max(figures.p99_latency_us, number(latency, "p99"));
  });
  if (requests > 0) figures.mean_latency_us = sum_us / requests;
}

void add_queues(const object& all, ClientFigures& figures) {
  if (figures.side == ClientFigures::Side::producer) {
    figures.queued_messages = count(all, "msg_cnt");
    figures.queued_bytes = count(all, "msg_size");
    return;
  }
  for_each(all, "topics", [&](const object& topic) {
    for_each(topic, "partitions", [&](const object& partition) {
      figures.queued_messages += count(partition, "fetchq_cnt");
      figures.queued_bytes += count(partition, "fetchq_size");
    });
  });
}

}  // namespace

std::optional<ClientFigures> read_statistics(std::string_view json, ClientFigures::Side side) {
  simdjson::dom::parser parser;
  object all;
  if (parser.parse(json.data(), json.size()).get(all) != simdjson::SUCCESS) return std::nullopt;
  ClientFigures figures;
  figures.side = side;
  add_brokers(all, figures);
  add_queues(all, figures);
  return figures;
}

}  // namespace firstseen::kafka
