#include "page/status_page.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/units.h"
#include "forecast.h"
#include "output.h"
#include "page/chart.h"
#include "page/html.h"
#include "page/verdict.h"
#include "plan/words.h"
#include "status_report.h"

namespace firstseen::page {
namespace {

/// Partitions beyond this many are left to /status.json.
constexpr std::size_t max_rows = 500;

constexpr int refresh_s = 10;

std::string_view mood_class(Verdict::Mood mood) {
  switch (mood) {
    case Verdict::Mood::good:
      return "good";
    case Verdict::Mood::busy:
      return "busy";
    case Verdict::Mood::bad:
      break;
  }
  return "bad";
}

std::string section(std::string_view title, std::string_view content) {
  return fmt::format("<section><h2>{}</h2>\n{}</section>\n", title, content);
}

/// The links are relative, for a proxy may have put the page elsewhere. Theirs is the first place that keys reach,
/// since the next load comes soon.
std::string about_reloading(const StatusPage& page) {
  const std::string text =
      page.stands_still ? fmt::format("Stands still. <a href=\"status\">Reload every {} s</a>", refresh_s)
                        : fmt::format("Reloads every {} s. <a href=\"?refresh=0\">Stop reloading</a>", refresh_s);
  return fmt::format("<p class=\"note\">{}</p>\n", text);
}

std::string head(const StatusPage& page) {
  const Verdict verdict = verdict_of(page.picture);
  return fmt::format("<h1>firstseen</h1>\n<p class=\"verdict {}\">{}</p>\n<p>{}</p>\n{}", mood_class(verdict.mood),
                     verdict.word, escape(verdict.reason), about_reloading(page));
}

std::string checks(const Picture& picture) {
  std::string list = "<ul>\n";
  for (const Check& check : picture.checks) {
    list += fmt::format("<li><span class=\"{}\">{}</span> {} since {}: {}</li>\n", check.ok ? "good" : "bad",
                        check.ok ? "ok" : "failed", check.name, format_time(check.since_ms), escape(check.detail));
  }
  return section("Checks", list + "</ul>\n");
}

std::string charts(const std::vector<Sample>& samples) {
  return section("The last hour", "<div class=\"charts\">\n" + chart("messages", "per second", rates_of(samples)) +
                                      chart("duplicates", "% of the messages", duplicate_shares_of(samples)) +
                                      chart("lag", "messages", lags_of(samples)) +
                                      chart("latency", "ms on average", latencies_of(samples)) + "</div>\n");
}

std::string messages(const dedup::Counters& counters) {
  HtmlTable table({"messages", "since the start"});
  const auto row = [&](const std::string& name, std::uint64_t count) { table.row({name, format_count(count)}); };
  row("consumed", counters.consumed);
  row("first seen", counters.first_seen);
  row("duplicates", counters.duplicates);
  row("rejected", counters.rejected);
  for (const auto& [reason, count] : counters.rejected_by_reason) row("rejected: " + reason, count);
  row("passed unchecked", counters.passed);
  row("late (of first seen)", counters.late);
  return section("Messages", table.html());
}

std::string window(const dedup::SlotStatus& status) {
  const std::string covered =
      status.effective_window_ms < 0 ? "no partition" : format_duration(Millis{status.effective_window_ms});
  std::string by_rules;
  if (!status.windows.empty()) {
    HtmlTable table({"window", "rules", "covered", "keys"});
    for (std::size_t i = 0; i < status.windows.size() && i < status.store.logs.size(); ++i) {
      const auto& [configured, effective] = status.windows[i];
      table.row({format_duration(Millis{configured}), fmt::format("{}", fmt::join(status.store.logs[i].windows, " ")),
                 effective < 0 ? "no partition" : format_duration(Millis{effective}),
                 format_count(status.store.logs[i].live_entries)});
    }
    by_rules = table.html();
  }
  return section("Window", fmt::format("<p>{} configured, {} covered</p>\n{}",
                                       format_duration(Millis{status.configured_window_ms}), covered, by_rules));
}

std::string time_text(double seconds) {
  return seconds < 0.9995 ? fmt::format("{:.3g} ms", seconds * 1000) : plan::about_time(seconds);
}

void add_durations(HtmlTable& table, const std::string& name, const Histogram& of) {
  if (of.count() == 0) return table.row({name, "-", "-"});
  const auto bound = of.bound_of(0.99);
  table.row({name, time_text(of.sum() / static_cast<double>(of.count())),
             bound ? time_text(*bound) : "over " + time_text(of.bounds().back())});
}

std::string durations(const dedup::Measures& measures) {
  HtmlTable table({"since the start", "mean", "99 % within"});
  for (std::size_t i = 0; i < measures.steps.size(); ++i) {
    add_durations(table, fmt::format("batch: {}", dedup::batch_step_names[i]), measures.steps[i]);
  }
  add_durations(table, "message: latency", measures.latency);
  return section("Durations", table.html() + "<p>A message's is from its timestamp to its commit.</p>\n");
}

std::string clients(const Picture& picture) {
  HtmlTable table({"client", "connections", "queue", "bytes in it", "mean answer", "timeouts"});
  for (const auto& client : picture.clients) {
    if (!client) continue;
    table.row({client->side == kafka::ClientFigures::Side::consumer ? "consumer" : "producer",
               format_count(client->brokers_up), format_count(client->queued_messages),
               plan::about_size(static_cast<double>(client->queued_bytes)),
               client->mean_latency_us < 0 ? "-" : time_text(static_cast<double>(client->mean_latency_us) / 1e6),
               format_count(client->timed_out_requests)});
  }
  return picture.clients[0] || picture.clients[1] ? section("Kafka", table.html()) : "";
}

std::string forecast_text(const dedup::SlotStatus& status, const std::vector<Sample>& samples) {
  const auto forecast = forecast_of(status, samples);
  if (!forecast) return "<p>What it will hold is not known yet.</p>\n";
  const bool full_soon = forecast->full_in_ms.has_value() || forecast->beyond_disk;
  return fmt::format("<p class=\"{}\">{}</p>\n", full_soon ? "busy" : "good", escape(to_words(*forecast)));
}

std::string store_section(const dedup::SlotStatus& status, const std::vector<Sample>& samples) {
  const store::Stats& stats = status.store;
  if (stats.max_size_bytes == 0) return section("Store", "<p>nothing is known of it yet</p>\n");
  const double fill = static_cast<double>(stats.used_bytes) / static_cast<double>(stats.max_size_bytes);
  return section(
      "Store",
      fmt::format("<meter aria-label=\"share of the store in use\" min=\"0\" max=\"1\" high=\"0.9\" "
                  "value=\"{:.4f}\"></meter>\n<p>{:.1f} % of {} in use; "
                  "{}; {:.1f} MiB of memory for the index; {} expired, {} went early; {} free on the disk</p>\n{}",
                  fill, fill * 100, format_size(stats.max_size_bytes), format_counted(stats.live_entries, "key"),
                  static_cast<double>(stats.index_bytes) / (1U << 20U), format_counted(stats.expired_entries, "key"),
                  format_count(stats.evicted_entries),
                  stats.disk_free_bytes < 0 ? "?" : plan::about_size(static_cast<double>(stats.disk_free_bytes)),
                  forecast_text(status, samples)));
}

std::string partitions(const std::vector<dedup::PartitionStatus>& all) {
  if (all.empty()) return section("Partitions", "<p>none is assigned</p>\n");
  HtmlTable table({"partition", "mode", "next offset", "lag", "behind", "stream time"});
  std::string reasons;
  const std::size_t shown = std::min(all.size(), max_rows);
  for (std::size_t i = 0; i < shown; ++i) {
    const dedup::PartitionStatus& one = all[i];
    const bool waits = one.mode == dedup::PartitionMode::stopped && one.waits;
    table.row({to_string(one.tp), std::string(waits ? "waiting" : mode_name(one.mode)), std::to_string(one.next_offset),
               one.lag < 0 ? "-" : format_count(static_cast<std::uint64_t>(one.lag)),
               one.lag_ms < 0 ? "-" : plan::about_time(static_cast<double>(one.lag_ms) / 1000),
               format_time(one.stream_time_ms)});
    if (!one.reason.empty()) reasons += fmt::format("<p class=\"bad\">{}</p>\n", escape(one.reason));
  }
  if (shown < all.size())
    reasons += fmt::format("<p>and {} more: see /status.json</p>\n", format_count(all.size() - shown));
  return section("Partitions", table.html() + reasons);
}

std::string events(const std::vector<Event>& all) {
  if (all.empty()) return section("Warnings and errors", "<p>none since the start</p>\n");
  std::string list = "<ul>\n";
  for (auto event = all.rbegin(); event != all.rend(); ++event) {
    list += fmt::format("<li>{} <span class=\"{}\">{}</span> {}</li>\n", format_time(event->time_ms),
                        event->level == LogLevel::error ? "bad" : "busy",
                        event->level == LogLevel::error ? "error" : "warning", escape(event->text));
  }
  return section("Warnings and errors", list + "</ul>\n");
}

std::string configuration(const ShownConfiguration& shown) {
  return section("Configuration",
                 fmt::format("<details><summary>every option, secrets left out; fingerprint {}, loaded {}</summary>\n"
                             "<pre>{}</pre></details>\n",
                             fingerprint(shown.text), format_time(shown.loaded_at_ms), escape(shown.text)));
}

}  // namespace

std::string render(const StatusPage& page) {
  const dedup::SlotStatus& status = *page.picture.status;
  const std::string content = head(page) + checks(page.picture) + charts(page.history.samples) +
                              messages(status.counters) + durations(status.measures) + window(status) +
                              store_section(status, page.history.samples) + partitions(status.partitions) +
                              clients(page.picture) + events(page.history.events) +
                              configuration(*page.picture.configuration);
  const std::string body = fmt::format(
      "<main>\n{}</main>\n<footer>firstseen {}, running since {}. The same for machines: /status.json, "
      "/metrics.</footer>\n",
      content, FIRSTSEEN_VERSION, format_time(page.picture.started_at_ms));
  return document("firstseen: " + std::string(verdict_of(page.picture).word), body, page.stands_still ? 0 : refresh_s);
}

}  // namespace firstseen::page
