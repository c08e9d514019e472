#include "forecast.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/units.h"
#include "output.h"
#include "plan/words.h"

namespace firstseen {
namespace {

/// With fewer keys the empty store's own pages count for too much.
constexpr std::uint64_t fewest_keys = 1'000;
/// Back to this many samples: five minutes.
constexpr std::size_t most_spans = 30;
constexpr std::int64_t shortest_ms = 10'000;

/// New keys per millisecond of the stream's time; nothing: not known.
std::optional<double> rate_of(const std::vector<Sample>& samples) {
  if (samples.size() < 2) return std::nullopt;
  const Sample& now = samples.back();
  const Sample& then = samples[samples.size() - 1 - std::min(samples.size() - 1, most_spans)];
  if (now.keys_added < then.keys_added || now.time_ms - then.time_ms < shortest_ms) return std::nullopt;
  const auto added = static_cast<double>(now.keys_added - then.keys_added);
  if (added == 0) return 0;
  const std::int64_t elapsed_ms = now.newest_key_ms - then.newest_key_ms;
  if (then.newest_key_ms < 0 || elapsed_ms < shortest_ms) return std::nullopt;
  return added / static_cast<double>(elapsed_ms);
}

std::string rate_text(double keys_per_s) {
  return keys_per_s < 10 ? fmt::format("{:.2g}", keys_per_s) : format_count(plan::whole(keys_per_s));
}

}  // namespace

std::optional<std::int64_t> full_in_ms(const StoredKeys& stored, double keys_per_ms, double window_ms,
                                       double max_size_bytes) {
  const double room = max_size_bytes / stored.bytes_per_key;
  if (keys_per_ms * window_ms <= room) return std::nullopt;
  if (stored.keys >= room) return 0;
  const double until_full = (room - stored.keys) / keys_per_ms;
  const double until_first_leaves = std::max(0.0, window_ms - stored.span_ms);
  if (until_full <= until_first_leaves || stored.span_ms <= 0) return static_cast<std::int64_t>(until_full);
  const double by_then = stored.keys + keys_per_ms * until_first_leaves;
  const double growth = keys_per_ms - stored.keys / stored.span_ms;  // above 0, or the whole window would not fit
  return static_cast<std::int64_t>(std::min(window_ms, until_first_leaves + (room - by_then) / growth));
}

std::optional<Forecast> forecast_of(const dedup::SlotStatus& status, const std::vector<Sample>& samples) {
  const store::Stats& store = status.store;
  const auto rate = rate_of(samples);
  if (!rate || !status.windows.empty() || store.live_entries < fewest_keys || status.configured_window_ms <= 0) {
    return std::nullopt;
  }
  StoredKeys stored;
  stored.keys = static_cast<double>(store.live_entries);
  stored.bytes_per_key = static_cast<double>(store.used_bytes) / stored.keys;
  const auto window_ms = static_cast<double>(status.configured_window_ms);
  stored.span_ms = std::clamp(static_cast<double>(store.newest_time_ms - store.oldest_time_ms), 0.0, window_ms);
  if (stored.bytes_per_key <= 0) return std::nullopt;

  Forecast forecast;
  forecast.keys_per_s = *rate * 1000;
  forecast.window_ms = status.configured_window_ms;
  forecast.full_window_bytes = *rate * window_ms * stored.bytes_per_key;
  forecast.max_size_bytes = static_cast<double>(store.max_size_bytes);
  forecast.full_in_ms = full_in_ms(stored, *rate, window_ms, forecast.max_size_bytes);
  const double reached = std::min(forecast.full_window_bytes, forecast.max_size_bytes);
  forecast.beyond_disk = store.disk_free_bytes >= 0 &&
                         reached - static_cast<double>(store.file_bytes) > static_cast<double>(store.disk_free_bytes);
  return forecast;
}

std::string to_words(const Forecast& forecast) {
  const std::string what =
      fmt::format("at {} keys/s a window of {} takes {}", rate_text(forecast.keys_per_s),
                  format_duration(Millis{forecast.window_ms}), plan::about_size(forecast.full_window_bytes));
  const std::string disk = forecast.beyond_disk ? "; the disk has not that much free" : "";
  if (!forecast.full_in_ms) return "fits: " + what + disk;
  const std::string when = *forecast.full_in_ms == 0
                               ? "full"
                               : "full in " + plan::about_time(static_cast<double>(*forecast.full_in_ms) / 1000);
  return fmt::format("{}: {} of {}{}", when, what, plan::about_size(forecast.max_size_bytes), disk);
}

}  // namespace firstseen
