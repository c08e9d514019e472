#pragma once

// Owners and checks for the benchmark programs, which share no code with the daemon.

#include <librdkafka/rdkafka.h>

#include <array>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>

namespace bench {

template <auto Destroy>
struct Deleter {
  template <class T>
  void operator()(T* handle) const {
    Destroy(handle);
  }
};
using Handle = std::unique_ptr<rd_kafka_t, Deleter<rd_kafka_destroy>>;
using Queue = std::unique_ptr<rd_kafka_queue_t, Deleter<rd_kafka_queue_destroy>>;
using Topic = std::unique_ptr<rd_kafka_topic_t, Deleter<rd_kafka_topic_destroy>>;
using Message = std::unique_ptr<rd_kafka_message_t, Deleter<rd_kafka_message_destroy>>;
using Partitions = std::unique_ptr<rd_kafka_topic_partition_list_t, Deleter<rd_kafka_topic_partition_list_destroy>>;
using Membership =
    std::unique_ptr<rd_kafka_consumer_group_metadata_t, Deleter<rd_kafka_consumer_group_metadata_destroy>>;
using Properties = std::map<std::string, std::string>;
using DeliveryCallback = void (*)(rd_kafka_t*, const rd_kafka_message_t*, void*);

inline void check(rd_kafka_resp_err_t code, const char* what) {
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) throw std::runtime_error(std::string(what) + ": " + rd_kafka_err2str(code));
}

inline void check(rd_kafka_error_t* error, const char* what) {
  if (error == nullptr) return;
  const std::string text = rd_kafka_error_string(error);
  rd_kafka_error_destroy(error);
  throw std::runtime_error(std::string(what) + ": " + text);
}

inline Handle make_client(rd_kafka_type_t type, const Properties& properties, DeliveryCallback on_delivery = nullptr,
                          void* opaque = nullptr) {
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  std::array<char, 512> why{};
  for (const auto& [name, value] : properties) {
    if (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), why.data(), why.size()) != RD_KAFKA_CONF_OK) {
      rd_kafka_conf_destroy(conf);
      throw std::runtime_error(why.data());
    }
  }
  if (type == RD_KAFKA_CONSUMER) {  // unknown to older versions
    rd_kafka_conf_set(conf, "fetch.queue.backoff.ms", "20", why.data(), why.size());
  }
  if (on_delivery != nullptr) rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
  rd_kafka_conf_set_opaque(conf, opaque);
  Handle handle(rd_kafka_new(type, conf, why.data(), why.size()));  // takes conf unless it fails
  if (!handle) {
    rd_kafka_conf_destroy(conf);
    throw std::runtime_error(why.data());
  }
  return handle;
}

}  // namespace bench
