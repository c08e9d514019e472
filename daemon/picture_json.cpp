#include "picture_json.h"

#include <optional>
#include <string_view>
#include <utility>

#include "page/chart.h"
#include "page/verdict.h"

namespace firstseen {
namespace {

std::string_view phase_name(Phase phase) {
  switch (phase) {
    case Phase::opening_store:
      return "opening_store";
    case Phase::waiting_for_broker:
      return "waiting_for_broker";
    case Phase::serving:
      return "serving";
    case Phase::stopping:
      break;
  }
  return "stopping";
}

std::string_view mood_name(page::Verdict::Mood mood) {
  switch (mood) {
    case page::Verdict::Mood::good:
      return "good";
    case page::Verdict::Mood::busy:
      return "busy";
    case page::Verdict::Mood::bad:
      break;
  }
  return "bad";
}

Json verdict_to_json(const page::Verdict& verdict) {
  return {{"word", verdict.word}, {"mood", mood_name(verdict.mood)}, {"reason", verdict.reason}};
}

Json checks_to_json(const Picture& picture) {
  Json checks = Json::array();
  for (const Check& check : picture.checks) {
    checks.push_back({{"name", check.name}, {"ok", check.ok}, {"since_ms", check.since_ms}, {"detail", check.detail}});
  }
  return checks;
}

/// Null: no request was answered in librdkafka's last interval.
Json latency_to_json(std::int64_t us) { return us < 0 ? Json() : Json(us); }

Json clients_to_json(const Picture& picture) {
  Json clients = Json::array();
  for (const auto& client : picture.clients) {
    if (!client) continue;
    const bool consumes = client->side == kafka::ClientFigures::Side::consumer;
    clients.push_back({{"client", consumes ? "consumer" : "producer"},
                       {"connections", client->brokers_up},
                       {"queued_messages", client->queued_messages},
                       {"queued_bytes", client->queued_bytes},
                       {"mean_latency_us", latency_to_json(client->mean_latency_us)},
                       {"p99_latency_us", latency_to_json(client->p99_latency_us)},
                       {"timed_out_requests", client->timed_out_requests}});
  }
  return clients;
}

Json value_at(const page::Series& series, std::size_t place) {
  return place < series.size() && series[place] ? Json(*series[place]) : Json();
}

}  // namespace

void add_daemon(const Picture& picture, Json& status) {
  status["verdict"] = verdict_to_json(page::verdict_of(picture));
  status["alive"] = picture.alive();
  status["ready"] = picture.ready();
  status["checks"] = checks_to_json(picture);
  status["phase"] = {
      {"name", phase_name(picture.phase)}, {"detail", picture.detail}, {"since_ms", picture.phase_since_ms}};
  status["started_at_ms"] = picture.started_at_ms;
  status["step_age_ms"] = picture.step_age_ms;
  status["kafka"] = clients_to_json(picture);
}

void add_course(const std::vector<Sample>& samples, Json& status) {
  const page::Series rates = page::rates_of(samples);
  const page::Series shares = page::duplicate_shares_of(samples);
  const page::Series lags = page::lags_of(samples);
  const page::Series latencies = page::latencies_of(samples);
  const auto add_span = [&](std::size_t place, Json& to) {
    to["messages_per_s"] = value_at(rates, place);
    to["duplicates_percent"] = value_at(shares, place);
    to["lag"] = value_at(lags, place);
    to["latency_ms"] = value_at(latencies, place);
  };
  Json now = Json::object();
  add_span(rates.empty() ? 0 : rates.size() - 1, now);
  Json course = Json::array();
  for (std::size_t i = 0; i < rates.size(); ++i) {
    Json point = Json::object();
    point["time_ms"] = samples[i + 1].time_ms;
    add_span(i, point);
    course.push_back(std::move(point));
  }
  status["rates"] = std::move(now);
  status["samples"] = std::move(course);
}

}  // namespace firstseen
