#pragma once

#include <optional>
#include <string>
#include <string_view>

/// What a server answered.
struct Answer {
  long status = 0;
  std::string body;
};

/// One HTTP request without a body. Nothing when there was no whole answer within two seconds.
std::optional<Answer> request(const char* method, const std::string& url);

/// A text as one segment of a URL's path.
std::string url_segment(std::string_view text);
