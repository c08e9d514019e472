#include "http/remarks.h"

#include <gtest/gtest.h>

namespace firstseen::http {
namespace {

Options listening(const std::string& host, bool own_probes) {
  Options options;
  options.listen = {host, 9464};
  if (own_probes) options.probe_listen = {host, 9465};
  return options;
}

TEST(HttpRemarks, SayThatProbesBesideOtherClientsNeedAListenerOfTheirOwn) {
  for (const char* host : {"0.0.0.0", "::", "192.0.2.1", "host.example"}) {
    const auto made = remarks(listening(host, false), 0);
    ASSERT_EQ(made.size(), 1U) << host;
    EXPECT_TRUE(made[0].starts_with("http.probe_listen: is empty")) << made[0];
    EXPECT_TRUE(remarks(listening(host, true), 0).empty()) << host;
  }
}

TEST(HttpRemarks, AreNoneOnTheLoopbackOrWithoutHttp) {
  for (const char* host : {"127.0.0.1", "127.8.9.1", "::1", "localhost"}) {
    EXPECT_TRUE(remarks(listening(host, false), 0).empty()) << host;
  }
  EXPECT_TRUE(remarks({}, 0).empty());
}

}  // namespace
}  // namespace firstseen::http
