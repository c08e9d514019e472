#include "key/function_strategy.h"

#include <fmt/format.h>

#include <memory>
#include <utility>

namespace firstseen::key {
namespace {

class FunctionDeriver final : public Deriver {
 public:
  FunctionDeriver(std::unique_ptr<Deriver> inner, std::string version, DeriveFunction derive)
      : inner_(std::move(inner)), version_(std::move(version)), derive_(std::move(derive)) {}

  void derive(const MessageView& message, Derived& out) override { out = derive_(message, *inner_); }
  [[nodiscard]] Explanation explain(const MessageView& message) override {
    Explanation explanation;
    derive(message, explanation.result);
    return explanation;
  }
  /// Nobody knows what the function looks at.
  [[nodiscard]] bool needs_headers() const override { return true; }
  [[nodiscard]] std::string fingerprint() const override { return version_ + ": " + inner_->fingerprint(); }
  [[nodiscard]] std::string description() const override { return version_ + ": " + inner_->description(); }

 private:
  const std::unique_ptr<Deriver> inner_;
  const std::string version_;
  const DeriveFunction derive_;
};

/// A function that this thread is putting on its inner strategy, and those that stand on it.
class Making {
 public:
  Making(const void* function, const std::string& name)
      : function_(function), name_(name), outer_(std::exchange(innermost(), this)) {}
  ~Making() { innermost() = outer_; }
  Making(const Making&) = delete;
  Making& operator=(const Making&) = delete;
  Making(Making&&) = delete;
  Making& operator=(Making&&) = delete;

  /// "a on b on a" where this function, under the name a, stands on itself; otherwise empty.
  [[nodiscard]] std::string cycle() const {
    std::string path = name_;
    for (const Making* outer = outer_; outer != nullptr; outer = outer->outer_) {
      path.insert(0, outer->name_ + " on ");
      if (outer->function_ == function_) return path;
    }
    return {};
  }

 private:
  static const Making*& innermost() {
    thread_local const Making* making = nullptr;
    return making;
  }

  const void* const function_;
  const std::string& name_;
  const Making* const outer_;
};

}  // namespace

Strategy strategy_on(const std::string& inner, const std::string& version, const DeriveFunction& derive) {
  if (!derive) return nullptr;  // which add() refuses
  // The copies of the function are one. A name does not tell: two registries may have it.
  const auto identity = std::make_shared<const char>('\0');
  return [inner, version, derive, identity](const KeySpec& spec) -> Result<std::unique_ptr<Deriver>> {
    const Making making(identity.get(), spec.strategy);
    if (const std::string cycle = making.cycle(); !cycle.empty()) {
      return fail(Exit::config,
                  fmt::format("the strategy '{}' stands on itself ({}): put it on another one", spec.strategy, cycle));
    }
    KeySpec inner_spec = spec;
    inner_spec.strategy = inner;
    auto made = Deriver::make(inner_spec);
    if (made) made = std::make_unique<FunctionDeriver>(std::move(*made), version, derive);
    return made;
  };
}

}  // namespace firstseen::key
