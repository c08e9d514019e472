#include "http/made_pages.h"

#include <utility>

namespace firstseen::http {

std::string MadePages::get(std::string_view page, Make make) {
  // Before the page is made: it may show more than that, and is then made again in vain, but never less.
  const State state{sources_.board.changes(), sources_.recent.changes(), sources_.board.steady_ms() / 1000};
  const std::scoped_lock lock(mutex_);
  const auto made = made_.find(page);
  if (made != made_.end() && made->second.state == state) return made->second.text;
  std::string text = make(sources_);
  made_.insert_or_assign(std::string(page), Made{state, text});
  return text;
}

}  // namespace firstseen::http
