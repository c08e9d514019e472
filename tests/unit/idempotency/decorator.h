#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "idempotency/result_store.h"

namespace firstseen::idempotency::test {

/// Passes everything on to another store; who is derived from it changes one thing.
class Decorator : public ResultStore {
 public:
  explicit Decorator(std::shared_ptr<ResultStore> inner) : inner_(std::move(inner)) {}
  Result<Put> put_if_new(const Record& record, std::string_view payload) override {
    return inner_->put_if_new(record, payload);
  }
  Result<std::optional<Record>> get(const Key& key) override { return inner_->get(key); }
  Result<std::optional<Record>> peek(const Key& key) override { return inner_->peek(key); }
  Result<std::optional<Record>> replace(const Record& expected, const Record& desired, Token token) override {
    return inner_->replace(expected, desired, token);
  }
  Result<bool> erase(const Key& key) override { return inner_->erase(key); }
  Result<bool> erase_if(const Record& expected) override { return inner_->erase_if(expected); }
  Result<std::optional<std::string>> payload(const Key& key) override { return inner_->payload(key); }
  Result<std::uint64_t> sweep() override { return inner_->sweep(); }
  Result<void> for_each(const std::function<bool(const Record&)>& visit) override { return inner_->for_each(visit); }
  Result<StoreStats> stats() override { return inner_->stats(); }
  Result<std::unique_ptr<Owner>> enlist() override { return inner_->enlist(); }
  bool alive(const std::string& owner_id) override { return inner_->alive(owner_id); }

 protected:
  ResultStore& inner() { return *inner_; }

 private:
  const std::shared_ptr<ResultStore> inner_;
};

}  // namespace firstseen::idempotency::test
