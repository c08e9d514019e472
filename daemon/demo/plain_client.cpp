#include "demo/plain_client.h"

#include <array>

namespace firstseen::demo {

Result<kafka::ClientHandle> make_plain_client(rd_kafka_type_t type,
                                              std::initializer_list<std::pair<const char*, std::string>> properties) {
  std::array<char, 512> reason{};
  kafka::ConfHandle conf(rd_kafka_conf_new());
  for (const auto& [name, value] : properties) {
    if (rd_kafka_conf_set(conf.get(), name, value.c_str(), reason.data(), reason.size()) != RD_KAFKA_CONF_OK) {
      return fail(Exit::internal, std::string(name) + ": " + reason.data());
    }
  }
  kafka::ClientHandle client(rd_kafka_new(type, conf.get(), reason.data(), reason.size()));
  if (!client) return fail(Exit::internal, std::string("librdkafka: ") + reason.data());
  kafka::disown(conf);  // the client owns it now
  return client;
}

}  // namespace firstseen::demo
