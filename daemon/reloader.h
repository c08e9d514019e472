#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/advice.h"
#include "base/error.h"
#include "base/log.h"
#include "board.h"
#include "config/settings.h"
#include "configuration.h"
#include "dedup/slot.h"
#include "http/faces.h"
#include "logging.h"

namespace firstseen {

/// Reads the daemon's configuration file again. Exit::config with every problem, one per line with its place.
using ReadConfiguration = std::function<Result<Configuration>()>;

/// Gives the running daemon another configuration: all of it, or nothing. What cannot change while it runs is refused
/// by name. Thread-safe.
class Reloader {
 public:
  struct Parts {
    ReadConfiguration read;
    Log log_itself;  ///< whose level and format change
    LogSink log;
    Board& board;
    http::Faces& faces;
    std::function<bool()> stopping;  ///< nothing is waited for any more
  };
  Reloader(const Configuration& running, Parts parts);
  ~Reloader();
  Reloader(const Reloader&) = delete;
  Reloader& operator=(const Reloader&) = delete;
  Reloader(Reloader&&) = delete;
  Reloader& operator=(Reloader&&) = delete;

  /// From now on; what was requested before waits for it.
  void open();
  /// The slot that a change is for; null: none now.
  void attach(dedup::Slot* slot);
  /// What the producer was made for, see kafka::ClientOptions.
  void set_max_message_bytes(std::uint64_t bytes);

  /// The text is for the person who asked.
  Result<std::string> reload();
  /// The same in a thread of its own; what comes of it is logged.
  void request();
  /// Refuses from now on, and waits for nothing.
  void close();

 private:
  using Names = std::vector<std::string>;

  struct Changes {
    Names options;  ///< that have another value
    Names files;    ///< options that name the same file, with another content
  };
  static std::string described(const Changes& changes);

  void loop();
  Result<Changes> attempt();
  [[nodiscard]] Result<void> check_live(const Names& fixed, const Configuration& fresh) const;
  Result<void> check_side_topics(const Configuration& fresh);
  Result<void> change_slot(const dedup::LiveOptions& wanted);
  [[nodiscard]] bool closed() const;
  void tell_refused(const Error& error) const;

  Parts parts_;
  std::mutex turn_;  // one reload at a time; guards what follows
  config::Settings settings_;
  dedup::LiveOptions slot_options_;
  const Advice advice_;
  bool http_at_start_;

  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable wake_;
  dedup::Slot* slot_ = nullptr;
  std::uint64_t max_message_bytes_ = 0;
  bool wanted_ = false;
  bool open_ = false;
  bool closed_ = false;
  std::thread thread_;
};

}  // namespace firstseen
