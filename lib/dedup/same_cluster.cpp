#include "dedup/same_cluster.h"

namespace firstseen::dedup {

using kafka::Progress;

Result<Progress> check_cluster(const Context& context) {
  if (!context.store.pinned(cluster_pin)) return Progress::done;
  const auto id = context.consumer.cluster_id();
  if (!id) return forward(id.error());
  if (!*id) return Progress::again;
  const store::Pin met{cluster_pin, **id};
  if (auto pinned = context.store.pin({&met, 1}); !pinned) return forward(pinned.error());
  return Progress::done;
}

}  // namespace firstseen::dedup
