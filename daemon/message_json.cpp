#include "message_json.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <limits>

#include "base64.h"
#include "key/json_selector.h"
#include "key/json_text.h"

namespace firstseen::daemon {
namespace {

namespace od = simdjson::ondemand;

tl::unexpected<Error> wrong(std::string_view member, std::string_view wanted) {
  return fail(Exit::bad_data, fmt::format("the message's \"{}\" must be {}", member, wanted));
}

bool read_string(od::value& value, std::string& out) {
  std::string_view text;
  if (value.get_string().get(text) != simdjson::SUCCESS) return false;
  out = text;
  return true;
}

bool is_null(od::value& value) {
  bool null = false;
  return simdjson::simdjson_result<bool>(value.is_null()).get(null) == simdjson::SUCCESS && null;
}

Result<std::int64_t> read_whole(od::value& value, std::string_view member, std::int64_t max) {
  std::int64_t number = 0;
  if (value.get_int64().get(number) != simdjson::SUCCESS || number < 0 || number > max) {
    return wrong(member, fmt::format("a whole number from 0 to {}", max));
  }
  return number;
}

/// kcat -J writes -1 for a message that has none.
Result<std::int64_t> read_timestamp(od::value& value, std::string_view member) {
  constexpr std::int64_t none = -1;
  std::int64_t ms = 0;
  if (value.get_int64().get(ms) == simdjson::SUCCESS && ms >= none) return ms;
  return wrong(member, "a whole number of milliseconds from 0 on, or -1 for none");
}

Result<std::string> read_base64(od::value& value, std::string_view member) {
  std::string text;
  if (!read_string(value, text)) return wrong(member, "a string in base64");
  auto bytes = from_base64(text);
  if (!bytes) return wrong(member, "base64 of the standard alphabet, padded with '='");
  return std::move(*bytes);
}

/// A string, null or {"base64": TEXT}.
Result<std::optional<std::string>> read_header_value(od::value& value) {
  constexpr std::string_view wanted =
      "[[name, value], ...] or {name: value, ...} with values that are strings, null or "
      "{\"base64\": \"...\"}";
  od::json_type type{};
  if (value.type().get(type) != simdjson::SUCCESS) return wrong("headers", wanted);
  if (type == od::json_type::null && is_null(value)) return std::optional<std::string>{};
  std::string text;
  if (type == od::json_type::string && read_string(value, text)) return std::optional(std::move(text));
  od::value encoded;
  if (type != od::json_type::object || value.find_field("base64").get(encoded) != simdjson::SUCCESS) {
    return wrong("headers", wanted);
  }
  auto bytes = read_base64(encoded, "headers");
  if (!bytes) return forward(bytes.error());
  return std::optional(std::move(*bytes));
}

Result<void> read_header_pair(od::value& pair, OwnedMessage& message) {
  od::array items;
  if (pair.get_array().get(items) != simdjson::SUCCESS) return wrong("headers", "a list of pairs [name, value]");
  std::size_t count = 0;
  std::string name;
  for (auto next : items) {
    od::value item;
    if (std::move(next).get(item) != simdjson::SUCCESS || ++count > 2) break;
    if (count == 1 && !read_string(item, name)) return wrong("headers", "a list of pairs whose names are strings");
    if (count == 2) {
      auto value = read_header_value(item);
      if (!value) return forward(value.error());
      message.headers.emplace_back(name, std::move(*value));
    }
  }
  if (count != 2) return wrong("headers", "a list of pairs [name, value]");
  return {};
}

/// Pairs, or names and values in turn, as kcat prints them.
Result<void> read_header_list(od::array list, OwnedMessage& message) {
  constexpr std::string_view wanted = "a list of pairs [name, value]";
  std::optional<std::string> name;  // whose value comes next
  for (auto next : list) {
    od::value item;
    od::json_type type{};
    if (std::move(next).get(item) != simdjson::SUCCESS || item.type().get(type) != simdjson::SUCCESS) {
      return wrong("headers", wanted);
    }
    if (name) {
      auto value = read_header_value(item);
      if (!value) return forward(value.error());
      message.headers.emplace_back(std::move(*name), std::move(*value));
      name.reset();
    } else if (type == od::json_type::string) {
      name.emplace();
      if (!read_string(item, *name)) return wrong("headers", wanted);
    } else if (auto read = read_header_pair(item, message); !read) {
      return read;
    }
  }
  return name ? wrong("headers", wanted) : Result<void>();
}

Result<void> read_header_object(od::object object, OwnedMessage& message) {
  for (auto next : object) {
    od::field field;
    std::string_view name;
    if (std::move(next).get(field) != simdjson::SUCCESS || field.unescaped_key().get(name) != simdjson::SUCCESS) {
      return wrong("headers", "an object");
    }
    std::string owned_name(name);
    od::value item = field.value();
    auto value = read_header_value(item);
    if (!value) return forward(value.error());
    message.headers.emplace_back(std::move(owned_name), std::move(*value));
  }
  return {};
}

Result<void> read_headers(od::value& value, OwnedMessage& message) {
  od::array list;
  if (value.get_array().get(list) == simdjson::SUCCESS) return read_header_list(list, message);
  od::object object;
  if (value.get_object().get(object) == simdjson::SUCCESS) return read_header_object(object, message);
  return wrong("headers", "a list of pairs [name, value], or an object");
}

/// The text of an object or array, byte for byte.
std::optional<std::string_view> container_text(od::value& value) {
  od::object object;
  od::array array;
  std::string_view text;
  const bool found =
      value.get_object().get(object) == simdjson::SUCCESS
          ? object.raw_json().get(text) == simdjson::SUCCESS
          : value.get_array().get(array) == simdjson::SUCCESS && array.raw_json().get(text) == simdjson::SUCCESS;
  if (!found) return std::nullopt;
  return key::without_trailing_space(text);  // simdjson's text goes up to the next token
}

Result<void> read_value(od::value& value, OwnedMessage& message) {
  if (is_null(value)) return {};
  std::string text;
  if (read_string(value, text)) {
    message.value = std::move(text);
  } else if (const auto container = container_text(value)) {
    message.value = std::string(*container);
  } else {
    return wrong("value", "a string, null, an object or an array (write a bare JSON scalar as a string)");
  }
  return {};
}

template <class T>
Result<void> store(Result<T> read, auto& to) {
  if (!read) return forward(read.error());
  to = std::move(*read);
  return {};
}

Result<std::string> read_text(od::value& value, std::string_view member, std::string_view wanted) {
  std::string text;
  if (!read_string(value, text)) return wrong(member, wanted);
  return text;
}

Result<void> read_member(std::string_view name, od::value& value, OwnedMessage& message) {
  constexpr std::int64_t max = std::numeric_limits<std::int64_t>::max();
  if (name == "partition") {
    const auto partition = read_whole(value, name, std::numeric_limits<std::int32_t>::max());
    if (!partition) return forward(partition.error());
    message.partition = static_cast<std::int32_t>(*partition);
    return {};
  }
  if (name == "offset") return store(read_whole(value, name, max), message.offset);
  if (name == "timestamp" || name == "ts") return store(read_timestamp(value, name), message.timestamp_ms);
  if (name == "headers") return read_headers(value, message);
  if (name == "value" || name == "payload") return read_value(value, message);
  if (name == "tstype" || name == "broker") return {};  // of kcat -J
  if (name == "key_base64") return store(read_base64(value, name), message.key);
  if (name == "value_base64") return store(read_base64(value, name), message.value);
  if (name == "key" && is_null(value)) return {};
  if (name == "key") return store(read_text(value, name, "a string or null"), message.key);
  if (name == "topic") return store(read_text(value, name, "a string"), message.topic);
  return fail(Exit::bad_data, fmt::format("a message has no member \"{}\"; it may have topic, partition, offset, "
                                          "timestamp, key, key_base64, headers, value, value_base64, or "
                                          "what kcat -J prints. A payload by itself is written {{\"value\": ...}}",
                                          name));
}

/// The strict check that On-Demand does not make; the message's own members may not repeat.
Result<void> check(std::string_view text) {
  key::JsonSelector selector({{"topic"}, {"headers"}});
  if (selector.read(text)) return {};
  const key::JsonFault& fault = selector.fault();
  return fail(Exit::bad_data, fmt::format("the message is not a JSON object: byte {}: {} ({})", fault.offset,
                                          fault.note, fault.reason));
}

}  // namespace

MessageView view_of(const OwnedMessage& message, std::vector<HeaderView>& headers) {
  headers.clear();
  for (const auto& [name, value] : message.headers) headers.push_back({name, value});
  return {.topic = message.topic,
          .partition = message.partition,
          .offset = message.offset,
          .timestamp_ms = message.timestamp_ms,
          .key = message.key,
          .value = message.value,
          .headers = headers};
}

std::optional<std::string> sole_topic(const std::vector<std::string>& topics) {
  if (topics.size() != 1 || topics.front().starts_with('^')) return std::nullopt;
  return topics.front();
}

Result<OwnedMessage> read_message_json(std::string_view text, std::optional<std::string_view> default_topic) {
  if (auto valid = check(text); !valid) return forward(valid.error());
  const simdjson::padded_string padded(text);
  od::parser parser;
  od::document document;
  od::object object;
  if (text.find_first_not_of(" \t\n\r") == text.find('[') ||
      parser.iterate(padded).get(document) != simdjson::SUCCESS ||
      document.get_object().get(object) != simdjson::SUCCESS) {
    return fail(Exit::bad_data,
                "the message is not a JSON object: write {\"topic\": ..., \"key\": ..., \"value\": ...}");
  }
  OwnedMessage message;
  message.topic = default_topic.value_or("");
  bool has_topic = default_topic.has_value();
  bool twice = false;
  for (auto next : object) {
    od::field field;
    std::string_view unescaped;
    if (std::move(next).get(field) != simdjson::SUCCESS || field.unescaped_key().get(unescaped) != simdjson::SUCCESS) {
      return fail(Exit::bad_data, "the message is not a JSON object");
    }
    const std::string name(unescaped);
    has_topic = has_topic || name == "topic";
    twice = twice || (message.key && name.substr(0, 3) == "key") ||
            (message.value && (name.substr(0, 5) == "value" || name == "payload"));
    od::value value = field.value();
    if (auto read = read_member(name, value, message); !read) return forward(read.error());
  }
  if (twice) return fail(Exit::bad_data, "the message has a member both as text and as base64: keep one of them");
  if (!has_topic) {
    return fail(Exit::bad_data,
                "the message names no topic, and input.topics has several (or a pattern): add \"topic\" to it");
  }
  return message;
}

}  // namespace firstseen::daemon
