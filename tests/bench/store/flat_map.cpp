#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/version.hpp>
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
      // Unless it has been accepted again since.
      const auto known = seen_.find(queue_.front().digest);
      if (known != seen_.end() && known->second == queue_.front().time_ms) seen_.erase(known);
      queue_.pop_front();
    }
    for (std::size_t i = 0; i < messages.size(); ++i) {
      const Message& message = messages[i];
      const auto [known, added] = seen_.try_emplace(message.digest, message.time_ms);
      const bool first = added || message.time_ms - known->second > window_;
      first_seen[i] = first ? 1 : 0;
      if (!first) continue;
      known->second = message.time_ms;
      queue_.push_back(message);
    }
  }

  [[nodiscard]] Size size() const override {
    const auto buckets = static_cast<double>(seen_.size()) / static_cast<double>(seen_.load_factor());
    // 15 elements and a line of 16 bytes per group, as Boost describes the container.
    const double bytes = buckets * (sizeof(Map::value_type) + 16.0 / 15.0);
    return {.live = seen_.size(), .memory_bytes = static_cast<std::uint64_t>(bytes) + queue_.size() * sizeof(Message)};
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

std::string boost_version() { return BOOST_LIB_VERSION; }

}  // namespace firstseen::bench
