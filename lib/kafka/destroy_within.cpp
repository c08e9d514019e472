#include "kafka/destroy_within.h"

#include <future>
#include <memory>
#include <system_error>
#include <thread>
#include <utility>

namespace firstseen::kafka {

bool destroy_within(ClientHandle client, Millis limit) {
  auto destroyed = std::make_shared<std::promise<void>>();
  const std::future<void> end = destroyed->get_future();
  try {
    std::thread([client = std::move(client), destroyed]() mutable {
      client.reset();
      destroyed->set_value();
    }).detach();
  } catch (const std::system_error&) {
    return true;  // no thread to be had: what was to run there has destroyed the client with itself
  }
  return end.wait_for(limit) == std::future_status::ready;
}

}  // namespace firstseen::kafka
