#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "http/made_pages.h"
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
  Routes(const Sources& sources, Face face, const std::optional<Token>& token)
      : sources_(sources), made_(std::make_shared<MadePages>(sources)), face_(face), token_(token) {}

  Response answer(const Request& request) const;

 private:
  [[nodiscard]] bool admits(const Request& request) const;

  Sources sources_;
  std::shared_ptr<MadePages> made_;  ///< of all copies
  Face face_;
  std::optional<Token> token_;
};

}  // namespace firstseen::http
