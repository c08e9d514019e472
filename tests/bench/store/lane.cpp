#include "bench/store/lane.h"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <utility>

namespace firstseen::bench {
namespace {

double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

double wall_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace

Lane::Lane(std::string name, const Workload& workload, std::unique_ptr<Contestant> contestant)
    : name_(std::move(name)), workload_(workload), contestant_(std::move(contestant)), flags_(workload.batch) {}

void Lane::fill() {
  contestant_->fill(workload_);
  next_ = (workload_.window + workload_.batch - 1) / workload_.batch * workload_.batch;
}

void Lane::decide_batch() {
  contestant_->decide(messages_, flags_);
  next_ += workload_.batch;
  for (const std::uint8_t flag : flags_) answers_.push_back(flag != 0);
}

/// Only the contestant's own time counts, not the making of messages.
void Lane::run(double seconds, bool measured) {
  double wall = 0;
  double cpu = 0;
  std::uint64_t messages = 0;
  // Memory that was not looked at for a while comes back slowly: the warm-up ends when there was hardly a page that it
  // did not touch, or after ten times its time.
  const std::uint64_t least = measured ? 0 : workload_.window / 4;
  while (wall < seconds || (messages < least && wall < seconds * 10)) {
    make_batch(workload_, next_, messages_);
    const double wall_before = wall_seconds();
    const double cpu_before = cpu_seconds();
    contestant_->decide(messages_, flags_);
    const double batch_s = wall_seconds() - wall_before;
    cpu += cpu_seconds() - cpu_before;
    wall += batch_s;
    next_ += workload_.batch;
    messages += workload_.batch;
    for (const std::uint8_t flag : flags_) answers_.push_back(flag != 0);
    if (measured) count(batch_s);
  }
  if (!measured) return;
  rates_.push_back(static_cast<double>(messages) / wall);
  cpu_s_ += cpu;
  measured_ += messages;
}

void Lane::count(double seconds) {
  longest_batch_s_ = std::max(longest_batch_s_, seconds);
  second_s_ += seconds;
  second_messages_ += workload_.batch;
  if (second_s_ < 1) return;
  const double rate = static_cast<double>(second_messages_) / second_s_;
  worst_second_ = worst_second_ == 0 ? rate : std::min(worst_second_, rate);
  second_s_ = 0;
  second_messages_ = 0;
}

void Lane::catch_up_with(const Lane& other) {
  while (decided() < other.decided()) {
    make_batch(workload_, next_, messages_);
    decide_batch();
  }
}

std::uint64_t Lane::differs_from(const Lane& other) const {
  const std::size_t both = std::min(answers_.size(), other.answers_.size());
  std::uint64_t wrong = 0;
  for (std::size_t i = 0; i < both; ++i) wrong += answers_[i] != other.answers_[i] ? 1U : 0U;
  return wrong;
}

double Lane::median_rate() const {
  std::vector<double> sorted = rates_;
  std::sort(sorted.begin(), sorted.end());
  const std::size_t half = sorted.size() / 2;
  return sorted.size() % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

double Lane::slowest_rate() const { return *std::min_element(rates_.begin(), rates_.end()); }
double Lane::fastest_rate() const { return *std::max_element(rates_.begin(), rates_.end()); }
double Lane::cpu_ns() const { return cpu_s_ * 1e9 / static_cast<double>(measured_); }
double Lane::worst_second_rate() const { return worst_second_ == 0 ? slowest_rate() : worst_second_; }

}  // namespace firstseen::bench
