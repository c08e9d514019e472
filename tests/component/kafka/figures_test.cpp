#include "kafka/figures.h"

#include <map>

#include "component/kafka/fixture.h"

namespace firstseen::kafka::test {
namespace {

using Side = ClientFigures::Side;

class Figures : public KafkaTest {
 protected:
  ClientOptions often() const {
    ClientOptions often = options();
    often.statistics_interval = Millis{100};
    return often;
  }
  /// Takes and serves until what was told last is as wanted.
  void until(Client& client, const std::function<bool()>& wanted) {
    take_until(client, wanted, [&](const Taken&) { client.publisher->serve(); });
  }
  std::map<Side, ClientFigures> told_;
  FiguresSink sink_ = [this](const ClientFigures& figures) { told_[figures.side] = figures; };
};

TEST_F(Figures, OfBothSidesAreToldWhileTheyWork) {
  auto client = this->client(often(), sink_);
  join(client);
  until(client, [&] {
    return told_[Side::consumer].brokers_up > 0 && told_[Side::producer].brokers_up > 0 &&
           told_[Side::consumer].mean_latency_us > 0;
  });
  EXPECT_GE(told_[Side::consumer].p99_latency_us, 0);
}

TEST_F(Figures, ShowThatNoBrokerIsThere) {
  auto client = this->client(often(), sink_);
  join(client);
  until(client, [&] { return told_[Side::consumer].brokers_up > 0; });
  ASSERT_TRUE(cluster_->set_down(true));
  until(client, [&] { return told_[Side::consumer].brokers_up == 0 && told_[Side::producer].brokers_up == 0; });
}

TEST_F(Figures, CountWhatIsPublishedAndNotDelivered) {
  write("in", {Record{0, 0, 1'700'000'000'000, "k", std::string(100, 'v'), {}}});
  auto client = this->client(often(), sink_);
  join(client);
  ASSERT_TRUE(client.publisher->begin());
  bool published = false;
  const auto publish = [&](const Taken& taken) {
    if (taken.messages.empty()) return;
    published = true;
    ASSERT_TRUE(cluster_->set_down(true));
    for (int i = 0; i < 10; ++i) ASSERT_TRUE(client.publisher->publish(taken.messages.front(), {"out", 0}, {}));
  };
  take_until(client, [&] { return published; }, publish);
  until(client, [&] { return told_[Side::producer].queued_messages == 10; });
  EXPECT_GE(told_[Side::producer].queued_bytes, 1'000U);
}

}  // namespace
}  // namespace firstseen::kafka::test
