#include "exec/command_result.h"

#include <fmt/format.h>

#include <array>
#include <cstring>

#include "store/codec.h"

namespace firstseen::exec {
namespace {

using idempotency::Outcome;
using store::load_le;
using store::store_le;

constexpr std::uint8_t version = 1;
constexpr int timeout_status = 124;
constexpr int signal_base = 128;

// Offsets: daemon/README.md.
constexpr std::size_t version_at = 0;
constexpr std::size_t end_at = 1;
constexpr std::size_t number_at = 2;
constexpr std::size_t out_total_at = 4;
constexpr std::size_t out_kept_at = 12;
constexpr std::size_t err_total_at = 20;
constexpr std::size_t err_kept_at = 28;
constexpr std::size_t bytes_at = 36;

std::string encode(const CommandResult& result) {
  std::array<std::uint8_t, bytes_at> head{};
  head[version_at] = version;
  head[end_at] = static_cast<std::uint8_t>(result.end);
  store_le<std::uint16_t>(&head[number_at], result.number);
  store_le<std::uint64_t>(&head[out_total_at], result.out.total_bytes);
  store_le<std::uint64_t>(&head[out_kept_at], result.out.kept.size());
  store_le<std::uint64_t>(&head[err_total_at], result.err.total_bytes);
  store_le<std::uint64_t>(&head[err_kept_at], result.err.kept.size());
  std::string value(reinterpret_cast<const char*>(head.data()), head.size());
  value += result.out.kept;
  value += result.err.kept;
  return value;
}

}  // namespace

int exit_status(const CommandResult& result) {
  if (result.end == CommandResult::End::timed_out) return timeout_status;
  return result.number + (result.end == CommandResult::End::signalled ? signal_base : 0);
}

Outcome to_outcome(const CommandResult& result) {
  switch (result.end) {
    case CommandResult::End::timed_out:
      return Outcome::timeout(encode(result));
    case CommandResult::End::signalled: {
      Outcome killed = Outcome::killed(encode(result));
      killed.code = std::to_string(result.number);
      killed.message = fmt::format("died of signal {} ({})", result.number, strsignal(result.number));
      return killed;
    }
    case CommandResult::End::not_started:
      return Outcome::error(std::to_string(result.number), "the command could not be started", encode(result));
    case CommandResult::End::exited:
      break;
  }
  if (result.number == 0) return Outcome::success(encode(result));
  return Outcome::error(std::to_string(result.number), fmt::format("exit status {}", result.number), encode(result));
}

std::optional<CommandResult> decode_result(std::string_view value) {
  if (value.size() < bytes_at) return std::nullopt;
  const auto* at = reinterpret_cast<const std::uint8_t*>(value.data());
  if (at[version_at] != version || at[end_at] < 1 || at[end_at] > 4) return std::nullopt;
  const auto out_bytes = load_le<std::uint64_t>(at + out_kept_at);
  const auto err_bytes = load_le<std::uint64_t>(at + err_kept_at);
  const std::uint64_t rest = value.size() - bytes_at;
  if (out_bytes > rest || err_bytes != rest - out_bytes) return std::nullopt;
  CommandResult result;
  result.end = static_cast<CommandResult::End>(at[end_at]);
  result.number = load_le<std::uint16_t>(at + number_at);
  result.out = {.kept = std::string(value.substr(bytes_at, out_bytes)),
                .total_bytes = load_le<std::uint64_t>(at + out_total_at)};
  result.err = {.kept = std::string(value.substr(bytes_at + out_bytes)),
                .total_bytes = load_le<std::uint64_t>(at + err_total_at)};
  return result;
}

}  // namespace firstseen::exec
