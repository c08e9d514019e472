#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "http/server.h"

namespace firstseen::http::test {

/// A server whose pages say what was asked.
class EchoServer : public ::testing::Test {
 protected:
  void SetUp() override { start({}); }

  void start(Limits limits) {
    server_.reset();
    auto started = Server::start({"127.0.0.1", 0}, answer, limits, credentials_);
    ASSERT_TRUE(started) << started.error().message;
    server_ = std::move(*started);
  }

  [[nodiscard]] const std::string& address() const { return server_->address(); }

  std::optional<Credentials> credentials_;
  std::unique_ptr<Server> server_;

 private:
  static Response answer(const Request& request) {
    if (request.path == "/throws") throw std::runtime_error("a bug");
    if (request.path == "/large") return {.status = 200, .body = std::string(4'000'000, 'x'), .headers = {}};
    return {.status = 200,
            .body = std::string(request.method) + " " + std::string(request.path) + " " +
                    std::string(request.authorization.value_or("-")) +
                    (request.refresh ? " refresh " + std::string(*request.refresh) : ""),
            .headers = {{"X-Mine", "yes"}}};
  }
};

}  // namespace firstseen::http::test
