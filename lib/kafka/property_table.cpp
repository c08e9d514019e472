#include "kafka/property_table.h"

#include <librdkafka/rdkafka.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <sstream>

namespace firstseen::kafka {

namespace {

struct FileCloser {
  void operator()(std::FILE* file) const { static_cast<void>(std::fclose(file)); }
};

struct BufferDeleter {
  // open_memstream hands out memory that only free() may release.
  void operator()(char* buffer) const { std::free(buffer); }  // NOLINT(cppcoreguidelines-no-malloc)
};

/// librdkafka prints its table to a FILE only.
std::string printed_table() {
  char* buffer = nullptr;
  std::size_t size = 0;
  std::unique_ptr<std::FILE, FileCloser> file(open_memstream(&buffer, &size));
  if (!file) return {};
  rd_kafka_conf_properties_show(file.get());
  file.reset();
  const std::unique_ptr<char, BufferDeleter> owned(buffer);
  return {buffer, size};
}

std::string trimmed(const std::string& text) {
  const auto first = text.find_first_not_of(' ');
  return first == std::string::npos ? "" : text.substr(first, text.find_last_not_of(' ') - first + 1);
}

/// A row is "name | C/P/* | range | default | importance | description".
std::map<std::string, PropertyScope> parse_table(const std::string& text) {
  std::map<std::string, PropertyScope> table;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const auto first = line.find('|');
    const auto second = first == std::string::npos ? first : line.find('|', first + 1);
    if (second == std::string::npos) continue;
    const std::string name = trimmed(line.substr(0, first));
    const std::string scope = trimmed(line.substr(first + 1, second - first - 1));
    if (scope == "*") table[name] = PropertyScope::both;
    if (scope == "C") table[name] = PropertyScope::consumer;
    if (scope == "P") table[name] = PropertyScope::producer;
  }
  return table;
}

}  // namespace

const std::map<std::string, PropertyScope>& property_table() {
  static const std::map<std::string, PropertyScope> table = parse_table(printed_table());
  return table;
}

}  // namespace firstseen::kafka
