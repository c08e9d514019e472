#pragma once

#include <deque>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "kafka/callbacks.h"
#include "kafka/client.h"
#include "kafka/fetch_waker.h"
#include "kafka/handles.h"
#include "kafka/message_batch.h"
#include "kafka/offset_tracker.h"
#include "kafka/options.h"

namespace firstseen::kafka {

/// One member of the group. One thread; the contracts are those of Consumer.
///
/// The rebalance callback only records what the group wants. The group waits until assign() or unassign() answers, as
/// it does for applications that use librdkafka's event interface.
class GroupConsumer final : public Callbacks {
 public:
  static Result<std::unique_ptr<GroupConsumer>> make(const ClientOptions& options, LogSink log, FiguresSink figures);
  ~GroupConsumer() override;
  GroupConsumer(const GroupConsumer&) = delete;
  GroupConsumer& operator=(const GroupConsumer&) = delete;
  GroupConsumer(GroupConsumer&&) = delete;
  GroupConsumer& operator=(GroupConsumer&&) = delete;

  Result<void> subscribe(const std::vector<std::string>& topics);
  Result<Taken> take(std::size_t max_messages, Millis wait);
  Result<void> assign(std::span<const Position> positions);
  Result<void> unassign();
  Result<void> rewind(std::span<const Position> positions);
  Result<void> pause(std::span<const TopicPartition> partitions);
  Result<void> resume(std::span<const TopicPartition> partitions);
  Result<GroupMembership> membership();

  [[nodiscard]] rd_kafka_t* handle() { return client_.get(); }

  void on_rebalance(rd_kafka_t* client, rd_kafka_resp_err_t code,
                    const rd_kafka_topic_partition_list_t* partitions) override;

 private:
  GroupConsumer(const ClientOptions& options, LogSink log, FiguresSink figures);

  Result<void> fetch(std::size_t max_messages, Millis wait, MessageBatch& batch, Taken& taken);
  Result<void> admit(MessageHandle message, MessageBatch& batch, Taken& taken);
  Result<void> admit_error(const rd_kafka_message_t& message, Taken& taken);
  Result<void> verify();
  void report_topic(const std::string& topic, const std::string& detail);
  OffsetTracker::Track* track_of(const rd_kafka_message_t& message);
  void keep_fetching(std::span<const MessageView> taken);
  Result<void> check_fatal();
  Result<void> answer(const rd_kafka_topic_partition_list_t* partitions);
  Result<void> seek(std::span<const Position> positions);
  Result<void> set_paused(std::span<const TopicPartition> partitions, bool paused);
  void leave_group();

  const std::string group_;
  const std::string instance_id_;
  ClientHandle client_;
  QueueHandle queue_;
  OffsetTracker tracker_;
  SleepingFetcher fetcher_;
  const bool headers_wanted_;
  std::shared_ptr<ChunkPool> chunks_ = std::make_shared<ChunkPool>();
  std::vector<rd_kafka_message_t*> fetched_;  ///< scratch of fetch(); empty handles between calls
  struct {
    const rd_kafka_topic_t* topic = nullptr;
    std::int32_t partition = -1;
    OffsetTracker::Track* track = nullptr;
  } last_;                            ///< of track_of(), within one fetch(): runs of one partition are the rule
  std::deque<Rebalance> rebalances_;  ///< recorded and not yet returned by take()
  bool unanswered_ = false;           ///< the group waits for assign() or unassign()
  bool leaving_ = false;
  std::set<TopicPartition> to_verify_;  ///< assigned, and to be fetched again (OffsetTracker::Verdict::verify)
};

}  // namespace firstseen::kafka
