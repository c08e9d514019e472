#include "kafka/errors.h"

#include <fmt/format.h>

namespace firstseen::kafka {

namespace {
// UNRELEASED_INSTANCE_ID of the Kafka protocol; librdkafka 2.0.2 has no name for it.
constexpr auto unreleased_instance_id = static_cast<rd_kafka_resp_err_t>(111);
}  // namespace

std::string_view describe(Call call) {
  switch (call) {
    case Call::init_transactions:
      return "initialise transactions";
    case Call::begin:
      return "begin a transaction";
    case Call::produce:
      return "publish a message";
    case Call::send_offsets:
      return "send the offsets to the transaction";
    case Call::commit:
      return "commit the batch";
    case Call::abort:
      return "abort the batch";
    case Call::consume:
      return "consume";
    case Call::group:
      return "work with the consumer group";
    case Call::query:
      return "query the broker";
  }
  return "use Kafka";
}

bool is_refused_access(const Failure& failure) {
  switch (failure.code) {
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_INVALID_TRANSACTION_TIMEOUT:
    case RD_KAFKA_RESP_ERR_INVALID_SESSION_TIMEOUT:
    case RD_KAFKA_RESP_ERR_INCONSISTENT_GROUP_PROTOCOL:
    case RD_KAFKA_RESP_ERR_INVALID_GROUP_ID:
      return true;
    default:
      return false;
  }
}

Verdict refused_access(const Failure& failure) {
  switch (failure.code) {
    case RD_KAFKA_RESP_ERR_INVALID_TRANSACTION_TIMEOUT:
      return {Action::stop, Exit::config,
              "lower kafka.properties transaction.timeout.ms or raise the broker's transaction.max.timeout.ms"};
    case RD_KAFKA_RESP_ERR_INVALID_SESSION_TIMEOUT:
      return {Action::stop, Exit::config,
              "set kafka.properties session.timeout.ms within the broker's group.min.session.timeout.ms and "
              "group.max.session.timeout.ms"};
    case RD_KAFKA_RESP_ERR_INCONSISTENT_GROUP_PROTOCOL:
      return {Action::stop, Exit::config,
              "another program is a member of the group in input.group: choose another name"};
    case RD_KAFKA_RESP_ERR_INVALID_GROUP_ID:
      return {Action::stop, Exit::config, "choose another input.group"};
    case RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED:
      return {Action::stop, Exit::unavailable,
              "grant this user Write and Describe on the transactional ids that begin with the group's name"};
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
      return {Action::stop, Exit::unavailable, "grant this user Read on the consumer group in input.group"};
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
      return {Action::stop, Exit::unavailable, "grant this user IdempotentWrite on the cluster"};
    default:
      return {Action::stop, Exit::unavailable,
              "grant this user Read and Describe on the input topics, Write and Describe on the output topics"};
  }
}

bool is_unsupported_broker(const Failure& failure) {
  return failure.code == RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE ||
         failure.code == RD_KAFKA_RESP_ERR_UNSUPPORTED_VERSION;
}

Verdict unsupported_broker(const Failure&) {
  return {Action::stop, Exit::unavailable,
          "the broker must be Apache Kafka 2.5 or later, or set delivery.guarantee: at_least_once"};
}

bool is_fenced(rd_kafka_resp_err_t code) {
  return code == RD_KAFKA_RESP_ERR__FENCED || code == RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID ||
         code == RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH || code == RD_KAFKA_RESP_ERR_PRODUCER_FENCED;
}

Verdict fatal_client(const Failure& failure) {
  if (failure.code == unreleased_instance_id) return unreleased_instance(failure);
  if (is_fenced(failure.code)) {
    return {Action::restart, Exit::try_again,
            "if this repeats, another process runs with the same run.instance, or the broker was away for longer than "
            "transaction.timeout.ms",
            true};
  }
  return {Action::restart, Exit::unavailable, "the client is made anew"};
}

Verdict stale_membership(const Failure&) {
  return {Action::abort, Exit::unavailable, "the group has rebalanced since the batch was taken"};
}

Verdict refused_message(const Failure&) {
  return {Action::abort, Exit::unavailable, "the broker refuses a message of the batch"};
}

Verdict sequence_gap(const Failure& failure) {
  if (failure.again) return {Action::restart, Exit::unavailable, "twice in a row, so the client is made anew"};
  return {Action::abort, Exit::unavailable, "once behind an aborted batch is normal"};
}

Verdict missing_output_topic(const Failure&) {
  return {Action::abort, Exit::unavailable, "create the output topic again"};
}

bool is_missing_topic(rd_kafka_resp_err_t code) {
  return code == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC || code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
}

Verdict abandoned_transaction(const Failure&) { return {Action::abort, Exit::unavailable, "the batch is taken again"}; }

Verdict repeat_call(const Failure&) { return {Action::retry, Exit::unavailable, "the same call is repeated"}; }

Verdict refused_by_client(const Failure& failure) {
  if (failure.code == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION) {
    return {Action::abort, Exit::unavailable,
            "the output topic needs as many partitions as its input: add partitions, or set output.partitioner: key"};
  }
  return {Action::abort, Exit::unavailable, "the batch is taken again without this message"};
}

Verdict produce_after_failure(const Failure&) {
  return {Action::abort, Exit::unavailable, "the transaction had failed before"};
}

Verdict full_queue(const Failure&) {
  return {Action::retry, Exit::unavailable, "the same message again when the broker has taken some"};
}

Verdict unreleased_instance(const Failure&) {
  return {Action::restart, Exit::try_again, "the broker still waits for the predecessor's session to end", true};
}

Verdict unclassified(const Failure&) {
  return {Action::restart, Exit::unavailable, "not known as harmless, so the client is made anew"};
}

namespace {

Verdict classify_produce(const Failure& failure) {
  switch (failure.code) {
    case RD_KAFKA_RESP_ERR__QUEUE_FULL:
      return full_queue(failure);
    case RD_KAFKA_RESP_ERR__STATE:
      return produce_after_failure(failure);
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
      return missing_output_topic(failure);
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
      return refused_by_client(failure);
    default:
      return unclassified(failure);
  }
}

Verdict classify_abortable(const Failure& failure) {
  switch (failure.code) {
    case RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID:
      return fatal_client(failure);
    case RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION:
    case RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID:
    case RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS:
      return stale_membership(failure);
    case RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER:
      return sequence_gap(failure);
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
      return missing_output_topic(failure);
    default:
      return refusal_of(failure.code) == Refusal::none ? abandoned_transaction(failure) : refused_message(failure);
  }
}

/// A consumer's offset commit (at_least_once) carries no flags: the codes alone decide.
bool is_stale_commit(const Failure& failure) {
  return failure.call == Call::commit &&
         (failure.code == RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION || failure.code == RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID ||
          failure.code == RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS);
}

}  // namespace

Verdict classify(const Failure& failure) {
  if (is_refused_access(failure)) return refused_access(failure);
  if (is_unsupported_broker(failure)) return unsupported_broker(failure);
  if (failure.fatal || failure.code == RD_KAFKA_RESP_ERR__FATAL || is_fenced(failure.code) ||
      failure.code == unreleased_instance_id) {
    return fatal_client(failure);
  }
  if (failure.requires_abort) return classify_abortable(failure);
  if (failure.retriable) return repeat_call(failure);
  if (failure.call == Call::produce) return classify_produce(failure);
  if (is_stale_commit(failure)) return stale_membership(failure);
  return unclassified(failure);
}

Error to_error(const Failure& failure) {
  const Verdict verdict = classify(failure);
  std::string message = fmt::format("cannot {}: {} ({})", describe(failure.call),
                                    failure.text.empty() ? rd_kafka_err2str(failure.code) : failure.text.c_str(),
                                    rd_kafka_err2name(failure.code));
  if (!verdict.advice.empty()) message += fmt::format("; {}", verdict.advice);
  return Error{verdict.action, verdict.exit, std::move(message), verdict.fenced};
}

Refusal refusal_of(rd_kafka_resp_err_t code) {
  switch (code) {
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE:
      return Refusal::too_large;
    case RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP:
    case RD_KAFKA_RESP_ERR_INVALID_RECORD:
      return Refusal::invalid;
    default:
      return Refusal::none;
  }
}

ConsumerErrorKind consumer_error_kind(rd_kafka_resp_err_t code) {
  if (code == unreleased_instance_id) return ConsumerErrorKind::client;
  switch (code) {
    case RD_KAFKA_RESP_ERR__PARTITION_EOF:
      return ConsumerErrorKind::end_of_log;
    case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
    case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
    case RD_KAFKA_RESP_ERR__NO_OFFSET:
      return ConsumerErrorKind::offset_out_of_range;
    case RD_KAFKA_RESP_ERR__BAD_MSG:
    case RD_KAFKA_RESP_ERR__BAD_COMPRESSION:
    case RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED:
    case RD_KAFKA_RESP_ERR_INVALID_MSG:
    case RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE:
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
      return ConsumerErrorKind::unreadable;
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
      return ConsumerErrorKind::inaccessible;
    case RD_KAFKA_RESP_ERR__FATAL:
    case RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID:
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_INVALID_SESSION_TIMEOUT:
    case RD_KAFKA_RESP_ERR_INCONSISTENT_GROUP_PROTOCOL:
    case RD_KAFKA_RESP_ERR_INVALID_GROUP_ID:
      return ConsumerErrorKind::client;
    default:
      return ConsumerErrorKind::transient;
  }
}

bool is_connection_trouble(rd_kafka_resp_err_t code) {
  switch (code) {
    case RD_KAFKA_RESP_ERR__TRANSPORT:
    case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
    case RD_KAFKA_RESP_ERR__RESOLVE:
    case RD_KAFKA_RESP_ERR__SSL:
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
    case RD_KAFKA_RESP_ERR__TIMED_OUT:
    case RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE:
      return true;
    default:
      return false;
  }
}

}  // namespace firstseen::kafka
