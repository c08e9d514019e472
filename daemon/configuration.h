#pragma once

#include <filesystem>
#include <string>

#include "base/error.h"
#include "base/log.h"
#include "config/settings.h"
#include "dedup/options.h"
#include "http/faces.h"
#include "kafka/options.h"
#include "key/spec.h"
#include "logging.h"
#include "secrets.h"
#include "store/seen_store.h"

namespace firstseen {

/// A checked configuration in the terms of the parts that it configures.
struct Configuration {
  std::filesystem::path file;        ///< where it was read; empty: nowhere
  config::Settings settings;         ///< what all of this was made of
  std::filesystem::path store_path;  ///< store.path; holds slot-0/ and the control socket
  key::KeySpec key;
  store::OpenOptions store;     ///< without directory and clock
  kafka::ClientOptions client;  ///< without instance_id and transactional_id, which need the instance's name
  dedup::SlotOptions slot;
  std::string instance;  ///< run.instance; empty: made once and kept in the store
  http::Options http;
  std::string shown;  ///< every option as `validate --effective` prints it, secrets redacted
  LogLevel log_level = LogLevel::info;
  LogFormat log_format = LogFormat::text;
};

/// Reads a file and checks it with all the parts' checks. Exit::config with every problem, one per line with its place.
Result<config::Settings> load_settings(const std::filesystem::path& file, Secrets secrets = Secrets::connect);

/// The settings in the parts' terms.
Configuration configure(const config::Settings& settings);

/// Both. Exit::config with every problem, one per line with its place.
Result<Configuration> load_configuration(const std::filesystem::path& file, Secrets secrets = Secrets::connect);

}  // namespace firstseen
