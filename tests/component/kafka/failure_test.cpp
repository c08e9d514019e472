#include <array>

#include "component/kafka/fixture.h"

namespace firstseen::kafka::test {

namespace {

// Api keys of the Kafka protocol.
constexpr std::int16_t produce_request = 0;
constexpr std::int16_t init_producer_id_request = 22;
constexpr std::int16_t txn_offset_commit_request = 28;
constexpr std::int16_t end_txn_request = 26;

MessageView message(std::int64_t offset, std::string_view value = "v") {
  MessageView view;
  view.topic = "in";
  view.partition = 0;
  view.offset = offset;
  view.timestamp_ms = 1'700'000'000'000;
  view.value = value;
  return view;
}

class Failing : public KafkaTest {
 protected:
  void fail_next(std::int16_t api_key, std::initializer_list<rd_kafka_resp_err_t> errors) {
    cluster_->fail_next(api_key, std::vector<rd_kafka_resp_err_t>(errors));
  }

  void publish(Client& client, int count, const std::string& topic = "out") {
    for (int i = 0; i < count; ++i) {
      finish([&] { return client.publisher->publish(message(i), {topic, 0}, {}); });
    }
  }

  /// Sends offsets under the client's own membership.
  std::optional<Error> send_offsets(Client& client) {
    const auto membership = client.consumer->membership();
    EXPECT_TRUE(membership);
    const OffsetCommit commit{{"in", 0}, 1, ""};
    return failure_of([&] { return client.publisher->send_offsets(std::span(&commit, 1), *membership); });
  }

  std::optional<Error> commit(Client& client) {
    return failure_of([&] { return client.publisher->commit(); });
  }
};

}  // namespace

TEST_F(Failing, AnAbortedBatchIsFollowedByOneThatCommits) {
  auto client = this->client();
  ASSERT_TRUE(client.publisher->begin());
  publish(client, 10);
  finish([&] { return client.publisher->abort(); });
  EXPECT_TRUE(client.publisher->failures().empty());
  ASSERT_TRUE(client.publisher->begin());
  publish(client, 10);
  EXPECT_FALSE(commit(client));
}

TEST_F(Failing, AnAbortLetsMessagesOnTheirWayArriveFirst) {
  auto client = this->client();
  ASSERT_TRUE(client.publisher->begin());
  publish(client, 10);
  finish([&] { return client.publisher->abort(); });
  // The mock cluster shows what was aborted; what an abort purges never gets there.
  EXPECT_EQ(contents("out", 10).size(), 10U);
}

TEST_F(Failing, AbortWithoutATransactionIsDone) {
  auto client = this->client();
  finish([&] { return client.publisher->abort(); });
}

TEST_F(Failing, AMessageTooLargeForTheBrokerIsNamedAndTheBatchAborted) {
  auto client = this->client();
  ASSERT_TRUE(client.publisher->begin());
  fail_next(produce_request, {RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE});
  publish(client, 1);
  const auto error = commit(client);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->action, Action::abort);
  EXPECT_NE(error->message.find("in[0] offset 0"), std::string::npos) << error->message;
  finish([&] { return client.publisher->abort(); });
  const auto failures = client.publisher->failures();
  ASSERT_EQ(failures.size(), 1U);
  EXPECT_EQ(failures[0].position, (Position{{"in", 0}, 0}));
  EXPECT_TRUE(failures[0].permanent);
  EXPECT_TRUE(failures[0].alone);
}

TEST_F(Failing, NeighboursInAProduceBatchAreNotBlamedAlone) {
  ClientOptions slow = options();
  slow.properties["linger.ms"] = "500";
  auto client = this->client(slow);
  ASSERT_TRUE(client.publisher->begin());
  fail_next(produce_request, {RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP});
  publish(client, 3);
  const auto error = commit(client);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->action, Action::abort);
  const auto failures = client.publisher->failures();
  ASSERT_EQ(failures.size(), 3U);
  for (const DeliveryFailure& failure : failures) {
    EXPECT_TRUE(failure.permanent);
    EXPECT_FALSE(failure.alone);
  }
}

