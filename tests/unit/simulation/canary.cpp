#include "canary.h"

#include "client_decorator.h"
#include "guarded_store.h"

namespace firstseen::simulation {

namespace {

template <class T>
Interposers on_client() {
  return {[](std::unique_ptr<kafka::Client> inner) { return std::make_unique<T>(std::move(inner)); }, nullptr};
}

template <class T>
Interposers on_store() {
  return {nullptr, [](std::unique_ptr<store::SeenStore> inner) { return std::make_unique<T>(std::move(inner)); }};
}

/// The proof that a batch stands is gone.
class ForgetsMetadata final : public ClientDecorator {
 public:
  using ClientDecorator::ClientDecorator;
  Result<std::optional<std::vector<kafka::Committed>>> committed(std::span<const TopicPartition> partitions) override {
    auto answer = inner().committed(partitions);
    if (answer && *answer) {
      for (kafka::Committed& one : **answer) one.metadata.clear();
    }
    return answer;
  }
};

/// Rolling back is taken for settling: every batch in doubt stands.
class SettlesEverything final : public StoreDecorator {
 public:
  using StoreDecorator::StoreDecorator;
  Result<void> roll_back() override {
    inner().settle();
    return {};
  }
};

/// Settling is taken for rolling back: no entry survives its batch.
class KeepsNothing final : public StoreDecorator {
 public:
  using StoreDecorator::StoreDecorator;
  void settle() override { static_cast<void>(inner().roll_back()); }
};

/// One lookup in sixteen misses.
class ForgetsKeys final : public StoreDecorator {
 public:
  using StoreDecorator::StoreDecorator;
  [[nodiscard]] std::optional<store::Found> find(const Digest& digest, std::int64_t now_ms) const override {
    if (++lookups_ % 16 == 0) return std::nullopt;
    return StoreDecorator::find(digest, now_ms);
  }

 private:
  mutable std::uint64_t lookups_ = 0;
};

/// The window never ends.
class RemembersTooLong final : public StoreDecorator {
 public:
  using StoreDecorator::StoreDecorator;
  void stage(const store::Entry& entry) override {
    StoreDecorator::stage(entry);
    ever_[entry.digest] = entry;
  }
  [[nodiscard]] std::optional<store::Found> find(const Digest& digest, std::int64_t now_ms) const override {
    const auto found = ever_.find(digest);
    if (found == ever_.end()) return StoreDecorator::find(digest, now_ms);
    store::Found seen;
    seen.time_ms = found->second.time_ms;
    seen.offset = found->second.offset;
    seen.source = {"in", 0};
    return seen;
  }

 private:
  std::map<Digest, store::Entry> ever_;
};

/// One message in fifty is acknowledged and never sent.
class LosesMessages final : public ClientDecorator {
 public:
  using ClientDecorator::ClientDecorator;
  Result<kafka::Progress> publish(const MessageView& message, const kafka::Destination& to,
                                  std::span<const kafka::AddedHeader> added) override {
    if (++published_ % 50 == 0) return kafka::Progress::done;
    return ClientDecorator::publish(message, to, added);
  }

 private:
  std::uint64_t published_ = 0;
};

/// One timestamp in fifty is changed.
class TouchesTimestamps final : public ClientDecorator {
 public:
  using ClientDecorator::ClientDecorator;
  Result<kafka::Progress> publish(const MessageView& message, const kafka::Destination& to,
                                  std::span<const kafka::AddedHeader> added) override {
    MessageView other = message;
    if (++published_ % 50 == 0) ++other.timestamp_ms;
    return ClientDecorator::publish(other, to, added);
  }

 private:
  std::uint64_t published_ = 0;
};

/// After a failure the messages are not fetched again.
class NeverRewinds final : public ClientDecorator {
 public:
  using ClientDecorator::ClientDecorator;
  Result<void> rewind(std::span<const Position> /*positions*/) override { return {}; }
};

/// An aborted transaction is committed.
class CommitsAborts final : public ClientDecorator {
 public:
  using ClientDecorator::ClientDecorator;
  Result<kafka::Progress> abort() override {
    auto committed = ClientDecorator::commit();
    return committed ? std::move(committed) : ClientDecorator::abort();
  }
};

}  // namespace

std::vector<Canary> canaries() {
  return {
      {"ForgetsMetadata", "the decision rule: a committed batch is cut off", on_client<ForgetsMetadata>()},
      {"SettlesEverything", "the decision rule: an aborted batch stands", on_store<SettlesEverything>()},
      {"KeepsNothing", "nothing twice", on_store<KeepsNothing>()},
      {"ForgetsKeys", "nothing twice", on_store<ForgetsKeys>()},
      {"RemembersTooLong", "nothing lost: the window ends", on_store<RemembersTooLong>()},
      {"LosesMessages", "nothing lost", on_client<LosesMessages>()},
      {"TouchesTimestamps", "nothing touched", on_client<TouchesTimestamps>()},
      {"NeverRewinds", "nothing lost after a failure", on_client<NeverRewinds>()},
      {"CommitsAborts", "an aborted batch shows nothing", on_client<CommitsAborts>()},
  };
}

}  // namespace firstseen::simulation
