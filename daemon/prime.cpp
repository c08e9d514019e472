#include "prime.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "base/units.h"
#include "dedup/access.h"
#include "dedup/context.h"
#include "dedup/history_start.h"
#include "dedup/rebuild.h"
#include "dedup/stream_time.h"
#include "identity.h"
#include "kafka/rdkafka_client.h"
#include "key/deriver.h"
#include "ownership.h"
#include "preflight_request.h"
#include "store_layout.h"

namespace firstseen {
namespace {

using kafka::Progress;

tl::unexpected<Error> interrupted() {
  return fail(Exit::try_again, "interrupted; what was read is kept: the same command goes on there");
}

/// Reads history by the slot's own means, outside the group.
class Priming {
 public:
  Priming(const dedup::Context& context, const PrimeUntil& until, const std::atomic<bool>& stop)
      : context_(context), until_(until), stop_(stop) {}

  Result<Primed> run(const std::map<std::string, std::int32_t>& inputs) {
    for (const auto& [topic, count] : inputs) {
      for (std::int32_t partition = 0; partition < count; ++partition) {
        if (auto planned = plan({topic, partition}); !planned) return forward(planned.error());
      }
    }
    return read();
  }

 private:
  /// Repeats a call that answers within a second until it is done.
  Result<void> until_done(const std::function<Result<Progress>()>& call) {
    while (!stop_) {
      const auto progress = call();
      if (!progress) return forward(progress.error());
      if (*progress == Progress::done) return {};
    }
    return interrupted();
  }

  /// Repeats a question until the broker has answered.
  template <class T>
  Result<T> answer_to(const std::function<Result<std::optional<T>>()>& question) {
    while (!stop_) {
      auto answer = question();
      if (!answer) return forward(answer.error());
      std::optional<T> value = std::move(*answer);
      if (value) return std::move(*value);
    }
    return interrupted();
  }

  Result<void> plan(const TopicPartition& tp);
  Result<std::optional<std::int64_t>> end_of(const TopicPartition& tp, const kafka::Watermarks& log);
  Result<Primed> read();

