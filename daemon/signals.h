#pragma once

#include <functional>
#include <thread>

#include "base/log.h"
#include "control/socket.h"

namespace firstseen {

/// Blocks SIGTERM, SIGINT and SIGHUP in the calling thread and all threads that it starts from now on. Called first
/// thing, so that no thread of any library takes them; what comes before the SignalThread is there waits for it.
void block_signals();

/// Answers signals in a thread of its own. The first SIGTERM or SIGINT calls `stop` once; a second one ends the process
/// at once with Exit::try_again, which loses nothing: the next start decides the batch in flight. SIGHUP calls
/// `reload`, which must not wait for anything; without one it is logged only.
class SignalThread {
 public:
  SignalThread(std::function<void()> stop, LogSink log, std::function<void()> reload = {});
  ~SignalThread();
  SignalThread(const SignalThread&) = delete;
  SignalThread& operator=(const SignalThread&) = delete;
  SignalThread(SignalThread&&) = delete;
  SignalThread& operator=(SignalThread&&) = delete;

 private:
  void loop();
  void answer(int signal);

  std::function<void()> stop_;
  LogSink log_;
  std::function<void()> reload_;
  control::Fd signals_;
  control::Fd wake_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace firstseen
