#include "ingest/topic_sink.h"

#include "unit/ingest/support.h"

namespace firstseen::ingest::test {
namespace {

/// What outlives a process: the records of committed transactions, and the mark of the last one.
struct Broker {
  Texts committed;
  std::optional<std::string> mark;
  Texts open;
  std::optional<std::string> open_mark;
  std::string fail_at;  ///< the name of the call that fails, once
  Action fail_with = Action::abort;
  bool commits_before_failing = false;  ///< a commit whose answer is lost
  int started = 0;
};

class FakePublisher final : public Publisher {
 public:
  explicit FakePublisher(Broker& broker) : broker_(broker) {}
  Result<void> start() override {
    ++broker_.started;
    broker_.open.clear();
    broker_.open_mark.reset();
    return {};
  }
  Result<std::optional<std::string>> committed_mark() override { return broker_.mark; }
  Result<void> begin() override { return failing("begin"); }
  Result<void> publish(const OutputRecord& record, const std::string&, std::uint64_t) override {
    broker_.open.push_back(record.value);
    return failing("publish");
  }
  Result<void> send_mark(const std::string& mark) override {
    broker_.open_mark = mark;
    return failing("send_mark");
  }
  Result<void> commit() override {
    if (broker_.fail_at == "commit" && !broker_.commits_before_failing) return failing("commit");
    broker_.committed.insert(broker_.committed.end(), broker_.open.begin(), broker_.open.end());
    broker_.open.clear();
    broker_.mark = broker_.open_mark;
    return failing("commit");
  }
  Result<void> abort() override {
    broker_.open.clear();
    return failing("abort");
  }
  [[nodiscard]] std::optional<std::string> refused() const override { return std::nullopt; }

 private:
  Result<void> failing(const std::string& call) {
    if (broker_.fail_at != call) return {};
    broker_.fail_at.clear();
    return fail(broker_.fail_with, Exit::unavailable, call + " failed");
  }
  Broker& broker_;
};

class IntoATopic : public testing::Test {
 protected:
  void SetUp() override { open_ledger(); }
  void open_ledger() {
    ledger_ = nullptr;
    auto ledger = Ledger::open(directory_.path() / "ledger", clock_);
    ASSERT_TRUE(ledger) << ledger.error().message;
    ledger_ = std::move(*ledger);
  }
  std::unique_ptr<TopicSink> sink(Undecided undecided = Undecided::ask) {
    return std::make_unique<TopicSink>(
        *ledger_, 0,
        [this](std::uint32_t) -> Result<std::unique_ptr<Publisher>> {
          return std::make_unique<FakePublisher>(broker_);
        },
        undecided, hook_);
  }
  Claim claim() { return *ledger_->claim({"/f", sha_, 1, "lines"}, true); }
  Result<void> publish(TopicSink& sink, const std::string& value) {
    if (auto begun = sink.begin(); !begun) return begun;
    if (auto added = sink.add({std::nullopt, value}, "/f", 1); !added) return added;
    return sink.commit({"/f", sha_, 1, 0, false});
  }

  const std::string sha_ = std::string(64, 'a');
  TemporaryDirectory directory_;
  SystemClock clock_;
  Broker broker_;
  StepHook hook_;
  std::unique_ptr<Ledger> ledger_;
};

TEST_F(IntoATopic, ACommittedBatchCountsAndTheNextClaimGoesOnBehindIt) {
  const auto topic = sink();
  ASSERT_TRUE(topic->recover());
  EXPECT_EQ(claim().skip_records, 0U);
  ASSERT_TRUE(publish(*topic, "x"));
  ledger_->release(sha_);
  EXPECT_EQ(claim().skip_records, 1U);
  EXPECT_EQ(broker_.committed, Texts{"x"});
}

TEST_F(IntoATopic, AProcessThatDiesAtAnyStepNeitherLosesNorRepeatsTheBatch) {
  struct Death {};
  for (const Step step : {Step::published, Step::prepared, Step::mark_sent, Step::committed, Step::settled}) {
    const TemporaryDirectory fresh;
    ledger_ = nullptr;
    ledger_ = std::move(*Ledger::open(fresh.path() / "ledger", clock_));
    broker_ = {};
    hook_ = [&](Step at) {
      if (at == step) throw Death();
    };
    {
      const auto dying = sink();
      ASSERT_TRUE(dying->recover());
      claim();
      EXPECT_THROW(static_cast<void>(publish(*dying, "x")), Death);
    }
    hook_ = nullptr;
    ledger_ = nullptr;
    ledger_ = std::move(*Ledger::open(fresh.path() / "ledger", clock_));
    const auto next = sink();
    ASSERT_TRUE(next->recover());
    if (claim().skip_records == 0) {
      ASSERT_TRUE(publish(*next, "x"));
    }
    EXPECT_EQ(broker_.committed, Texts{"x"}) << static_cast<int>(step);
  }
}

TEST_F(IntoATopic, ACommitWhoseAnswerIsLostIsDecidedByTheMarkEitherWay) {
  for (const bool committed : {true, false}) {
    const auto topic = sink();
    ASSERT_TRUE(topic->recover());
    const std::uint64_t before = claim().skip_records;
    broker_.fail_at = "commit";
    broker_.fail_with = Action::restart;
    broker_.commits_before_failing = committed;
    const auto published = publish(*topic, "x");
    ASSERT_FALSE(published);
    EXPECT_EQ(published.error().action, Action::restart);
    ASSERT_TRUE(topic->recover());
    ledger_->release(sha_);
    EXPECT_EQ(claim().skip_records, before + (committed ? 1 : 0));
    ledger_->release(sha_);
  }
  EXPECT_EQ(broker_.committed, Texts{"x"});
}

TEST_F(IntoATopic, AnAbortedBatchNeverWasAndTheNextOneIsSound) {
  for (const char* call : {"begin", "publish", "send_mark", "commit"}) {
    const auto topic = sink();
    ASSERT_TRUE(topic->recover());
    claim();
    broker_.fail_at = call;
    broker_.fail_with = Action::abort;
    ASSERT_FALSE(publish(*topic, "x"));
    ASSERT_TRUE(topic->abort());
    ASSERT_TRUE(publish(*topic, call));
    ledger_->release(sha_);
  }
  EXPECT_EQ(broker_.committed, (Texts{"begin", "publish", "send_mark", "commit"}));
}

TEST_F(IntoATopic, AnOutcomeThatTheBrokerHasForgottenIsNeverGuessed) {
  const auto topic = sink();
  ASSERT_TRUE(topic->recover());
  claim();
  broker_.fail_at = "commit";
  broker_.fail_with = Action::restart;
  ASSERT_FALSE(publish(*topic, "x"));
  broker_.mark.reset();  // the group's offsets have expired
  const auto asked = topic->recover();
  ASSERT_FALSE(asked);
  EXPECT_TRUE(contains(asked.error().message, "--undecided published or --undecided aborted"));
  ASSERT_TRUE(sink(Undecided::published)->recover());
  ledger_->release(sha_);
  EXPECT_EQ(claim().skip_records, 1U);
}

TEST_F(IntoATopic, TheFirstStartLeavesAMarkSoThatALostOneIsNoticed) {
  ASSERT_TRUE(sink()->recover());
  EXPECT_TRUE(broker_.mark);
  EXPECT_EQ(broker_.committed, Texts{});
}

}  // namespace
}  // namespace firstseen::ingest::test
