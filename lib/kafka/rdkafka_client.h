#pragma once

#include <memory>

#include "base/error.h"
#include "base/log.h"
#include "kafka/client.h"
#include "kafka/figures.h"
#include "kafka/options.h"

namespace firstseen::kafka {

/// A Client on librdkafka: one consumer of the group and one producer. Contacts no broker yet. Log lines and errors of
/// librdkafka go to `log` on the thread that calls the consumer or the publisher, from within its functions, each
/// subject at most once in ten seconds: `log` is thread-safe where these threads differ. Fails with Exit::config when
/// librdkafka refuses a property.
///
/// Destroying the client never waits for the broker longer than two seconds; an open transaction is left as it is.
/// `figures` is told what librdkafka measures, on these threads, too, and as often as
/// ClientOptions::statistics_interval says.
Result<Client> make_client(const ClientOptions& options, LogSink log, FiguresSink figures = {});

/// The taking side alone.
Result<std::unique_ptr<Consumer>> make_consumer(const ClientOptions& options, LogSink log, FiguresSink figures = {});

}  // namespace firstseen::kafka
