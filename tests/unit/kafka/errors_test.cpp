#include "kafka/errors.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace firstseen::kafka {

namespace {

// Not named by librdkafka 2.0.2.
constexpr auto unreleased_instance_id = static_cast<rd_kafka_resp_err_t>(111);

Failure fatal(Call call, rd_kafka_resp_err_t code) { return {call, code, true, false, false, ""}; }
Failure abortable(Call call, rd_kafka_resp_err_t code) { return {call, code, false, true, false, ""}; }
Failure retriable(Call call, rd_kafka_resp_err_t code) { return {call, code, false, false, true, ""}; }
Failure plain(Call call, rd_kafka_resp_err_t code) { return {call, code, false, false, false, ""}; }

using Row = Verdict (*)(const Failure&);

/// A line of the table in lib/kafka/README.md: the failure, the function that stands for its row, what it prescribes.
struct Line {
  Failure failure;
  Row row;
  Action action;
};

const std::vector<Line>& table() {
  static const std::vector<Line> lines{
      {fatal(Call::commit, RD_KAFKA_RESP_ERR__FENCED), fatal_client, Action::restart},
      {fatal(Call::send_offsets, RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH), fatal_client, Action::restart},
      {fatal(Call::init_transactions, RD_KAFKA_RESP_ERR_UNKNOWN), fatal_client, Action::restart},
      {plain(Call::produce, RD_KAFKA_RESP_ERR__FATAL), fatal_client, Action::restart},
      {plain(Call::consume, RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID), fatal_client, Action::restart},
      {abortable(Call::send_offsets, RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID), fatal_client, Action::restart},
      {abortable(Call::send_offsets, RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION), stale_membership, Action::abort},
      {abortable(Call::send_offsets, RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID), stale_membership, Action::abort},
      {plain(Call::commit, RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION), stale_membership, Action::abort},
      {plain(Call::commit, RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS), stale_membership, Action::abort},
      {abortable(Call::commit, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE), refused_message, Action::abort},
      {abortable(Call::commit, RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP), refused_message, Action::abort},
      {abortable(Call::commit, RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER), sequence_gap, Action::abort},
      {abortable(Call::commit, RD_KAFKA_RESP_ERR__INCONSISTENT), abandoned_transaction, Action::abort},
      {abortable(Call::commit, RD_KAFKA_RESP_ERR__TIMED_OUT), abandoned_transaction, Action::abort},
      {abortable(Call::send_offsets, RD_KAFKA_RESP_ERR__TIMED_OUT), abandoned_transaction, Action::abort},
      {retriable(Call::send_offsets, RD_KAFKA_RESP_ERR__TRANSPORT), repeat_call, Action::retry},
      {retriable(Call::commit, RD_KAFKA_RESP_ERR__TIMED_OUT), repeat_call, Action::retry},
      {retriable(Call::abort, RD_KAFKA_RESP_ERR__CONFLICT), repeat_call, Action::retry},
      {plain(Call::produce, RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION), refused_by_client, Action::abort},
      {plain(Call::produce, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE), refused_by_client, Action::abort},
      {plain(Call::produce, RD_KAFKA_RESP_ERR__STATE), produce_after_failure, Action::abort},
      {plain(Call::produce, RD_KAFKA_RESP_ERR__QUEUE_FULL), full_queue, Action::retry},
      {abortable(Call::commit, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART), missing_output_topic, Action::abort},
      {plain(Call::produce, RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC), missing_output_topic, Action::abort},
      {fatal(Call::consume, unreleased_instance_id), unreleased_instance, Action::restart},
      {plain(Call::consume, unreleased_instance_id), unreleased_instance, Action::restart},
      {plain(Call::commit, RD_KAFKA_RESP_ERR__STATE), unclassified, Action::restart},
      {plain(Call::send_offsets, RD_KAFKA_RESP_ERR_UNKNOWN), unclassified, Action::restart},
      {fatal(Call::init_transactions, RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED), refused_access,
       Action::stop},
      {plain(Call::consume, RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED), refused_access, Action::stop},
      {abortable(Call::commit, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED), refused_access, Action::stop},
      {fatal(Call::init_transactions, RD_KAFKA_RESP_ERR_INVALID_TRANSACTION_TIMEOUT), refused_access, Action::stop},
      {fatal(Call::init_transactions, RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE), unsupported_broker, Action::stop},
      {plain(Call::init_transactions, RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE), unsupported_broker, Action::stop},
      {abortable(Call::send_offsets, RD_KAFKA_RESP_ERR_UNSUPPORTED_VERSION), unsupported_broker, Action::stop},
  };
  return lines;
}

std::string name_of(const Failure& failure) {
  return std::string(describe(failure.call)) + ": " + rd_kafka_err2name(failure.code);
}

}  // namespace