  const dedup::Context& context_;
  PrimeUntil until_;
  const std::atomic<bool>& stop_;
  dedup::Partitions partitions_;
  std::vector<dedup::Rebuild::Task> tasks_;
};

Result<std::optional<std::int64_t>> Priming::end_of(const TopicPartition& tp, const kafka::Watermarks& log) {
  switch (until_.kind) {
    case PrimeUntil::Kind::end:
      return log.high;
    case PrimeUntil::Kind::time: {
      const auto offset =
          answer_to<std::int64_t>([&] { return context_.consumer.offset_for_time(tp, until_.time_ms); });
      if (!offset) return forward(offset.error());
      return *offset;
    }
    case PrimeUntil::Kind::committed:
      break;
  }
  const auto committed =
      answer_to<std::vector<kafka::Committed>>([&] { return context_.consumer.committed({&tp, 1}); });
  if (!committed) return forward(committed.error());
  return committed->empty() ? std::nullopt : committed->front().offset;
}

Result<void> Priming::plan(const TopicPartition& tp) {
  const auto log = answer_to<kafka::Watermarks>([&] { return context_.consumer.watermarks(tp); });
  if (!log) return forward(log.error());
  const auto asked = end_of(tp, *log);
  if (!asked) return forward(asked.error());
  const std::optional<std::int64_t> end = *asked;
  if (!end) {
    context_.log(LogLevel::warning, to_string(tp) + ": the group has no committed offset; nothing to read");
    return {};
  }
  const auto& stored = context_.store.partitions();
  const auto known = stored.find(tp);
  const bool continues = known != stored.end() && known->second.next_offset >= log->low;
  const std::int64_t lower = continues ? known->second.next_offset : log->low;
  const std::int64_t until = std::min(*end, log->high);
  if (lower >= until) return {};

  dedup::HistoryStart start(context_.consumer, context_.options, context_.clock, tp, lower, until);
  if (auto found = until_done([&] { return start.step(); }); !found) return found;
  dedup::Partition& partition = partitions_.add(tp);
  if (continues) partition.state = known->second;
  // The same rule as for a partition that a slot is given without its history.
  if (!continues) partition.state.covered_from_ms = log->low > 0 ? dedup::nothing_covered : 0;
  if (start.covers_window()) partition.state.covered_from_ms = std::max<std::int64_t>(0, start.covered_from_ms());
  // Also without anything to read: the store must know where the group begins.
  tasks_.push_back({.tp = tp,
                    .from = std::min(start.from(), until),
                    .until = until,
                    .ends_ms = start.ends_after_ms(),
                    .is_whole = start.covers_window()});
  context_.log(LogLevel::info,
               start.from() < until
                   ? fmt::format("{}: reading offsets {} to {}", to_string(tp), start.from(), until)
                   : fmt::format("{}: nothing before offset {} is within the window", to_string(tp), until));
  return {};
}

Result<Primed> Priming::read() {
  Primed primed{.partitions = tasks_.size(), .messages = 0};
  if (tasks_.empty()) return primed;
  dedup::Access access(context_, partitions_);
  dedup::Rebuild rebuild(context_, partitions_, access, tasks_);
  std::optional<kafka::Rebalance> none;  // outside the group there is none
  if (auto read = until_done([&] { return rebuild.step(none); }); !read) return forward(read.error());
  for (const auto& [tp, partition] : partitions_) {
    if (partition.mode == dedup::PartitionMode::stopped) return fail(Exit::bad_data, partition.reason);
  }
  primed.messages = rebuild.recorded();
  return primed;
}

/// Reads the group's offsets and the topics; never joins the group, never begins a transaction.
kafka::ClientOptions reading_only(kafka::ClientOptions options, bool headers_wanted) {
  options.guarantee = kafka::Guarantee::at_least_once;
  options.instance_id.clear();
  options.transactional_id.clear();
  options.headers_wanted = headers_wanted;
  return options;
}

/// The store is closed again at the end.
Result<Primed> prime_store(Configuration configuration, const PrimeUntil& until, const std::atomic<bool>& stop,
                           const LogSink& log) {
  const SystemClock clock;
  if (const std::string problem = dedup::unset_clock(clock.wall_ms()); !problem.empty()) {
    return fail(Exit::try_again, problem);
  }
  auto deriver = key::Deriver::make(configuration.key);
  if (!deriver) return forward(deriver.error());
  auto store = open_own_store(configuration, **deriver, clock, log);
  if (!store) return forward(store.error());
  if ((*store)->undecided()) {
    return fail(Exit::try_again,
                "the daemon that held this store was killed, and only Kafka knows whether its last batch stands: run "
                "the daemon and stop it, then prime");
  }
  configuration.client = reading_only(std::move(configuration.client), (*deriver)->needs_headers());
  const auto report = kafka::preflight(preflight_request(configuration), [&] { return !stop; }, log);
  if (stop) return interrupted();
  if (!report) return forward(report.error());
  if (auto pinned = pin_cluster(**store, report->cluster_id); !pinned) return forward(pinned.error());
  auto consumer = kafka::make_consumer(configuration.client, log);
  if (!consumer) return forward(consumer.error());

  const dedup::StopControl never;
  const std::function<void(Millis)> no_idle;
  const dedup::Context context{configuration.slot, **deriver, **store, **consumer, clock, nullptr, never, no_idle, log};
  auto primed = Priming(context, until, stop).run(report->input_partitions);
  if (!primed) return primed;
  if (const std::uint64_t evicted = (*store)->stats().evicted_entries; evicted != 0) {
    log(LogLevel::warning,
        fmt::format("the store is full: the oldest {} keys of the history did not fit into store.max_size ({}), so the "
                    "window is shorter; raise store.max_size or shorten window.ttl",
                    evicted, format_size(configuration.store.max_size_bytes)));
  }
  if (auto closed = (*store)->close_clean(); !closed) return forward(closed.error());
  log(LogLevel::info, (*store)->save_index(store::index_save_time));
  return primed;
}

}  // namespace

Result<Primed> prime(Configuration configuration, const PrimeUntil& until, const std::atomic<bool>& stop,
                     const LogSink& log) {
  const std::filesystem::path directory = configuration.store_path;
  const Ownership ownership(directory);
  auto primed = prime_store(std::move(configuration), until, stop, log);
  // Also of what did not come to its end: the next may be the daemon.
  if (auto given = ownership.give(slot_directory(directory)); !given && primed) return forward(given.error());
  return primed;
}

}  // namespace firstseen
