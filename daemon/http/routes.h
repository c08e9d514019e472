#pragma once

#include <functional>
#include <optional>

#include "board.h"
#include "http/server.h"
#include "http/token.h"

namespace firstseen::http {

/// Which of the pages a listener has.
enum class Face {
  all,
  probes,  ///< /livez, /readyz, /startupz
  facts,   ///< everything else
};

/// The pages of one listener. Unknown paths get status 404, other methods than GET and HEAD 405, facts asked for
/// without the token 401.
class Routes {
 public:
  Routes(const Board& board, Face face, std::optional<Token> token)
      : board_(board), face_(face), token_(std::move(token)) {}

  Response answer(const Request& request) const;

 private:
  [[nodiscard]] bool admits(const Request& request) const;

  const Board& board_;
  Face face_;
  std::optional<Token> token_;
};

}  // namespace firstseen::http
