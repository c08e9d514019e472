#include "kafka/broker_watch.h"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <thread>
#include <utility>

#include "kafka/callbacks.h"
#include "kafka/handles.h"
#include "kafka/settings.h"

namespace firstseen::kafka {

namespace {
constexpr int slice_ms = 1000;
}

class BrokerWatch::Impl final : public Callbacks {
 public:
  Impl(BrokerNews news, WatchTimes times) : Callbacks("watch", {}), news_(std::move(news)), times_(times) {}

  Result<void> open(const ClientOptions& options) {
    auto client = make_admin_handle(options, *this);
    if (!client) return forward(client.error());
    client_ = std::move(*client);
    thread_ = std::jthread([this](const std::stop_token& stop) { watch(stop); });
    return {};
  }

  void request_stop() { thread_.request_stop(); }

 private:
  void watch(const std::stop_token& stop) {
    std::mutex mutex;
    std::condition_variable_any wake;
    while (!stop.stop_requested()) {
      ask(stop);
      std::unique_lock lock(mutex);
      wake.wait_for(lock, stop, times_.pause, [] { return false; });
    }
  }

  void ask(const std::stop_token& stop) {
    const auto deadline = std::chrono::steady_clock::now() + times_.patience;
    while (!stop.stop_requested()) {
      const rd_kafka_metadata_t* raw = nullptr;
      const auto code = rd_kafka_metadata(client_.get(), 0, nullptr, &raw, slice_ms);  // of brokers alone: no topic
      const MetadataHandle metadata(raw);
      rd_kafka_poll(client_.get(), 0);
      if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
        forget_last_error();
        return news_(true, "answers");
      }
      if (std::chrono::steady_clock::now() < deadline) continue;
      return news_(false, last_error().empty() ? rd_kafka_err2str(code) : last_error());
    }
  }

  BrokerNews news_;
  WatchTimes times_;
  ClientHandle client_;
  std::jthread thread_;  // destroyed first: uses what stands above
};

BrokerWatch::BrokerWatch(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
BrokerWatch::~BrokerWatch() = default;
void BrokerWatch::request_stop() { impl_->request_stop(); }

Result<std::unique_ptr<BrokerWatch>> BrokerWatch::start(const ClientOptions& options, BrokerNews news,
                                                        WatchTimes times) {
  auto impl = std::make_unique<Impl>(std::move(news), times);
  if (auto opened = impl->open(options); !opened) return forward(opened.error());
  return std::unique_ptr<BrokerWatch>(new BrokerWatch(std::move(impl)));  // NOLINT(modernize-make-unique): private
}

}  // namespace firstseen::kafka
