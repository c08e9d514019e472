#include "secrets.h"

#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <map>
#include <string_view>

#include "http/credentials.h"
#include "http/token.h"

namespace firstseen {

config::Absent absent_of(Secrets secrets) {
  if (secrets == Secrets::leave) return config::Absent::any;
  return secrets == Secrets::validate ? config::Absent::credentials : config::Absent::refuse;
}

bool may_be_absent(const std::string& file, Secrets secrets) {
  if (secrets == Secrets::validate) return config::is_absent_credential(file);
  return secrets == Secrets::leave && file.starts_with('/') && ::access(file.c_str(), R_OK) != 0;
}

void check_http_files(const config::Settings& settings, Secrets secrets, config::Problems& problems) {
  const config::Settings::Http& s = settings.http;
  const auto absent = [&](const std::string& file) { return may_be_absent(file, secrets); };
  const auto add = [&](const http::Complaint& wrong) { problems.add(std::string(wrong.option), wrong.text); };
  std::error_code ignored;
  const auto type = std::filesystem::status(s.token_file, ignored).type();
  // What can be read only once is the start's.
  const bool is_stream = type == std::filesystem::file_type::fifo || type == std::filesystem::file_type::character;
  if (!s.token_file.empty() && !is_stream && !absent(s.token_file)) {
    if (const auto token = http::Token::read(s.token_file); !token) add(token.error());
  }
  if (s.tls_certificate.empty() || s.tls_key.empty()) return;  // check_together() tells
  if (absent(s.tls_certificate) || absent(s.tls_key)) return;
  const auto read = http::read_credentials({.certificate = s.tls_certificate, .key = s.tls_key});
  if (!read) add(read.error());
}

std::vector<std::string> unchecked_secrets(const config::Settings& settings) {
  constexpr std::string_view why =
      "systemd makes it for the service alone, while it runs: what it holds is not checked";
  std::vector<std::string> unchecked;
  for (const auto& [option, reason] : settings.left_out) {
    unchecked.push_back(fmt::format("{}: {}; {}", option, reason, why));
  }
  std::map<std::string, std::string> files{{"http.token_file", settings.http.token_file},
                                           {"http.tls.certificate", settings.http.tls_certificate},
                                           {"http.tls.key", settings.http.tls_key}};
  for (const auto& [name, value] : settings.kafka.properties) files.emplace("kafka.properties." + name, value);
  for (const auto& [option, file] : files) {
    if (!config::is_absent_credential(file)) continue;
    unchecked.push_back(fmt::format("{}: cannot read the file {}; {}", option, settings.shown(option, file), why));
  }
  return unchecked;
}

}  // namespace firstseen
