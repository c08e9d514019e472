#include "canary.h"

#include <utility>

#include "client_decorator.h"
#include "guarded_store.h"
#include "interpose.h"

namespace firstseen::simulation {

namespace {

/// The proof that a batch stands is gone.
class ForgetsMetadata final : public ConsumerDecorator {
 public:
  using ConsumerDecorator::ConsumerDecorator;
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
  [[nodiscard]] std::optional<store::Found> find(const Digest& digest, std::int64_t now_ms,
                                                 std::uint8_t window) const override {
    if (++lookups_ % 16 == 0) return std::nullopt;
    return StoreDecorator::find(digest, now_ms, window);
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
  [[nodiscard]] std::optional<store::Found> find(const Digest& digest, std::int64_t now_ms,
                                                 std::uint8_t window) const override {
    const auto found = ever_.find(digest);
    if (found == ever_.end()) return StoreDecorator::find(digest, now_ms, window);
    store::Found seen;
    seen.time_ms = found->second.time_ms;
    seen.offset = found->second.offset;
    seen.source = {"in", 0};
    return seen;
  }

 private:
  std::map<Digest, store::Entry> ever_;
};

/// One entry in ten is recorded a millisecond later than it was decided.
class MisdatesEntries final : public StoreDecorator {
 public:
  using StoreDecorator::StoreDecorator;
  void stage(const store::Entry& entry) override {
    store::Entry other = entry;
    if (++staged_ % 10 == 0) ++other.time_ms;
    StoreDecorator::stage(other);
  }

 private:
  std::uint64_t staged_ = 0;
};

/// One message in fifty is acknowledged and never sent.
class LosesMessages final : public PublisherDecorator {
 public:
  using PublisherDecorator::PublisherDecorator;
  Result<kafka::Progress> publish(const MessageView& message, const kafka::Destination& to,
                                  std::span<const kafka::AddedHeader> added) override {
    if (++published_ % 50 == 0) return kafka::Progress::done;
    return PublisherDecorator::publish(message, to, added);
  }

 private:
  std::uint64_t published_ = 0;
};

/// One timestamp in fifty is changed.
class TouchesTimestamps final : public PublisherDecorator {
 public:
  using PublisherDecorator::PublisherDecorator;
  Result<kafka::Progress> publish(const MessageView& message, const kafka::Destination& to,
                                  std::span<const kafka::AddedHeader> added) override {
    MessageView other = message;
    if (++published_ % 50 == 0) ++other.timestamp_ms;
    return PublisherDecorator::publish(other, to, added);
  }

 private:
  std::uint64_t published_ = 0;
};

/// After a failure the messages are not fetched again.
class NeverRewinds final : public ConsumerDecorator {
 public:
  using ConsumerDecorator::ConsumerDecorator;
  Result<void> rewind(std::span<const Position> /*positions*/) override { return {}; }
};

/// An aborted transaction is committed.
class CommitsAborts final : public PublisherDecorator {
 public:
  using PublisherDecorator::PublisherDecorator;
  Result<kafka::Progress> abort() override {
    auto committed = PublisherDecorator::commit();
    return committed ? std::move(committed) : PublisherDecorator::abort();
  }
};

/// A commit is taken for done before it is decided: the next batch may be prepared before its outcome is known.
class CommitsLater final : public PublisherDecorator {
 public:
  using PublisherDecorator::PublisherDecorator;
  Result<void> begin() override {
    if (auto committed = commit_now(); !committed) return committed;
    return PublisherDecorator::begin();
  }
  Result<kafka::Progress> commit() override {
    pending_ = true;
    return kafka::Progress::done;
  }
  void serve() override { static_cast<void>(commit_now()); }

 private:
  Result<void> commit_now() {
    while (pending_) {
      const auto committed = failed_ ? inner().abort() : inner().commit();
      if (!committed && committed.error().action == Action::restart) return forward(committed.error());
      pending_ = !committed || *committed == kafka::Progress::again;
      failed_ = pending_ && (failed_ || !committed);
    }
    return {};
  }
  bool pending_ = false;
  bool failed_ = false;
};

/// What was handed over behind a failed batch does not fall with it: it is published in the next transaction.
class KeepsTheFallen final : public PublisherDecorator {
 public:
  using PublisherDecorator::PublisherDecorator;
  Result<void> begin() override {
    published_.clear();
    return PublisherDecorator::begin();
  }
  Result<kafka::Progress> publish(const MessageView& message, const kafka::Destination& to,
                                  std::span<const kafka::AddedHeader> added) override {
    for (const Kept& one : std::exchange(fallen_, {})) {
      MessageView again;
      again.topic = one.topic;
      again.partition = one.from.tp.partition;
      again.offset = one.from.offset;
      again.native = &one.record;
      again.key = one.record.key;
      again.value = one.record.value;
      again.timestamp_ms = one.record.timestamp_ms;
      if (auto progress = PublisherDecorator::publish(again, {one.to.topic, one.to.partition}, {}); !progress)
        return progress;
    }
    const Record& record = *static_cast<const Record*>(message.native);
    published_.push_back({std::string(message.topic),
                          {{std::string(message.topic), message.partition}, message.offset},
                          {std::string(to.topic), to.partition},
                          record});
    return PublisherDecorator::publish(message, to, added);
  }
  Result<kafka::Progress> abort() override {
    auto aborted = PublisherDecorator::abort();
    if (aborted && *aborted == kafka::Progress::done) fallen_ = std::exchange(published_, {});
    return aborted;
  }

 private:
  struct Kept {
    std::string topic;
    Position from;
    TopicPartition to;
    Record record;
  };
  std::vector<Kept> published_;
  std::vector<Kept> fallen_;
};

}  // namespace

std::vector<Canary> canaries() {
  using namespace violation;
  std::vector<Canary> all{
      // What is cut off is read again as history, and so its duplicates hold back what was never published.
      {"ForgetsMetadata", "the decision rule: a committed batch is cut off", lost, on_consumer<ForgetsMetadata>()},
      {"SettlesEverything", "the decision rule: an aborted batch stands", lost, on_store<SettlesEverything>()},
      {"KeepsNothing", "nothing twice", twice, on_store<KeepsNothing>()},
      {"ForgetsKeys", "nothing twice", twice, on_store<ForgetsKeys>()},
      {"RemembersTooLong", "nothing lost: the window ends", lost, on_store<RemembersTooLong>()},
      {"MisdatesEntries", "the store holds exactly the first-seen entries", entry_of_another_time,
       on_store<MisdatesEntries>()},
      {"LosesMessages", "nothing lost", lost, on_publisher<LosesMessages>()},
      {"TouchesTimestamps", "nothing touched", changed, on_publisher<TouchesTimestamps>()},
      {"NeverRewinds", "nothing lost after a failure", lost, on_consumer<NeverRewinds>()},
      {"CommitsAborts", "an aborted batch shows nothing", of_no_transaction, on_publisher<CommitsAborts>()},
      {"CommitsLater", "no batch is prepared before the outcome of the one before is known", lost,
       on_publisher<CommitsLater>()},
      {"KeepsTheFallen", "what is published behind a failed batch falls with it", of_no_transaction,
       on_publisher<KeepsTheFallen>()},
  };
  for (Canary& one : coverage_canaries()) all.push_back(std::move(one));
  return all;
}

}  // namespace firstseen::simulation
