#include "control/client.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "control/socket.h"

namespace firstseen::control {
namespace {

/// A status of ten thousand partitions takes about 3 MB.
constexpr std::size_t max_reply_bytes = 64UL * 1024 * 1024;

Exit exit_of(const nlohmann::ordered_json& reply) {
  switch (reply.value("exit", 0)) {
    case 64:
      return Exit::usage;
    case 65:
      return Exit::bad_data;
    case 69:
      return Exit::unavailable;
    case 74:
      return Exit::io;
    case 75:
      return Exit::try_again;
    case 78:
      return Exit::config;
    default:
      return Exit::internal;
  }
}

}  // namespace

Result<nlohmann::ordered_json> ask(const std::filesystem::path& path, const nlohmann::ordered_json& request,
                                   Millis limit) {
  const auto socket = connect_to(path);
  if (!socket) {
    if (socket.error().exit != Exit::unavailable) return forward(socket.error());
    return fail(Exit::unavailable, fmt::format("no daemon answers ({})", socket.error().message));
  }
  // What somebody has typed may be anything; what is no UTF-8 is seen by the daemon as such, and named.
  const std::string text = request.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  const auto sent = write_all(*socket, text + "\n", limit);
  // A daemon that refuses the connection answers at once and closes it, read or not.
  const auto line = read_line(*socket, max_reply_bytes, sent ? limit : Millis{1});
  if (!sent && !line) return forward(sent.error());
  if (!line) return fail(Exit::unavailable, fmt::format("the daemon does not answer: {}", line.error().message));
  auto reply = nlohmann::ordered_json::parse(*line, nullptr, false);
  if (!reply.is_object() || !reply.contains("ok")) {
    return fail(Exit::internal, fmt::format("{}: not the control socket of a firstseen", path.native()));
  }
  if (!reply.value("ok", false)) return fail(exit_of(reply), reply.value("error", "refused without a reason"));
  return reply["result"];
}

}  // namespace firstseen::control
