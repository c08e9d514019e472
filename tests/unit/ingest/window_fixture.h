#pragma once

#include <cstring>

#include "ingest/durable_window.h"
#include "unit/ingest/support.h"

namespace firstseen::ingest::test {

inline Digest digest_of(std::uint64_t number) {
  Digest digest;
  std::memcpy(digest.bytes.data(), &number, sizeof number);
  return digest;
}

/// A durable window in a directory of its own.
class WindowFixture : public testing::Test {
 protected:
  WindowFixture() {
    options_.directory = directory_.path() / "store";
    options_.ttl = Millis{1000};
    options_.max_size_bytes = 16U << 20U;
    options_.purpose = "filter";
    options_.fingerprint = "parts=[\"payload\"]";
  }
  std::unique_ptr<DurableWindow> open() const {
    auto window = DurableWindow::open(options_);
    EXPECT_TRUE(window) << (window ? "" : window.error().message);
    return window ? std::move(*window) : nullptr;
  }

  TemporaryDirectory directory_;
  DurableWindowOptions options_;
};

}  // namespace firstseen::ingest::test
