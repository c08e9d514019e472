#pragma once

#include <librdkafka/rdkafka.h>

#include <cstdint>
#include <string>

#include "base/error.h"
#include "kafka/callbacks.h"
#include "kafka/handles.h"
#include "kafka/options.h"

namespace firstseen::kafka {

/// Largest produce batch, bytes before compression, unless kafka.properties have another batch.size.
inline constexpr std::uint64_t max_batch_bytes = 500'000;
/// The same for these options: never more than the smallest known limit of an output topic, since the broker refuses a
/// larger batch with all that is in it. A message that is at least as large travels in a batch of its own.
std::uint64_t produce_batch_bytes(const ClientOptions& options);

/// The group consumer's configuration: read_committed, nothing committed or stored by itself, no offset ever chosen by
/// librdkafka, eager assignors. kafka.properties go in first, what the promises own last.
Result<ConfHandle> consumer_settings(const ClientOptions& options);

/// The producer's configuration: idempotent, transactional with exactly_once; queues bounded by bytes.
Result<ConfHandle> producer_settings(const ClientOptions& options);

/// Makes a client from a configuration; its log lines and errors go to `callbacks`, which must outlive it. Fails with
/// Exit::config when librdkafka refuses the combination of settings. Neither they nor that error show what `options`,
/// from which the configuration was made, say is to be hidden.
Result<ClientHandle> make_handle(rd_kafka_type_t kind, ConfHandle conf, const ClientOptions& options,
                                 Callbacks& callbacks);

/// A client that only knows how to reach the brokers: for checks and queries. As make_handle.
Result<ClientHandle> make_admin_handle(const ClientOptions& options, Callbacks& callbacks);

/// The same, for which a log ends behind what open transactions have written (read_uncommitted). It is in no group.
Result<ClientHandle> make_uncommitted_handle(const ClientOptions& options, Callbacks& callbacks);

}  // namespace firstseen::kafka
