#pragma once

#include <memory>
#include <optional>
#include <string>

#include "ingest/ledger.h"
#include "ingest/publisher.h"
#include "ingest/sink.h"
#include "ingest/steps.h"
#include "ingest/undecided.h"

namespace firstseen::ingest {

/// Batches into a topic, one Kafka transaction each: prepared in the ledger before the commit, and decided after a
/// crash by the mark that the last committed transaction carried.
class TopicSink final : public Sink {
 public:
  TopicSink(Ledger& ledger, std::uint32_t worker, PublisherFactory factory, Undecided undecided, StepHook hook)
      : ledger_(ledger), worker_(worker), factory_(std::move(factory)), undecided_(undecided), hook_(std::move(hook)) {}

  Result<void> recover() override;
  Result<void> begin() override;
  Result<void> add(const OutputRecord& record, const std::string& from, std::uint64_t number) override;
  Result<void> commit(const Batch& batch) override;
  Result<void> abort() override;

 private:
  Result<std::optional<Ledger::Undecided>> left_open();
  Result<void> decide(const Ledger::Undecided& batch, const std::optional<std::string>& mark);
  Result<void> write_opening_mark();
  void at(Step step) const;

  Ledger& ledger_;
  const std::uint32_t worker_;
  const PublisherFactory factory_;
  const Undecided undecided_;
  const StepHook hook_;
  std::unique_ptr<Publisher> publisher_;
  bool open_ = false;
};

}  // namespace firstseen::ingest
