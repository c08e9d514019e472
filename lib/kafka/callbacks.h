#pragma once

#include <librdkafka/rdkafka.h>

#include <chrono>
#include <string>
#include <string_view>
#include <utility>

#include "base/log.h"
#include "base/rate_limiter.h"
#include "kafka/figures.h"
#include "kafka/hidden_texts.h"

namespace firstseen::kafka {

/// What librdkafka calls back, for one client handle. Everything is served inside poll calls, on the thread that owns
/// the client: log lines too go through the main queue (log.queue), so no callback runs on a librdkafka thread.
///
/// Nothing may throw from here: the callers are C.
class Callbacks {
 public:
  /// `name` stands in front of every log line. `figures` is called as often as statistics.interval.ms says.
  Callbacks(std::string name, LogSink log, FiguresSink figures = {})
      : name_(std::move(name)), log_(std::move(log)), figures_(std::move(figures)) {}
  Callbacks(const Callbacks&) = delete;
  Callbacks& operator=(const Callbacks&) = delete;
  Callbacks(Callbacks&&) = delete;
  Callbacks& operator=(Callbacks&&) = delete;
  virtual ~Callbacks() = default;

  /// What the client's texts must not show; before install().
  void hide(HiddenTexts texts) { hidden_ = std::move(texts); }
  /// Makes `conf` call back to this object, which must outlive the client made from it.
  void install(rd_kafka_conf_t* conf, rd_kafka_type_t kind);

  virtual void on_log(int level, const std::string& facility, const std::string& line);
  void on_error(rd_kafka_t* client, rd_kafka_resp_err_t code, const std::string& reason);
  void on_statistics(std::string_view json, ClientFigures::Side side) const;
  /// The last error that librdkafka reported, worded for a person; empty: none yet.
  [[nodiscard]] const std::string& last_error() const { return last_error_; }
  void forget_last_error() { last_error_.clear(); }
  /// Lets repeats of the same subject through once in ten seconds.
  void report(LogLevel level, const std::string& subject, const std::string& line);

  virtual void on_rebalance(rd_kafka_t* /*client*/, rd_kafka_resp_err_t /*code*/,
                            const rd_kafka_topic_partition_list_t* /*partitions*/) {}
  virtual void on_delivery(const rd_kafka_message_t& /*message*/) {}

 private:
  std::string name_;
  LogSink log_;
  FiguresSink figures_;
  HiddenTexts hidden_;
  std::string last_error_;
  RateLimiter limiter_{std::chrono::seconds(10)};
};

}  // namespace firstseen::kafka
