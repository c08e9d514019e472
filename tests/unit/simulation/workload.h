#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "cluster.h"
#include "key/deriver.h"
#include "partition_log.h"
#include "random.h"

namespace firstseen::simulation {

/// What the workload knows of an input message, independently of the slot.
struct Input {
  enum class Kind { keyed, poison, passed } kind = Kind::keyed;
  std::int64_t id = 0;  ///< unique in the run; part of the message
  Position position;
  std::string key;
  Record record;
  bool too_large = false;  ///< for the output topic
  bool too_new = false;    ///< the output's broker may refuse its timestamp
  /// Steady: it could be read from then on. Not known where an open transaction stood in front of it.
  std::int64_t readable_ms = std::numeric_limits<std::int64_t>::max();
};

struct WorkloadOptions {
  std::string topic = "in";
  int keys = 6;
  bool keys_per_partition = false;  ///< equal keys meet in one partition, as several slots need it
  int poison_permille = 20;
  int passed_permille = 20;
  int too_large_permille = 10;
  int future_permille = 10;
  int late_permille = 50;
  int aborted_permille = 20;  ///< input records of aborted transactions
  std::int64_t aborted_ahead_ms = 0;
  std::int64_t max_lateness_ms = 2'000;
  std::int64_t future_ms = 36'000'000;
};

/// Fills the input topic and remembers what it wrote.
class Workload {
 public:
  Workload(SimCluster& cluster, Random random, WorkloadOptions options)
      : cluster_(cluster), random_(random), options_(std::move(options)) {}

  void produce(int messages);
  /// One message of the test's choice; its offset.
  std::int64_t produce_one(std::int32_t partition, const std::string& key, std::int64_t timestamp_ms);
  /// One message of which `input` says kind, key and what is wrong with it; the rest is filled in. Its id.
  std::int64_t produce_input(Input input, std::int32_t partition, std::int64_t timestamp_ms);
  [[nodiscard]] const std::map<Position, Input>& inputs() const { return inputs_; }
  [[nodiscard]] const std::string& topic() const { return options_.topic; }
  /// The topic was made anew: what it held is no input any more.
  void forget() { inputs_.clear(); }

  static constexpr std::size_t large_bytes = 2'000;

 private:
  void random_message();
  void aborted_transaction(std::int32_t partition);
  void append(Input input, std::int32_t partition);
  Record random_record(const Input& input, std::int64_t timestamp_ms);

  SimCluster& cluster_;
  Random random_;
  WorkloadOptions options_;
  std::map<Position, Input> inputs_;
  std::int64_t last_id_ = 0;
};

/// The id that a message of the workload carries in its value, or in a header if the value is null.
std::optional<std::int64_t> id_of(const Record& record);

/// The digest under which TestDeriver files a key (scope: topic).
Digest digest_of(const std::string& topic, const std::string& key);

/// The rule by which TestDeriver files a key, of so many.
std::uint8_t rule_of(const std::string& key, std::size_t rules);

/// Derives keys from the workload's values; by one of `rules` rules, if there are any.
std::unique_ptr<key::Deriver> make_test_deriver(std::size_t rules);

}  // namespace firstseen::simulation
