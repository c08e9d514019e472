// A whole slot, both of its threads, on the mock cluster: in steady state firstseen asks for no memory of its own per
// message. What librdkafka takes from malloc is not counted.

#include "support/allocations.h"

#include <algorithm>
#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "component/kafka/fixture.h"
#include "dedup/slot.h"
#include "support/temporary_directory.h"

namespace firstseen::dedup::test {
namespace {

constexpr std::size_t messages_per_round = 20'000;
constexpr int rounds = 8;

/// Counts the batches that are settled.
class Settled final : public StepHook {
 public:
  void at(Step step) override { count_ += step == Step::settled ? 1 : 0; }
  [[nodiscard]] int count() const { return count_; }

 private:
  std::atomic<int> count_ = 0;
};

class SlotAllocations : public kafka::test::KafkaTest {
 protected:
  void SetUp() override {
    ASSERT_NO_FATAL_FAILURE(KafkaTest::SetUp());
    key::KeySpec spec;
    spec.fields.push_back({"payload:/order/id", std::nullopt});
    auto deriver = key::Deriver::make(spec);
    ASSERT_TRUE(deriver) << deriver.error().message;
    deriver_ = std::move(*deriver);
    store::OpenOptions options;
    options.directory = directory_.path() / "store";
    options.durability = store::Durability::process_crash;
    options.max_size_bytes = 1ULL << 30U;
    auto store = store::SeenStore::open(options);
    ASSERT_TRUE(store) << store.error().message;
    store_ = std::move(*store);
  }

  SlotParts parts() {
    SlotParts parts;
    parts.options.topics = {"in"};
    parts.options.output_topic = "out";
    parts.deriver = deriver_.get();
    parts.store = store_.get();
    parts.make_client = [this] { return kafka::make_client(this->options(), [](LogLevel, const std::string&) {}); };
    parts.clock = &clock_;
    parts.steps = &settled_;
    parts.log = [](LogLevel, const std::string&) {};
    return parts;
  }

  /// Every fourth message repeats one of the round before.
  std::vector<kafka::test::Record> messages(std::size_t round) const {
    std::vector<kafka::test::Record> records;
    for (std::size_t i = 0; i < messages_per_round; ++i) {
      const std::size_t number = round * messages_per_round + i;
      const std::size_t order = i % 4 == 0 && round > 0 ? number - messages_per_round + 1 : number;
      records.push_back(
          {static_cast<std::int32_t>(i % 2),
           0,
           1'700'000'000'000 + static_cast<std::int64_t>(number),
           std::nullopt,
           R"({"shop":"one with quite a long name","order":{"id":"order-number-)" + std::to_string(order) + R"("}})",
           {{"tenant", "a-tenant-with-a-long-name"}}});
    }
    return records;
  }

  /// Lets the slot carry what is in the topic up to so many messages in all; what it allocated meanwhile.
  std::uint64_t carry(Slot& slot, std::uint64_t in_all) {
    const auto deadline = std::chrono::steady_clock::now() + 2 * kafka::test::patience;
    std::uint64_t allocated = 0;
    std::uint64_t consumed = 0;
    int seen = -1;
    while (consumed < in_all) {
      const std::uint64_t before = firstseen::test::allocations();
      const auto stepped = slot.step();
      allocated += firstseen::test::allocations() - before;
      if (!stepped) ADD_FAILURE() << stepped.error().message;
      const bool late = std::chrono::steady_clock::now() > deadline;
      if (late) ADD_FAILURE() << "carried " << consumed << " of " << in_all;
      if (!stepped || late) break;
      if (settled_.count() == seen) continue;  // status() allocates
      seen = settled_.count();
      consumed = slot.status().counters.consumed;
    }
    return allocated;
  }

  firstseen::test::TemporaryDirectory directory_;
  std::unique_ptr<key::Deriver> deriver_;
  std::unique_ptr<store::SeenStore> store_;
  SystemClock clock_;
  Settled settled_;
};

TEST_F(SlotAllocations, AreNonePerMessageInSteadyState) {
  Slot slot(parts());
  std::vector<std::uint64_t> allocated;
  for (std::size_t round = 0; round < rounds; ++round) {
    write("in", messages(round));
    allocated.push_back(carry(slot, (round + 1) * messages_per_round));
    ASSERT_FALSE(HasFailure());
  }
  const SlotStatus status = slot.status();
  EXPECT_EQ(status.counters.duplicates, (rounds - 1) * messages_per_round / 4);
  // Some for each take() and each batch, however many messages they bring.
  EXPECT_LT(*std::min_element(allocated.begin() + rounds / 2, allocated.end()), messages_per_round / 20)
      << ::testing::PrintToString(allocated);
  slot.request_stop(Millis(10'000));
  const auto deadline = std::chrono::steady_clock::now() + kafka::test::patience;
  for (auto stepped = slot.step(); stepped && *stepped == Slot::Stepped::more; stepped = slot.step()) {
    ASSERT_LT(std::chrono::steady_clock::now(), deadline) << "does not stop";
  }
}

}  // namespace
}  // namespace firstseen::dedup::test
