#include "kafka/broker_watch.h"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>

#include "component/kafka/fixture.h"

namespace firstseen::kafka::test {
namespace {

/// What a watch has told last.
class LastNews {
 public:
  BrokerNews listener() {
    return [this](bool answers, const std::string& detail) {
      const std::scoped_lock lock(mutex_);
      known_ = true;
      answers_ = answers;
      detail_ = detail;
      changed_.notify_all();
    };
  }
  bool wait_for(bool answers) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, patience, [&] { return known_ && answers_ == answers; });
  }
  std::string detail() {
    const std::scoped_lock lock(mutex_);
    return detail_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool known_ = false;
  bool answers_ = false;
  std::string detail_;
};

class Watch : public KafkaTest {
 protected:
  Result<std::unique_ptr<BrokerWatch>> start(LastNews& news, const std::string& brokers) {
    ClientOptions options;
    options.brokers = {brokers};
    return BrokerWatch::start(options, news.listener(), {.pause = Millis{50}, .patience = Millis{500}});
  }
};

TEST_F(Watch, TellsWhenTheBrokerGoesAndWhenItComesBack) {
  LastNews news;
  const auto watch = start(news, cluster_->brokers());
  ASSERT_TRUE(watch) << watch.error().message;
  EXPECT_TRUE(news.wait_for(true));
  ASSERT_TRUE(cluster_->set_down(true));
  EXPECT_TRUE(news.wait_for(false));
  EXPECT_NE(news.detail(), "");
  ASSERT_TRUE(cluster_->set_down(false));
  EXPECT_TRUE(news.wait_for(true));
}

TEST_F(Watch, SaysWhyNobodyAnswers) {
  LastNews news;
  const auto watch = start(news, "127.0.0.1:1");
  ASSERT_TRUE(watch) << watch.error().message;
  EXPECT_TRUE(news.wait_for(false));
  EXPECT_NE(news.detail().find("127.0.0.1:1"), std::string::npos) << news.detail();
}

TEST_F(Watch, EndsSoonWhileNobodyAnswers) {
  LastNews news;
  auto watch = start(news, "127.0.0.1:1");
  ASSERT_TRUE(watch) << watch.error().message;
  EXPECT_TRUE(news.wait_for(false));
  const auto begun = std::chrono::steady_clock::now();
  watch->reset();
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(5));
}

}  // namespace
}  // namespace firstseen::kafka::test
