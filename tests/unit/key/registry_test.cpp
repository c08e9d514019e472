#include "key/registry.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <latch>
#include <optional>
#include <stdexcept>
#include <thread>

#include "unit/key/support.h"

namespace firstseen::key {
namespace {

/// Keeps tenants apart: the tenant's header in front of whatever fields are listed.
Result<std::unique_ptr<Deriver>> per_tenant(const KeySpec& spec) {
  KeySpec inner = spec;
  inner.strategy = "fields";
  inner.fields.insert(inner.fields.begin(), {"header:tenant", OnMissing::reject});
  return Deriver::make(inner);
}

KeySpec of(const std::string& strategy) {
  KeySpec spec;
  spec.strategy = strategy;
  spec.fields = {{"record_key", {}}};
  return spec;
}

TEST(StrategyRegistry, HoldsTheFourOfTheLibrary) {
  EXPECT_EQ(StrategyRegistry().names(), (std::vector<std::string>{"default", "fields", "hash", "template"}));
}

TEST(StrategyRegistry, AnEmbeddingProgramsStrategyIsUsedByItsName) {
  StrategyRegistry registry;
  ASSERT_TRUE(registry.add("per_tenant", per_tenant));
  EXPECT_EQ(registry.names(), (std::vector<std::string>{"default", "fields", "hash", "per_tenant", "template"}));
  const auto deriver = registry.make(of("per_tenant"));
  ASSERT_TRUE(deriver) << deriver.error().message;

  MessageView message;
  message.topic = "orders";
  message.key = "k";
  EXPECT_EQ(derived(**deriver, message).kind, Derived::Kind::reject);
  const std::vector<HeaderView> a{{"tenant", "a"}};
  const std::vector<HeaderView> b{{"tenant", "b"}};
  message.headers = a;
  const Digest of_a = derived(**deriver, message).digest;
  EXPECT_EQ(derived(**deriver, message).digest, of_a);
  message.headers = b;
  EXPECT_NE(derived(**deriver, message).digest, of_a);
  EXPECT_NE((*deriver)->fingerprint(), (*registry.make(of("fields")))->fingerprint());
}

TEST(StrategyRegistry, TheGlobalOneIsAskedByDeriverMake) {
  static int runs = 0;  // a name stays taken, also when the test is run again
  const std::string name = "registered_by_a_test-" + std::to_string(++runs);
  EXPECT_FALSE(Deriver::make(of(name)));
  ASSERT_TRUE(StrategyRegistry::global().add(name, per_tenant));
  EXPECT_TRUE(Deriver::make(of(name)));
}

TEST(StrategyRegistry, ASecondRegistrationOfANameIsAnErrorAndTheFirstStays) {
  StrategyRegistry registry;
  ASSERT_TRUE(registry.add("mine", per_tenant));
  const auto again = registry.add("mine", [](const KeySpec&) { return fail(Exit::config, "the second one"); });
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().exit, Exit::config);
  EXPECT_NE(again.error().message.find("'mine' is there already"), std::string::npos);
  EXPECT_TRUE(registry.make(of("mine")));
  for (const char* name : {"default", "fields", "hash", "template"})
    EXPECT_FALSE(registry.add(name, per_tenant)) << name;
}

TEST(StrategyRegistry, RefusesNamesThatAConfigurationCouldNotSayAndEmptyFunctions) {
  StrategyRegistry registry;
  for (const std::string& name : {std::string(), std::string("a b"), std::string("ä"), std::string("a\n"),
                                  std::string("a\0b", 3), std::string(65, 'a')}) {
    EXPECT_FALSE(registry.add(name, per_tenant)) << name;
  }
  EXPECT_FALSE(registry.add("empty", nullptr));
  EXPECT_EQ(registry.names().size(), 4U);
  EXPECT_TRUE(registry.add(std::string(64, 'a'), per_tenant));
}

TEST(StrategyRegistry, AnUnknownNameIsRefusedWithThoseThatThereAre) {
  StrategyRegistry registry;
  ASSERT_TRUE(registry.add("per_tenant", per_tenant));
  const auto made = registry.make(of("per_tennant"));
  ASSERT_FALSE(made);
  EXPECT_EQ(
      made.error().message,
      "unknown key.strategy 'per_tennant': it must be one of default, fields, hash, per_tenant, template; did you "
      "mean 'per_tenant'?");
}

TEST(StrategyRegistry, AStrategyThatThrowsOrMakesNothingIsAnErrorThatNamesIt) {
  StrategyRegistry registry;
  ASSERT_TRUE(registry.add("throws", [](const KeySpec&) -> Result<std::unique_ptr<Deriver>> {
    throw std::runtime_error("no such service");
  }));
  ASSERT_TRUE(registry.add("throws_a_number", [](const KeySpec&) -> Result<std::unique_ptr<Deriver>> { throw 7; }));
  ASSERT_TRUE(registry.add("nothing", [](const KeySpec&) { return Result<std::unique_ptr<Deriver>>(nullptr); }));
  EXPECT_EQ(registry.make(of("throws")).error().message, "the strategy 'throws' failed: no such service");
  EXPECT_EQ(registry.make(of("throws_a_number")).error().message, "the strategy 'throws_a_number' failed");
  EXPECT_EQ(registry.make(of("nothing")).error().message, "the strategy 'nothing' made nothing");
}

/// A service that knows the customer of an account, or is down.
class Customers {
 public:
  std::optional<std::string> of(std::string_view account) const {
    if (down) return std::nullopt;
    return account == "savings" || account == "giro" ? "customer-1" : "customer-2";
  }
  bool down = false;
};

/// The key is the customer of the account that the record key names.
class CustomerDeriver final : public Deriver {
 public:
  CustomerDeriver(const Customers& customers, std::unique_ptr<Deriver> by_record_key)
      : customers_(customers), by_record_key_(std::move(by_record_key)) {}

