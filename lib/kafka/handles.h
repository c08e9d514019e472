#pragma once

#include <librdkafka/rdkafka.h>

#include <memory>

namespace firstseen::kafka {

/// Calls librdkafka's own destructor function for a handle.
template <auto Destroy>
struct HandleDeleter {
  template <class T>
  void operator()(T* handle) const {
    Destroy(handle);
  }
};

/// The one kind of owner for librdkafka's C handles: unique, movable, never copied.
template <class T, auto Destroy>
using Handle = std::unique_ptr<T, HandleDeleter<Destroy>>;

/// After a call that took ownership of the handle.
template <class Owner>
void disown(Owner& handle) {
  [[maybe_unused]] auto* theirs = handle.release();
}

/// Ends a client without leaving the group by itself: leaving is decided (and bounded in time) by GroupConsumer.
inline void destroy_client(rd_kafka_t* client) { rd_kafka_destroy_flags(client, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE); }

using ClientHandle = Handle<rd_kafka_t, destroy_client>;
using ConfHandle = Handle<rd_kafka_conf_t, rd_kafka_conf_destroy>;
using TopicHandle = Handle<rd_kafka_topic_t, rd_kafka_topic_destroy>;
using PartitionListHandle = Handle<rd_kafka_topic_partition_list_t, rd_kafka_topic_partition_list_destroy>;
using QueueHandle = Handle<rd_kafka_queue_t, rd_kafka_queue_destroy>;
using EventHandle = Handle<rd_kafka_event_t, rd_kafka_event_destroy>;
using MessageHandle = Handle<rd_kafka_message_t, rd_kafka_message_destroy>;
using HeadersHandle = Handle<rd_kafka_headers_t, rd_kafka_headers_destroy>;
using ErrorHandle = Handle<rd_kafka_error_t, rd_kafka_error_destroy>;
using MetadataHandle = Handle<const rd_kafka_metadata_t, rd_kafka_metadata_destroy>;
using GroupMetadataHandle = Handle<rd_kafka_consumer_group_metadata_t, rd_kafka_consumer_group_metadata_destroy>;

inline void free_memory(void* memory) { rd_kafka_mem_free(nullptr, memory); }

/// Memory that librdkafka has allocated for its caller.
template <class T>
using MemoryHandle = Handle<T, free_memory>;

}  // namespace firstseen::kafka
