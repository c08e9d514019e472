#include "ingest/topic_sink.h"

#include <fmt/format.h>

#include <utility>

namespace firstseen::ingest {
namespace {

/// The mark of no batch: written once, so that a group without any offset is known to have lost it.
constexpr const char* opening_mark = "firstseen ingest";

}  // namespace

void TopicSink::at(Step step) const {
  if (hook_) hook_(step);
}

Result<std::optional<Ledger::Undecided>> TopicSink::left_open() {
  auto all = ledger_.undecided();
  if (!all) return forward(all.error());
  for (Ledger::Undecided& batch : *all) {
    if (batch.worker == worker_) return std::optional(std::move(batch));
  }
  return std::optional<Ledger::Undecided>();
}

Result<void> TopicSink::recover() {
  open_ = false;
  publisher_ = nullptr;
  auto publisher = factory_(worker_);
  if (!publisher) return forward(publisher.error());
  publisher_ = std::move(*publisher);
  if (auto started = publisher_->start(); !started) return started;
  const auto mark = publisher_->committed_mark();
  if (!mark) return forward(mark.error());
  const auto batch = left_open();
  if (!batch) return forward(batch.error());
  if (*batch) {
    if (auto decided = decide(**batch, *mark); !decided) return decided;
  }
  return *mark ? Result<void>{} : write_opening_mark();
}

/// The rule: the batch stands if the last committed transaction carries its mark.
Result<void> TopicSink::decide(const Ledger::Undecided& batch, const std::optional<std::string>& mark) {
  if (mark) return *mark == batch.mark ? ledger_.settle(worker_) : ledger_.roll_back(worker_);
  if (undecided_ == Undecided::published) return ledger_.settle(worker_);
  if (undecided_ == Undecided::aborted) return ledger_.roll_back(worker_);
  return fail(Exit::config,
              fmt::format("{} records of {} were being committed when the last run ended, and the broker has forgotten "
                          "the outcome (the offsets of its group have expired or were deleted): look into the topic "
                          "whether they are there, then run again with --undecided published or --undecided aborted",
                          batch.batch.records - batch.batch.duplicates, batch.batch.path));
}

Result<void> TopicSink::write_opening_mark() {
  if (auto begun = publisher_->begin(); !begun) return begun;
  if (auto sent = publisher_->send_mark(opening_mark); !sent) return sent;
  return publisher_->commit();
}

Result<void> TopicSink::begin() {
  auto begun = publisher_->begin();
  if (begun) open_ = true;
  return begun;
}

Result<void> TopicSink::add(const OutputRecord& record, const std::string& from, std::uint64_t number) {
  return publisher_->publish(record, from, number);
}

Result<void> TopicSink::commit(const Batch& batch) {
  at(Step::published);
  const auto mark = ledger_.prepare(worker_, batch);
  if (!mark) return forward(mark.error());
  at(Step::prepared);
  if (auto sent = publisher_->send_mark(*mark); !sent) return sent;
  at(Step::mark_sent);
  if (auto committed = publisher_->commit(); !committed) return committed;
  open_ = false;
  at(Step::committed);
  if (auto settled = ledger_.settle(worker_); !settled) return settled;
  at(Step::settled);
  return {};
}

Result<void> TopicSink::abort() {
  if (!std::exchange(open_, false)) return {};
  if (auto aborted = publisher_->abort(); !aborted) return aborted;
  if (auto fallen = ledger_.roll_back(worker_); !fallen) return fallen;
  const auto refused = publisher_->refused();
  if (!refused) return {};
  return fail(Action::abort, Exit::bad_data, *refused);
}

}  // namespace firstseen::ingest
