#include "service.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "base/clock.h"
#include "board.h"
#include "bus_errors.h"
#include "control/server.h"
#include "control_handler.h"
#include "crash_hook.h"
#include "dedup/slot.h"
#include "http/faces.h"
#include "identity.h"
#include "kafka/broker_watch.h"
#include "kafka/rdkafka_client.h"
#include "key/deriver.h"
#include "notify.h"
#include "preflight_request.h"
#include "recent.h"
#include "reloader.h"
#include "repeats.h"
#include "reporter.h"
#include "signals.h"
#include "store_layout.h"

namespace firstseen {
namespace {

/// The program promises to leave within 10 s of SIGTERM; the client's own end takes up to two of them.
constexpr Millis stop_limit{7'000};

/// When the index must have been saved, after SIGTERM; a step of it on a slow disk comes on top.
constexpr Millis save_limit{8'500};

/// How often librdkafka tells its figures: a text of a kilobyte or so per partition.
constexpr Millis statistics_interval{5'000};

/// A wish to stop that may come before there is a slot to stop.
class StopWish {
 public:
  /// From the signal thread.
  void wish() {
    if (nothing_to_end_) ::_exit(static_cast<int>(Exit::ok));
    const std::scoped_lock lock(mutex_);
    if (wished_) return;  // the first one's limit holds
    wished_at_ms_ = clock_.steady_ms();
    wished_ = true;
    if (slot_ != nullptr) slot_->request_stop(stop_limit);
  }
  /// What the wish leaves for saving the index.
  Millis time_to_save() {
    const std::scoped_lock lock(mutex_);
    if (!wished_) return store::index_save_time;
    return std::min(store::index_save_time, save_limit - Millis{clock_.steady_ms() - wished_at_ms_});
  }
  void attach(dedup::Slot* slot) {
    const std::scoped_lock lock(mutex_);
    slot_ = slot;
    if (!wished_ || slot_ == nullptr) return;
    slot_->request_stop(std::max(Millis{0}, stop_limit - Millis{clock_.steady_ms() - wished_at_ms_}));
  }
  [[nodiscard]] bool wished() const { return wished_; }
  /// While this is so, a wish ends the process where it stands.
  void set_nothing_to_end(bool so) { nothing_to_end_ = so; }

 private:
  const SystemClock clock_;
  std::mutex mutex_;
  std::atomic<bool> wished_ = false;
  std::atomic<bool> nothing_to_end_ = false;
  std::int64_t wished_at_ms_ = 0;  // guarded by mutex_
  dedup::Slot* slot_ = nullptr;    // guarded by mutex_
};

/// The daemon's life, step by step; what a step made stays alive in the members for the next ones.
class Service {
 public:
  Service(Configuration configuration, const Log& log, ReadConfiguration read)
      : configuration_(std::move(configuration)),
        recent_(clock_),
        repeats_(clock_, log.sink()),
        log_([this](LogLevel level, const std::string& text) {
          recent_.note(level, text);
          repeats_.log(level, text);
        }),
        notifier_(clock_),
        board_(clock_, configuration_.store.ttl),
        faces_({board_, recent_}),
        reloader_(configuration_, {.read = std::move(read),
                                   .log_itself = log,
                                   .log =
                                       [this, sink = log.sink()](LogLevel level, const std::string& text) {
                                         recent_.note(level, text);
                                         sink(level, text);  // who asks twice is answered twice
                                       },
                                   .board = board_,
                                   .faces = faces_,
                                   .stopping = [this] { return stop_.wished(); }}),
        control_(
            recent_, board_, [this] { return reloader_.reload(); }, configuration_.slot.advice),
        signals_([this] { stop_.wish(); }, log_, [this] { reloader_.request(); }) {
    board_.configured(configuration_.file.native(), configuration_.shown);
  }
  ~Service() { reloader_.close(); }
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;
  Service(Service&&) = delete;
  Service& operator=(Service&&) = delete;

  Result<void> run() {
    if (auto listening = open_http(); !listening) return listening;
    if (auto opened = open_store(); !opened) return opened;
    if (auto listening = open_control_socket(); !listening) return listening;
    if (auto checked = check_broker(); !checked) return checked;
    if (!stop_.wished()) {
      if (auto ended = run_slot(); !ended) return ended;
    }
    notifier_.stopping();
    board_.enter(Phase::stopping, "closing the store");
    if (auto closed = store_->close_clean(); !closed) return closed;
    log_(LogLevel::info, store_->save_index(stop_.time_to_save()));
    return {};
  }

 private:
  Result<void> open_http();
  Result<void> open_store();
  Result<void> open_control_socket();
  Result<void> check_broker();
  Result<void> watch_brokers();
  Result<void> run_slot();
  Result<void> loop(dedup::Slot& slot, Reporter& reporter);
  void begin_stop();
  void show(dedup::SlotStatus status, Reporter& reporter);
  [[nodiscard]] dedup::SlotParts slot_parts();
  Result<kafka::Client> make_client();

  SystemClock clock_;
  Configuration configuration_;
  Recent recent_;
  Repeats repeats_;
  LogSink log_;
  Notifier notifier_;
  StopWish stop_;
  Board board_;
  http::Faces faces_;
  Reloader reloader_;
  ControlHandler control_;
  SignalThread signals_;
  std::unique_ptr<CrashHook> crash_hook_;
  std::unique_ptr<key::Deriver> deriver_;
  std::unique_ptr<BusErrors> bus_errors_;  // for as long as the store has its files in memory
  std::unique_ptr<store::SeenStore> store_;
  std::unique_ptr<control::Server> server_;  // its threads and those below use what stands above
  std::unique_ptr<kafka::BrokerWatch> watch_;
};

/// Before anything that may take long: probes are answered from here on.
Result<void> Service::open_http() {
  auto prepared = faces_.prepare(configuration_.http);
  if (!prepared) return forward(prepared.error());
  faces_.apply(std::move(*prepared), log_);
  board_.certificate(faces_.certificate_until_ms());
  reloader_.open();
  return {};
}

Result<void> Service::open_store() {
  auto hook = crash_hook_from_environment();
  if (!hook) return forward(hook.error());
  crash_hook_ = std::move(*hook);
  if (crash_hook_) log_(LogLevel::warning, crash_hook_->describe());

  auto deriver = key::Deriver::make(configuration_.key);
  if (!deriver) return forward(deriver.error());
  deriver_ = std::move(*deriver);

  bus_errors_ = std::make_unique<BusErrors>([this] {
    log_(LogLevel::error,
         fmt::format("store {}: a page of its files can no longer be read or written: the disk has failed, its file "
                     "system has shut down, or a file was cut short. Check them and the kernel log; the next start "
                     "decides the batch in flight",
                     configuration_.store_path.native()));
  });
  // That can take minutes (a large log after a kill, verification after power loss), and survives a kill at any moment.
  stop_.set_nothing_to_end(!stop_.wished());
  auto opened = open_own_store(configuration_, *deriver_, clock_, log_);
  stop_.set_nothing_to_end(false);
  if (!opened) return forward(opened.error());
  store_ = std::move(*opened);

  auto instance = instance_name(*store_, configuration_.instance);
  if (!instance) return forward(instance.error());
  auto& client = configuration_.client;
  client.instance_id = slot_name(client.group, *instance);
  client.transactional_id = client.instance_id;
  client.headers_wanted = deriver_->needs_headers();
  client.statistics_interval = statistics_interval;
  log_(LogLevel::info, "group.instance.id and transactional.id: " + client.instance_id);
  return {};
}

Result<void> Service::open_control_socket() {
  auto server = control::Server::start(control_socket(configuration_.store_path),
                                       [this](const Json& request) { return control_.answer(request); });
  if (!server) return forward(server.error());
  server_ = std::move(*server);
  return {};
}

Result<void> Service::check_broker() {
  const std::string waiting = "waiting for a broker that answers";
  control_.starting(waiting);
  board_.enter(Phase::waiting_for_broker, waiting);
  board_.broker(false, "has not answered yet");
  notifier_.status(waiting);
  const auto keep_waiting = [this] {
    notifier_.alive();
    board_.stepped();
    repeats_.tell_due();
    return !stop_.wished();
  };
  const auto report = kafka::preflight(preflight_request(configuration_), keep_waiting, log_);
  if (stop_.wished()) return {};
  if (!report) return forward(report.error());
  for (const std::string& warning : report->warnings) log_(LogLevel::warning, warning);
  configuration_.client.max_message_bytes = report->max_message_bytes;
  configuration_.client.largest_message_bytes = report->largest_message_bytes;
  reloader_.set_max_message_bytes(report->max_message_bytes);
  board_.broker(true, "answers");
  return pin_cluster(*store_, report->cluster_id);
}

Result<kafka::Client> Service::make_client() {
  return kafka::make_client(configuration_.client, log_,
                            [this](const kafka::ClientFigures& figures) { board_.note(figures); });
}

dedup::SlotParts Service::slot_parts() {
  return {.options = configuration_.slot,
          .deriver = deriver_.get(),
          .store = store_.get(),
          .make_client = [this] { return make_client(); },
          .clock = &clock_,
          .idle = {},
          .steps = crash_hook_.get(),
          .log = log_};
}

/// With or without HTTP: the control socket tells it, too.
Result<void> Service::watch_brokers() {
  auto watch = kafka::BrokerWatch::start(configuration_.client,
                                         [this](bool answers, const std::string& why) { board_.broker(answers, why); });
  if (!watch) return forward(watch.error());
  watch_ = std::move(*watch);
  return {};
}

Result<void> Service::run_slot() {
  if (auto watching = watch_brokers(); !watching) return watching;
  board_.enter(Phase::serving);
  dedup::Slot slot(slot_parts());
  Reporter reporter(clock_, notifier_, log_);
  control_.attach(&slot);
  reloader_.attach(&slot);
  stop_.attach(&slot);
  auto ended = loop(slot, reporter);
  stop_.attach(nullptr);
  control_.detach();
  reloader_.attach(nullptr);
  board_.publish(slot.status());
  repeats_.tell_all();  // before the last word
  reporter.finish(slot.status());
  return ended;
}

void Service::show(dedup::SlotStatus status, Reporter& reporter) {
  reporter.see(status);
  recent_.sample(status);
  repeats_.tell_due();
  board_.publish(std::move(status));
}

void Service::begin_stop() {
  notifier_.stopping();
  if (watch_) watch_->request_stop();
}

Result<void> Service::loop(dedup::Slot& slot, Reporter& reporter) {
  while (true) {
    const auto stepped = slot.step();
    if (!stepped) return forward(stepped.error());
    if (*stepped == dedup::Slot::Stepped::stopped) return {};
    notifier_.alive();
    board_.stepped();
    if (reporter.due()) show(slot.status(), reporter);
    if (stop_.wished()) begin_stop();
  }
}

}  // namespace

Exit run_service(Configuration configuration, const Log& log, ReadConfiguration read) {
  Service service(std::move(configuration), log, std::move(read));
  const auto ended = service.run();
  if (ended) return Exit::ok;
  log.sink()(LogLevel::error, ended.error().message);
  return ended.error().exit;
}

}  // namespace firstseen
