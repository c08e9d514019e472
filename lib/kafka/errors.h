#pragma once

#include <librdkafka/rdkafka.h>

#include <string>
#include <string_view>

#include "base/error.h"

namespace firstseen::kafka {

/// What was being done when librdkafka reported an error.
enum class Call { init_transactions, begin, produce, send_offsets, commit, abort, consume, group, query };

/// "commit the transaction", as it stands after "cannot" in a message.
std::string_view describe(Call call);

/// An error as librdkafka reports it: the code and the three flags of rd_kafka_error_t.
struct Failure {
  Call call = Call::query;
  rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR_NO_ERROR;
  bool fatal = false;
  bool requires_abort = false;
  bool retriable = false;
  std::string text;    ///< librdkafka's own words; empty: the code's text
  bool again = false;  ///< the batch before has failed by it, too; known of sequence gaps only
};

/// What the error table (lib/kafka/README.md) prescribes.
struct Verdict {
  Action action = Action::restart;
  Exit exit = Exit::internal;
  std::string_view advice;  ///< for the person who reads the message; may be empty
  bool fenced = false;

  bool operator==(const Verdict&) const = default;
};

/// Asks the questions in the table's order: does a person have to act? fatal? must abort? retriable? Anything else is
/// treated as fatal.
Verdict classify(const Failure& failure);

/// The failure worded for a person, with the Action of classify().
Error to_error(const Failure& failure);

// --- the rows of the table, one named function each; classify() chooses among them ---

/// An ACL or a credential forbids it, or a setting can never work: trying again changes nothing.
Verdict refused_access(const Failure& failure);
bool is_refused_access(const Failure& failure);
/// The broker is older than 2.5 or does not support transactions.
Verdict unsupported_broker(const Failure& failure);
bool is_unsupported_broker(const Failure& failure);
/// A client-wide fatal error, a fenced producer or a fenced static member: the client is dead.
Verdict fatal_client(const Failure& failure);
bool is_fenced(rd_kafka_resp_err_t code);
/// The batch was taken under a membership that has ended: it is dropped, and revoked partitions with it.
Verdict stale_membership(const Failure& failure);
/// The broker refused a message for good: it takes the reject route, or the batch would fail endlessly.
Verdict refused_message(const Failure& failure);
/// The first commit behind an aborted batch may meet a gap in the sequence numbers. Once is normal; met again at once,
/// it is the client that has lost count.
Verdict sequence_gap(const Failure& failure);
/// The output topic has vanished: the commit has waited for it in vain, or the client knows already.
Verdict missing_output_topic(const Failure& failure);
bool is_missing_topic(rd_kafka_resp_err_t code);
/// A transaction that librdkafka gave up, for any other reason: nothing of it becomes visible.
Verdict abandoned_transaction(const Failure& failure);
/// Not finished: the same call again, never another one.
Verdict repeat_call(const Failure& failure);
/// rd_kafka_producev refused a message. The transaction itself is unharmed and would commit WITHOUT the message.
Verdict refused_by_client(const Failure& failure);
/// The transaction has failed before; commit or abort would tell the cause.
Verdict produce_after_failure(const Failure& failure);
/// The producer's queue is full: serve it, then the same message again.
Verdict full_queue(const Failure& failure);
/// The broker still keeps another session for this static member (KIP-848): wait until it has ended.
Verdict unreleased_instance(const Failure& failure);
/// Neither fatal, nor abort, nor retriable: treated as fatal.
Verdict unclassified(const Failure& failure);

// --- deliveries ---

enum class Refusal {
  none,       ///< the message may succeed when it is sent again
  too_large,  ///< larger than the output topic admits
  invalid,    ///< its timestamp or its contents; the broker refuses the whole produce batch for one such message
};
/// Whether a delivery failed through a message's own fault.
Refusal refusal_of(rd_kafka_resp_err_t code);

// --- errors that arrive in place of messages ---

enum class ConsumerErrorKind {
  end_of_log,
  offset_out_of_range,
  unreadable,    ///< the partition's data are damaged: nothing behind it may be delivered before a rewind
  inaccessible,  ///< the topic cannot be read now; librdkafka itself keeps trying
  client,        ///< not about a partition: classify() decides
  transient,     ///< librdkafka recovers by itself: log only
};
ConsumerErrorKind consumer_error_kind(rd_kafka_resp_err_t code);

/// Codes that librdkafka reports while it reconnects by itself.
bool is_connection_trouble(rd_kafka_resp_err_t code);

}  // namespace firstseen::kafka
