#include "kafka/callbacks.h"

#include <fmt/format.h>

#include "kafka/errors.h"

namespace firstseen::kafka {

namespace {

Callbacks& target_of(void* opaque) { return *static_cast<Callbacks*>(opaque); }

/// Runs `body`. An exception here can only be exhausted memory: it ends the program at once rather than unwind through
/// C.
template <class Body>
void guarded(Body&& body) noexcept {
  body();
}

void log_callback(const rd_kafka_t* client, int level, const char* facility, const char* line) {
  guarded([&] {
    if (client != nullptr) target_of(rd_kafka_opaque(client)).on_log(level, facility, line);
  });
}

void error_callback(rd_kafka_t* client, int code, const char* reason, void* opaque) {
  guarded([&] { target_of(opaque).on_error(client, static_cast<rd_kafka_resp_err_t>(code), reason); });
}

void rebalance_callback(rd_kafka_t* client, rd_kafka_resp_err_t code, rd_kafka_topic_partition_list_t* partitions,
                        void* opaque) {
  guarded([&] { target_of(opaque).on_rebalance(client, code, partitions); });
}

void delivery_callback(rd_kafka_t*, const rd_kafka_message_t* message, void* opaque) {
  guarded([&] { target_of(opaque).on_delivery(*message); });
}

int statistics_callback(rd_kafka_t* client, char* json, std::size_t size, void* opaque) {
  const bool produces = rd_kafka_type(client) == RD_KAFKA_PRODUCER;
  const auto side = produces ? ClientFigures::Side::producer : ClientFigures::Side::consumer;
  guarded([&] { target_of(opaque).on_statistics({json, size}, side); });
  return 0;  // librdkafka frees the text
}

LogLevel level_of(int syslog_level) {
  if (syslog_level <= 3) return LogLevel::error;
  if (syslog_level == 4) return LogLevel::warning;
  return syslog_level <= 6 ? LogLevel::info : LogLevel::debug;
}

}  // namespace

void Callbacks::install(rd_kafka_conf_t* conf, rd_kafka_type_t kind) {
  rd_kafka_conf_set_opaque(conf, this);
  rd_kafka_conf_set_log_cb(conf, log_callback);
  rd_kafka_conf_set_error_cb(conf, error_callback);
  if (figures_) rd_kafka_conf_set_stats_cb(conf, statistics_callback);
  if (kind == RD_KAFKA_CONSUMER) rd_kafka_conf_set_rebalance_cb(conf, rebalance_callback);
  if (kind == RD_KAFKA_PRODUCER) rd_kafka_conf_set_dr_msg_cb(conf, delivery_callback);
}

void Callbacks::on_log(int level, const std::string& facility, const std::string& line) {
  // Lost connections arrive as errors too, and better worded: on_error() reports those.
  if (facility == "FAIL" || facility == "ERROR") return;
  const LogLevel severity = level_of(level);
  const std::string text = fmt::format("librdkafka {}: {}", facility, hidden_.removed_from(line));
  if (severity == LogLevel::debug) {
    if (log_) log_(severity, fmt::format("{}: {}", name_, text));
  } else {
    report(severity, facility, text);
  }
}

void Callbacks::on_error(rd_kafka_t*, rd_kafka_resp_err_t code, const std::string& reason) {
  const bool refused_login =
      code == RD_KAFKA_RESP_ERR__AUTHENTICATION || code == RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED;
  std::string line = fmt::format("{} ({})", hidden_.removed_from(reason), rd_kafka_err2name(code));
  if (refused_login) {
    line = fmt::format("the broker refuses the login: {}; check the sasl.* entries of kafka.properties", line);
  }
  // "All brokers down" only follows from an error that says more.
  if (code != RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN || last_error_.empty()) last_error_ = line;
  if (is_connection_trouble(code)) {
    report(LogLevel::warning, rd_kafka_err2name(code), line + "; trying again");
  } else {
    report(LogLevel::error, rd_kafka_err2name(code), line);
  }
}

void Callbacks::on_statistics(std::string_view json, ClientFigures::Side side) const {
  if (const auto figures = read_statistics(json, side)) figures_(*figures);
}

void Callbacks::report(LogLevel level, const std::string& subject, const std::string& line) {
  const auto held_back = limiter_.admit(subject, RateLimiter::TimePoint::clock::now());
  if (!held_back || !log_) return;
  log_(level, *held_back == 0 ? fmt::format("{}: {}", name_, line)
                              : fmt::format("{}: {} [{} similar lines were held back]", name_, line, *held_back));
}

}  // namespace firstseen::kafka
