#include "demo/demo.h"

#include <fmt/format.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "base/clock.h"
#include "dedup/slot.h"
#include "demo/feeder.h"
#include "demo/progress_line.h"
#include "demo/scratch_directory.h"
#include "kafka/mock_cluster.h"
#include "kafka/rdkafka_client.h"
#include "key/deriver.h"
#include "signals.h"
#include "store/seen_store.h"

namespace firstseen::demo {
namespace {

constexpr const char* input_topic = "orders";
constexpr const char* output_topic = "orders.unique";
constexpr std::int32_t partitions = 4;
/// How far a reader may be behind its writer: messages of about 200 bytes over four partitions stay far below the
/// 5 MiB that a mock partition keeps.
constexpr std::uint64_t longest_lag = 40'000;
constexpr Millis stop_limit{7'000};

key::KeySpec key_spec() {
  key::KeySpec spec;
  spec.fields.push_back({.text = "payload:/order/id", .on_missing = {}});
  return spec;
}

dedup::SlotOptions slot_options() {
  dedup::SlotOptions options;
  options.topics = {input_topic};
  options.output_topic = output_topic;
  return options;
}

/// The demo's cast: cluster, feeder, slot and auditor; three threads that see each other's counts.
class Stage {
 public:
  Stage(const Options& options, LogSink log)
      : options_(options), log_(std::move(log)), stream_(options.seed, options.duplicates) {}

  Result<void> prepare();
  Result<Outcome> play();

 private:
  Result<void> make_store();
  Result<void> make_slot();
  void feed();
  void loop();
  /// Main thread: reads the output along until the slot has consumed everything or something failed.
  void watch();
  Result<void> first_failure();

  Options options_;
  LogSink log_;
  SystemClock clock_;
  ScratchDirectory directory_;
  std::unique_ptr<kafka::MockCluster> cluster_;
  std::unique_ptr<key::Deriver> deriver_;
  std::unique_ptr<store::SeenStore> store_;
  std::unique_ptr<dedup::Slot> slot_;
  std::unique_ptr<Feeder> feeder_;
  std::unique_ptr<Auditor> auditor_;
  OrderStream stream_;

  std::atomic<bool> interrupted_ = false;
  std::atomic<bool> over_ = false;  ///< a thread has failed, or everything is done
  std::atomic<std::uint64_t> produced_ = 0;
  std::atomic<std::uint64_t> read_ = 0;
  std::atomic<bool> fed_ = false;
  Result<void> feeding_;  ///< read after the thread has ended
  Result<void> looping_;
};

Result<void> Stage::make_store() {
  auto opened = store::SeenStore::open({.directory = directory_.path() / "slot-0",
                                        .max_size_bytes = 1ULL << 30U,
                                        .durability = store::Durability::process_crash,
                                        .clock = &clock_,
                                        .boot_id = {}});
  if (!opened) return forward(opened.error());
  store_ = std::move(*opened);
  return {};
}

Result<void> Stage::make_slot() {
  auto deriver = key::Deriver::make(key_spec());
  if (!deriver) return forward(deriver.error());
  deriver_ = std::move(*deriver);
  kafka::ClientOptions client;
  client.brokers = {cluster_->brokers()};
  client.group = "firstseen-demo";
  client.instance_id = "firstseen-demo-0";
  client.transactional_id = "firstseen-demo-0";
  client.headers_wanted = deriver_->needs_headers();
  slot_ = std::make_unique<dedup::Slot>(
      dedup::SlotParts{.options = slot_options(),
                       .deriver = deriver_.get(),
                       .store = store_.get(),
                       .make_client = [client, log = log_] { return kafka::make_client(client, log); },
                       .clock = &clock_,
                       .idle = {},
                       .steps = nullptr,
                       .log = log_});
  return {};
}

Result<void> Stage::prepare() {
  if (auto made = directory_.make(); !made) return made;
  auto cluster = kafka::MockCluster::start();
  if (!cluster) return forward(cluster.error());
  cluster_ = std::move(*cluster);
  for (const char* topic : {input_topic, output_topic}) {
    if (auto created = cluster_->create_topic(topic, partitions); !created) return created;
  }
  if (auto made = make_store(); !made) return made;
  if (auto made = make_slot(); !made) return made;
  auto feeder = Feeder::make(cluster_->brokers(), input_topic, partitions);
  if (!feeder) return forward(feeder.error());
  feeder_ = std::make_unique<Feeder>(std::move(*feeder));
  auto auditor = Auditor::make(cluster_->brokers(), output_topic, partitions, options_.seed);
  if (!auditor) return forward(auditor.error());
  auditor_ = std::make_unique<Auditor>(std::move(*auditor));
  return {};
}

void Stage::feed() {
  const auto may_send = [this](std::uint64_t sent) {
    const auto counters = slot_->status().counters;
    return sent < counters.consumed + longest_lag && counters.first_seen < read_ + longest_lag;
  };
  feeding_ = feeder_->feed(stream_, options_.seed, options_.messages, may_send, over_, produced_);
  if (!feeding_) over_ = true;
  fed_ = true;
}

void Stage::loop() {
  while (true) {
    const auto stepped = slot_->step();
    if (!stepped) looping_ = forward(stepped.error());
    if (!stepped || *stepped == dedup::Slot::Stepped::stopped) break;
  }
  over_ = true;
}

void Stage::watch() {
  ProgressLine line(clock_);
  while (!over_ && !interrupted_) {
    auditor_->read_some();
    read_ = auditor_->read();
    const auto counters = slot_->status().counters;
    line.show({.produced = produced_,
               .consumed = counters.consumed,
               .first_seen = counters.first_seen,
               .duplicates = counters.duplicates,
               .goal = options_.messages});
    if (fed_ && counters.consumed >= produced_) break;
  }
  line.end();
}

Result<void> Stage::first_failure() {
  if (!feeding_) return feeding_;
  if (!looping_) return looping_;
  if (interrupted_) return fail(Exit::try_again, "interrupted");
  return {};
}

Result<Outcome> Stage::play() {
  const SignalThread signals([this] { interrupted_ = true; }, log_);
  const std::int64_t begun_ms = clock_.steady_ms();
  std::thread feeding([this] { feed(); });
  std::thread looping([this] { loop(); });
  watch();
  const std::int64_t elapsed_ms = clock_.steady_ms() - begun_ms;
  slot_->request_stop(stop_limit);
  looping.join();  // sets over_, which ends the feeder too
  feeding.join();
  if (auto failed = first_failure(); !failed) return forward(failed.error());
  auto audit = auditor_->finish(stream_.distinct());
  if (!audit) return forward(audit.error());
  const auto counters = slot_->status().counters;
  return Outcome{.produced = produced_,
                 .orders = stream_.distinct(),
                 .consumed = counters.consumed,
                 .first_seen = counters.first_seen,
                 .duplicates = counters.duplicates,
                 .seconds = static_cast<double>(elapsed_ms) / 1000,
                 .audit = *audit};
}

}  // namespace

Result<Outcome> run(const Options& options, const LogSink& log) {
  block_signals();
  Stage stage(options, log);
  if (auto prepared = stage.prepare(); !prepared) return forward(prepared.error());
  return stage.play();
}

}  // namespace firstseen::demo
