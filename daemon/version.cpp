#include "version.h"

#include <librdkafka/rdkafka.h>
#include <lmdb.h>
#include <openssl/crypto.h>
#include <simdjson.h>
#include <xxhash.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <vector>

#include "commands.h"
#include "output.h"

namespace firstseen {
namespace {

std::string lmdb_version() {
  int major = 0;
  int minor = 0;
  int patch = 0;
  mdb_version(&major, &minor, &patch);
  return std::to_string(major) + "." + std::to_string(minor) + "." + std::to_string(patch);
}

std::string simdjson_version() {
  return std::to_string(simdjson::SIMDJSON_VERSION_MAJOR) + "." + std::to_string(simdjson::SIMDJSON_VERSION_MINOR) +
         "." + std::to_string(simdjson::SIMDJSON_VERSION_REVISION);
}

std::string xxhash_version() {
  const unsigned version = XXH_versionNumber();  // MMmmpp, decimal
  return std::to_string(version / 10000) + "." + std::to_string(version / 100 % 100) + "." +
         std::to_string(version % 100);
}

/// The libraries as they are loaded now, which is what a bug report needs.
std::vector<std::pair<std::string, std::string>> versions() {
  return {{"firstseen", FIRSTSEEN_VERSION}, {"librdkafka", rd_kafka_version_str()},
          {"lmdb", lmdb_version()},         {"openssl", OpenSSL_version(OPENSSL_VERSION_STRING)},
          {"simdjson", simdjson_version()}, {"xxhash", xxhash_version()}};
}

Exit print_versions(bool as_json) {
  if (!as_json) return print(format_fields(versions()));
  Json json;
  for (const auto& [name, value] : versions()) json[name] = value;
  return print(to_text(json));
}

}  // namespace

std::string version_line() { return std::string("firstseen ") + FIRSTSEEN_VERSION; }

void add_version(CLI::App& program, Chosen& chosen) {
  auto* command = program.add_subcommand("version", "Print the versions of the program and of its libraries");
  const auto as_json = std::make_shared<bool>(false);
  command->add_flag("--json", *as_json, "Print JSON");
  command->callback([&chosen, as_json] { chosen = [as_json] { return print_versions(*as_json); }; });
}

}  // namespace firstseen
