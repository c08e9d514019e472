#pragma once

#include <librdkafka/rdkafka.h>

#include "base/error.h"
#include "kafka/errors.h"

namespace firstseen::kafka {

/// Reads the flags and the text of an rd_kafka_error_t.
Failure failure_of(Call call, const rd_kafka_error_t& error);

/// Success, or the error with its Action.
Result<void> check(Call call, rd_kafka_resp_err_t code);

/// Fails when the client has raised a fatal error: it can do nothing any more.
Result<void> check_fatal(rd_kafka_t* client, Call call);

}  // namespace firstseen::kafka