TEST_F(Failing, AMessageRefusedByTheClientKeepsTheBatchFromCommittingWithoutIt) {
  auto client = this->client();
  ASSERT_TRUE(client.publisher->begin());
  publish(client, 1);
  std::optional<Error> refused;
  const auto deadline = std::chrono::steady_clock::now() + patience;
  // Until the topic's partitions are known the message is queued; afterwards it is refused at once.
  while (!refused && std::chrono::steady_clock::now() < deadline) {
    const auto published = client.publisher->publish(message(1), {"out", 77}, {});
    if (!published) refused = published.error();
  }
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->action, Action::abort);
  const auto error = commit(client);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->action, Action::abort);
  finish([&] { return client.publisher->abort(); });
  ASSERT_FALSE(client.publisher->failures().empty());
  EXPECT_FALSE(client.publisher->failures().front().permanent);
}

TEST_F(Failing, AStaleGenerationAbortsTheBatch) {
  auto client = this->client();
  join(client);
  ASSERT_TRUE(client.publisher->begin());
  publish(client, 1);
  fail_next(txn_offset_commit_request, {RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION});
  const auto error = send_offsets(client);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->action, Action::abort);
  finish([&] { return client.publisher->abort(); });
  ASSERT_TRUE(client.publisher->begin());
  EXPECT_FALSE(send_offsets(client));
  EXPECT_FALSE(commit(client));
}

TEST_F(Failing, ACoordinatorThatMovesIsWaitedFor) {
  auto client = this->client();
  join(client);
  ASSERT_TRUE(client.publisher->begin());
  publish(client, 1);
  fail_next(txn_offset_commit_request, {RD_KAFKA_RESP_ERR_NOT_COORDINATOR});
  EXPECT_FALSE(send_offsets(client));
  fail_next(end_txn_request, {RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE, RD_KAFKA_RESP_ERR_NOT_COORDINATOR});
  EXPECT_FALSE(commit(client));
}

TEST_F(Failing, AFencedProducerRestartsTheSlot) {
  auto client = this->client();
  ASSERT_TRUE(client.publisher->begin());
  publish(client, 1);
  fail_next(end_txn_request, {RD_KAFKA_RESP_ERR_PRODUCER_FENCED});
  const auto error = commit(client);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->action, Action::restart);
  EXPECT_TRUE(error->fenced);
}

TEST_F(Failing, ASequenceGapAbortsTheBatchAndRestartsTheSlotOnlyWhenTheNextBatchMeetsOneToo) {
  auto client = this->client();
  const auto batch = [&](bool gap) {
    EXPECT_TRUE(client.publisher->begin());
    publish(client, 1);
    if (gap) fail_next(end_txn_request, {RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER});
    auto error = commit(client);
    if (error) finish([&] { return client.publisher->abort(); });
    return error;
  };
  for (int turn = 0; turn < 2; ++turn) {
    const auto error = batch(true);
    ASSERT_TRUE(error);
    EXPECT_EQ(error->action, Action::abort) << error->message;
    ASSERT_FALSE(batch(false)) << "a batch that commits makes the next gap a first one again";
  }
  ASSERT_TRUE(batch(true));
  const auto again = batch(true);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->action, Action::restart) << again->message;
}

