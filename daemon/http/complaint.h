#pragma once

#include <string>
#include <string_view>

namespace firstseen::http {

/// What is wrong with an option; the text follows its name.
struct Complaint {
  std::string_view option;
  std::string text;
};

}  // namespace firstseen::http