  void derive(const MessageView& message, Derived& out) override {
    if (const auto known = with_customer(message)) return by_record_key_->derive(*known, out);
    out = {Derived::Kind::reject, {}, {"customers_unavailable", "the customer service does not answer"}};
  }
  [[nodiscard]] Explanation explain(const MessageView& message) override {
    if (const auto known = with_customer(message)) return by_record_key_->explain(*known);
    Explanation explanation;
    derive(message, explanation.result);
    return explanation;
  }
  [[nodiscard]] bool needs_headers() const override { return by_record_key_->needs_headers(); }
  [[nodiscard]] std::string fingerprint() const override { return "customer 1: " + by_record_key_->fingerprint(); }

 private:
  /// The message with the customer in the record key's place; valid until the next call.
  [[nodiscard]] std::optional<MessageView> with_customer(MessageView message) {
    auto customer = customers_.of(message.key.value_or(""));
    if (!customer) return std::nullopt;
    customer_ = std::move(*customer);
    message.key = customer_;
    return message;
  }

  const Customers& customers_;
  std::string customer_;
  std::unique_ptr<Deriver> by_record_key_;
};

TEST(StrategyRegistry, AnOutageOfAServiceThatAStrategyAsksIsARejectionAndNeverASharedKey) {
  Customers customers;
  StrategyRegistry registry;
  ASSERT_TRUE(registry.add("customer", [&](const KeySpec& spec) -> Result<std::unique_ptr<Deriver>> {
    KeySpec inner = spec;
    inner.strategy = "fields";
    auto by_record_key = Deriver::make(inner);
    if (!by_record_key) return by_record_key;
    return std::make_unique<CustomerDeriver>(customers, std::move(*by_record_key));
  }));
  const auto deriver = registry.make(of("customer"));
  ASSERT_TRUE(deriver);
  const auto of_account = [&](std::string_view account) {
    MessageView message;
    message.topic = "payments";
    message.key = account;
    return derived(**deriver, message);
  };
  EXPECT_EQ(of_account("savings").digest, of_account("giro").digest);
  EXPECT_NE(of_account("savings").digest, of_account("other").digest);
  customers.down = true;
  EXPECT_EQ(of_account("savings").kind, Derived::Kind::reject);
  EXPECT_EQ(of_account("savings").rejection.reason, "customers_unavailable");
  customers.down = false;
  EXPECT_EQ(of_account("savings").kind, Derived::Kind::key);
}

TEST(StrategyRegistry, OfThreadsThatRegisterOneNameExactlyOneWinsWhileOthersUseIt) {
  constexpr int threads = 8;
  constexpr int names = 100;
  StrategyRegistry registry;
  std::atomic<int> winners{0};
  std::atomic<int> unknown{0};
  std::latch begin(threads);
  std::vector<std::thread> running;
  running.reserve(threads);
  for (int i = 0; i < threads; ++i) {
    running.emplace_back([&, i] {
      begin.arrive_and_wait();
      for (int n = 0; n < names; ++n) {
        const std::string name = "s" + std::to_string(i % 2 == 0 ? n : names - 1 - n);
        if (registry.add(name, per_tenant)) ++winners;
        // Whoever lost finds the winner's at once.
        if (!registry.make(of(name))) ++unknown;
        const auto listed = registry.names();
        if (!std::is_sorted(listed.begin(), listed.end())) ++unknown;
      }
    });
  }
  for (std::thread& thread : running) thread.join();
  EXPECT_EQ(winners, names);
  EXPECT_EQ(unknown, 0);
  EXPECT_EQ(registry.names().size(), static_cast<std::size_t>(names) + 4);
}

TEST(StrategyRegistry, AStrategyMayRegisterAndMakeOthersWhileItIsCalled) {
  StrategyRegistry registry;
  ASSERT_TRUE(registry.add("outer", [&](const KeySpec& spec) -> Result<std::unique_ptr<Deriver>> {
    KeySpec inner = spec;
    inner.strategy = "inner";
    static_cast<void>(registry.add("inner", per_tenant));
    return registry.make(inner);
  }));
  EXPECT_TRUE(registry.make(of("outer")));
  EXPECT_TRUE(registry.make(of("outer")));
}

}  // namespace
}  // namespace firstseen::key
