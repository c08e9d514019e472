// ThreadSanitizer knows POSIX threads only: a thread made by C11's thrd_create has no state in it and crashes at its
// first intercepted call. librdkafka uses C11 threads, so programs under ThreadSanitizer carry these, which take the
// place of the C library's for every shared library. glibc's C11 types are its POSIX types under other names.

#include <pthread.h>

#include <cerrno>
#include <cstdint>
#include <memory>

using thrd_t = pthread_t;
using mtx_t = pthread_mutex_t;
using cnd_t = pthread_cond_t;
using thrd_start_t = int (*)(void*);

namespace {

// The values of glibc's <threads.h>; part of its ABI.
enum Status : int { thrd_success = 0, thrd_busy = 1, thrd_error = 2, thrd_nomem = 3, thrd_timedout = 4 };
constexpr int mtx_recursive = 1;

int status(int error) {
  switch (error) {
    case 0:
      return thrd_success;
    case EBUSY:
      return thrd_busy;
    case ETIMEDOUT:
      return thrd_timedout;
    case ENOMEM:
      return thrd_nomem;
    default:
      return thrd_error;
  }
}

struct Start {
  thrd_start_t function;
  void* argument;
};

void* run(void* start) {
  const std::unique_ptr<Start> owned(static_cast<Start*>(start));
  const Start copy = *owned;
  return reinterpret_cast<void*>(static_cast<std::intptr_t>(copy.function(copy.argument)));
}

}  // namespace

extern "C" {

int thrd_create(thrd_t* thread, thrd_start_t function, void* argument) {
  auto start = std::make_unique<Start>(Start{function, argument});
  const int error = pthread_create(thread, nullptr, run, start.get());
  if (error == 0) static_cast<void>(start.release());  // run() owns it now
  return status(error);
}

int thrd_join(thrd_t thread, int* result) {
  void* value = nullptr;
  const int error = pthread_join(thread, &value);
  if (result != nullptr) *result = static_cast<int>(reinterpret_cast<std::intptr_t>(value));
  return status(error);
}

int thrd_detach(thrd_t thread) { return status(pthread_detach(thread)); }

int mtx_init(mtx_t* mutex, int type) {
  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  pthread_mutexattr_settype(&attributes, (type & mtx_recursive) != 0 ? PTHREAD_MUTEX_RECURSIVE : PTHREAD_MUTEX_NORMAL);
  const int error = pthread_mutex_init(mutex, &attributes);
  pthread_mutexattr_destroy(&attributes);
  return status(error);
}
int mtx_lock(mtx_t* mutex) { return status(pthread_mutex_lock(mutex)); }
int mtx_trylock(mtx_t* mutex) { return status(pthread_mutex_trylock(mutex)); }
int mtx_timedlock(mtx_t* mutex, const timespec* until) { return status(pthread_mutex_timedlock(mutex, until)); }
int mtx_unlock(mtx_t* mutex) { return status(pthread_mutex_unlock(mutex)); }
void mtx_destroy(mtx_t* mutex) { pthread_mutex_destroy(mutex); }

int cnd_init(cnd_t* condition) { return status(pthread_cond_init(condition, nullptr)); }
int cnd_signal(cnd_t* condition) { return status(pthread_cond_signal(condition)); }
int cnd_broadcast(cnd_t* condition) { return status(pthread_cond_broadcast(condition)); }
int cnd_wait(cnd_t* condition, mtx_t* mutex) { return status(pthread_cond_wait(condition, mutex)); }
int cnd_timedwait(cnd_t* condition, mtx_t* mutex, const timespec* until) {
  return status(pthread_cond_timedwait(condition, mutex, until));
}
void cnd_destroy(cnd_t* condition) { pthread_cond_destroy(condition); }

}  // extern "C"
