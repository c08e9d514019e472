#include "kafka/queries.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "kafka/failure.h"
#include "kafka/handles.h"
#include "kafka/partition_list.h"

namespace firstseen::kafka {

namespace {

constexpr int slice_ms = 1000;

std::optional<std::int64_t> offset_or_nothing(std::int64_t offset) {
  return offset >= 0 ? std::optional(offset) : std::nullopt;
}

}  // namespace

Result<void> Queries::unanswered(rd_kafka_resp_err_t code, const std::string& question) {
  const Failure failure{Call::query, code,  false,
                        false,       false, fmt::format("{}: {}", question, rd_kafka_err2str(code))};
  if (is_refused_access(failure) || code == RD_KAFKA_RESP_ERR__FATAL) return forward(to_error(failure));
  if (auto fatal = check_fatal(client_, Call::query); !fatal) return fatal;
  log_.report(LogLevel::warning, question,
              fmt::format("no answer yet: {} ({})", failure.text, rd_kafka_err2name(code)));
  return {};
}

Result<std::optional<std::vector<Committed>>> Queries::committed(std::span<const TopicPartition> partitions) {
  if (partitions.empty()) return std::vector<Committed>{};
  const PartitionListHandle list = make_list(partitions);
  const auto nothing = [&](rd_kafka_resp_err_t code) -> Result<std::optional<std::vector<Committed>>> {
    if (auto failed = unanswered(code, "committed offsets"); !failed) return forward(failed.error());
    return std::nullopt;
  };
  if (const auto code = rd_kafka_committed(client_, list.get(), slice_ms); code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return nothing(code);
  }
  std::vector<Committed> all;
  for (const auto& element : elements(*list)) {
    if (element.err != RD_KAFKA_RESP_ERR_NO_ERROR) return nothing(element.err);
    all.push_back({to_topic_partition(element), offset_or_nothing(element.offset),
                   std::string(static_cast<const char*>(element.metadata), element.metadata_size)});
  }
  return all;
}

/// The leader's answer to ListOffsets: the first offset with this time or a later one, -1 if there is none, or that of
/// RD_KAFKA_OFFSET_BEGINNING or RD_KAFKA_OFFSET_END. rd_kafka_query_watermark_offsets asks the same, but once the
/// request is sent it waits for as long as the broker is silent, whatever its time limit (seen with 2.0.2).
Result<std::optional<std::int64_t>> Queries::listed_offset(const TopicPartition& tp, std::int64_t time,
                                                           const std::string& what) {
  const Position question{tp, time};
  const PartitionListHandle list = make_list(std::span(&question, 1));
  auto code = rd_kafka_offsets_for_times(client_, list.get(), slice_ms);
  const auto& element = elements(*list).front();
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) code = element.err;
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return element.offset;
  if (auto failed = unanswered(code, what); !failed) return forward(failed.error());
  return std::nullopt;
}

Result<std::optional<Watermarks>> Queries::watermarks(const TopicPartition& tp) {
  const std::string what = "watermarks of " + to_string(tp);
  const auto low = listed_offset(tp, RD_KAFKA_OFFSET_BEGINNING, what);
  if (!low) return forward(low.error());
  if (!*low) return std::nullopt;
  const auto high = listed_offset(tp, RD_KAFKA_OFFSET_END, what);
  if (!high) return forward(high.error());
  if (!*high) return std::nullopt;
  return Watermarks{**low, **high};
}

Result<std::optional<std::int64_t>> Queries::end(const TopicPartition& tp) {
  return listed_offset(tp, RD_KAFKA_OFFSET_END, "end of " + to_string(tp));
}

std::optional<std::int64_t> Queries::known_end(const TopicPartition& tp) const {
  Watermarks marks;
  const auto code = rd_kafka_get_watermark_offsets(client_, tp.topic.c_str(), tp.partition, &marks.low, &marks.high);
  return code == RD_KAFKA_RESP_ERR_NO_ERROR ? offset_or_nothing(marks.high) : std::nullopt;
}

Result<std::optional<std::int64_t>> Queries::offset_for_time(const TopicPartition& tp, std::int64_t timestamp_ms) {
  auto listed = listed_offset(tp, timestamp_ms, "offset for a time in " + to_string(tp));
  if (!listed || !*listed || **listed >= 0) return listed;
  const auto marks = watermarks(tp);
  if (!marks) return forward(marks.error());
  const std::optional<Watermarks>& found = *marks;
  return found ? std::optional(found->high) : std::nullopt;
}

struct Queries::Topic {
  MetadataHandle metadata;
  const rd_kafka_metadata_topic_t* found = nullptr;
};

Result<std::optional<Queries::Topic>> Queries::describe(const std::string& topic) {
  const TopicHandle handle(rd_kafka_topic_new(client_, topic.c_str(), nullptr));
  const rd_kafka_metadata_t* raw = nullptr;
  auto code = handle ? rd_kafka_metadata(client_, 0, handle.get(), &raw, slice_ms) : rd_kafka_last_error();
  Topic described{MetadataHandle(raw)};
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
    if (raw->topic_cnt == 0) return std::optional(std::move(described));
    const rd_kafka_metadata_topic_t& found = raw->topics[0];
    code = found.err;
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) described.found = &found;
    const bool is_none = code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART || code == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC;
    if (described.found != nullptr || is_none) return std::optional(std::move(described));
  }
  if (auto failed = unanswered(code, "partitions of topic " + topic); !failed) return forward(failed.error());
  return std::nullopt;
}

Result<std::optional<std::int32_t>> Queries::partition_count(const std::string& topic) {
  const auto described = describe(topic);
  if (!described) return forward(described.error());
  if (!*described) return std::nullopt;
  const auto* found = (*described)->found;
  return found == nullptr ? 0 : found->partition_cnt;
}

Result<std::optional<std::vector<std::int32_t>>> Queries::leaderless(const std::string& topic) {
  const auto described = describe(topic);
  if (!described) return forward(described.error());
  if (!*described) return std::nullopt;
  std::vector<std::int32_t> without;
  if (const auto* found = (*described)->found) {
    for (const auto& partition : std::span(found->partitions, static_cast<std::size_t>(found->partition_cnt))) {
      if (partition.leader < 0) without.push_back(partition.id);
    }
  }
  return without;
}

Result<std::optional<std::string>> Queries::cluster_id() {
  const rd_kafka_metadata_t* raw = nullptr;
  const auto code = rd_kafka_metadata(client_, 0, nullptr, &raw, slice_ms);  // whose answer brings it
  const MetadataHandle answer(raw);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    if (auto failed = unanswered(code, "the cluster's id"); !failed) return forward(failed.error());
    return std::nullopt;
  }
  const MemoryHandle<char> id(rd_kafka_clusterid(client_, 0));
  return id ? std::optional<std::string>(id.get()) : std::nullopt;
}

}  // namespace firstseen::kafka
