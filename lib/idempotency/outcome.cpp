#include "idempotency/outcome.h"

#include <utility>

#include "idempotency/record.h"

namespace firstseen::idempotency {

Outcome Outcome::success(std::string value) {
  return {.kind = Kind::success, .value = std::move(value), .code = {}, .message = {}};
}

Outcome Outcome::error(std::string code, std::string message, std::string value) {
  return {.kind = Kind::error, .value = std::move(value), .code = std::move(code), .message = std::move(message)};
}

Outcome Outcome::timeout(std::string value) {
  return {.kind = Kind::timeout, .value = std::move(value), .code = {}, .message = {}};
}

Outcome Outcome::killed(std::string value) {
  return {.kind = Kind::killed, .value = std::move(value), .code = {}, .message = {}};
}

std::string_view name_of(Outcome::Kind kind) {
  switch (kind) {
    case Outcome::Kind::success:
      return "success";
    case Outcome::Kind::error:
      return "error";
    case Outcome::Kind::timeout:
      return "timeout";
    case Outcome::Kind::killed:
      break;
  }
  return "killed";
}

std::string_view name_of(Status status) {
  switch (status) {
    case Status::in_progress:
      return "in_progress";
    case Status::completed:
      return "completed";
    case Status::failed:
      break;
  }
  return "failed";
}

}  // namespace firstseen::idempotency
