#include "dedup/outputs.h"

#include "dedup/routes.h"

namespace firstseen::dedup {

using kafka::Progress;

Result<Progress> Outputs::ask(StartFacts& facts) {
  facts.output_topic = output_topic_of(context_.options.output_topic, facts.tp.topic);
  auto counted = count(facts.output_topic, facts.output_partitions);
  if (!counted || *counted == Progress::again || facts.output_partitions > 0) return counted;
  return count(facts.tp.topic, facts.input_partitions);  // for whoever is to create it
}

Result<Progress> Outputs::count(const std::string& topic, std::int32_t& partitions) {
  auto known = counts_.find(topic);
  if (known == counts_.end()) {
    const auto answer = context_.consumer.partition_count(topic);
    if (!answer) return forward(answer.error());
    if (!*answer) return Progress::again;
    known = counts_.emplace(topic, **answer).first;
  }
  partitions = known->second;
  return Progress::done;
}

}  // namespace firstseen::dedup
