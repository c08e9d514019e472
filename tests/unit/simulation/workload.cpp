#include "workload.h"

#include <charconv>
#include <cstring>
#include <utility>

namespace firstseen::simulation {

namespace {

constexpr char poison_mark = '!';
constexpr char passed_mark = '~';
constexpr char keyed_mark = 'K';

std::optional<std::int64_t> number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() ? std::optional(value) : std::nullopt;
}

/// K<key>|..., and nothing for any other value.
std::optional<std::string_view> key_of(std::optional<std::string_view> value) {
  if (!value || value->empty() || value->front() != keyed_mark) return std::nullopt;
  return value->substr(1, value->find('|') - 1);
}

std::uint64_t mix(std::string_view text, std::uint64_t hash) {
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  return hash ^ (hash >> 29U);
}

class TestDeriver final : public key::Deriver {
 public:
  explicit TestDeriver(std::size_t rules) : rules_(rules) {}
  void derive(const MessageView& message, key::Derived& out) override {
    out.rejection = {};
    if (const auto key = key_of(message.value)) {
      out.kind = key::Derived::Kind::key;
      out.digest = digest_of(std::string(message.topic), std::string(*key));
      out.rule = rule_of(std::string(*key), rules_);
    } else if (message.value && message.value->front() == passed_mark) {
      out.kind = key::Derived::Kind::pass;
      out.rejection = {"missing_part", "the message has no key"};
    } else {
      out.kind = key::Derived::Kind::reject;
      out.rejection = {message.value ? "malformed_payload" : "missing_part", "poison"};
    }
  }
  [[nodiscard]] key::Explanation explain(const MessageView& /*message*/) override { return {}; }
  [[nodiscard]] bool needs_headers() const override { return false; }
  [[nodiscard]] std::string fingerprint() const override { return "simulation"; }

 private:
  std::size_t rules_;
};

}  // namespace

void Workload::produce(int messages) {
  for (int i = 0; i < messages; ++i) random_message();
}

void Workload::random_message() {
  const auto partition =
      static_cast<std::int32_t>(random_.below(static_cast<std::uint64_t>(cluster_.partition_count(options_.topic))));
  if (random_.chance(options_.aborted_permille)) aborted_transaction(partition);
  Input input;
  std::int64_t timestamp = cluster_.clock().true_ms();
  if (random_.chance(options_.late_permille)) timestamp -= random_.between(0, options_.max_lateness_ms);
  if (random_.chance(options_.poison_permille)) {
    input.kind = Input::Kind::poison;
  } else if (random_.chance(options_.passed_permille)) {
    input.kind = Input::Kind::passed;
  } else {
    input.key = std::to_string(random_.below(static_cast<std::uint64_t>(options_.keys)));
    if (options_.keys_per_partition) input.key += "p" + std::to_string(partition);
    input.too_large = random_.chance(options_.too_large_permille);
    input.too_new = random_.chance(options_.future_permille);
    if (input.too_new) timestamp += options_.future_ms;
  }
  input.id = ++last_id_;
  input.record = random_record(input, timestamp);
  append(std::move(input), partition);
}

std::int64_t Workload::produce_one(std::int32_t partition, const std::string& key, std::int64_t timestamp_ms) {
  Input input;
  input.key = key;
  produce_input(std::move(input), partition, timestamp_ms);
  return cluster_.log({options_.topic, partition})->end() - 1;
}

std::int64_t Workload::produce_input(Input input, std::int32_t partition, std::int64_t timestamp_ms) {
  input.id = ++last_id_;
  input.record = random_record(input, timestamp_ms);
  append(std::move(input), partition);
  return last_id_;
}

void Workload::append(Input input, std::int32_t partition) {
  input.position.tp = {options_.topic, partition};
  PartitionLog& log = *cluster_.log(input.position.tp);
  input.position.offset = log.append(input.record);
  if (log.visible(input.position.offset)) input.readable_ms = cluster_.clock().steady_ms();
  inputs_[input.position] = std::move(input);
}

void Workload::aborted_transaction(std::int32_t partition) {
  const TopicPartition tp{options_.topic, partition};
  std::int32_t epoch = 0;
  TxnId txn = no_txn;
  static_cast<void>(cluster_.init_producer("input-producer", epoch));
  if (cluster_.open("input-producer", epoch, "input", txn) != SimCluster::Answer::ok) return;
  cluster_.write(txn, tp,
                 Record{std::nullopt, "K0|0|aborted", {}, cluster_.clock().true_ms() + options_.aborted_ahead_ms});
  static_cast<void>(cluster_.end(txn, false));
}

Record Workload::random_record(const Input& input, std::int64_t timestamp_ms) {
  Record record;
  record.timestamp_ms = timestamp_ms;
  if (random_.chance(800)) record.key = random_.chance(100) ? "" : "key" + std::to_string(random_.below(5));
  const std::string id = std::to_string(input.id);
  const bool null_value = input.kind == Input::Kind::poison && random_.chance(300);
  if (null_value) {
    record.headers.push_back({"id", id});
  } else if (input.kind == Input::Kind::keyed) {
    record.value = keyed_mark + input.key + "|" + id + "|";
  } else {
    record.value = (input.kind == Input::Kind::poison ? poison_mark : passed_mark) + std::string("|") + id + "|";
  }
  if (record.value) record.value->append(input.too_large ? large_bytes : random_.below(40), 'v');
  for (std::uint64_t headers = random_.below(4); headers > 0; --headers) {
    const std::string name = "h" + std::to_string(random_.below(2));
    record.headers.push_back({name, random_.chance(300) ? std::nullopt : std::optional<std::string>(id)});
  }
  return record;
}

std::optional<std::int64_t> id_of(const Record& record) {
  if (!record.value) {
    for (const Header& header : record.headers) {
      if (header.name == "id" && header.value) return number(*header.value);
    }
    return std::nullopt;
  }
  const std::size_t bar = record.value->find('|');
  if (bar == std::string::npos) return std::nullopt;
  return number(std::string_view(*record.value).substr(bar + 1));
}

Digest digest_of(const std::string& topic, const std::string& key) {
  const std::uint64_t low = mix(key, mix(topic, 0xcbf29ce484222325ULL));
  const std::uint64_t high = mix(key, low);
  Digest digest;
  std::memcpy(digest.bytes.data(), &low, sizeof low);
  std::memcpy(digest.bytes.data() + sizeof low, &high, sizeof high);
  return digest;
}

std::uint8_t rule_of(const std::string& key, std::size_t rules) {
  if (rules == 0 || key.empty()) return 0;
  return static_cast<std::uint8_t>(static_cast<unsigned char>(key.front()) % rules);
}

std::unique_ptr<key::Deriver> make_test_deriver(std::size_t rules) { return std::make_unique<TestDeriver>(rules); }

}  // namespace firstseen::simulation
