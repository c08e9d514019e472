#include "kafka/property_table.h"

#include <librdkafka/rdkafka.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <sstream>
#include <string_view>
#include <vector>

#include "base/suggest.h"

namespace firstseen::kafka {

namespace {

struct FileCloser {
  // NOLINTNEXTLINE(cppcoreguidelines-owning-memory): this is the owner
  void operator()(std::FILE* file) const { static_cast<void>(std::fclose(file)); }
};

struct BufferDeleter {
  void operator()(char* buffer) const {
    // open_memstream hands out memory that only free() may release.
    // NOLINTNEXTLINE(cppcoreguidelines-no-malloc,cppcoreguidelines-owning-memory)
    std::free(buffer);
  }
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

std::vector<std::string> cells(const std::string& row) {
  std::vector<std::string> all;
  std::istringstream stream(row);
  for (std::string cell; std::getline(stream, cell, '|');) all.push_back(trimmed(cell));
  return all;
}

/// The x of "Alias for `x`" in a row's description.
std::string alias_in(const std::string& row) {
  constexpr std::string_view mark = "Alias for `";
  const auto found = row.find(mark);
  if (found == std::string::npos) return {};
  const auto begin = found + mark.size();
  return row.substr(begin, row.find('`', begin) - begin);
}

/// A row is "name | C, P or * | range | default | importance | description".
std::map<std::string, Property> parse_table(const std::string& text) {
  std::map<std::string, Property> table;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const std::vector<std::string> row = cells(line);
    if (row.size() < 3) continue;
    if (row[1] == "*") table[row[0]] = {PropertyScope::both, row[2], alias_in(line)};
    if (row[1] == "C") table[row[0]] = {PropertyScope::consumer, row[2], alias_in(line)};
    if (row[1] == "P") table[row[0]] = {PropertyScope::producer, row[2], alias_in(line)};
  }
  return table;
}

}  // namespace

const std::map<std::string, Property>& property_table() {
  static const std::map<std::string, Property> table = parse_table(printed_table());
  return table;
}

std::string meant_property(const std::string& name) {
  std::vector<std::string> known;
  for (const auto& [property, facts] : property_table()) known.push_back(property);
  return suggest(name, known);
}

}  // namespace firstseen::kafka
