#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "configuration.h"
#include "key/deriver.h"
#include "store/seen_store.h"

namespace firstseen {

/// The instance's name: run.instance, or else one made at random on first use and kept in the store, so that a
/// restarted daemon is the same group member and fences its predecessor's transactions.
Result<std::string> instance_name(store::SeenStore& store, const std::string& configured);

/// "firstseen-GROUP-INSTANCE-0": group.instance.id and transactional.id of slot 0.
std::string slot_name(const std::string& group, const std::string& instance);

/// What a slot's store belongs to: key configuration, consumer group, input and output topics.
std::vector<store::Pin> world_of(const Configuration& configuration, const key::Deriver& deriver);

/// Opens slot 0's store and logs what its start has to say. A store of another world is Exit::config, unchanged.
/// `clock` outlives the store.
Result<std::unique_ptr<store::SeenStore>> open_own_store(const Configuration& configuration,
                                                         const key::Deriver& deriver, const Clock& clock,
                                                         const LogSink& log);

/// Pins the cluster's id, known once a broker has answered; nothing to pin when the cluster has none.
Result<void> pin_cluster(store::SeenStore& store, const std::string& cluster_id);

}  // namespace firstseen
