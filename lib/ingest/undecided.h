#pragma once

namespace firstseen::ingest {

/// What to do with a batch whose outcome the broker no longer knows.
enum class Undecided {
  ask,        ///< end the run: a person must look into the topic
  published,  ///< the batch stands
  aborted,    ///< the batch falls
};

}  // namespace firstseen::ingest
