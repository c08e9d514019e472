#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "faults.h"
#include "process.h"
#include "store/seen_store.h"

namespace firstseen::simulation {

/// Passes everything on to another store; the base of the stores that misbehave on purpose.
class StoreDecorator : public store::SeenStore {
 public:
  explicit StoreDecorator(std::unique_ptr<store::SeenStore> inner) : inner_(std::move(inner)) {}

  [[nodiscard]] std::string id() const override { return inner_->id(); }
  [[nodiscard]] const std::vector<std::string>& open_report() const override { return inner_->open_report(); }
  [[nodiscard]] const std::string& open_loss() const override { return inner_->open_loss(); }
  Result<void> pin(std::span<const store::Pin> pins) override { return inner_->pin(pins); }
  [[nodiscard]] std::optional<std::string> pinned(const std::string& name) const override {
    return inner_->pinned(name);
  }
  Result<void> set_ttls(Millis ttl, std::span<const Millis> windows) override { return inner_->set_ttls(ttl, windows); }
  Result<void> set_note(const std::string& name, const std::string& value) override {
    return inner_->set_note(name, value);
  }
  [[nodiscard]] std::optional<std::string> note(const std::string& name) const override { return inner_->note(name); }
  [[nodiscard]] const std::map<TopicPartition, store::PartitionState>& partitions() const override {
    return inner_->partitions();
  }
  using store::SeenStore::find;
  [[nodiscard]] std::optional<store::Found> find(const Digest& digest, std::int64_t now_ms,
                                                 std::uint8_t window) const override {
    return inner_->find(digest, now_ms, window);
  }
  void stage(const store::Entry& entry) override { inner_->stage(entry); }
  /// By find() and stage() of the most derived decorator, so that a defect in these shows here too.
  void decide(std::span<const store::Entry> messages, bool refresh,
              std::span<std::optional<store::Found>> found) override {
    for (std::size_t i = 0; i < messages.size(); ++i) {
      found[i] = find(messages[i].digest, messages[i].time_ms, messages[i].window);
      if (!found[i] || refresh) stage(messages[i]);
    }
  }
  [[nodiscard]] std::size_t staged() const override { return inner_->staged(); }
  void drop_staged() override { inner_->drop_staged(); }
  [[nodiscard]] store::BatchId next_batch() const override { return inner_->next_batch(); }
  Result<store::BatchId> prepare(std::span<const store::SourceRange> ranges, std::int64_t expire_before_ms,
                                 bool decided) override {
    return inner_->prepare(ranges, expire_before_ms, decided);
  }
  [[nodiscard]] std::optional<store::UndecidedBatch> undecided() const override { return inner_->undecided(); }
  void settle() override { inner_->settle(); }
  Result<void> note_settled() override { return inner_->note_settled(); }
  Result<void> roll_back() override { return inner_->roll_back(); }
  Result<void> close_clean() override { return inner_->close_clean(); }
  std::string save_index(Millis at_most) override { return inner_->save_index(at_most); }
  void removed_before(std::vector<std::int64_t>& by_window) const override { inner_->removed_before(by_window); }
  [[nodiscard]] store::Stats stats() const override { return inner_->stats(); }

 protected:
  [[nodiscard]] store::SeenStore& inner() { return *inner_; }

 private:
  std::unique_ptr<store::SeenStore> inner_;
};

/// Fails writes by plan, and lets nothing be written after the process was killed.
class GuardedStore final : public StoreDecorator {
 public:
  GuardedStore(std::unique_ptr<store::SeenStore> inner, Faults& faults, const Process& process, Violations& violations)
      : StoreDecorator(std::move(inner)), faults_(faults), process_(process), violations_(violations) {}

  void decide(std::span<const store::Entry> messages, bool refresh,
              std::span<std::optional<store::Found>> found) override {
    inner().decide(messages, refresh, found);
  }
  Result<store::BatchId> prepare(std::span<const store::SourceRange> ranges, std::int64_t expire_before_ms,
                                 bool decided) override {
    if (undecided()) violations_.add(process_.name + ": prepare with an undecided batch");
    if (refuse("prepare")) return fail(Action::pause, Exit::io, "disk full (simulated)");
    return inner().prepare(ranges, expire_before_ms, decided);
  }
  Result<void> roll_back() override {
    if (!undecided()) violations_.add(process_.name + ": roll_back without an undecided batch");
    if (refuse("roll_back")) return fail(Action::pause, Exit::io, "disk full (simulated)");
    return inner().roll_back();
  }
  void settle() override {
    if (!undecided()) violations_.add(process_.name + ": settle without an undecided batch");
    if (!dead("settle")) inner().settle();
  }
  Result<void> note_settled() override {
    if (dead("note_settled") || faults_.strikes(Fault::note_failure)) {
      return fail(Action::pause, Exit::io, "disk full (simulated)");
    }
    return inner().note_settled();
  }
  Result<void> set_ttls(Millis ttl, std::span<const Millis> windows) override {
    if (refuse("set_ttls")) return fail(Action::pause, Exit::io, "disk full (simulated)");
    return inner().set_ttls(ttl, windows);
  }
  Result<void> close_clean() override {
    if (dead("close_clean")) return {};
    return inner().close_clean();
  }
  std::string save_index(Millis at_most) override {
    if (dead("save_index")) return {};
    return inner().save_index(at_most);
  }

 private:
  bool dead(const char* call) {
    if (process_.alive) return false;
    violations_.add(process_.name + ": the store's " + call + " called after the process was killed");
    return true;
  }
  bool refuse(const char* call) { return dead(call) || faults_.strikes(Fault::store_failure); }

  Faults& faults_;
  const Process& process_;
  Violations& violations_;
};

}  // namespace firstseen::simulation
