#include <boost/unordered/unordered_flat_map.hpp>
#include <deque>

#include "bench/store/contestants.h"

namespace firstseen::bench {
namespace {

class FlatMapContestant final : public Contestant {
 public:
  explicit FlatMapContestant(const Workload& workload) : window_(static_cast<std::int64_t>(workload.window)) {
    seen_.reserve(workload.window + workload.batch);
  }

  void decide(std::span<const Message> messages, std::span<std::uint8_t> first_seen) override {
    const std::int64_t horizon = messages.front().time_ms - window_;
    while (!queue_.empty() && queue_.front().time_ms < horizon) {
      seen_.erase(queue_.front().digest);
      queue_.pop_front();
    }
    for (std::size_t i = 0; i < messages.size(); ++i) {
      const Message& message = messages[i];
      const auto [known, added] = seen_.try_emplace(message.digest, message.time_ms);
      // The workload repeats a key within half a window, so what is here has not outlived it.
      if (!added && message.time_ms - known->second > window_) give_up("the workload repeats a key too late");
      first_seen[i] = added ? 1 : 0;
      if (added) queue_.push_back(message);
    }
  }

  void fill(const Workload& workload) override {
    std::vector<Message> messages;
    std::vector<std::uint8_t> ignored(workload.batch);
    for (std::uint64_t first = 0; first < workload.window; first += workload.batch) {
      make_batch(workload, first, messages);
      decide(messages, ignored);
    }
  }

  [[nodiscard]] Size size() const override {
    const auto buckets = static_cast<double>(seen_.size()) / static_cast<double>(seen_.load_factor());
    // 15 elements and a line of 16 bytes per group, as Boost describes the container.
    const double bytes = buckets * (sizeof(Map::value_type) + 16.0 / 15.0);
    return {seen_.size(), 0, static_cast<std::uint64_t>(bytes) + queue_.size() * sizeof(Message), 0, 0};
  }

 private:
  using Map = boost::unordered_flat_map<Digest, std::int64_t, DigestHash>;

  std::int64_t window_;
  Map seen_;
  std::deque<Message> queue_;
};

}  // namespace

std::unique_ptr<Contestant> make_flat_map(const Workload& workload) {
  return std::make_unique<FlatMapContestant>(workload);
}

}  // namespace firstseen::bench