TEST(ErrorTable, EveryRowLeadsToItsNamedVerdict) {
  for (const Line& line : table()) {
    EXPECT_EQ(classify(line.failure), line.row(line.failure)) << name_of(line.failure);
    EXPECT_EQ(classify(line.failure).action, line.action) << name_of(line.failure);
  }
}

TEST(ErrorTable, NoTwoRowsGiveOneVerdict) {
  for (const Line& one : table()) {
    for (const Line& other : table()) {
      if (one.row == other.row) continue;
      EXPECT_NE(one.row(one.failure), other.row(other.failure))
          << name_of(one.failure) << " and " << name_of(other.failure) << " could be exchanged unnoticed";
    }
  }
}

TEST(ErrorTable, FatalIsAskedBeforeAbortAndAbortBeforeRetriable) {
  const Failure all{Call::commit, RD_KAFKA_RESP_ERR__TIMED_OUT, true, true, true, ""};
  EXPECT_EQ(classify(all).action, Action::restart);
  const Failure both{Call::commit, RD_KAFKA_RESP_ERR__TIMED_OUT, false, true, true, ""};
  EXPECT_EQ(classify(both).action, Action::abort);
}

TEST(ErrorTable, ASequenceGapIsNormalOnceAndNotTwiceInARow) {
  Failure gap = abortable(Call::commit, RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER);
  EXPECT_EQ(classify(gap).action, Action::abort);
  gap.again = true;
  EXPECT_EQ(classify(gap).action, Action::restart);
}

TEST(ErrorTable, AFencedClientIsMarkedSoThatARepeatCanEndTheSlot) {
  EXPECT_TRUE(to_error(fatal(Call::commit, RD_KAFKA_RESP_ERR__FENCED)).fenced);
  EXPECT_TRUE(to_error(abortable(Call::send_offsets, RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID)).fenced);
  EXPECT_FALSE(to_error(fatal(Call::commit, RD_KAFKA_RESP_ERR__FATAL)).fenced);
}

TEST(ErrorTable, AMessageSaysWhatFailedWhyAndWhatToDo) {
  const Error error = to_error(plain(Call::produce, RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION));
  EXPECT_NE(error.message.find("cannot publish a message"), std::string::npos) << error.message;
  EXPECT_NE(error.message.find("_UNKNOWN_PARTITION"), std::string::npos) << error.message;
  EXPECT_NE(error.message.find("output.partitioner: key"), std::string::npos) << error.message;
}

TEST(ErrorTable, ABrokerWithoutTransactionsEndsTheProgramWithWhatToChange) {
  const Error error = to_error(fatal(Call::init_transactions, RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE));
  EXPECT_EQ(error.action, Action::stop);
  EXPECT_EQ(error.exit, Exit::unavailable);
  EXPECT_NE(error.message.find("Kafka 2.5 or later"), std::string::npos) << error.message;
  EXPECT_NE(error.message.find("delivery.guarantee: at_least_once"), std::string::npos) << error.message;
}

TEST(ErrorTable, OnlyAMessagesOwnFaultIsPermanent) {
  EXPECT_EQ(refusal_of(RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE), Refusal::too_large);
  EXPECT_EQ(refusal_of(RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP), Refusal::invalid);
  EXPECT_EQ(refusal_of(RD_KAFKA_RESP_ERR__MSG_TIMED_OUT), Refusal::none);
  EXPECT_EQ(refusal_of(RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS), Refusal::none);
}

TEST(ErrorTable, ConsumerErrorsAreToldApart) {
  EXPECT_EQ(consumer_error_kind(RD_KAFKA_RESP_ERR__PARTITION_EOF), ConsumerErrorKind::end_of_log);
  EXPECT_EQ(consumer_error_kind(RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET), ConsumerErrorKind::offset_out_of_range);
  EXPECT_EQ(consumer_error_kind(RD_KAFKA_RESP_ERR__BAD_MSG), ConsumerErrorKind::unreadable);
  EXPECT_EQ(consumer_error_kind(RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED), ConsumerErrorKind::inaccessible);
  EXPECT_EQ(consumer_error_kind(RD_KAFKA_RESP_ERR__FATAL), ConsumerErrorKind::client);
  EXPECT_EQ(consumer_error_kind(RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED), ConsumerErrorKind::client);
  EXPECT_EQ(consumer_error_kind(RD_KAFKA_RESP_ERR__TRANSPORT), ConsumerErrorKind::transient);
}

}  // namespace firstseen::kafka
