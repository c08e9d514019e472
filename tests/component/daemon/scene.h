#pragma once

#include <fstream>
#include <string>
#include <utility>

#include "support/temporary_directory.h"

namespace firstseen::test {

/// A directory with a configuration file and room for a store.
class Scene {
 public:
  explicit Scene(std::string brokers = "127.0.0.1:1", std::string input = "orders",
                 std::string output = "orders.unique")
      : brokers_(std::move(brokers)), input_(std::move(input)), output_(std::move(output)) {
    configure();
  }

  /// Writes the configuration file; `more` is appended, `field` is the key's only field.
  void configure(const std::string& more = "", const std::string& field = "payload:/order/id",
                 const std::string& http = "{listen: \"\"}") const {
    write("{fields: [\"" + field + "\"]}", http, more);
  }
  /// With this section `key`.
  void configure_key(const std::string& key, const std::string& http = "{listen: \"\"}") const { write(key, http, ""); }
  /// With more options of section `store`.
  void configure_store(const std::string& options) const {
    write("{fields: [\"payload:/order/id\"]}", "{listen: \"\"}", "", ", " + options);
  }

  [[nodiscard]] std::string config() const { return (directory_.path() / "firstseen.yaml").native(); }
  [[nodiscard]] std::string store() const { return (directory_.path() / "state").native(); }
  [[nodiscard]] std::string socket() const { return store() + "/control.sock"; }

 private:
  void write(const std::string& key, const std::string& http, const std::string& more,
             const std::string& store_options = "") const {
    std::ofstream(config()) << "kafka: {brokers: [\"" << brokers_ << "\"], properties: {session.timeout.ms: 10000}}\n"
                            << "input: {topics: [" << input_ << "], group: scene}\n"
                            << "output: {topic: " << output_ << "}\n"
                            << "key: " << key << "\n"
                            << "store: {path: " << store() << ", max_size: 64MiB" << store_options << "}\n"
                            << "http: " << http << "\n"
                            << more;
  }

  TemporaryDirectory directory_;
  std::string brokers_;
  std::string input_;
  std::string output_;
};

}  // namespace firstseen::test