TEST_F(Failing, AMissingPermissionStopsTheProgramWithTheAclToGrant) {
  fail_next(init_producer_id_request, {RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED});
  auto made = make_client(options(), nullptr);
  ASSERT_TRUE(made);
  const auto error = failure_of([&] { return made->publisher->init_transactions(); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->action, Action::stop);
  EXPECT_EQ(error->exit, Exit::unavailable);
  EXPECT_NE(error->message.find("transactional ids"), std::string::npos) << error->message;
}

TEST_F(Failing, ABrokerThatIsDownMakesInitTransactionsTryAgain) {
  ASSERT_TRUE(cluster_->set_down(true));
  auto made = make_client(options(), nullptr);
  ASSERT_TRUE(made);
  const auto progress = made->publisher->init_transactions();
  ASSERT_TRUE(progress) << progress.error().message;
  EXPECT_EQ(*progress, Progress::again);
  ASSERT_TRUE(cluster_->set_down(false));
  finish([&] { return made->publisher->init_transactions(); });
}

TEST_F(Failing, AFullQueueSaysAgainAndLosesNothing) {
  ClientOptions small = options();
  small.properties["queue.buffering.max.messages"] = "10";
  auto client = this->client(small);
  ASSERT_TRUE(cluster_->set_down(true));
  ASSERT_TRUE(client.publisher->begin());
  int accepted = 0;
  Progress last = Progress::done;
  while (last == Progress::done && accepted < 100) {
    const auto progress = client.publisher->publish(message(accepted), {"out", 0}, {});
    ASSERT_TRUE(progress) << progress.error().message;
    last = *progress;
    if (last == Progress::done) ++accepted;
  }
  EXPECT_EQ(last, Progress::again);
  ASSERT_TRUE(cluster_->set_down(false));
  for (; accepted < 30; ++accepted) {
    finish([&] { return client.publisher->publish(message(accepted), {"out", 0}, {}); });
  }
  EXPECT_FALSE(commit(client));
  EXPECT_EQ(contents("out", 30).size(), 30U);
}

TEST_F(Failing, ABatchThatTheBrokersDoNotTakeTellsWhatItWaitsForUntilTheyDo) {
  for (const Guarantee guarantee : {Guarantee::exactly_once, Guarantee::at_least_once}) {
    SCOPED_TRACE(guarantee == Guarantee::exactly_once ? "exactly once" : "at least once");
    auto client = this->client(options(guarantee));
    const auto deliver = [&] {
      return guarantee == Guarantee::exactly_once ? client.publisher->commit()
                                                  : client.publisher->send_offsets({}, kafka::GroupMembership{});
    };
    ASSERT_TRUE(client.publisher->begin());
    EXPECT_EQ(client.publisher->why_again(), "");
    ASSERT_TRUE(cluster_->set_down(true));
    publish(client, 10);
    const auto progress = deliver();
    ASSERT_TRUE(progress) << progress.error().message;
    EXPECT_EQ(*progress, Progress::again);
    EXPECT_EQ(client.publisher->why_again(), "10 of its messages are not acknowledged yet");
    ASSERT_TRUE(cluster_->set_down(false));
    finish(deliver);
    EXPECT_EQ(client.publisher->why_again(), "");
  }
}

TEST_F(Failing, AMessageLargerThanTheWholeQueueIsRefusedOnceTheQueueIsEmpty) {
  ClientOptions small = options();
  small.properties["queue.buffering.max.kbytes"] = "1";
  auto client = this->client(small);
  ASSERT_TRUE(client.publisher->begin());
  publish(client, 1);
  const std::string large(4096, 'x');
  const auto refused = failure_of([&] { return client.publisher->publish(message(1, large), {"out", 0}, {}); });
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->action, Action::abort);
  EXPECT_NE(refused->message.find("queue.buffering.max.kbytes"), std::string::npos) << refused->message;
  finish([&] { return client.publisher->abort(); });
  const auto failures = client.publisher->failures();
  ASSERT_EQ(failures.size(), 1U) << "the smaller one before it was delivered";
  EXPECT_EQ(failures[0].position, (Position{{"in", 0}, 1}));
  EXPECT_TRUE(failures[0].permanent);
  EXPECT_TRUE(failures[0].alone);
  ASSERT_TRUE(client.publisher->begin());
  publish(client, 1);
  EXPECT_FALSE(commit(client));
}

TEST_F(Failing, AtLeastOnceCommitsNoOffsetsWhenADeliveryFailed) {
  auto client = this->client(options(Guarantee::at_least_once));
  join(client);
  ASSERT_TRUE(client.publisher->begin());
  fail_next(produce_request, {RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE});
  publish(client, 1);
  const auto error = send_offsets(client);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->action, Action::abort);
  finish([&] { return client.publisher->abort(); });
  EXPECT_EQ(client.publisher->failures().size(), 1U);
  ASSERT_TRUE(client.publisher->begin());
  publish(client, 1);
  EXPECT_FALSE(send_offsets(client));
  EXPECT_FALSE(commit(client));
}

TEST_F(Failing, AtLeastOnceCommitsNothingUnderAMembershipThatHasEnded) {
  auto client = this->client(options(Guarantee::at_least_once));
  join(client);
  ClientOptions other = options(Guarantee::at_least_once);
  other.group = "another";
  auto stranger = this->client(other);
  join(stranger);
  const auto not_ours = stranger.consumer->membership();
  ASSERT_TRUE(not_ours);
  ASSERT_TRUE(client.publisher->begin());
  const OffsetCommit offset{{"in", 0}, 1, ""};
  finish([&] { return client.publisher->send_offsets(std::span(&offset, 1), *not_ours); });
  EXPECT_FALSE(commit(client)) << "everything is acknowledged";
  const auto error = failure_of([&] { return client.consumer->commit(std::span(&offset, 1), *not_ours); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->action, Action::abort);
}

}  // namespace firstseen::kafka::test
