#include "key/function_strategy.h"

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

}  // namespace

Strategy strategy_on(const std::string& inner, const std::string& version, const DeriveFunction& derive) {
  if (!derive) return nullptr;  // which add() refuses
  return [inner, version, derive](const KeySpec& spec) {
    KeySpec inner_spec = spec;
    inner_spec.strategy = inner;
    auto made = Deriver::make(inner_spec);
    if (made) made = std::make_unique<FunctionDeriver>(std::move(*made), version, derive);
    return made;
  };
}

}  // namespace firstseen::key
