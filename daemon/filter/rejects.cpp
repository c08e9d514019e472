#include "filter/rejects.h"

#include <fmt/format.h>

#include "output.h"

namespace firstseen::filter {

void Rejects::add(const ingest::Record& record, const key::Rejection& why) {
  ++total_;
  if (++of_input_ > told_one_by_one) return;
  warn(fmt::format("{}:{}: rejected: {} ({})", name_, record.line, why.detail, why.reason));
}

void Rejects::end_input(std::string_view likely_format) const {
  if (of_input_ > told_one_by_one) {
    warn(fmt::format("{}: {} more rejected", name_, of_input_ - told_one_by_one));
  }
  if (of_input_ > 0 && !likely_format.empty()) {
    warn(fmt::format("{}: was read as JSON; if it is not, try --format {}", name_, likely_format));
  }
}

}  // namespace firstseen::filter
