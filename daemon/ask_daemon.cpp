#include "ask_daemon.h"

#include <string>

#include "control/client.h"
#include "store_layout.h"

namespace firstseen {

Result<Json> ask_daemon(const Target& target, const Json& request, Millis limit) {
  const auto path = store_path(target);
  if (!path) return forward(path.error());
  return control::ask(control_socket(*path), request, limit);
}

Exit print_answer(const Target& target, const Json& request, Millis limit) {
  const auto answer = ask_daemon(target, request, limit);
  return answer ? print(answer->get<std::string>() + "\n") : report(answer.error());
}

}  // namespace firstseen
