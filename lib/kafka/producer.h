#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "kafka/callbacks.h"
#include "kafka/client.h"
#include "kafka/handles.h"
#include "kafka/options.h"

namespace firstseen::kafka {

/// Enqueues messages and knows what became of each. One thread. Whether a transaction
/// surrounds the batch is its owner's business (batch_commit.h).
class Producer final : public Callbacks {
 public:
  static Result<std::unique_ptr<Producer>> make(const ClientOptions& options, LogSink log, FiguresSink figures);
  ~Producer() override = default;
  Producer(const Producer&) = delete;
  Producer& operator=(const Producer&) = delete;
  Producer(Producer&&) = delete;
  Producer& operator=(Producer&&) = delete;

  /// Forgets the last batch. All of its deliveries must have been reported: outstanding() == 0.
  void new_batch();

  Result<Progress> publish(const MessageView& message, const Destination& to, std::span<const AddedHeader> added);

  /// Serves delivery reports and log lines; waits at most `wait` for the first.
  void serve(Millis wait);
  /// Sends what is queued and waits at most `wait` for every report.
  void flush(Millis wait);

  [[nodiscard]] std::size_t outstanding() const { return outstanding_; }
  /// That number in words.
  [[nodiscard]] std::string unacknowledged() const;
  /// A message of this batch was refused, by the client, by the broker, or after all retries.
  [[nodiscard]] bool has_failures() const { return !failed_.empty(); }
  /// Why the first one failed, and what to do if that is known; for messages. Empty without failures.
  [[nodiscard]] std::string first_failure() const;
  [[nodiscard]] rd_kafka_resp_err_t first_failure_code() const {
    return failed_.empty() ? RD_KAFKA_RESP_ERR_NO_ERROR : failed_.front().code;
  }
  [[nodiscard]] std::vector<DeliveryFailure> failures() const;

  [[nodiscard]] rd_kafka_t* handle() { return client_.get(); }

  void on_delivery(const rd_kafka_message_t& message) override;

 private:
  /// Where a message in flight came from. Its index, and one, travels through librdkafka as the message's opaque.
  struct Origin {
    const std::string* topic;
    std::int32_t partition;
    std::int64_t offset;
  };
  struct Failed {
    Position from;
    std::string output_topic;
    std::int32_t output_partition;
    rd_kafka_resp_err_t code;
    bool travelled_alone;  ///< refused before it could be batched, or larger than a produce batch
  };

  Producer(const ClientOptions& options, LogSink log, FiguresSink figures);

  const std::string* intern(std::string_view topic);
  Result<rd_kafka_topic_t*> topic_handle(std::string_view topic);
  Result<Progress> enqueue(const MessageView& message, const Destination& to, rd_kafka_topic_t* topic,
                           HeadersHandle headers);
  void refuse(const Origin& origin, const Destination& to, rd_kafka_resp_err_t code);

  const std::uint64_t batch_bytes_;
  ClientHandle client_;
  std::map<std::string, TopicHandle, std::less<>> topics_;
  std::set<std::string, std::less<>> names_;
  const std::string* last_name_ = nullptr;
  struct {
    std::string name;
    rd_kafka_topic_t* handle = nullptr;
  } last_topic_;                 ///< of topic_handle(): runs of one topic are the rule
  std::vector<Origin> origins_;  ///< of the batch; keeps its memory from batch to batch
  std::vector<Failed> failed_;
  std::size_t outstanding_ = 0;
  std::size_t published_ = 0;
};

}  // namespace firstseen::kafka
