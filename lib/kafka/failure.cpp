#include "kafka/failure.h"

#include <array>

namespace firstseen::kafka {

Failure failure_of(Call call, const rd_kafka_error_t& error) {
  return {call,
          rd_kafka_error_code(&error),
          rd_kafka_error_is_fatal(&error) != 0,
          rd_kafka_error_txn_requires_abort(&error) != 0,
          rd_kafka_error_is_retriable(&error) != 0,
          rd_kafka_error_string(&error)};
}

Result<void> check(Call call, rd_kafka_resp_err_t code) {
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
  return forward(to_error({call, code, false, false, false, ""}));
}

Result<void> check_fatal(rd_kafka_t* client, Call call) {
  std::array<char, 512> text{};
  const auto code = rd_kafka_fatal_error(client, text.data(), text.size());
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
  return forward(to_error({call, code, true, false, false, text.data()}));
}

}  // namespace firstseen::kafka
