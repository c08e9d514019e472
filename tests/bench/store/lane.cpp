#include "bench/store/lane.h"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <utility>

#include "bench/store/oracle.h"

namespace firstseen::bench {
namespace {

double cpu_seconds(clockid_t clock = CLOCK_PROCESS_CPUTIME_ID) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

double wall_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace

Lane::Lane(std::string name, const Workload& workload, std::unique_ptr<Contestant> contestant)
    : name_(std::move(name)), workload_(workload), contestant_(std::move(contestant)), flags_(workload.batch) {}

void Lane::fill() {
  if (!contestant_->load(workload_)) return fill_by_batches();
  next_ = workload_.filling();
  answers_from_ = next_;
}

void Lane::fill_by_batches() {
  while (next_ < workload_.filling()) {
    make_batch(workload_, next_, messages_);
    const double wall_before = wall_seconds();
    const double cpu_before = cpu_seconds(CLOCK_THREAD_CPUTIME_ID);
    contestant_->decide(messages_, flags_);
    most_filling_cpu_s_ = std::max(most_filling_cpu_s_, cpu_seconds(CLOCK_THREAD_CPUTIME_ID) - cpu_before);
    longest_filling_s_ = std::max(longest_filling_s_, wall_seconds() - wall_before);
    end_batch();
    contestant_->look_at_memory();
  }
}

void Lane::end_batch() {
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
    messages += workload_.batch;
    end_batch();
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

std::uint64_t Lane::wrong_answers() const {
  Oracle oracle(workload_);
  std::uint64_t wrong = 0;
  for (std::uint64_t i = 0; i < next_; ++i) {
    const bool first_seen = oracle.first_seen(i);
    if (i >= answers_from_ && answers_[i - answers_from_] != first_seen) ++wrong;
  }
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
